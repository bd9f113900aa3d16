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
	a_writer_past_its_end_writes_nothing, a_varint_over_64_bits_is_refused)
