#include "protocols/fingerprint.h"

#include <string.h>

#include "gateway/random.h"
#include "tests/unit/sample_readings.h"
#include "tests/unit/suite.h"

#define NODE                \
	(struct span)       \
	{                   \
		"node-7", 6 \
	}

/* That of the vector in docs/segment-format.md. */
static struct reading temperature(void)
{
	return (struct reading){ .name = { "temperature", 11 },
		.unit = { "Cel", 3 },
		.kind = READING_NUMBER,
		.number = { .mantissa = 2250, .exponent = -2 },
		.has_time = true,
		.is_dated = true,
		.time_us = INT64_C(1700000000000000) };
}

START_TEST(it_is_the_documented_one)
{
	const struct reading readings[] = { temperature() };

	ck_assert_uint_eq(fingerprint_of_report(NODE, readings, 1), UINT64_C(0xb472fe8b1cf845ab));
}
END_TEST

START_TEST(whatever_differs_makes_another)
{
	const struct reading one = temperature();
	uint64_t first = fingerprint_of_report(NODE, &one, 1);
	struct reading changed[9];

	for (size_t i = 0; i < 9; i++)
		changed[i] = one;
	changed[0].name.size--;
	changed[1].unit = (struct span){ 0 };
	changed[2].number.mantissa = 22500;
	changed[2].number.exponent = -3; /* 22.500 is another text */
	changed[3].time_us++;
	changed[4].update_time_ms = 1;
	changed[5].has_sum = true;
	changed[6].kind = READING_NOTHING;
	changed[7].kind = READING_BOOLEAN;
	changed[8].kind = READING_BOOLEAN;
	changed[8].boolean = true;
	for (size_t i = 0; i < 9; i++) {
		uint64_t other = fingerprint_of_report(NODE, &changed[i], 1);

		ck_assert_uint_ne(other, first);
		for (size_t j = 0; j < i; j++)
			ck_assert_uint_ne(other, fingerprint_of_report(NODE, &changed[j], 1));
	}
	ck_assert_uint_ne(fingerprint_of_report((struct span){ "node-8", 6 }, &one, 1), first);
	ck_assert_uint_ne(fingerprint_of_report(NODE, (struct reading[]){ one, one }, 2), first);
}
END_TEST

START_TEST(what_a_kind_does_not_have_plays_no_part)
{
	struct reading reading = temperature();
	uint64_t first = fingerprint_of_report(NODE, &reading, 1);

	reading.boolean = true;
	reading.text = (struct span){ "left over", 9 };
	reading.sum.mantissa = 5;
	ck_assert_uint_eq(fingerprint_of_report(NODE, &reading, 1), first);
	reading.number = (struct number){ .is_double = true, .real = 22.5 };
	first = fingerprint_of_report(NODE, &reading, 1);
	reading.number.exponent = 3;
	ck_assert_uint_eq(fingerprint_of_report(NODE, &reading, 1), first);
}
END_TEST

START_TEST(without_dates_there_is_none)
{
	struct reading readings[2] = { temperature(), temperature() };

	ck_assert_uint_eq(fingerprint_of_report(NODE, readings, 0), 0);
	readings[0].is_dated = false;
	ck_assert_uint_eq(fingerprint_of_report(NODE, readings, 2), 0);
	readings[0] = temperature();
	readings[1].has_time = false;
	ck_assert_uint_eq(fingerprint_of_report(NODE, readings, 2), 0);
}
END_TEST

START_TEST(what_is_larger_than_a_reading_has_none)
{
	static char text[4096];
	struct reading reading = temperature();

	reading.kind = READING_STRING;
	reading.text = (struct span){ text, READING_TEXT_MAX };
	reading.name = (struct span){ text, READING_NAME_MAX };
	reading.unit = (struct span){ text, READING_UNIT_MAX };
	reading.has_sum = true;
	ck_assert_uint_eq(fingerprint_of_report(NODE, &reading, 1) & 1, 1);
	reading.text.size = sizeof(text);
	ck_assert_uint_eq(fingerprint_of_report(NODE, &reading, 1), 0);
}
END_TEST

START_TEST(those_of_messages_differ_from_those_of_readings)
{
	const struct reading reading = temperature();

	ck_assert(fingerprint_lasts(fingerprint_of_report(NODE, &reading, 1)));
	for (uint64_t hash = 0; hash < 100; hash++) {
		ck_assert_uint_ne(fingerprint_of_message(hash), 0);
		ck_assert(!fingerprint_lasts(fingerprint_of_message(hash)));
		ck_assert_uint_ne(fingerprint_of_message(hash + 1), fingerprint_of_message(hash + 2));
	}
}
END_TEST

TEST_SUITE(fingerprint, those_of_messages_differ_from_those_of_readings, it_is_the_documented_one,
	whatever_differs_makes_another, what_a_kind_does_not_have_plays_no_part, without_dates_there_is_none,
	what_is_larger_than_a_reading_has_none)
