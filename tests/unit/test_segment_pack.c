#include "gateway/segment_pack.h"

#include <errno.h>
#include <string.h>

#include "protocols/columns.h"
#include "protocols/segment.h"
#include "tests/unit/suite.h"

static struct segment_writer writer;
static uint8_t buffer[SEGMENT_BYTES_MAX];
static struct segment_packer *packer;

static size_t fill(unsigned reports)
{
	struct reading reading = { .name = { "temperature", 11 }, .kind = READING_NUMBER };

	segment_writer_init(&writer, buffer, sizeof(buffer));
	for (unsigned i = 0; i < reports; i++) {
		reading.number.mantissa = i;
		ck_assert_int_eq(segment_write_report(&writer,
					 &(struct segment_report){ { "n", 1 }, 1700000000000 + i, &reading, 1 }),
			0);
	}
	return segment_writer_size(&writer);
}

static void check_round_trip(unsigned reports, uint8_t codec)
{
	struct packed_segment packed;
	uint8_t *data = NULL;
	size_t size = fill(reports);
	size_t back = 0;

	segment_pack(packer, buffer, size, reports, &packed);
	ck_assert_uint_eq(packed.codec, codec);
	ck_assert_int_eq(segment_unpack(&packed, reports, &data, &back), 0);
	ck_assert_uint_eq(back, size);
	ck_assert_mem_eq(data, buffer, size);
	free(data);
	ck_assert_int_eq(segment_unpack(&packed, reports + 1, &data, &back), -EBADMSG);
	ck_assert_int_eq(segment_unpack(&packed, reports - 1, &data, &back), -EBADMSG);
}

START_TEST(a_segment_comes_back_as_packed)
{
	ck_assert_int_eq(segment_packer_open(&packer), 0);
	check_round_trip(1, SEGMENT_ROWS);
	check_round_trip(10, COLUMNS_VERSION);
	check_round_trip(30000, COLUMNS_VERSION | SEGMENT_ZSTD);
	/* More readings than columns take. */
	check_round_trip(40000, SEGMENT_ROWS | SEGMENT_ZSTD);
	segment_packer_close(packer);
}
END_TEST

START_TEST(rows_of_an_older_gateway_are_read)
{
	uint8_t *data = NULL;
	size_t size = fill(50);
	size_t back = 0;

	ck_assert_int_eq(segment_unpack(&(struct packed_segment){ buffer, size, SEGMENT_ROWS }, 50, &data, &back), 0);
	ck_assert_uint_eq(back, size);
	ck_assert_mem_eq(data, buffer, size);
	free(data);
}
END_TEST

START_TEST(what_is_not_a_segment_is_refused)
{
	struct packed_segment packed = { "\x01\x02\x03", 3, SEGMENT_ROWS };
	uint8_t *data = NULL;
	size_t size = 0;

	ck_assert_int_eq(segment_unpack(&packed, 1, &data, &size), -EBADMSG);
	packed.codec = SEGMENT_ROWS | SEGMENT_ZSTD;
	ck_assert_int_eq(segment_unpack(&packed, 1, &data, &size), -EBADMSG);
	packed.codec = COLUMNS_VERSION + 1;
	ck_assert_int_eq(segment_unpack(&packed, 1, &data, &size), -ENOTSUP);
	packed.codec = COLUMNS_VERSION;
	ck_assert_int_eq(segment_unpack(&packed, 1, &data, &size), -EBADMSG);
	packed = (struct packed_segment){ "", 0, SEGMENT_ROWS };
	ck_assert_int_eq(segment_unpack(&packed, 0, &data, &size), -EBADMSG);
	ck_assert_ptr_null(data);
}
END_TEST

START_TEST(a_flipped_bit_never_yields_another_count)
{
	struct packed_segment packed;
	uint8_t copy[4096];

	ck_assert_int_eq(segment_packer_open(&packer), 0);
	segment_pack(packer, buffer, fill(200), 200, &packed);
	ck_assert_uint_le(packed.size, sizeof(copy));
	for (size_t bit = 0; bit < packed.size * 8; bit++) {
		struct packed_segment flipped = { copy, packed.size, packed.codec };
		uint8_t *data = NULL;
		size_t size = 0;

		memcpy(copy, packed.data, packed.size);
		copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (segment_unpack(&flipped, 200, &data, &size) == 0)
			free(data);
	}
	segment_packer_close(packer);
}
END_TEST

TEST_SUITE(segment_pack, a_segment_comes_back_as_packed, rows_of_an_older_gateway_are_read,
	what_is_not_a_segment_is_refused, a_flipped_bit_never_yields_another_count)
