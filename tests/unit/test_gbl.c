#include "protocols/gbl.h"

#include <errno.h>

#include "tests/unit/frame_bytes.h"
#include "tests/unit/suite.h"

/* Made with Python's zlib.crc32: header, program of four bytes, end. */
#define SAMPLE "eb17a603 08000000 0000000300000000 fe0101fe 08000000 00400000 01020304 fc0404fc 04000000 f4642706"

START_TEST(a_good_file_is_told_from_a_damaged_one)
{
	struct frame_bytes file = frame_bytes(SAMPLE);

	ck_assert_int_eq(gbl_check(file.data, file.size), 0);
	file.data[30] ^= 1;
	ck_assert_int_eq(gbl_check(file.data, file.size), -EBADMSG);
}
END_TEST

START_TEST(bytes_after_the_end_do_not_count)
{
	struct frame_bytes file = frame_bytes(SAMPLE " ffffffff");

	ck_assert_int_eq(gbl_check(file.data, file.size), 0);
}
END_TEST

START_TEST(about_anything_else_nothing_is_said)
{
	struct frame_bytes file = frame_bytes(SAMPLE);

	for (size_t size = 0; size < file.size; size++)
		ck_assert_int_eq(gbl_check(file.data, size), -ENOENT);
	file.data[0] = 0;
	ck_assert_int_eq(gbl_check(file.data, file.size), -ENOENT);
}
END_TEST

TEST_SUITE(gbl, a_good_file_is_told_from_a_damaged_one, bytes_after_the_end_do_not_count,
	about_anything_else_nothing_is_said)
