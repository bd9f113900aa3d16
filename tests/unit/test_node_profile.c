#include "protocols/node_profile.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/suite.h"

static struct span span_of(const char *text)
{
	return (struct span){ text, strlen(text) };
}

START_TEST(a_checkin_in_json_is_read)
{
	struct profile_checkin checkin;

	ck_assert_int_eq(
		profile_parse_checkin(&checkin, FORMAT_JSON,
			span_of("{\"hw\":\"nrf52840\",\"version\":\"1.2.3\",\"image\":\"00a1B2c3\",\"battery\":87,"
				"\"rssi\":-71,\"uptime\":{\"s\":[1,2]}}")),
		0);
	ck_assert_str_eq(checkin.hardware, "nrf52840");
	ck_assert_str_eq(checkin.version, "1.2.3");
	ck_assert_uint_eq(checkin.image_size, 4);
	ck_assert_mem_eq(checkin.image, "\x00\xa1\xb2\xc3", 4);
	ck_assert_int_eq(checkin.battery_percent, 87);
	ck_assert_int_eq(checkin.signal_dbm, -71);
}
END_TEST

START_TEST(a_checkin_may_say_nothing)
{
	struct profile_checkin checkin;

	ck_assert_int_eq(profile_parse_checkin(&checkin, FORMAT_CBOR, span_of("\xa0")), 0);
	ck_assert_str_eq(checkin.hardware, "");
	ck_assert_uint_eq(checkin.image_size, 0);
	ck_assert_int_lt(checkin.battery_percent, 0);
	ck_assert_int_eq(checkin.signal_dbm, 0);
}
END_TEST

START_TEST(wrong_checkins_are_refused)
{
	static const struct {
		const char *text;
		int result;
	} cases[] = { { "", -EBADMSG }, { "[]", -EBADMSG }, { "{\"hw\":1}", -EBADMSG },
		{ "{\"hw\":\"a\\n\"}", -EBADMSG }, { "{\"hw\":\"123456789012345678901234567890123\"}", -ENOBUFS },
		{ "{\"battery\":101}", -ERANGE }, { "{\"battery\":\"full\"}", -EBADMSG }, { "{\"rssi\":1}", -ERANGE },
		{ "{\"image\":\"00a1b2\"}", -EBADMSG }, { "{\"image\":\"00a1b2c\"}", -EBADMSG },
		{ "{\"image\":\"00a1b2cx\"}", -EBADMSG }, { "{\"hw\":\"a\",\"hw\":\"b\"}", -EBADMSG },
		{ "{}{}", -EBADMSG }, { "{\"hw\":\"a\"", -EBADMSG } };
	struct profile_checkin checkin = { .battery_percent = 5 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_msg(profile_parse_checkin(&checkin, FORMAT_JSON, span_of(cases[i].text)) == cases[i].result,
			"%s", cases[i].text);
	ck_assert_int_eq(checkin.battery_percent, 5);
}
END_TEST

START_TEST(a_checkin_comes_back_as_written)
{
	struct profile_checkin checkin = { .hardware = "stm32",
		.version = "2.0.0-rc1",
		.parent = "router-7",
		.image = { 1, 2, 3, 4, 255 },
		.image_size = 32,
		.battery_percent = 0,
		.signal_dbm = -120 };

	for (int format = FORMAT_JSON; format <= FORMAT_CBOR; format++) {
		struct profile_checkin back = { 0 };
		uint8_t buffer[PROFILE_MESSAGE_MAX];
		struct writer out;

		writer_init(&out, buffer, sizeof(buffer));
		profile_write_checkin(&out, (enum token_format)format, &checkin);
		ck_assert_int_eq(profile_parse_checkin(&back, (enum token_format)format,
					 (struct span){ (char *)buffer, writer_size(&out) }),
			0);
		ck_assert_str_eq(back.hardware, checkin.hardware);
		ck_assert_str_eq(back.version, checkin.version);
		ck_assert_str_eq(back.parent, checkin.parent);
		ck_assert_uint_eq(back.image_size, checkin.image_size);
		ck_assert_mem_eq(back.image, checkin.image, sizeof(checkin.image));
		ck_assert_int_eq(back.battery_percent, 0);
		ck_assert_int_eq(back.signal_dbm, -120);
	}
}
END_TEST

START_TEST(an_answer_comes_back_as_written)
{
	struct profile_answer answer = { .next_s = 900, .has_update = true };

	memset(answer.update.uri, 'u', PROFILE_URI_MAX);
	memset(answer.update.sha256, 0xab, 32);
	memset(answer.update.version, '9', PROFILE_TEXT_MAX);
	answer.update.size = UINT32_MAX;
	answer.update.fetch_s = 1800;
	answer.update.apply_s = 3600;
	answer.update.until_s = 7200;
	for (int format = FORMAT_JSON; format <= FORMAT_CBOR; format++) {
		struct profile_answer back;
		uint8_t buffer[PROFILE_MESSAGE_MAX];
		struct writer out;

		memset(&back, 0, sizeof(back));
		writer_init(&out, buffer, sizeof(buffer));
		profile_write_answer(&out, (enum token_format)format, &answer);
		ck_assert_int_eq(profile_parse_answer(&back, (enum token_format)format,
					 (struct span){ (char *)buffer, writer_size(&out) }),
			0);
		ck_assert_uint_eq(back.next_s, 900);
		ck_assert(back.has_update);
		ck_assert_str_eq(back.update.uri, answer.update.uri);
		ck_assert_str_eq(back.update.version, answer.update.version);
		ck_assert_mem_eq(back.update.sha256, answer.update.sha256, 32);
		ck_assert_uint_eq(back.update.size, UINT32_MAX);
		ck_assert_uint_eq(back.update.fetch_s, 1800);
		ck_assert_uint_eq(back.update.apply_s, 3600);
		ck_assert_uint_eq(back.update.until_s, 7200);
	}
}
END_TEST

START_TEST(an_answer_without_update_is_one_pair)
{
	struct profile_answer answer = { .next_s = 900 };
	uint8_t buffer[64];
	struct writer out;

	writer_init(&out, buffer, sizeof(buffer));
	profile_write_answer(&out, FORMAT_CBOR, &answer);
	ck_assert_uint_eq(writer_size(&out), 9);
	ck_assert_mem_eq(buffer, "\xa1\x64next\x19\x03\x84", 9);
	writer_init(&out, buffer, sizeof(buffer));
	profile_write_answer(&out, FORMAT_JSON, &answer);
	ck_assert_mem_eq(buffer, "{\"next\":900}", 12);
}
END_TEST

START_TEST(an_update_must_name_its_image)
{
	struct profile_answer answer;

	ck_assert_int_eq(profile_parse_answer(&answer, FORMAT_JSON,
				 span_of("{\"next\":1,\"update\":{\"uri\":\"/fw/a\",\"size\":5}}")),
		-EBADMSG);
	ck_assert_int_eq(profile_parse_answer(&answer, FORMAT_JSON, span_of("{\"next\":1,\"update\":7}")), -EBADMSG);
}
END_TEST

START_TEST(every_state_comes_back_as_written)
{
	for (int i = 0; i < 2 * (PROFILE_FAILED + 1); i++) {
		enum token_format format = i % 2 ? FORMAT_CBOR : FORMAT_JSON;
		struct profile_status status = { .state = (enum profile_state)(i / 2), .code = i - 5, .offset = 70000 };
		struct profile_status back;
		uint8_t buffer[PROFILE_MESSAGE_MAX];
		struct writer out;

		writer_init(&out, buffer, sizeof(buffer));
		profile_write_status(&out, format, &status);
		ck_assert_int_eq(
			profile_parse_status(&back, format, (struct span){ (char *)buffer, writer_size(&out) }), 0);
		ck_assert_int_eq(back.state, status.state);
		ck_assert_int_eq(back.code, status.code);
		ck_assert_uint_eq(back.offset, 70000);
	}
	struct profile_status status;
	ck_assert_int_eq(profile_parse_status(&status, FORMAT_JSON, span_of("{\"state\":\"dancing\"}")), -EBADMSG);
	ck_assert_int_eq(profile_parse_status(&status, FORMAT_JSON, span_of("{\"offset\":1}")), -EBADMSG);
}
END_TEST

START_TEST(a_command_comes_back_as_written)
{
	struct profile_command command = { .id = UINT32_MAX, .until_s = INT64_C(1790000000) };
	struct profile_answer answer = { .next_s = 900, .has_update = true, .has_command = true };

	memset(command.text, '"', PROFILE_COMMAND_MAX);
	memset(answer.update.uri, 'u', PROFILE_URI_MAX);
	memset(answer.update.version, '9', PROFILE_TEXT_MAX);
	answer.command = command;
	for (int format = FORMAT_JSON; format <= FORMAT_CBOR; format++) {
		struct profile_command back;
		struct profile_answer told = { 0 };
		uint8_t buffer[PROFILE_MESSAGE_MAX];
		struct writer out;

		writer_init(&out, buffer, sizeof(buffer));
		profile_write_command(&out, (enum token_format)format, &command);
		ck_assert_int_eq(profile_parse_command(&back, (enum token_format)format,
					 (struct span){ (char *)buffer, writer_size(&out) }),
			0);
		ck_assert_uint_eq(back.id, UINT32_MAX);
		ck_assert_str_eq(back.text, command.text);
		ck_assert_int_eq(back.until_s, command.until_s);
		writer_init(&out, buffer, sizeof(buffer));
		profile_write_answer(&out, (enum token_format)format, &answer);
		ck_assert(!out.failed);
		ck_assert_int_eq(profile_parse_answer(&told, (enum token_format)format,
					 (struct span){ (char *)buffer, writer_size(&out) }),
			0);
		ck_assert(told.has_command && told.has_update);
		ck_assert_str_eq(told.command.text, command.text);
	}
}
END_TEST

START_TEST(a_command_without_id_is_none)
{
	static const char *const wrong[] = { "{\"command\":\"x\"}", "{\"id\":1}", "{\"id\":0,\"command\":\"x\"}",
		"{\"id\":\"1\",\"command\":\"x\"}", "{\"id\":4294967296,\"command\":\"x\"}",
		"{\"id\":1,\"command\":\"x\\n\"}" };
	struct profile_command command;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_assert_int_lt(profile_parse_command(&command, FORMAT_JSON, span_of(wrong[i])), 0);
}
END_TEST

START_TEST(a_reply_is_a_text_or_json_as_it_came)
{
	static const struct {
		const char *reply, *result;
		bool ok, is_json;
	} cases[] = {
		{ "{\"id\":7}", "", true, false },
		{ "{\"id\":7,\"result\":\"a\\u00e4\\\"b\",\"ok\":true}", "a\u00e4\"b", true, false },
		{ "{\"ok\":false,\"id\":7,\"error\":{\"code\":\"x\", \"message\":[1,{}]} }",
			"{\"code\":\"x\", \"message\":[1,{}]}", false, true },
		{ "{\"id\":7,\"result\":[1, 2]}", "[1, 2]", true, true },
		{ "{\"id\":7,\"result\":-1.5e3}", "-1.5e3", true, true },
		{ "{\"id\":7,\"result\": true , \"more\":1}", "true", true, true },
		{ "{\"id\":7,\"result\":null}", "null", true, true },
	};
	static char scratch[PROFILE_RESULT_MAX];
	struct profile_reply reply;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_int_eq(profile_parse_reply(&reply, FORMAT_JSON, span_of(cases[i].reply), scratch), 0);
		ck_assert_uint_eq(reply.id, 7);
		ck_assert_int_eq(reply.ok, cases[i].ok);
		ck_assert_int_eq(reply.is_json, cases[i].is_json);
		ck_assert_uint_eq(reply.result.size, strlen(cases[i].result));
		ck_assert(memcmp(reply.result.data ? reply.result.data : "", cases[i].result, reply.result.size) == 0);
	}
	ck_assert_int_eq(profile_parse_reply(&reply, FORMAT_JSON, span_of("{\"ok\":true}"), scratch), -EBADMSG);
	ck_assert_int_eq(profile_parse_reply(&reply, FORMAT_JSON, span_of("{\"id\":7,\"ok\":1}"), scratch), -EBADMSG);
	ck_assert_int_eq(
		profile_parse_reply(&reply, FORMAT_CBOR, span_of("\xa2\x62id\x07\x66result\x62hi"), scratch), 0);
	ck_assert_mem_eq(reply.result.data, "hi", 2);
	ck_assert_int_eq(
		profile_parse_reply(&reply, FORMAT_CBOR, span_of("\xa2\x62id\x07\x66result\x81\x01"), scratch), 0);
	ck_assert(!reply.is_json && reply.result.size == 0);
}
END_TEST

START_TEST(a_slot_is_told_in_seconds_and_as_a_time)
{
	char buffer[PROFILE_MESSAGE_MAX];
	struct writer out;

	writer_init(&out, buffer, sizeof(buffer));
	profile_write_slot(&out, FORMAT_JSON, &(struct profile_slot){ 900, 1790000900 });
	ck_assert_uint_eq(writer_size(&out), strlen("{\"next\":900,\"at\":1790000900}"));
	ck_assert_mem_eq(buffer, "{\"next\":900,\"at\":1790000900}", writer_size(&out));
}
END_TEST

TEST_SUITE(node_profile, a_checkin_in_json_is_read, a_checkin_may_say_nothing, wrong_checkins_are_refused,
	a_checkin_comes_back_as_written, an_answer_comes_back_as_written, an_answer_without_update_is_one_pair,
	an_update_must_name_its_image, every_state_comes_back_as_written, a_command_comes_back_as_written,
	a_command_without_id_is_none, a_reply_is_a_text_or_json_as_it_came, a_slot_is_told_in_seconds_and_as_a_time)
