#include "protocols/node_json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "protocols/number.h"
#include "tests/unit/suite.h"

static struct reading readings[READINGS_MAX];
static char scratch[16384];
static struct senml_pack pack = {
	.readings = readings, .capacity = READINGS_MAX, .scratch = scratch, .scratch_size = sizeof(scratch)
};
static struct span device_id;

static int parse(const char *text)
{
	return node_json_parse(&pack, &device_id, (struct span){ text, strlen(text) });
}

static const struct reading *reading_named(const char *name)
{
	for (size_t i = 0; i < pack.count; i++)
		if (pack.readings[i].name.size == strlen(name) &&
			memcmp(pack.readings[i].name.data, name, strlen(name)) == 0)
			return &pack.readings[i];
	ck_abort_msg("there is no reading %s", name);
}

static void assert_number(const char *name, const char *text)
{
	char found[NUMBER_TEXT_MAX + 1];
	const struct reading *reading = reading_named(name);

	ck_assert_int_eq(reading->kind, READING_NUMBER);
	found[number_print(&reading->number, found)] = '\0';
	ck_assert_str_eq(found, text);
}

static void assert_span(struct span found, const char *text)
{
	ck_assert_uint_eq(found.size, strlen(text));
	ck_assert_mem_eq(found.data, text, found.size);
}

START_TEST(a_message_gives_its_readings)
{
	ck_assert_int_eq(parse("{\"device_id\":\"node-7\",\"timestamp\":1700000000,"
			       "\"data\":{\"temperature\":22.50,\"door\":true,\"mode\":\"eco\",\"gone\":null}}"),
		0);
	assert_span(device_id, "node-7");
	ck_assert_uint_eq(pack.count, 3);
	assert_number("temperature", "22.50");
	ck_assert_int_eq(reading_named("door")->kind, READING_BOOLEAN);
	ck_assert(reading_named("door")->boolean);
	assert_span(reading_named("mode")->text, "eco");
	for (size_t i = 0; i < pack.count; i++) {
		ck_assert(pack.readings[i].has_time && pack.readings[i].is_dated);
		ck_assert_int_eq(pack.readings[i].time_us, INT64_C(1700000000000000));
	}
}
END_TEST

START_TEST(a_timestamp_has_many_forms)
{
	static const struct {
		const char *text;
		int64_t time_us; /* 0: none */
	} cases[] = {
		{ "1700000000", 1700000000000000 },
		{ "1700000000.25", 1700000000250000 },
		{ "1700000000250", 1700000000250000 },
		{ "1700000000250001", 1700000000250001 },
		{ "\"1700000000\"", 1700000000000000 },
		{ "\"2023-11-14T22:13:20Z\"", 1700000000000000 },
		{ "\"2023-11-14T22:13:20.250Z\"", 1700000000250000 },
		{ "\"2023-11-14 22:13:20\"", 1700000000000000 },
		{ "\"2023-11-15T00:13:20+02:00\"", 1700000000000000 },
		{ "\"2023-11-14T17:13:20-0500\"", 1700000000000000 },
		{ "\"2024-02-29T00:00Z\"", 1709164800000000 },
		{ "\"2000-03-01T00:00:00Z\"", 951868800000000 },
		{ "null", 0 },
		{ "0", 0 },
		{ "4711", 0 },
		{ "-5", 0 },
		{ "\"1970-01-01T00:00:09Z\"", 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[128];

		(void)snprintf(text, sizeof(text), "{\"data\":{\"a\":1},\"timestamp\":%s}", cases[i].text);
		ck_assert_msg(parse(text) == 0, "%s", text);
		ck_assert_msg(readings[0].has_time == (cases[i].time_us != 0), "%s", text);
		if (cases[i].time_us)
			ck_assert_msg(readings[0].time_us == cases[i].time_us, "%s: %lld", text,
				(long long)readings[0].time_us);
	}
}
END_TEST

START_TEST(a_message_without_timestamp_has_undated_readings)
{
	ck_assert_int_eq(parse("{\"device_id\":\"node-7\",\"data\":{\"a\":1}}"), 0);
	ck_assert(!readings[0].has_time && !readings[0].is_dated);
}
END_TEST

START_TEST(objects_and_arrays_become_names)
{
	ck_assert_int_eq(parse("{\"data\":{\"air\":{\"in\":{\"t\":20.1},\"out\":5},\"xyz\":[1,-2,{\"q\":3}]}}"), 0);
	ck_assert_uint_eq(pack.count, 5);
	assert_number("air/in/t", "20.1");
	assert_number("air/out", "5");
	assert_number("xyz/0", "1");
	assert_number("xyz/1", "-2");
	assert_number("xyz/2/q", "3");
}
END_TEST

START_TEST(a_value_with_a_unit_is_one_reading)
{
	ck_assert_int_eq(parse("{\"data\":{\"t\":{\"unit\":\"Cel\",\"value\":22.50},\"h\":{\"value\":40,\"unit\":"
			       "\"%RH\",\"quality\":\"good\"},\"v\":{\"value\":false}}}"),
		0);
	ck_assert_uint_eq(pack.count, 4);
	assert_number("t", "22.50");
	assert_span(reading_named("t")->unit, "Cel");
	assert_span(reading_named("h")->unit, "%RH");
	assert_span(reading_named("h/quality")->text, "good");
	ck_assert_int_eq(reading_named("v")->kind, READING_BOOLEAN);
}
END_TEST

START_TEST(value_and_unit_stay_names_where_they_do_not_belong_together)
{
	ck_assert_int_eq(parse("{\"data\":{\"value\":1,\"unit\":\"m\",\"a\":{\"unit\":\"s\"},"
			       "\"b\":{\"value\":2,\"unit\":7},\"c\":{\"value\":{\"d\":1}}}}"),
		0);
	ck_assert_uint_eq(pack.count, 6);
	assert_number("value", "1");
	assert_span(reading_named("unit")->text, "m");
	assert_span(reading_named("a/unit")->text, "s");
	assert_number("b", "2");
	assert_number("b/unit", "7");
	assert_number("c/value/d", "1");
}
END_TEST

START_TEST(a_message_without_data_is_its_own_data)
{
	ck_assert_int_eq(parse("{\"ts\":1700000000,\"temperature\":21,\"power\":{\"value\":3,\"unit\":\"W\"}}"), 0);
	ck_assert_uint_eq(pack.count, 2);
	ck_assert_ptr_null(device_id.data);
	assert_number("temperature", "21");
	assert_number("power", "3");
}
END_TEST

START_TEST(members_beside_data_are_passed_over)
{
	ck_assert_int_eq(parse("{\"site\":{\"x\":[1,2]},\"data\":{\"a\":1},\"firmware\":\"1.2\"}"), 0);
	ck_assert_uint_eq(pack.count, 1);
}
END_TEST

START_TEST(names_are_made_fit_for_senml)
{
	ck_assert_int_eq(parse("{\"data\":{\"Room Temp \\u00b0C\":1,\"a/b\":2,\"\":3}}"), 0);
	assert_number("Room_Temp___C", "1");
	assert_number("a/b", "2");
	assert_number("_", "3");
}
END_TEST

START_TEST(data_that_is_no_object_is_taken_too)
{
	ck_assert_int_eq(parse("{\"data\":21.50}"), 0);
	assert_number("data", "21.50");
	ck_assert_int_eq(parse("{\"data\":[4,5]}"), 0);
	assert_number("1", "5");
	ck_assert_int_eq(parse("{\"data\":null}"), 0);
	ck_assert_uint_eq(pack.count, 0);
}
END_TEST

START_TEST(wrong_messages_are_refused)
{
	static const struct {
		const char *text;
		int result;
	} cases[] = { { "", -EBADMSG }, { "[]", -EBADMSG }, { "21.5", -EBADMSG }, { "{\"data\":{\"a\":1}", -EBADMSG },
		{ "{\"data\":{\"a\":1}}x", -EBADMSG }, { "{\"data\":{\"a\":}}", -EBADMSG },
		{ "{\"device_id\":7}", -EBADMSG }, { "{\"device_id\":\"a\",\"device_id\":\"a\"}", -EBADMSG },
		{ "{\"timestamp\":1,\"ts\":2}", -EBADMSG }, { "{\"data\":{},\"data\":{}}", -EBADMSG },
		{ "{\"timestamp\":\"yesterday\"}", -EBADMSG }, { "{\"timestamp\":\"2023-02-29T00:00:00Z\"}", -EBADMSG },
		{ "{\"timestamp\":\"2023-11-14T24:13:20Z\"}", -EBADMSG },
		{ "{\"timestamp\":\"2023-11-14T22:13:20Zx\"}", -EBADMSG }, { "{\"timestamp\":[1]}", -EBADMSG },
		{ "{\"timestamp\":1e17}", -ERANGE }, { "{\"timestamp\":\"9999-12-31T23:59:59-01:00\"}", -ERANGE },
		{ "{\"data\":{\"a\":1e999}}", -ERANGE }, { "{\"data\":[[[[[[[[1]]]]]]]]}", -ENOBUFS } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int result = parse(cases[i].text);

		ck_assert_msg(result == cases[i].result, "%s: %d", cases[i].text, result);
		ck_assert_uint_eq(pack.count, 0);
	}
}
END_TEST

START_TEST(every_length_has_a_limit)
{
	char text[4096], name[READING_NAME_MAX + 2];

	memset(name, 'n', sizeof(name));
	(void)snprintf(text, sizeof(text), "{\"data\":{\"%.*s\":1}}", READING_NAME_MAX, name);
	ck_assert_int_eq(parse(text), 0);
	(void)snprintf(text, sizeof(text), "{\"data\":{\"%.*s\":1}}", READING_NAME_MAX + 1, name);
	ck_assert_int_eq(parse(text), -ENOBUFS);
	(void)snprintf(text, sizeof(text), "{\"data\":{\"a\":{\"%.*s\":1}}}", READING_NAME_MAX - 1, name);
	ck_assert_int_eq(parse(text), -ENOBUFS);
	(void)snprintf(
		text, sizeof(text), "{\"data\":{\"a\":{\"value\":1,\"unit\":\"%.*s\"}}}", READING_UNIT_MAX + 1, name);
	ck_assert_int_eq(parse(text), -ENOBUFS);
	(void)snprintf(text, sizeof(text), "{\"data\":{\"a\":\"%0*d\"}}", READING_TEXT_MAX + 1, 0);
	ck_assert_int_eq(parse(text), -ENOBUFS);
}
END_TEST

START_TEST(more_readings_than_the_pack_takes_are_refused)
{
	char text[4 * READINGS_MAX + 32] = "{\"data\":[0";

	for (size_t i = 1; i < READINGS_MAX; i++)
		strcat(text, ",0");
	size_t size = strlen(text);
	strcpy(text + size, "]}");
	ck_assert_int_eq(parse(text), 0);
	ck_assert_uint_eq(pack.count, READINGS_MAX);
	strcpy(text + size, ",0]}");
	ck_assert_int_eq(parse(text), -ENOBUFS);
}
END_TEST

TEST_SUITE(node_json, a_message_gives_its_readings, a_timestamp_has_many_forms,
	a_message_without_timestamp_has_undated_readings, objects_and_arrays_become_names,
	a_value_with_a_unit_is_one_reading, value_and_unit_stay_names_where_they_do_not_belong_together,
	a_message_without_data_is_its_own_data, members_beside_data_are_passed_over, names_are_made_fit_for_senml,
	data_that_is_no_object_is_taken_too, wrong_messages_are_refused, every_length_has_a_limit,
	more_readings_than_the_pack_takes_are_refused)
