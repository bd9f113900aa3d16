#include "protocols/der.h"

#include <string.h>

#include "tests/unit/suite.h"

static struct reader reader_of(const uint8_t *data, size_t size)
{
	struct reader reader;

	reader_init(&reader, data, size);
	return reader;
}

START_TEST(a_value_is_entered_by_its_tag_only)
{
	static const uint8_t data[] = { DER_SEQUENCE, 3, DER_INTEGER, 1, 5 };
	struct reader all = reader_of(data, sizeof(data));
	struct reader sequence = der_enter(&all, DER_SEQUENCE);
	size_t size = 0;

	ck_assert(der_ended(&all));
	ck_assert(!der_ended(&sequence));
	ck_assert_ptr_eq(der_read_positive(&sequence, &size), data + 4);
	ck_assert_uint_eq(size, 1);
	ck_assert(der_ended(&sequence));
	all = reader_of(data, sizeof(data));
	struct reader wrong = der_enter(&all, DER_BIT_STRING);
	ck_assert(all.failed);
	ck_assert(wrong.failed);
	ck_assert(!der_ended(&all));
}
END_TEST

START_TEST(a_value_longer_than_what_holds_it_fails)
{
	static const uint8_t data[] = { DER_SEQUENCE, 4, 1, 2, 3 };
	struct reader all = reader_of(data, sizeof(data));

	ck_assert(der_enter(&all, DER_SEQUENCE).failed);
	ck_assert(all.failed);
}
END_TEST

START_TEST(a_length_has_one_encoding)
{
	static uint8_t data[4 + 0x100] = { DER_SEQUENCE };
	static const struct {
		uint8_t length[3];
		size_t size; /* 0: refused */
	} cases[] = {
		{ { 0x7f }, 0x7f },
		{ { 0x80 }, 0 },
		{ { 0x81, 0x7f }, 0 },
		{ { 0x81, 0x80 }, 0x80 },
		{ { 0x82, 0x00, 0xff }, 0 },
		{ { 0x82, 0x01, 0x00 }, 0x100 },
		{ { 0x83, 0x00, 0x01 }, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memcpy(data + 1, cases[i].length, 3);
		struct reader all = reader_of(data, sizeof(data));
		struct reader contents = der_enter(&all, DER_SEQUENCE);
		ck_assert_int_eq(all.failed, cases[i].size == 0);
		ck_assert_uint_eq(reader_left(&contents), cases[i].size);
	}
}
END_TEST

START_TEST(a_positive_number_has_one_encoding)
{
	static const struct {
		uint8_t data[5];
		size_t size;   /* of the number; 0: refused */
		uint8_t first; /* its first byte */
	} cases[] = {
		{ { DER_INTEGER, 1, 0x7f }, 1, 0x7f },
		{ { DER_INTEGER, 2, 0x00, 0x80 }, 1, 0x80 },
		{ { DER_INTEGER, 2, 0x01, 0x00 }, 2, 0x01 },
		{ { DER_INTEGER, 0 }, 0, 0 },
		{ { DER_INTEGER, 1, 0x00 }, 0, 0 },
		{ { DER_INTEGER, 1, 0x80 }, 0, 0 },
		{ { DER_INTEGER, 2, 0x00, 0x7f }, 0, 0 },
		{ { DER_INTEGER, 3, 0x00, 0x00, 0x80 }, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reader all = reader_of(cases[i].data, 2u + cases[i].data[1]);
		size_t size = 0;
		const uint8_t *number = der_read_positive(&all, &size);
		ck_assert_uint_eq(size, cases[i].size);
		ck_assert_int_eq(all.failed, size == 0);
		if (size > 0)
			ck_assert_uint_eq(number[0], cases[i].first);
	}
}
END_TEST

TEST_SUITE(der, a_value_is_entered_by_its_tag_only, a_value_longer_than_what_holds_it_fails, a_length_has_one_encoding,
	a_positive_number_has_one_encoding)
