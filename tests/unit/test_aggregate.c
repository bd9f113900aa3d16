#include "gateway/aggregate.h"

#include <stdio.h>
#include <string.h>

#include "gateway/random.h"
#include "protocols/number.h"
#include "tests/unit/suite.h"

static struct aggregate aggregate;

static void add(const char *text)
{
	struct number number;

	ck_assert_int_eq(number_parse(&number, text, strlen(text)), 0);
	ck_assert_int_eq(aggregate_add(&aggregate, &number, (int64_t)aggregate.count), 0);
}

static void expect(enum window_function function, double percent, const char *text)
{
	struct number number = aggregate_value(&aggregate, function, percent);
	char found[NUMBER_TEXT_MAX + 1] = "";

	found[number_print(&number, found)] = '\0';
	ck_assert_str_eq(found, text);
}

START_TEST(decimals_stay_as_they_were_sent)
{
	aggregate_init(&aggregate, false);
	add("22.50");
	add("-1.5");
	add("7");
	expect(WINDOW_MIN, 0, "-1.5");
	expect(WINDOW_MAX, 0, "22.50");
	expect(WINDOW_LAST, 0, "7");
	expect(WINDOW_SUM, 0, "28.00");
	expect(WINDOW_COUNT, 0, "3");
	aggregate_finish(&aggregate);
}
END_TEST

START_TEST(a_mean_has_two_places_more_than_its_values)
{
	aggregate_init(&aggregate, false);
	add("1");
	expect(WINDOW_MEAN, 0, "1.00");
	add("2");
	add("2");
	expect(WINDOW_MEAN, 0, "1.67");
	add("0.25");
	expect(WINDOW_MEAN, 0, "1.3125");
	aggregate_finish(&aggregate);
}
END_TEST

START_TEST(the_sum_of_many_tenths_is_exact)
{
	aggregate_init(&aggregate, false);
	for (int i = 0; i < 1000; i++)
		add("0.1");
	expect(WINDOW_SUM, 0, "100.0");
	expect(WINDOW_MEAN, 0, "0.100");
	aggregate_finish(&aggregate);
}
END_TEST

START_TEST(a_sum_without_end_stays_a_number)
{
	aggregate_init(&aggregate, false);
	add("1.5e308");
	add("1.5e308");
	expect(WINDOW_SUM, 0, "1.7976931348623157e+308");
	expect(WINDOW_MAX, 0, "1.5e+308");
	aggregate_finish(&aggregate);
}
END_TEST

START_TEST(the_last_is_the_latest_not_the_one_that_came_last)
{
	struct number a = number_from_integer(1), b = number_from_integer(2);

	aggregate_init(&aggregate, false);
	ck_assert_int_eq(aggregate_add(&aggregate, &a, 10), 0);
	ck_assert_int_eq(aggregate_add(&aggregate, &b, 9), 0);
	expect(WINDOW_LAST, 0, "1");
	aggregate_finish(&aggregate);
}
END_TEST

START_TEST(a_percentile_is_a_value_that_came)
{
	aggregate_init(&aggregate, true);
	for (int i = 100; i > 0; i--) {
		char text[16];
		snprintf(text, sizeof(text), "%d.5", i);
		add(text);
	}
	expect(WINDOW_PERCENTILE, 0, "1.5");
	expect(WINDOW_PERCENTILE, 50, "50.5");
	expect(WINDOW_PERCENTILE, 95, "95.5");
	expect(WINDOW_PERCENTILE, 99.9, "100.5");
	expect(WINDOW_PERCENTILE, 100, "100.5");
	aggregate_finish(&aggregate);
}
END_TEST

START_TEST(a_percentile_of_very_many_values_is_close)
{
	struct random random;

	random_init(&random, 7);
	aggregate_init(&aggregate, true);
	for (int i = 0; i < 100000; i++) {
		struct number number = number_from_integer((int64_t)random_below(&random, 1000));
		ck_assert_int_eq(aggregate_add(&aggregate, &number, i), 0);
	}
	ck_assert_uint_le(aggregate.value_count, AGGREGATE_VALUES_MAX);
	struct number median = aggregate_value(&aggregate, WINDOW_PERCENTILE, 50);
	ck_assert_double_eq_tol(number_value(&median), 500, 150);
	aggregate_finish(&aggregate);
}
END_TEST

TEST_SUITE(aggregate, decimals_stay_as_they_were_sent, a_mean_has_two_places_more_than_its_values,
	the_sum_of_many_tenths_is_exact, a_sum_without_end_stays_a_number,
	the_last_is_the_latest_not_the_one_that_came_last, a_percentile_is_a_value_that_came,
	a_percentile_of_very_many_values_is_close)
