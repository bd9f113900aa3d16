#include "protocols/sparkplug.h"

#include <errno.h>
#include <string.h>

#include "protocols/hex.h"
#include "protocols/protobuf.h"
#include "tests/unit/suite.h"

static uint8_t buffer[4096];
static struct writer out;

static struct span text(const char *of)
{
	return (struct span){ of, strlen(of) };
}

static const struct sparkplug_metric *sample(size_t i)
{
	static struct sparkplug_metric metrics[6];

	metrics[0] = (struct sparkplug_metric){ .name = text("temperature"),
		.alias = 1,
		.timestamp_ms = 1700000000000,
		.datatype = SPARKPLUG_DOUBLE,
		.unit = text("Cel"),
		.kind = SPARKPLUG_A_REAL,
		.real = 22.5 };
	metrics[1] = (struct sparkplug_metric){ .alias = 2,
		.timestamp_ms = 1700000000000,
		.is_historical = true,
		.kind = SPARKPLUG_A_TRUTH,
		.truth = true };
	metrics[2] = (struct sparkplug_metric){ .name = text("bdSeq"),
		.timestamp_ms = 5,
		.datatype = SPARKPLUG_INT64,
		.kind = SPARKPLUG_AN_INTEGER,
		.integer = 255 };
	metrics[3] = (struct sparkplug_metric){ .name = text("n"), .datatype = SPARKPLUG_STRING, .is_null = true };
	metrics[4] = (struct sparkplug_metric){ .name = text("s"), .kind = SPARKPLUG_A_TEXT, .text = text("x") };
	metrics[5] =
		(struct sparkplug_metric){ .name = text("d"), .kind = SPARKPLUG_SOME_BYTES, .text = { "\0\xff", 2 } };
	return &metrics[i];
}

/* What google's protobuf 3.20.3 makes of it with Eclipse Tahu's schema (Python package mqtt-spb-wrapper 2.1.2). */
static const char golden[] = "08fbd095ffbc3112350a0b74656d706572617475726510011880d095ffbc31200a4a120a07656e67556e"
			     "69741207080c420343656c690000000000803640120d10021880d095ffbc3128017001120e0a0562645365"
			     "711805200458ff0112070a016e200c380112060a01737a017812080a016482010200ff18002a10626f6f74"
			     "3d33206e756d626572733d37";

static void write_sample(size_t room)
{
	writer_init(&out, buffer, room);
	sparkplug_begin(&out, 1700000000123);
	for (size_t i = 0; i < 6; i++)
		sparkplug_write_metric(&out, sample(i));
	sparkplug_write_seq(&out, 0);
	sparkplug_write_body(&out, text("boot=3 numbers=7"));
}

START_TEST(a_payload_is_that_of_other_software)
{
	char hex[2 * sizeof(buffer) + 1];

	write_sample(sizeof(buffer));
	ck_assert(!out.failed);
	hex_print(hex, buffer, writer_size(&out));
	ck_assert_str_eq(hex, golden);
}
END_TEST

static bool same(struct span a, struct span b)
{
	return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

START_TEST(what_is_written_is_read_back)
{
	struct sparkplug_payload payload;
	struct sparkplug_metric metric;
	struct reader rest;

	write_sample(sizeof(buffer));
	ck_assert_int_eq(sparkplug_parse(&payload, buffer, writer_size(&out)), 0);
	ck_assert_uint_eq(payload.timestamp_ms, 1700000000123);
	ck_assert(payload.has_seq && payload.seq == 0);
	ck_assert_uint_eq(payload.metrics, 6);
	ck_assert(same(payload.body, text("boot=3 numbers=7")));
	reader_init(&rest, buffer, writer_size(&out));
	for (size_t i = 0; i < 6; i++) {
		const struct sparkplug_metric *wanted = sample(i);

		ck_assert_int_eq(sparkplug_next(&rest, &metric), 1);
		ck_assert(same(metric.name, wanted->name) && same(metric.unit, wanted->unit));
		ck_assert_uint_eq(metric.alias, wanted->alias);
		ck_assert_uint_eq(metric.timestamp_ms, wanted->timestamp_ms);
		ck_assert_uint_eq(metric.datatype, wanted->datatype);
		ck_assert(metric.is_historical == wanted->is_historical && metric.is_null == wanted->is_null);
		ck_assert_int_eq(metric.kind, wanted->kind);
		ck_assert_uint_eq(metric.integer, wanted->integer);
		ck_assert_double_eq(metric.real, wanted->real);
		ck_assert(metric.truth == wanted->truth && same(metric.text, wanted->text));
	}
	ck_assert_int_eq(sparkplug_next(&rest, &metric), 0);
}
END_TEST

START_TEST(a_sum_is_a_property)
{
	const struct sparkplug_metric sums[] = { { .alias = 1, .is_null = true, .has_sum = true, .sum = -0.5 },
		{ .alias = 2, .unit = text("kWh"), .has_sum = true, .sum = 1e300 } };
	struct sparkplug_metric metric;
	struct reader rest;

	for (size_t i = 0; i < 2; i++) {
		writer_init(&out, buffer, sizeof(buffer));
		sparkplug_write_metric(&out, &sums[i]);
		ck_assert(!out.failed);
		reader_init(&rest, buffer, writer_size(&out));
		ck_assert_int_eq(sparkplug_next(&rest, &metric), 1);
		ck_assert(metric.has_sum && metric.is_null == sums[i].is_null && same(metric.unit, sums[i].unit));
		ck_assert_double_eq(metric.sum, sums[i].sum);
	}
}
END_TEST

START_TEST(a_payload_that_does_not_fit_fails_the_writer)
{
	write_sample(sizeof(buffer));
	size_t size = writer_size(&out);
	for (size_t room = 0; room < size; room++) {
		write_sample(room);
		ck_assert(out.failed);
	}
}
END_TEST

START_TEST(a_cut_payload_is_refused_or_has_less)
{
	struct sparkplug_payload payload;

	write_sample(sizeof(buffer));
	for (size_t size = 0; size < writer_size(&out); size++)
		if (sparkplug_parse(&payload, buffer, size) == 0)
			ck_assert(payload.metrics < 6 || payload.body.size == 0);
}
END_TEST

START_TEST(fields_that_are_not_known_are_passed_over)
{
	static const uint8_t bytes[] = { 0x22, 0x01, 'u',             /* uuid */
		0x12, 0x0b, 0x42, 0x02, 0x08, 0x01, 0x30, 0x01, 0x50, /* metadata, is_transient */
		0x09, 0x0a, 0x01, 'a',                                /* an int_value and a name */
		0xa2, 0x06, 0x01, 'x' };                              /* field 100 */
	struct sparkplug_payload payload;
	struct sparkplug_metric metric;
	struct reader rest;

	ck_assert_int_eq(sparkplug_parse(&payload, bytes, sizeof(bytes)), 0);
	ck_assert_uint_eq(payload.metrics, 1);
	reader_init(&rest, bytes, sizeof(bytes));
	ck_assert_int_eq(sparkplug_next(&rest, &metric), 1);
	ck_assert(same(metric.name, text("a")));
	ck_assert(metric.kind == SPARKPLUG_AN_INTEGER && metric.integer == 9);
}
END_TEST

static int parse_state(struct sparkplug_state *state, const char *payload)
{
	return sparkplug_state_parse(state, payload, strlen(payload));
}

START_TEST(the_state_of_a_host_is_read)
{
	struct sparkplug_state state = { true, 1 };

	ck_assert_int_eq(parse_state(&state, "{\"online\":false,\"timestamp\":1700000000123}"), 0);
	ck_assert(!state.online && state.timestamp_ms == 1700000000123);
	ck_assert_int_eq(parse_state(&state, "{\"timestamp\":5,\"online\":true,\"more\":[]}"), 0);
	ck_assert(state.online && state.timestamp_ms == 5);
	ck_assert_int_eq(parse_state(&state, ""), -EBADMSG);
	ck_assert_int_eq(parse_state(&state, "ONLINE"), -EBADMSG);
	ck_assert_int_eq(parse_state(&state, "{\"online\":1,\"timestamp\":5}"), -EBADMSG);
	ck_assert_int_eq(parse_state(&state, "{\"online\":true,\"timestamp\":\"5\"}"), -EBADMSG);
	ck_assert_int_eq(parse_state(&state, "{\"online\":true}"), -EBADMSG);
	ck_assert(state.online && state.timestamp_ms == 5);
}
END_TEST

TEST_SUITE(sparkplug, a_payload_is_that_of_other_software, what_is_written_is_read_back, a_sum_is_a_property,
	a_payload_that_does_not_fit_fails_the_writer, a_cut_payload_is_refused_or_has_less,
	fields_that_are_not_known_are_passed_over, the_state_of_a_host_is_read)
