#include "protocols/hex.h"

#include <errno.h>

#include "tests/unit/suite.h"

START_TEST(bytes_come_back_as_printed)
{
	const uint8_t bytes[] = { 0x00, 0x9f, 0xa0, 0xff };
	uint8_t back[4];
	char text[9];

	hex_print(text, bytes, 4);
	ck_assert_str_eq(text, "009fa0ff");
	ck_assert_int_eq(hex_parse(back, text, 8), 0);
	ck_assert_mem_eq(back, bytes, 4);
	ck_assert_int_eq(hex_parse(back, "009FA0FF", 8), 0);
	ck_assert_mem_eq(back, bytes, 4);
}
END_TEST

START_TEST(a_text_cut_or_with_other_letters_changes_nothing)
{
	uint8_t out[2] = { 7, 7 };

	ck_assert_int_eq(hex_parse(out, "0g00", 4), -EINVAL);
	ck_assert_int_eq(hex_parse(out, "000", 3), -EINVAL);
	ck_assert_int_eq(hex_parse(out, "00", 4), -EINVAL); /* the terminator is no digit */
	ck_assert_uint_eq(out[0], 7);
}
END_TEST

TEST_SUITE(hex, bytes_come_back_as_printed, a_text_cut_or_with_other_letters_changes_nothing)
