#include "protocols/zcl_value.h"

#include <string.h>

#include "tests/unit/suite.h"

static struct zcl_value value_of(uint8_t type, const void *data, size_t size)
{
	return (struct zcl_value){ .type = type, .data = { data, size } };
}

/* How many bytes of `data` a value takes, -1 if it cannot be read. */
static int size_in(uint8_t type, const void *data, size_t size)
{
	struct zcl_value value;
	struct reader in;

	reader_init(&in, data, size);
	zcl_value_read(&value, &in, type);
	return in.failed ? -1 : (int)value.data.size;
}

/* ZCL revision 8, table 2-10. */
START_TEST(every_type_of_the_standard_has_its_size)
{
	static const struct {
		uint8_t type;
		int size;
	} sizes[] = { { 0x00, 0 }, { 0x08, 1 }, { 0x09, 2 }, { 0x0a, 3 }, { 0x0b, 4 }, { 0x0c, 5 }, { 0x0d, 6 },
		{ 0x0e, 7 }, { 0x0f, 8 }, { 0x10, 1 }, { 0x18, 1 }, { 0x19, 2 }, { 0x1f, 8 }, { 0x20, 1 }, { 0x21, 2 },
		{ 0x22, 3 }, { 0x25, 6 }, { 0x27, 8 }, { 0x28, 1 }, { 0x29, 2 }, { 0x2a, 3 }, { 0x2f, 8 }, { 0x30, 1 },
		{ 0x31, 2 }, { 0x38, 2 }, { 0x39, 4 }, { 0x3a, 8 }, { 0xe0, 4 }, { 0xe1, 4 }, { 0xe2, 4 }, { 0xe8, 2 },
		{ 0xe9, 2 }, { 0xea, 4 }, { 0xf0, 8 }, { 0xf1, 16 }, { 0xff, 0 }, { 0x41, -1 }, { 0x42, -1 },
		{ 0x43, -1 }, { 0x44, -1 }, { 0x48, -1 }, { 0x4c, -1 }, { 0x50, -1 }, { 0x51, -1 }, { 0x07, -1 },
		{ 0x11, -1 }, { 0x17, -1 }, { 0x32, -1 }, { 0x3b, -1 }, { 0xe3, -1 }, { 0xf2, -1 }, { 0xfe, -1 } };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		ck_assert_int_eq(zcl_type_size(sizes[i].type), sizes[i].size);
}
END_TEST

START_TEST(texts_and_collections_are_skipped_whole)
{
	ck_assert_int_eq(size_in(ZCL_TEXT,
				 "\x03"
				 "abcd",
				 5),
		4);
	ck_assert_int_eq(size_in(ZCL_OCTETS,
				 "\xff"
				 "ab",
				 3),
		1);
	ck_assert_int_eq(size_in(ZCL_LONG_TEXT,
				 "\x02\x00"
				 "abc",
				 5),
		4);
	ck_assert_int_eq(size_in(ZCL_LONG_OCTETS,
				 "\xff\xff"
				 "abc",
				 5),
		2);
	ck_assert_int_eq(size_in(ZCL_ARRAY, "\x21\x02\x00\x01\x00\x02\x00zz", 9), 7);
	ck_assert_int_eq(size_in(ZCL_SET,
				 "\x42\x02\x00\x01"
				 "a\x02"
				 "bczz",
				 10),
		8);
	ck_assert_int_eq(size_in(ZCL_BAG, "\x21\xff\xffzz", 5), 3);
	ck_assert_int_eq(size_in(ZCL_STRUCTURE, "\x02\x00\x20\x07\x42\x01xzz", 9), 7);
	ck_assert_int_eq(size_in(ZCL_ARRAY, "\x4c\x01\x00\x01\x00\x10\x01", 7), 7);
}
END_TEST

START_TEST(what_does_not_fit_or_nobody_knows_fails)
{
	ck_assert_int_eq(size_in(ZCL_TEXT,
				 "\x03"
				 "ab",
				 3),
		-1);
	ck_assert_int_eq(size_in(ZCL_ARRAY, "\x21\x02\x00\x01\x00\x02", 6), -1);
	ck_assert_int_eq(size_in(ZCL_ARRAY, "\x00\xfe\xff", 3), 3);
	ck_assert_int_eq(size_in(ZCL_STRUCTURE, "\x02\x00\x20\x07\x03", 5), -1);
	ck_assert_int_eq(size_in(0x55, "aaaa", 4), -1);
}
END_TEST

START_TEST(nesting_has_an_end)
{
	uint8_t data[3 * (ZCL_NESTING_MAX + 4)];

	for (size_t i = 0; i < sizeof(data); i += 3)
		memcpy(data + i, "\x48\x01\x00", 3);
	ck_assert_int_eq(size_in(ZCL_ARRAY, data, sizeof(data)), -1);
	memcpy(data + 3 * ZCL_NESTING_MAX, "\x20\x01\x00\x05", 4);
	ck_assert_int_eq(size_in(ZCL_ARRAY, data, sizeof(data)), 3 * ZCL_NESTING_MAX + 4);
	memcpy(data + 3 * ZCL_NESTING_MAX, "\x48\x01\x00\x20\x01\x00\x05", 7);
	ck_assert_int_eq(size_in(ZCL_ARRAY, data, sizeof(data)), -1);
}
END_TEST

static void check_integer(uint8_t type, const char *bytes, size_t size, int64_t expected)
{
	struct zcl_value value = value_of(type, bytes, size);
	int64_t number;

	ck_assert(zcl_value_integer(&value, &number));
	ck_assert_int_eq(number, expected);
}

static void check_unknown(uint8_t type, const char *bytes, size_t size)
{
	struct zcl_value value = value_of(type, bytes, size);
	int64_t number;

	ck_assert(!zcl_value_integer(&value, &number));
}

START_TEST(integers_keep_their_sign)
{
	check_integer(ZCL_INT16, "\x66\x08", 2, 2150);
	check_integer(ZCL_INT16, "\xff\xff", 2, -1);
	check_integer(ZCL_INT24, "\x00\x00\xff", 3, -65536);
	check_integer(ZCL_INT64, "\xff\xff\xff\xff\xff\xff\xff\xff", 8, -1);
	check_integer(ZCL_UINT48, "\x01\x00\x00\x00\x00\x01", 6, 0x010000000001);
	check_integer(ZCL_BOOL, "\x01", 1, 1);
	check_integer(ZCL_BITMAP8, "\xff", 1, 255);
	check_integer(ZCL_ENUM8, "\x20", 1, 32);
}
END_TEST

START_TEST(not_known_is_no_number)
{
	check_unknown(ZCL_INT16, "\x00\x80", 2);
	check_unknown(ZCL_UINT8, "\xff", 1);
	check_unknown(ZCL_UINT64, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
	check_unknown(ZCL_UINT64, "\xfe\xff\xff\xff\xff\xff\xff\xff", 8);
	check_unknown(ZCL_BOOL, "\xff", 1);
	check_unknown(ZCL_UTC, "\xff\xff\xff\xff", 4);
	check_unknown(ZCL_TEXT,
		"\x01"
		"1",
		2);
	check_unknown(ZCL_UINT16, "\x01", 1);
}
END_TEST

static bool read_real(uint8_t type, const char *bytes, size_t size, double *out)
{
	struct zcl_value value = value_of(type, bytes, size);

	return zcl_value_real(&value, out);
}

START_TEST(floats_of_every_size_are_read)
{
	double real;

	ck_assert(read_real(ZCL_HALF, "\x00\xc0", 2, &real) && real == -2.0);
	ck_assert(read_real(ZCL_HALF, "\x01\x00", 2, &real) && real == 1.0 / 16777216);
	ck_assert(read_real(ZCL_SINGLE, "\x00\x00\xac\x41", 4, &real) && real == 21.5);
	ck_assert(read_real(ZCL_DOUBLE, "\x00\x00\x00\x00\x00\x80\x35\x40", 8, &real) && real == 21.5);
	ck_assert(!read_real(ZCL_HALF, "\x00\x7c", 2, &real));
	ck_assert(!read_real(ZCL_SINGLE, "\x00\x00\xc0\x7f", 4, &real));
	ck_assert(!read_real(ZCL_UINT32, "\x00\x00\xac\x41", 4, &real));
}
END_TEST

START_TEST(texts_are_borrowed_without_their_length)
{
	struct zcl_value value = value_of(ZCL_TEXT,
		"\x03"
		"abc",
		4);
	struct span text;

	ck_assert(zcl_value_text(&value, &text));
	ck_assert_uint_eq(text.size, 3);
	ck_assert_mem_eq(text.data, "abc", 3);
	value = value_of(ZCL_LONG_OCTETS, "\x01\x00z", 3);
	ck_assert(zcl_value_text(&value, &text) && text.size == 1);
	value = value_of(ZCL_TEXT, "\xff", 1);
	ck_assert(!zcl_value_text(&value, &text));
	value = value_of(ZCL_UINT8, "\x01", 1);
	ck_assert(!zcl_value_text(&value, &text));
}
END_TEST

START_TEST(a_made_value_reads_back)
{
	uint8_t room[8];
	struct zcl_value value = zcl_value_make(ZCL_UINT24, 0x123456, room);
	uint64_t bits;

	ck_assert_uint_eq(value.data.size, 3);
	ck_assert(zcl_value_bits(&value, &bits));
	ck_assert_uint_eq(bits, 0x123456);
}
END_TEST

START_TEST(only_quantities_are_analog)
{
	ck_assert(zcl_type_is_analog(ZCL_UINT16) && zcl_type_is_analog(ZCL_INT64) && zcl_type_is_analog(ZCL_SINGLE));
	ck_assert(zcl_type_is_analog(ZCL_UTC));
	ck_assert(!zcl_type_is_analog(ZCL_BOOL) && !zcl_type_is_analog(ZCL_ENUM8) && !zcl_type_is_analog(ZCL_BITMAP8));
	ck_assert(!zcl_type_is_analog(ZCL_TEXT) && !zcl_type_is_analog(ZCL_EUI64));
}
END_TEST

TEST_SUITE(zcl_value, every_type_of_the_standard_has_its_size, texts_and_collections_are_skipped_whole,
	what_does_not_fit_or_nobody_knows_fails, nesting_has_an_end, integers_keep_their_sign, not_known_is_no_number,
	floats_of_every_size_are_read, texts_are_borrowed_without_their_length, a_made_value_reads_back,
	only_quantities_are_analog)
