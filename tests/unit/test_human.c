#include "gateway/cli/human.h"

#include "tests/unit/suite.h"

static char text[HUMAN_SIZE];

START_TEST(sizes_have_at_most_three_digits)
{
	ck_assert_str_eq(human_size(text, 0), "0 B");
	ck_assert_str_eq(human_size(text, 1023), "1023 B");
	ck_assert_str_eq(human_size(text, 1024), "1.0 KB");
	ck_assert_str_eq(human_size(text, 10 * 1024), "10 KB");
	ck_assert_str_eq(human_size(text, 1024 * 1024 - 1), "1.0 MB");
	ck_assert_str_eq(human_size(text, UINT64_C(3) << 29), "1.5 GB");
	ck_assert_str_eq(human_rate(text, 1536), "1.5 KB/s");
}
END_TEST

START_TEST(durations_take_the_largest_unit_of_which_there_are_two)
{
	ck_assert_str_eq(human_duration(text, 0), "0 ms");
	ck_assert_str_eq(human_duration(text, 999), "999 ms");
	ck_assert_str_eq(human_duration(text, 1000), "1 s");
	ck_assert_str_eq(human_duration(text, 1500), "1.5 s");
	ck_assert_str_eq(human_duration(text, 2500), "2 s");
	ck_assert_str_eq(human_duration(text, 119999), "119 s");
	ck_assert_str_eq(human_duration(text, 120000), "2 min");
	ck_assert_str_eq(human_duration(text, 7199999), "119 min");
	ck_assert_str_eq(human_duration(text, 7200000), "2 h");
	ck_assert_str_eq(human_duration(text, INT64_C(49) * 3600 * 1000), "2 d");
	ck_assert_str_eq(human_duration(text, -5000), "-5 s");
}
END_TEST

START_TEST(ages_say_past_and_future)
{
	ck_assert_str_eq(human_age(text, 0, 5000), "never");
	ck_assert_str_eq(human_age(text, 5000, 5999), "now");
	ck_assert_str_eq(human_age(text, 5000, 6000), "1 s ago");
	ck_assert_str_eq(human_age(text, 186000, 6000), "in 3 min");
}
END_TEST

START_TEST(counts_fit_six_columns)
{
	ck_assert_str_eq(human_count(text, 0), "0");
	ck_assert_str_eq(human_count(text, 9999), "9999");
	ck_assert_str_eq(human_count(text, 10000), "10.0 k");
	ck_assert_str_eq(human_count(text, 123456), "123 k");
	ck_assert_str_eq(human_count(text, 999999), "1.0 M");
	ck_assert_str_eq(human_count(text, UINT64_C(4500000000)), "4.5 G");
}
END_TEST

START_TEST(times_are_local)
{
	setenv("TZ", "UTC", 1);
	ck_assert_str_eq(human_time(text, INT64_C(1795253400000)), "2026-11-21 09:30:00");
	ck_assert_str_eq(human_time(text, 0), "-");
}
END_TEST

TEST_SUITE(human, sizes_have_at_most_three_digits, durations_take_the_largest_unit_of_which_there_are_two,
	ages_say_past_and_future, counts_fit_six_columns, times_are_local)
