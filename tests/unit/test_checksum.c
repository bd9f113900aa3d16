#include "store/checksum.h"

#include <string.h>

#include "tests/unit/suite.h"

START_TEST(the_examples_of_rfc_3720_come_out)
{
	uint8_t bytes[32];

	memset(bytes, 0, sizeof(bytes));
	ck_assert_uint_eq(crc32c(0, bytes, sizeof(bytes)), 0x8a9136aa);
	memset(bytes, 0xff, sizeof(bytes));
	ck_assert_uint_eq(crc32c(0, bytes, sizeof(bytes)), 0x62a8ab43);
	for (uint8_t i = 0; i < 32; i++)
		bytes[i] = i;
	ck_assert_uint_eq(crc32c(0, bytes, sizeof(bytes)), 0x46dd794e);
	for (uint8_t i = 0; i < 32; i++)
		bytes[i] = (uint8_t)(31 - i);
	ck_assert_uint_eq(crc32c(0, bytes, sizeof(bytes)), 0x113fdb5c);
}
END_TEST

START_TEST(parts_make_the_checksum_of_the_whole)
{
	ck_assert_uint_eq(crc32c(crc32c(0, "1234", 4), "56789", 5), 0xe3069283);
	ck_assert_uint_eq(crc32c(7, NULL, 0), 7);
}
END_TEST

START_TEST(numbers_count_byte_by_byte)
{
	static const int64_t numbers[] = { 0x0706050403020100, 0x0f0e0d0c0b0a0908, 0x1716151413121110,
		0x1f1e1d1c1b1a1918 };

	ck_assert_uint_eq(crc32c_numbers(0, numbers, 4), 0x46dd794e);
	ck_assert_uint_eq(crc32c_numbers(7, numbers, 0), 7);
}
END_TEST

TEST_SUITE(
	checksum, the_examples_of_rfc_3720_come_out, parts_make_the_checksum_of_the_whole, numbers_count_byte_by_byte)
