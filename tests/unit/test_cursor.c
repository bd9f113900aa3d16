#include <string.h>

#include "protocols/cursor.h"
#include "tests/unit/suite.h"

START_TEST(numbers_come_back_as_written)
{
	uint8_t buffer[64];
	struct writer out;
	struct reader in;

	writer_init(&out, buffer, sizeof(buffer));
	write_u8(&out, 0xfe);
	write_be16(&out, 0x1234);
	write_le32(&out, 0xdeadbeef);
	write_be64(&out, UINT64_MAX - 1);
	write_varint(&out, 300);
	write_varint(&out, UINT64_MAX);
	ck_assert(!out.failed);

	reader_init(&in, buffer, writer_size(&out));
	ck_assert_uint_eq(read_u8(&in), 0xfe);
	ck_assert_uint_eq(read_be16(&in), 0x1234);
	ck_assert_uint_eq(read_le32(&in), 0xdeadbeef);
	ck_assert_uint_eq(read_be64(&in), UINT64_MAX - 1);
	ck_assert_uint_eq(read_varint(&in), 300);
	ck_assert_uint_eq(read_varint(&in), UINT64_MAX);
	ck_assert(!in.failed);
	ck_assert_uint_eq(reader_left(&in), 0);
}
END_TEST

START_TEST(a_reader_past_its_end_stays_failed)
{
	const uint8_t data[] = { 1, 2, 3 };
	struct reader in;

	reader_init(&in, data, sizeof(data));
	ck_assert_uint_eq(read_be32(&in), 0);
	ck_assert(in.failed);
	ck_assert_uint_eq(read_u8(&in), 0);
	ck_assert_ptr_null(read_bytes(&in, 1));
	ck_assert_uint_eq(reader_left(&in), 0);
}
END_TEST

START_TEST(a_writer_past_its_end_writes_nothing)
{
	uint8_t buffer[3] = { 7, 7, 7 };
	struct writer out;

	writer_init(&out, buffer, sizeof(buffer));
	write_be32(&out, 0);
	ck_assert(out.failed);
	write_u8(&out, 1);
	ck_assert_uint_eq(writer_size(&out), 0);
	ck_assert_uint_eq(buffer[0], 7);
}
END_TEST

/* As the definition has it: seven bits a byte, the lowest first, and a bit that says that more follow. */
static size_t plain_varint(uint8_t out[10], uint64_t value)
{
	size_t size = 0;

	for (; value >= 0x80; value >>= 7)
		out[size++] = (uint8_t)(value | 0x80);
	out[size++] = (uint8_t)value;
	return size;
}

/* With `room` bytes for it, of which those after the number hold something else when it is read. */
static void check_varint(uint64_t value, size_t room)
{
	uint8_t plain[10], buffer[20];
	size_t size = plain_varint(plain, value);
	struct writer out;
	struct reader in;

	memset(buffer, 0xa5, sizeof(buffer));
	writer_init(&out, buffer, room);
	write_varint(&out, value);
	ck_assert_int_eq(out.failed, size > room);
	ck_assert_uint_eq(buffer[room], 0xa5);
	if (size > room)
		return;
	ck_assert_uint_eq(writer_size(&out), size);
	ck_assert_mem_eq(buffer, plain, size);
	memset(buffer + size, 0xff, sizeof(buffer) - size);
	reader_init(&in, buffer, room);
	ck_assert_uint_eq(read_varint(&in), value);
	ck_assert_uint_eq(reader_left(&in), room - size);
	reader_init(&in, buffer, size - 1);
	ck_assert_uint_eq(read_varint(&in), 0);
	ck_assert(in.failed);
}

START_TEST(varints_of_all_sizes_come_back_with_and_without_room_beyond)
{
	const uint64_t patterns[] = { 0, UINT64_MAX, 0x5555555555555555, 0x0123456789abcdef };

	for (unsigned bits = 0; bits < 64; bits++) {
		uint64_t top = UINT64_C(1) << bits;

		for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
			for (size_t room = 0; room < 19; room++)
				check_varint(top | (patterns[i] & (top - 1)), room);
	}
}
END_TEST

START_TEST(a_varint_may_be_longer_than_it_needs)
{
	const uint8_t long_one[] = { 0x81, 0x80, 0x00, 7, 7, 7, 7, 7, 7 };
	struct reader in;

	reader_init(&in, long_one, sizeof(long_one));
	ck_assert_uint_eq(read_varint(&in), 1);
	ck_assert_uint_eq(reader_left(&in), 6);
}
END_TEST

START_TEST(a_varint_over_64_bits_is_refused)
{
	const uint8_t eleven[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x80, 0x00 };
	const uint8_t too_big[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02 };
	struct reader in;

	reader_init(&in, eleven, sizeof(eleven));
	read_varint(&in);
	ck_assert(in.failed);
	reader_init(&in, too_big, sizeof(too_big));
	read_varint(&in);
	ck_assert(in.failed);
}
END_TEST

TEST_SUITE(cursor, numbers_come_back_as_written, a_reader_past_its_end_stays_failed,
	a_writer_past_its_end_writes_nothing, varints_of_all_sizes_come_back_with_and_without_room_beyond,
	a_varint_may_be_longer_than_it_needs, a_varint_over_64_bits_is_refused)
