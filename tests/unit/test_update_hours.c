#include "gateway/update_hours.h"

#include <stdio.h>
#include <string.h>

#include "gateway/random.h"
#include "gateway/wave.h"
#include "tests/unit/suite.h"

#define MONDAY_MS INT64_C(1768176000000) /* 2026-01-12 00:00 UTC */
#define HOUR_MS INT64_C(3600000)
#define SPREAD_MS (HOUR_MS / 2)

static struct update_window night, sunday;

/* Fetching and activation by the same window, or activation by another one. */
static struct update_hours hours_of(const char *window, const char *apply_window)
{
	struct update_hours hours = { 0 };
	char why[160];

	ck_assert_int_eq(update_window_parse(&night, window ? window : "00:00-24:00", why, sizeof(why)), 0);
	ck_assert_int_eq(
		update_window_parse(&sunday, apply_window ? apply_window : "00:00-24:00", why, sizeof(why)), 0);
	if (window)
		hours.fetch = (struct window_set){ .list = { { &night, NULL } }, .count = 1 };
	if (apply_window)
		hours.apply = (struct window_set){ .list = { { &sunday, NULL } }, .count = 1 };
	else
		hours.apply = hours.fetch;
	return hours;
}

static struct moment at(int64_t wall_ms)
{
	return (struct moment){ .monotonic_ms = 77, .wall_ms = wall_ms };
}

START_TEST(without_a_window_there_is_no_limit)
{
	const struct update_hours hours = { 0 };
	char sentence[UPDATE_HOURS_SENTENCE_SIZE];
	struct update_times times = update_hours_times(&hours, 0, SPREAD_MS, at(1000));

	ck_assert(times.fetch_from_ms == 0 && times.fetch_until_ms == 0);
	ck_assert(times.apply_from_ms == 0 && times.apply_until_ms == 0);
	ck_assert(times.changes_ms == INT64_MAX);
	ck_assert(update_hours_may_fetch(&hours, at(1000)) && update_hours_may_apply(&hours, at(1000)));
	update_hours_explain(&hours, at(1000), sentence);
	ck_assert_str_eq(sentence, "");
	ck_assert_int_eq(update_hours_worked_since_ms(&hours, false, 5000, at(MONDAY_MS)), MONDAY_MS - 5000);
}
END_TEST

START_TEST(a_closed_window_names_its_opening_and_its_end)
{
	struct update_hours hours = hours_of("22:00-05:00", NULL);
	char sentence[UPDATE_HOURS_SENTENCE_SIZE];
	struct update_times times = update_hours_times(&hours, 0, SPREAD_MS, at(MONDAY_MS + 12 * HOUR_MS));

	ck_assert_int_eq(times.fetch_from_ms, MONDAY_MS + 22 * HOUR_MS);
	ck_assert_int_eq(times.fetch_until_ms, MONDAY_MS + 29 * HOUR_MS);
	ck_assert_int_eq(times.apply_from_ms, MONDAY_MS + 22 * HOUR_MS);
	ck_assert_int_eq(times.apply_until_ms, MONDAY_MS + 29 * HOUR_MS);
	ck_assert_int_eq(times.changes_ms, MONDAY_MS + 22 * HOUR_MS);
	update_hours_explain(&hours, at(MONDAY_MS + 12 * HOUR_MS), sentence);
	ck_assert_str_eq(sentence, "nothing is given before its window opens: 2026-01-12 22:00 UTC");
	ck_assert(!update_hours_may_fetch(&hours, at(MONDAY_MS + 12 * HOUR_MS)));
}
END_TEST

START_TEST(an_open_window_names_its_end)
{
	struct update_hours hours = hours_of("22:00-05:00", NULL);
	struct update_times times = update_hours_times(&hours, 0, SPREAD_MS, at(MONDAY_MS + 23 * HOUR_MS));

	ck_assert_int_eq(times.fetch_from_ms, 0);
	ck_assert_int_eq(times.fetch_until_ms, MONDAY_MS + 29 * HOUR_MS);
	ck_assert_int_eq(times.apply_from_ms, 0);
	ck_assert_int_eq(times.changes_ms, MONDAY_MS + 29 * HOUR_MS);
}
END_TEST

START_TEST(nodes_activate_one_after_the_other)
{
	struct update_hours hours = hours_of(NULL, "Sun 02:00-03:00");
	int64_t opens_ms = MONDAY_MS + 6 * 24 * HOUR_MS + 2 * HOUR_MS, last_ms = 0;

	/* Told before the window opens or in its beginning, the place is the same; half of the window is used. */
	for (uint32_t place = 0; place < WAVE_ALL; place += WAVE_ALL / 10) {
		struct update_times before = update_hours_times(&hours, place, 24 * HOUR_MS, at(MONDAY_MS));
		struct update_times amid = update_hours_times(&hours, place, 24 * HOUR_MS, at(opens_ms + 1000));
		ck_assert_int_eq(before.fetch_from_ms, 0);
		ck_assert_int_eq(before.apply_from_ms, opens_ms + HOUR_MS / 2 * place / WAVE_ALL);
		ck_assert_int_eq(amid.apply_from_ms, place == 0 ? 0 : before.apply_from_ms);
		ck_assert(before.apply_from_ms > last_ms);
		ck_assert_int_eq(before.apply_until_ms, opens_ms + HOUR_MS);
		last_ms = before.apply_from_ms;
	}
}
END_TEST

START_TEST(bytes_may_be_given_before_they_may_be_activated)
{
	struct update_hours hours = hours_of(NULL, "Sun 02:00-03:00");
	char sentence[UPDATE_HOURS_SENTENCE_SIZE];

	ck_assert(update_hours_may_fetch(&hours, at(MONDAY_MS)));
	ck_assert(!update_hours_may_apply(&hours, at(MONDAY_MS)));
	update_hours_explain(&hours, at(MONDAY_MS), sentence);
	ck_assert_str_eq(sentence, "nothing is activated before its window opens: 2026-01-18 02:00 UTC");
}
END_TEST

START_TEST(nothing_is_open_before_the_clock_is_set)
{
	struct update_hours hours = hours_of("00:00-24:00", NULL);
	char sentence[UPDATE_HOURS_SENTENCE_SIZE];
	struct update_times times = update_hours_times(&hours, 0, SPREAD_MS, at(5000));

	ck_assert(!update_hours_may_fetch(&hours, at(5000)) && !update_hours_may_apply(&hours, at(5000)));
	ck_assert(times.fetch_from_ms > 5000 && times.apply_from_ms > 5000 + HOUR_MS);
	ck_assert(times.changes_ms > 5000 && times.changes_ms < times.fetch_from_ms);
	update_hours_explain(&hours, at(5000), sentence);
	ck_assert_str_eq(sentence, "no window opens: the clock was not set");
	ck_assert(update_hours_worked_since_ms(&hours, false, 1000, at(5000)) == INT64_MIN);
}
END_TEST

START_TEST(nothing_is_open_where_a_zone_is_missing)
{
	struct update_hours hours = hours_of("00:00-24:00", NULL);
	char sentence[UPDATE_HOURS_SENTENCE_SIZE];

	hours.zone_missing = true;
	ck_assert(!update_hours_may_fetch(&hours, at(MONDAY_MS)));
	ck_assert(update_hours_times(&hours, 0, SPREAD_MS, at(MONDAY_MS)).fetch_from_ms > MONDAY_MS);
	update_hours_explain(&hours, at(MONDAY_MS), sentence);
	ck_assert_ptr_nonnull(strstr(sentence, "tzdata"));
}
END_TEST

START_TEST(windows_that_never_meet_open_nothing)
{
	struct update_hours hours = hours_of("01:00-02:00", NULL);
	char sentence[UPDATE_HOURS_SENTENCE_SIZE], why[160];

	ck_assert_int_eq(update_window_parse(&sunday, "03:00-04:00", why, sizeof(why)), 0);
	hours.fetch.list[hours.fetch.count++] = (struct zoned_window){ &sunday, NULL };
	struct update_times times = update_hours_times(&hours, 0, SPREAD_MS, at(MONDAY_MS));
	ck_assert(times.fetch_from_ms > MONDAY_MS && times.changes_ms == times.fetch_from_ms);
	update_hours_explain(&hours, at(MONDAY_MS), sentence);
	ck_assert_str_eq(sentence, "nothing is given: its windows never open together");
}
END_TEST

static bool is_allowed(int64_t from_ms, int64_t until_ms, int64_t at_ms)
{
	return at_ms >= from_ms && (until_ms == 0 || at_ms < until_ms);
}

static void random_text(struct random *random, char text[64])
{
	static const char *const days[] = { "", "Mon-Fri ", "Sat,Sun ", "Wed " };
	unsigned begin = (unsigned)random_below(random, 1440), end = (unsigned)random_below(random, 1441);

	if (end == begin)
		end = begin + 1;
	(void)snprintf(text, 64, "%s%02u:%02u-%02u:%02u", days[random_below(random, 4)], begin / 60, begin % 60,
		end / 60, end % 60);
}

START_TEST(nothing_is_allowed_outside_even_if_nobody_looks_again)
{
	struct random random;

	random_init(&random, 171);
	for (int run = 0; run < 300; run++) {
		char window[64], apply_window[64];
		int64_t told_ms = MONDAY_MS + (int64_t)random_below(&random, (uint64_t)(14 * 24 * HOUR_MS));

		random_text(&random, window);
		random_text(&random, apply_window);
		struct update_hours hours = hours_of(run % 3 ? window : NULL, run % 3 == 1 ? NULL : apply_window);
		hours.zone_missing = run % 20 == 0;
		struct update_times times =
			update_hours_times(&hours, (uint32_t)random_below(&random, WAVE_ALL), SPREAD_MS, at(told_ms));
		ck_assert(times.changes_ms > told_ms);
		for (int i = 0; i < 200; i++) {
			int64_t now_ms = told_ms + (int64_t)random_below(&random, (uint64_t)(9 * 24 * HOUR_MS));
			ck_assert(!is_allowed(times.fetch_from_ms, times.fetch_until_ms, now_ms) ||
				  update_hours_may_fetch(&hours, at(now_ms)));
			ck_assert(!is_allowed(times.apply_from_ms, times.apply_until_ms, now_ms) ||
				  update_hours_may_apply(&hours, at(now_ms)));
		}
	}
}
END_TEST

TEST_SUITE(update_hours, nothing_is_allowed_outside_even_if_nobody_looks_again, without_a_window_there_is_no_limit,
	a_closed_window_names_its_opening_and_its_end, an_open_window_names_its_end, nodes_activate_one_after_the_other,
	bytes_may_be_given_before_they_may_be_activated, nothing_is_open_before_the_clock_is_set,
	nothing_is_open_where_a_zone_is_missing, windows_that_never_meet_open_nothing)
