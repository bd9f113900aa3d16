#include "protocols/column_numbers.h"

#include <math.h>
#include <string.h>

#include "protocols/number.h"
#include "tests/unit/sample_readings.h"
#include "tests/unit/suite.h"

#define MOST 200
#define NODES 5

/* A column and what it is worked with. */
struct bench {
	int64_t values[MOST], codes[MOST], last[NODES], firsts[MOST], repeats[MOST];
	uint32_t nodes[MOST], passes[NODES];
	struct column_scratch scratch;
	struct column_numbers column;
};

static uint8_t buffer[NUMBERS_BOUND(MOST)];

static void set_up(struct bench *bench, size_t count)
{
	memset(bench, 0, sizeof(*bench));
	bench->scratch = (struct column_scratch){ bench->last, bench->passes, 0, bench->firsts, bench->repeats };
	bench->column = (struct column_numbers){ count, bench->values, bench->codes, bench->nodes };
	for (size_t i = 0; i < count; i++)
		bench->nodes[i] = (uint32_t)(i * i % NODES);
}

static size_t check_round_trip(const struct number *numbers, size_t count)
{
	static struct bench bench;
	struct writer out;
	struct reader in;

	set_up(&bench, count);
	for (size_t i = 0; i < count; i++)
		number_to_column(&numbers[i], &bench.values[i], &bench.codes[i]);
	writer_init(&out, buffer, NUMBERS_BOUND(count));
	numbers_write(&out, &bench.column, &bench.scratch);
	ck_assert(!out.failed);
	set_up(&bench, count);
	reader_init(&in, buffer, writer_size(&out));
	numbers_read(&in, &bench.column, &bench.scratch);
	ck_assert(!in.failed);
	ck_assert_uint_eq(reader_left(&in), 0);
	for (size_t i = 0; i < count; i++) {
		struct number back = number_from_column(bench.values[i], bench.codes[i]);

		ck_assert(number_same(&back, &numbers[i]));
	}
	return writer_size(&out);
}

static struct number decimal(int64_t mantissa, int exponent)
{
	return (struct number){ .mantissa = mantissa, .exponent = (int8_t)exponent };
}

START_TEST(any_numbers_come_back)
{
	struct number numbers[MOST];
	struct random random;

	random_init(&random, 2);
	for (int round = 0; round < 2000; round++) {
		size_t count = random_below(&random, MOST);

		for (size_t i = 0; i < count; i++)
			numbers[i] = sample_number(&random);
		(void)check_round_trip(numbers, count);
	}
}
END_TEST

START_TEST(zeros_at_the_end_are_kept)
{
	const struct number numbers[] = { decimal(2250, -2), decimal(225, -1), decimal(22500, -3), decimal(22, 0),
		decimal(0, -2), decimal(0, 0), decimal(-10, -1) };

	for (size_t i = 0; i < 7; i++)
		(void)check_round_trip(numbers + i, 7 - i);
}
END_TEST

START_TEST(shortest_decimals_need_no_exponents)
{
	struct number numbers[MOST];

	/* As JSON printers write them: 22.5, 22.51, 22, 0. */
	for (size_t i = 0; i < MOST; i++) {
		int64_t mantissa = (int64_t)(i * 37 % 250);
		int exponent = -2;

		for (; exponent < 0 && mantissa % 10 == 0; mantissa /= 10)
			exponent++;
		numbers[i] = mantissa ? decimal(mantissa, exponent) : decimal(0, 0);
	}
	ck_assert_uint_le(check_round_trip(numbers, MOST), 2 * MOST + 24);
}
END_TEST

START_TEST(exponents_too_far_apart_for_one_are_kept)
{
	const struct number numbers[] = { decimal(1, 127), decimal(1, -128), decimal(INT64_MAX, 0),
		decimal(INT64_MIN, 1) };

	for (size_t i = 0; i < 4; i++)
		(void)check_round_trip(numbers + i, 4 - i);
}
END_TEST

START_TEST(doubles_that_were_decimals_take_as_little)
{
	struct number numbers[MOST];

	for (size_t i = 0; i < MOST; i++)
		numbers[i] = number_from_double((double)(i * 37 % 250) / 100);
	ck_assert_uint_le(check_round_trip(numbers, MOST), 2 * MOST + 24);
	for (size_t i = 0; i < MOST; i++)
		numbers[i] = number_from_double((double)((float)(i * 37 % 250) / 100));
	ck_assert_uint_le(check_round_trip(numbers, MOST), 2 * MOST + 24);
}
END_TEST

START_TEST(doubles_of_any_bits_come_back)
{
	static const double doubles[] = { 0.0, -0.0, 1.0 / 3, -1.0 / 3, 5e-324, -5e-324, 0x1.fffffffffffffp1023,
		-0x1.fffffffffffffp1023, 0x1p-1022, 65504.0, 0.1 };
	struct number numbers[11];

	for (size_t i = 0; i < 11; i++)
		numbers[i] = (struct number){ .is_double = true, .real = doubles[i] };
	for (size_t i = 0; i < 11; i++)
		(void)check_round_trip(numbers + i, 11 - i);
}
END_TEST

static bool is_read(const char *bytes, size_t size, size_t count)
{
	static struct bench bench;
	struct reader in;

	set_up(&bench, count);
	reader_init(&in, bytes, size);
	numbers_read(&in, &bench.column, &bench.scratch);
	return !in.failed;
}

START_TEST(bytes_that_no_writer_wrote_are_refused)
{
	/* Shortest, exponent -2, one first number: 2250. */
	ck_assert(is_read("\x01\x03\x00\x94\x23", 5, 1));
	ck_assert(!is_read("\x01\x03\x00\x94", 4, 1));                 /* cut */
	ck_assert(!is_read("\x10\x03\x00\x94\x23", 5, 1));             /* an unknown flag */
	ck_assert(!is_read("\x01\x81\x02\x00\x94\x23", 6, 1));         /* exponent -129 */
	ck_assert(!is_read("\x00\x00\x84\x04\x03\x00\x94\x23", 8, 1)); /* a code above 256 */
	ck_assert(!is_read("\x00\x00\x10\x01\x00\x94\x23", 7, 1));     /* an exponent below the column's */
	ck_assert(!is_read("\x04\x00\x00\x0a\x00\x02", 6, 1));         /* ten places */
	ck_assert(!is_read("\x00\x00\x00\x34\x00\xfe\x1f", 7, 1));     /* infinity */
}
END_TEST

TEST_SUITE(column_numbers, any_numbers_come_back, zeros_at_the_end_are_kept, shortest_decimals_need_no_exponents,
	exponents_too_far_apart_for_one_are_kept, doubles_that_were_decimals_take_as_little,
	doubles_of_any_bits_come_back, bytes_that_no_writer_wrote_are_refused)
