#include "protocols/senml.h"

#include <errno.h>
#include <string.h>

#include "protocols/number.h"
#include "tests/unit/sample_readings.h"
#include "tests/unit/suite.h"

#define NOW_US (INT64_C(1700000000) * 1000000)

static struct reading readings[READINGS_MAX];
static char scratch[32768];
static struct senml_pack pack;

static int parse(enum token_format format, const void *data, size_t size)
{
	struct senml_source source = { .format = format, .data = { data, size }, .now_us = NOW_US };

	pack = (struct senml_pack){ readings, READINGS_MAX, scratch, sizeof(scratch), 0, 0 };
	return senml_parse(&pack, &source);
}

static int parse_json(const char *text)
{
	return parse(FORMAT_JSON, text, strlen(text));
}

static void check_name(size_t i, const char *name)
{
	ck_assert_uint_eq(readings[i].name.size, strlen(name));
	ck_assert_mem_eq(readings[i].name.data, name, strlen(name));
}

static void check_number(size_t i, const char *name, int64_t mantissa, int exponent)
{
	check_name(i, name);
	ck_assert_int_eq(readings[i].kind, READING_NUMBER);
	ck_assert(!readings[i].number.is_double);
	ck_assert_int_eq(readings[i].number.mantissa, mantissa);
	ck_assert_int_eq(readings[i].number.exponent, exponent);
}

/* RFC 8428 section 5.1.2. */
START_TEST(base_fields_are_resolved)
{
	ck_assert_int_eq(parse_json("[{\"bn\":\"urn:dev:ow:10e2073a0108006:\",\"bt\":1.276020076001e+09,"
				    "\"bu\":\"A\",\"bver\":5,\"n\":\"voltage\",\"u\":\"V\",\"v\":120.1},"
				    "{\"n\":\"current\",\"t\":-5,\"v\":1.2},{\"n\":\"current\",\"t\":-4,\"v\":1.3},"
				    "{\"n\":\"current\",\"v\":1.7}]"),
		0);
	ck_assert_uint_eq(pack.count, 4);
	check_number(0, "urn:dev:ow:10e2073a0108006:voltage", 1201, -1);
	ck_assert_mem_eq(readings[0].unit.data, "V", 1);
	ck_assert_int_eq(readings[0].time_us, INT64_C(1276020076001000));
	check_number(1, "urn:dev:ow:10e2073a0108006:current", 12, -1);
	ck_assert_mem_eq(readings[1].unit.data, "A", 1);
	ck_assert_int_eq(readings[1].time_us, INT64_C(1276020071001000));
	ck_assert_int_eq(readings[3].time_us, INT64_C(1276020076001000));
}
END_TEST

/* RFC 8428 section 6: the same pack in CBOR. */
START_TEST(the_cbor_example_of_the_standard_is_read)
{
	static const char cbor[] =
		"\x87\xa7\x21\x78\x1b\x75\x72\x6e\x3a\x64\x65\x76\x3a\x6f\x77\x3a\x31\x30\x65\x32\x30\x37\x33\x61"
		"\x30\x31\x30\x38\x30\x30\x36\x3a\x22\xfb\x41\xd3\x03\xa1\x5b\x00\x10\x62\x23\x61\x41\x20\x05\x00"
		"\x67\x76\x6f\x6c\x74\x61\x67\x65\x01\x61\x56\x02\xfb\x40\x5e\x06\x66\x66\x66\x66\x66\xa3\x00\x67"
		"\x63\x75\x72\x72\x65\x6e\x74\x06\x24\x02\xfb\x3f\xf3\x33\x33\x33\x33\x33\x33\xa3\x00\x67\x63\x75"
		"\x72\x72\x65\x6e\x74\x06\x23\x02\xfb\x3f\xf4\xcc\xcc\xcc\xcc\xcc\xcd\xa3\x00\x67\x63\x75\x72\x72"
		"\x65\x6e\x74\x06\x22\x02\xfb\x3f\xf6\x66\x66\x66\x66\x66\x66\xa3\x00\x67\x63\x75\x72\x72\x65\x6e"
		"\x74\x06\x21\x02\xf9\x3e\x00\xa3\x00\x67\x63\x75\x72\x72\x65\x6e\x74\x06\x20\x02\xfb\x3f\xf9\x99"
		"\x99\x99\x99\x99\x9a\xa3\x00\x67\x63\x75\x72\x72\x65\x6e\x74\x06\x00\x02\xfb\x3f\xfb\x33\x33\x33"
		"\x33\x33\x33";
	static const double values[] = { 120.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7 };

	ck_assert_int_eq(parse(FORMAT_CBOR, cbor, sizeof(cbor) - 1), 0);
	ck_assert_uint_eq(pack.count, 7);
	for (size_t i = 0; i < 7; i++)
		ck_assert_double_eq(number_value(&readings[i].number), values[i]);
	check_name(6, "urn:dev:ow:10e2073a0108006:current");
	ck_assert_int_eq(readings[6].time_us, INT64_C(1276020076001000));
	ck_assert_int_eq(readings[1].time_us, INT64_C(1276020071001000));
}
END_TEST

/* RFC 8428 section 5.1.5. */
START_TEST(every_kind_of_value_is_read)
{
	ck_assert_int_eq(
		parse_json("[{\"bn\":\"urn:dev:ow:10e2073a01080063:\",\"n\":\"temp\",\"u\":\"Cel\",\"v\":23.1},"
			   "{\"n\":\"label\",\"vs\":\"Machine Room\"},{\"n\":\"open\",\"vb\":false},"
			   "{\"n\":\"nfc-reader\",\"vd\":\"aGkgCg\"}]"),
		0);
	ck_assert_uint_eq(pack.count, 4);
	ck_assert_int_eq(readings[1].kind, READING_STRING);
	ck_assert_mem_eq(readings[1].text.data, "Machine Room", 12);
	ck_assert_int_eq(readings[2].kind, READING_BOOLEAN);
	ck_assert(!readings[2].boolean);
	ck_assert_int_eq(readings[3].kind, READING_DATA);
	ck_assert_uint_eq(readings[3].text.size, 4);
	ck_assert_mem_eq(readings[3].text.data, "hi \n", 4);
}
END_TEST

/* RFC 8428 section 5.1.3: records told apart by unit and time alone. */
START_TEST(a_base_name_alone_is_a_name)
{
	ck_assert_int_eq(
		parse_json("[{\"bn\":\"urn:dev:ow:10e2073a01080063\",\"bt\":1.320067464e+09,\"bu\":\"%RH\",\"v\":20},"
			   "{\"u\":\"lon\",\"v\":24.30621},{\"t\":60,\"v\":20.3}]"),
		0);
	check_number(1, "urn:dev:ow:10e2073a01080063", 2430621, -5);
	ck_assert_int_eq(readings[2].time_us, INT64_C(1320067524000000));
}
END_TEST

START_TEST(times_below_2_to_28_are_relative)
{
	ck_assert_int_eq(
		parse_json("[{\"n\":\"a\",\"v\":1},{\"n\":\"a\",\"t\":0,\"v\":1},{\"n\":\"a\",\"t\":-60.5,\"v\":1},"
			   "{\"n\":\"a\",\"t\":268435455,\"v\":1},{\"n\":\"a\",\"t\":268435456,\"v\":1}]"),
		0);
	ck_assert(!readings[0].has_time);
	ck_assert(!readings[1].has_time);
	ck_assert_int_eq(readings[2].time_us, NOW_US - 60500000);
	ck_assert_int_eq(readings[3].time_us, NOW_US + INT64_C(268435455000000));
	ck_assert_int_eq(readings[4].time_us, INT64_C(268435456000000));
}
END_TEST

START_TEST(base_value_and_sum_are_added)
{
	ck_assert_int_eq(
		parse_json("[{\"bn\":\"m/\",\"bv\":20,\"bs\":100},{\"n\":\"a\",\"v\":0.25,\"s\":0.5},{\"n\":\"b\"},"
			   "{\"n\":\"c\",\"vs\":\"x\"}]"),
		0);
	ck_assert_uint_eq(pack.count, 3);
	check_number(0, "m/a", 2025, -2);
	ck_assert_int_eq(readings[0].sum.mantissa, 1005);
	ck_assert_int_eq(readings[1].kind, READING_NOTHING);
	ck_assert(readings[1].has_sum);
	ck_assert_int_eq(readings[2].kind, READING_STRING);
	ck_assert_int_eq(parse_json("[{\"bv\":20,\"n\":\"a\"}]"), 0);
	check_number(0, "a", 20, 0);
}
END_TEST

START_TEST(what_must_be_understood_is_refused)
{
	ck_assert_int_eq(parse_json("[{\"bver\":11,\"n\":\"a\",\"v\":1}]"), -ENOTSUP);
	ck_assert_int_eq(parse_json("[{\"bver\":10,\"n\":\"a\",\"v\":1}]"), 0);
	ck_assert_int_eq(parse_json("[{\"n\":\"a\",\"v\":1,\"x_\":{}}]"), -ENOTSUP);
	ck_assert_int_eq(parse_json("[{\"n\":\"a\",\"v\":1,\"x\":{\"y\":[1,2]},\"_z\":null}]"), 0);
	ck_assert_uint_eq(pack.count, 1);
}
END_TEST

START_TEST(packs_against_the_standard_are_refused)
{
	static const char *const texts[] = { "{}", "[1]", "[{}]", "[{\"n\":\"a\"}]", "[{\"v\":1}]",
		"[{\"n\":\"\",\"v\":1}]", "[{\"n\":\"a\",\"v\":1,\"vs\":\"x\"}]", "[{\"n\":\"a\",\"v\":1,\"v\":2}]",
		"[{\"n\":\"a\",\"v\":\"1\"}]", "[{\"n\":\"a\",\"vs\":1}]", "[{\"n\":\"a\",\"vb\":1}]",
		"[{\"n\":\"a\",\"vd\":\"a\"}]", "[{\"n\":\"a b\",\"v\":1}]", "[{\"n\":\"_a\",\"v\":1}]",
		"[{\"n\":\"a\",\"v\":1,\"bver\":1.5}]", "[{\"n\":\"a\",\"v\":1,\"bver\":0}]",
		"[{\"n\":\"a\",\"v\":null}]", "[{\"n\":1,\"v\":1}]", "[{\"n\":\"a\",\"v\":1}",
		"[{\"n\":\"a\",\"v\":1}]]", "[{\"bn\":\"a b\",\"n\":\"c\",\"v\":1}]", "[{\"bn\":\"a b\",\"v\":1}]",
		"[{\"bn\":\"-a\",\"n\":\"c\",\"v\":1}]", "[{\"bn\":\"a\",\"n\":\"c d\",\"v\":1}]",
		"[{\"bn\":\"a\",\"n\":\"b\",\"v\":1},{\"n\":\"b d\",\"v\":1}]",
		"[{\"bn\":\"a b\"},{\"n\":\"c\",\"v\":1}]" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		ck_assert_msg(parse_json(texts[i]) == -EBADMSG, "%s", texts[i]);
		ck_assert_uint_eq(pack.count, 0);
	}
	/* A base name counts where something bears it. */
	ck_assert_int_eq(parse_json("[{\"bn\":\"a b\"},{\"bn\":\"a\",\"n\":\"-c\",\"v\":1}]"), 0);
	ck_assert_int_eq(parse_json("[{\"n\":\"a\",\"v\":1,\"ut\":-1}]"), -ERANGE);
	ck_assert_int_eq(parse_json("[{\"n\":\"a\",\"v\":1,\"t\":1e15}]"), -ERANGE);
	ck_assert_int_eq(parse_json("[{\"n\":\"a\",\"v\":1e999}]"), -ERANGE);
}
END_TEST

START_TEST(a_name_that_follows_a_nodes_own_begins_as_it_likes)
{
	static const char text[] = "[{\"n\":\"_id\",\"v\":1},{\"n\":\"-x\",\"v\":2}]";
	struct senml_source source = { .format = FORMAT_JSON, .data = { text, sizeof(text) - 1 } };

	ck_assert_int_eq(parse_json(text), -EBADMSG);
	source.any_start = true;
	ck_assert_int_eq(senml_parse(&pack, &source), 0);
	ck_assert_uint_eq(pack.count, 2);
}
END_TEST

START_TEST(a_fault_tells_its_offset)
{
	ck_assert_int_eq(parse_json("[{\"n\":\"a\",\"v\":tru}]"), -EBADMSG);
	ck_assert_uint_eq(pack.fault_offset, 14);
}
END_TEST

START_TEST(limits_hold)
{
	char text[READING_TEXT_MAX + 64];
	char filler[READING_TEXT_MAX + 2];
	struct senml_source source = { .format = FORMAT_JSON, .data = { text, 0 }, .now_us = NOW_US };

	memset(filler, 'a', sizeof(filler));
	snprintf(text, sizeof(text), "[{\"n\":\"%.*s\",\"v\":1}]", READING_NAME_MAX, filler);
	ck_assert_int_eq(parse_json(text), 0);
	snprintf(text, sizeof(text), "[{\"bn\":\"a\",\"n\":\"%.*s\",\"v\":1}]", READING_NAME_MAX, filler);
	ck_assert_int_eq(parse_json(text), -ENOBUFS);
	snprintf(text, sizeof(text), "[{\"n\":\"a\",\"vs\":\"%.*s\"}]", READING_TEXT_MAX + 1, filler);
	ck_assert_int_eq(parse_json(text), -ENOBUFS);
	snprintf(text, sizeof(text), "[{\"n\":\"a\",\"u\":\"%.*s\",\"v\":1}]", READING_UNIT_MAX + 1, filler);
	ck_assert_int_eq(parse_json(text), -ENOBUFS);
	snprintf(text, sizeof(text), "[{\"n\":\"a\",\"v\":1},{\"n\":\"a\",\"v\":1}]");
	source.data.size = strlen(text);
	pack = (struct senml_pack){ readings, 1, scratch, sizeof(scratch), 0, 0 };
	ck_assert_int_eq(senml_parse(&pack, &source), -ENOBUFS);
}
END_TEST

static void round_trip(struct random *random, enum token_format format)
{
	static struct sample samples[40];
	static struct reading written[40];
	static uint8_t buffer[65536];
	size_t count = random_below(random, 41);
	struct writer out;

	for (size_t i = 0; i < count; i++) {
		sample_fill(random, &samples[i]);
		written[i] = samples[i].reading;
	}
	writer_init(&out, buffer, sizeof(buffer));
	int64_t size = senml_write(format, &out, (struct span){ "node-1/", 7 }, written, count);
	ck_assert_int_gt(size, 0);
	ck_assert_int_eq(parse(format, buffer, (size_t)size), 0);
	ck_assert_uint_eq(pack.count, count);
	for (size_t i = 0; i < count; i++) {
		ck_assert_mem_eq(readings[i].name.data, "node-1/", 7);
		readings[i].name.data += 7;
		readings[i].name.size -= 7;
		ck_assert(sample_same(&written[i], &readings[i], format == FORMAT_JSON));
	}
}

START_TEST(what_is_written_is_read_back)
{
	struct random random;

	random_init(&random, 3);
	for (int i = 0; i < 2000; i++)
		round_trip(&random, i % 2 ? FORMAT_CBOR : FORMAT_JSON);
}
END_TEST

START_TEST(base_fields_are_written_once)
{
	static const char expected[] = "[{\"bn\":\"n1/\",\"bt\":1700000000.5,\"n\":\"t\",\"u\":\"Cel\",\"v\":22.50},"
				       "{\"n\":\"h\",\"v\":40,\"t\":1.25,\"ut\":60}]";
	struct reading two[] = {
		{ .name = { "t", 1 },
			.unit = { "Cel", 3 },
			.kind = READING_NUMBER,
			.has_time = true,
			.number = { .mantissa = 2250, .exponent = -2 },
			.time_us = NOW_US + 500000 },
		{ .name = { "h", 1 },
			.kind = READING_NUMBER,
			.has_time = true,
			.number = { .mantissa = 40 },
			.time_us = NOW_US + 1750000,
			.update_time_ms = 60000 },
	};
	char buffer[256];
	struct writer out;

	writer_init(&out, buffer, sizeof(buffer));
	ck_assert_int_eq(senml_write(FORMAT_JSON, &out, (struct span){ "n1/", 3 }, two, 2), sizeof(expected) - 1);
	ck_assert_mem_eq(buffer, expected, sizeof(expected) - 1);
	writer_init(&out, buffer, 60);
	ck_assert_int_eq(senml_write(FORMAT_JSON, &out, (struct span){ "n1/", 3 }, two, 2), -ENOBUFS);
}
END_TEST

START_TEST(cut_packs_are_refused_at_every_length)
{
	static const char text[] = "[{\"bn\":\"a:\",\"n\":\"b\",\"v\":1.5e1},{\"n\":\"c\",\"vs\":\"\\u20ac\"}]";

	for (size_t i = 0; i < sizeof(text) - 1; i++)
		ck_assert_int_eq(parse(FORMAT_JSON, text, i), -EBADMSG);
	ck_assert_int_eq(parse(FORMAT_JSON, text, sizeof(text) - 1), 0);
}
END_TEST

TEST_SUITE(senml, base_fields_are_resolved, the_cbor_example_of_the_standard_is_read, every_kind_of_value_is_read,
	a_base_name_alone_is_a_name, times_below_2_to_28_are_relative, base_value_and_sum_are_added,
	what_must_be_understood_is_refused, packs_against_the_standard_are_refused,
	a_name_that_follows_a_nodes_own_begins_as_it_likes, a_fault_tells_its_offset, limits_hold,
	what_is_written_is_read_back, base_fields_are_written_once, cut_packs_are_refused_at_every_length)
