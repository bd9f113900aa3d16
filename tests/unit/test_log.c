#include "gateway/log.h"

#include <string.h>

#include "tests/unit/suite.h"

static void expect(const char *text, size_t size, const char *wanted)
{
	char out[64];

	memset(out, 'x', sizeof(out));
	ck_assert_str_eq(log_quote(out, size, text), wanted);
	ck_assert_int_eq(out[size], 'x');
}

START_TEST(a_quoted_text_is_one_value_whatever_it_says)
{
	expect("", 16, "\"\"");
	expect("1 of 4 failed", 32, "\"1 of 4 failed\"");
	expect("\"waves\" are shares", 32, "\"\\\"waves\\\" are shares\"");
	expect("a\\", 16, "\"a\\\\\"");
}
END_TEST

START_TEST(a_text_that_is_too_long_is_cut_before_the_mark_that_ends_it)
{
	expect("abcdef", 9, "\"abcdef\"");
	expect("abcdef", 8, "\"abcde\"");
	expect("abc\"d", 7, "\"abc\"");
	expect("abcdef", 4, "\"a\"");
}
END_TEST

TEST_SUITE(
	log, a_quoted_text_is_one_value_whatever_it_says, a_text_that_is_too_long_is_cut_before_the_mark_that_ends_it)
