#include "protocols/tokens.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "protocols/number.h"
#include "protocols/token_writer.h"
#include "tests/unit/suite.h"

/* Shows a value as JSON-like text, so that a test can say what it expects of either format. */
static void show(char *out, size_t size, enum token_format format, struct span input)
{
	static const char *const kinds[] = { [TOKEN_FAULT] = "!",
		[TOKEN_FINISH] = ".",
		[TOKEN_MAP] = "{",
		[TOKEN_ARRAY] = "[",
		[TOKEN_CLOSE] = ")",
		[TOKEN_NULL] = "null " };
	struct token_reader reader;
	struct token token;
	char scratch[64];
	char text[NUMBER_TEXT_MAX];
	size_t used = 0;

	tokens_init(&reader, format, input, scratch, sizeof(scratch));
	do {
		token = tokens_next(&reader);
		if (token.kind == TOKEN_NUMBER)
			used += (size_t)snprintf(
				out + used, size - used, "%.*s ", (int)number_print(&token.number, text), text);
		else if (token.kind == TOKEN_TEXT || token.kind == TOKEN_BYTES)
			used += (size_t)snprintf(out + used, size - used, "%s%.*s' ",
				token.kind == TOKEN_BYTES ? "b'" : "'", (int)token.text.size, token.text.data);
		else if (token.kind == TOKEN_BOOLEAN)
			used += (size_t)snprintf(out + used, size - used, "%s ", token.boolean ? "true" : "false");
		else
			used += (size_t)snprintf(out + used, size - used, "%s", kinds[token.kind]);
	} while (token.kind != TOKEN_FAULT && token.kind != TOKEN_FINISH);
}

static void check(enum token_format format, const void *data, size_t size, const char *expected)
{
	char shown[512] = "";

	show(shown, sizeof(shown), format, (struct span){ data, size });
	ck_assert_str_eq(shown, expected);
}

static void check_json(const char *text, const char *expected)
{
	check(FORMAT_JSON, text, strlen(text), expected);
}

#define CHECK_CBOR(bytes, expected) check(FORMAT_CBOR, bytes, sizeof(bytes) - 1, expected)

START_TEST(json_gives_its_tokens)
{
	check_json(" [ ] ", "[).");
	check_json("{}", "{).");
	check_json("[{\"a\":1,\"b\":[true,false,null]},-2.5]", "[{'a' 1 'b' [true false null ))-2.5 ).");
	check_json("\"x\"", "'x' .");
}
END_TEST

START_TEST(json_escapes_are_undone)
{
	check_json("\"a\\n\\\"\\\\\\/\\u0041\"", "'a\n\"\\/A' .");
	check_json("\"\\u20ac\\ud83c\\udf21\"", "'\xe2\x82\xac\xf0\x9f\x8c\xa1' .");
	check_json("\"\\ud83c\"", "!");
	check_json("\"\\udf21\"", "!");
	check_json("\"\\ud83cx\"", "!");
	check_json("\"\\x41\"", "!");
	check_json("\"\\u00g0\"", "!");
}
END_TEST

START_TEST(malformed_json_is_refused)
{
	static const char *const texts[] = { "", "[", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "{\"a\"}", "{\"a\":}",
		"{\"a\":1,}", "{1:2}", "{\"a\" 1}", "[1]x", "[1][", "tru", "nul", "\"a", "\"a\x01\"", "\"\xff\"",
		"\"\xc0\x80\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "[1}", "{]", "[01]", "'a'", "]" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char shown[512] = "";

		show(shown, sizeof(shown), FORMAT_JSON, (struct span){ texts[i], strlen(texts[i]) });
		ck_assert_msg(shown[strlen(shown) - 1] == '!', "%s gave %s", texts[i], shown);
	}
}
END_TEST

/* RFC 8949 appendix A. */
START_TEST(cbor_gives_its_tokens)
{
	CHECK_CBOR("\x83\x01\x82\x02\x03\x82\x04\x05", "[1 [2 3 )[4 5 )).");
	CHECK_CBOR("\x9f\x01\x82\x02\x03\x9f\x04\x05\xff\xff", "[1 [2 3 )[4 5 )).");
	CHECK_CBOR("\xbf\x61\x61\x01\x61\x62\x9f\x02\x03\xff\xff", "{'a' 1 'b' [2 3 )).");
	CHECK_CBOR("\xa2\x01\x02\x03\x04", "{1 2 3 4 ).");
	CHECK_CBOR("\x1b\x00\x00\x00\xe8\xd4\xa5\x10\x00", "1000000000000 .");
	CHECK_CBOR("\x1b\xff\xff\xff\xff\xff\xff\xff\xff", "1.8446744073709552e+19 .");
	CHECK_CBOR("\x39\x03\xe7", "-1000 .");
	CHECK_CBOR("\x3b\x7f\xff\xff\xff\xff\xff\xff\xff", "-9223372036854775808 .");
	CHECK_CBOR("\x44\x01\x02\x03\x04", "b'\x01\x02\x03\x04' .");
	CHECK_CBOR("\x64\x49\x45\x54\x46", "'IETF' .");
	CHECK_CBOR("\x83\xf4\xf5\xf6", "[false true null ).");
}
END_TEST

/* RFC 8949 appendix A and section 3.4.4. */
START_TEST(cbor_numbers_of_all_widths_are_exact)
{
	CHECK_CBOR("\xf9\x3c\x00", "1 .");
	CHECK_CBOR("\xf9\x3e\x00", "1.5 .");
	CHECK_CBOR("\xf9\x7b\xff", "65504 .");
	CHECK_CBOR("\xf9\x00\x01", "5.9604644775390625e-08 .");
	CHECK_CBOR("\xf9\x04\x00", "6.103515625e-05 .");
	CHECK_CBOR("\xf9\xc4\x00", "-4 .");
	CHECK_CBOR("\xfa\x47\xc3\x50\x00", "100000 .");
	CHECK_CBOR("\xfa\x7f\x7f\xff\xff", "3.4028234663852886e+38 .");
	CHECK_CBOR("\xfb\x3f\xf1\x99\x99\x99\x99\x99\x9a", "1.1 .");
	CHECK_CBOR("\xfb\x7e\x37\xe4\x3c\x88\x00\x75\x9c", "1e+300 .");
	CHECK_CBOR("\xc4\x82\x21\x19\x6a\xb3", "273.15 .");
}
END_TEST

START_TEST(malformed_cbor_is_refused)
{
	CHECK_CBOR("", "!");
	CHECK_CBOR("\x82\x01", "!");
	CHECK_CBOR("\x01\x01", "1 !");
	CHECK_CBOR("\x9f\x01", "[1 !");
	CHECK_CBOR("\xbf\x01\xff", "{1 !");
	CHECK_CBOR("\xff", "!");
	CHECK_CBOR("\x1c", "!");
	CHECK_CBOR("\x19\x01", "!");
	CHECK_CBOR("\x62\xc3\x28", "!");
	CHECK_CBOR("\x63\x61", "!");
	CHECK_CBOR("\x7f\x61\x61\xff", "!");
	CHECK_CBOR("\x9b\xff\xff\xff\xff\xff\xff\xff\xff", "!");
	CHECK_CBOR("\xf7", "!");
	CHECK_CBOR("\xf9\x7c\x00", "!");
	CHECK_CBOR("\xfa\x7f\xc0\x00\x00", "!");
	CHECK_CBOR("\xc1\x01", "!");
	CHECK_CBOR("\xc4\x81\x01", "!");
	CHECK_CBOR("\xc4\x82\x1a\x7f\xff\xff\xff\x01", "!");
}
END_TEST

START_TEST(nesting_has_a_limit)
{
	check_json("[[[[[[[[]]]]]]]]", "[[[[[[[[)))))))).");
	check_json("[[[[[[[[[]]]]]]]]]", "[[[[[[[[!");
	CHECK_CBOR("\x81\x81\x81\x81\x81\x81\x81\x81\x81\x01", "[[[[[[[[!");
}
END_TEST

START_TEST(a_text_that_overflows_the_scratch_is_a_limit)
{
	static const char text[] = "\"\\n23456789\"";
	struct token_reader reader;
	char scratch[8];

	tokens_init(&reader, FORMAT_JSON, (struct span){ text, sizeof(text) - 1 }, scratch, sizeof(scratch));
	ck_assert_int_eq(tokens_next(&reader).kind, TOKEN_FAULT);
	ck_assert_int_eq(reader.error, -ENOBUFS);
}
END_TEST

START_TEST(a_skipped_value_leaves_what_follows)
{
	static const char text[] = "[{\"a\":[1,{}],\"b\":2},3]";
	struct token_reader reader;

	tokens_init(&reader, FORMAT_JSON, (struct span){ text, sizeof(text) - 1 }, NULL, 0);
	(void)tokens_next(&reader);
	struct token map = tokens_next(&reader);
	tokens_skip(&reader, &map);
	struct token three = tokens_next(&reader);
	ck_assert_int_eq(three.number.mantissa, 3);
	tokens_skip(&reader, &three);
	ck_assert_int_eq(tokens_next(&reader).kind, TOKEN_CLOSE);
	ck_assert_int_eq(tokens_next(&reader).kind, TOKEN_FINISH);
}
END_TEST

static void write_sample(struct writer *out, enum token_format format)
{
	struct token_writer writer;
	struct number number = { .mantissa = 27315, .exponent = -2 };

	token_writer_init(&writer, format, out);
	token_map(&writer, 3);
	token_string(&writer, "a");
	token_array(&writer, 3);
	token_number(&writer, &number);
	token_boolean(&writer, true);
	token_integer(&writer, -1000);
	token_close(&writer);
	token_string(&writer, "q\"\n");
	token_base64(&writer, (struct span){ "hi \n\xff\xfe", 6 });
	token_string(&writer, "h");
	token_hex(&writer, (struct span){ "\x01\xab", 2 });
	token_close(&writer);
}

START_TEST(both_formats_are_written_from_the_same_calls)
{
	static const char expected_json[] = "{\"a\":[273.15,true,-1000],\"q\\\"\\u000a\":\"aGkgCv_-\",\"h\":\"01ab\"}";
	static const char expected_cbor[] = "\xa3\x61\x61\x83\xc4\x82\x21\x19\x6a\xb3\xf5\x39\x03\xe7\x63q\"\n"
					    "\x46hi \n\xff\xfe\x61h\x42\x01\xab";
	uint8_t buffer[128];
	struct writer out;

	writer_init(&out, buffer, sizeof(buffer));
	write_sample(&out, FORMAT_JSON);
	ck_assert_uint_eq(writer_size(&out), sizeof(expected_json) - 1);
	ck_assert_mem_eq(buffer, expected_json, sizeof(expected_json) - 1);
	writer_init(&out, buffer, sizeof(buffer));
	write_sample(&out, FORMAT_CBOR);
	ck_assert_uint_eq(writer_size(&out), sizeof(expected_cbor) - 1);
	ck_assert_mem_eq(buffer, expected_cbor, sizeof(expected_cbor) - 1);
}
END_TEST

/* The widths of RFC 8949 appendix A. */
START_TEST(floats_are_written_in_the_shortest_exact_width)
{
	static const struct {
		double real;
		size_t size;
	} cases[] = { { 1.5, 3 }, { 65504, 3 }, { 0x1p-24, 3 }, { 0x1p-14, 3 }, { -0.0, 3 }, { 0x1.ff8p-15, 3 },
		{ 100000.5, 5 }, { 0x1p-25, 5 }, { 0x1.ffcp-15, 5 }, { 1.1, 9 }, { 1e300, 9 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct number number = number_from_double(cases[i].real);
		struct token_writer writer;
		struct token_reader reader;
		uint8_t buffer[16];
		struct writer out;

		writer_init(&out, buffer, sizeof(buffer));
		token_writer_init(&writer, FORMAT_CBOR, &out);
		token_number(&writer, &number);
		ck_assert_uint_eq(writer_size(&out), cases[i].size);
		tokens_init(&reader, FORMAT_CBOR, (struct span){ (char *)buffer, writer_size(&out) }, NULL, 0);
		struct token back = tokens_next(&reader);
		ck_assert(number_same(&back.number, &number));
	}
}
END_TEST

TEST_SUITE(tokens, json_gives_its_tokens, json_escapes_are_undone, malformed_json_is_refused, cbor_gives_its_tokens,
	cbor_numbers_of_all_widths_are_exact, malformed_cbor_is_refused, nesting_has_a_limit,
	a_text_that_overflows_the_scratch_is_a_limit, a_skipped_value_leaves_what_follows,
	both_formats_are_written_from_the_same_calls, floats_are_written_in_the_shortest_exact_width)
