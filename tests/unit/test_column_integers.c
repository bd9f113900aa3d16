#include "protocols/column_integers.h"

#include <string.h>

#include "gateway/random.h"
#include "tests/unit/suite.h"

#define MOST 300

static uint8_t buffer[INTEGERS_BOUND(MOST)];

static size_t check_round_trip(const int64_t *values, size_t count)
{
	int64_t used_up[MOST], back[MOST];
	struct writer out;
	struct reader in;

	memcpy(used_up, values, count * sizeof(*values));
	writer_init(&out, buffer, INTEGERS_BOUND(count));
	integers_write(&out, used_up, count);
	ck_assert(!out.failed);
	reader_init(&in, buffer, writer_size(&out));
	integers_read(&in, back, count);
	ck_assert(!in.failed);
	ck_assert_uint_eq(reader_left(&in), 0);
	ck_assert_mem_eq(back, values, count * sizeof(*values));
	return writer_size(&out);
}

START_TEST(any_integers_come_back)
{
	int64_t values[MOST];
	struct random random;

	random_init(&random, 1);
	for (int round = 0; round < 2000; round++) {
		size_t count = random_below(&random, MOST);
		unsigned shift = (unsigned)random_below(&random, 64);

		for (size_t i = 0; i < count; i++)
			values[i] = (int64_t)(random_next(&random) >> shift) - (int64_t)random_below(&random, 1000);
		(void)check_round_trip(values, count);
	}
}
END_TEST

START_TEST(the_farthest_apart_come_back)
{
	static const int64_t values[] = { INT64_MIN, INT64_MAX, 0, INT64_MAX, INT64_MIN, INT64_MIN, -1, 1 };

	for (size_t count = 0; count <= 8; count++)
		(void)check_round_trip(values, count);
}
END_TEST

START_TEST(what_grows_evenly_takes_a_few_bytes)
{
	int64_t values[MOST];

	for (size_t i = 0; i < MOST; i++)
		values[i] = INT64_C(1700000000000) + (int64_t)i * 25;
	ck_assert_uint_le(check_round_trip(values, MOST), 12);
	for (size_t i = 0; i < MOST; i++)
		values[i] = (int64_t)(i * i);
	ck_assert_uint_le(check_round_trip(values, MOST), 8);
	for (size_t i = 0; i < MOST; i++)
		values[i] = INT64_C(1700000000000) + (int64_t)(i * 7919 % 251) * 1000;
	ck_assert_uint_le(check_round_trip(values, MOST), MOST + 12);
}
END_TEST

START_TEST(no_integers_take_no_bytes)
{
	static const int64_t none[1];

	ck_assert_uint_eq(check_round_trip(none, 0), 0);
}
END_TEST

static bool is_read(const char *bytes, size_t size, size_t count)
{
	int64_t values[MOST];
	struct reader in;

	reader_init(&in, bytes, size);
	integers_read(&in, values, count);
	return !in.failed;
}

START_TEST(bytes_that_no_writer_wrote_are_refused)
{
	ck_assert(is_read("\x01\x00\x05\x06", 4, 2));
	ck_assert(!is_read("\x01\x00\x05", 3, 2));         /* cut */
	ck_assert(!is_read("\x09\x00", 2, 1));             /* too wide */
	ck_assert(!is_read("\x30\x00\x00\x00\x00", 5, 4)); /* differences taken three times */
	ck_assert(!is_read("\x20\x00\x00\x00", 4, 1));     /* more often than there are numbers */
	ck_assert(!is_read("\x80\x00", 2, 1));             /* an unknown flag */
	ck_assert(!is_read("\x40\x00\x10", 3, 1));         /* a scale beyond 64 bits */
}
END_TEST

TEST_SUITE(column_integers, any_integers_come_back, the_farthest_apart_come_back, what_grows_evenly_takes_a_few_bytes,
	no_integers_take_no_bytes, bytes_that_no_writer_wrote_are_refused)
