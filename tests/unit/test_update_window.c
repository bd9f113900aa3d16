#include "gateway/update_window.h"

#include <errno.h>
#include <string.h>

#include "gateway/random.h"
#include "protocols/tzif.h"
#include "tests/unit/suite.h"

#define MONDAY INT64_C(1768176000) /* 2026-01-12 00:00 UTC */
#define HOUR INT64_C(3600)
#define DAY (24 * HOUR)

/* As Europe/Berlin: summer time from 2026-03-29 01:00 UTC to 2026-10-25 01:00 UTC, both Sundays. */
#define SPRING INT64_C(1774746000)
#define AUTUMN INT64_C(1792890000)
static const struct tzif berlin = {
	.has_rule = true,
	.rule = { .standard_s = 3600,
		.summer_s = 7200,
		.has_summer = true,
		.begins = { TZ_MONTH_WEEK_DAY, 3, 5, 0, 7200 },
		.ends = { TZ_MONTH_WEEK_DAY, 10, 5, 0, 10800 } },
};

static struct update_window window_of(const char *text)
{
	struct update_window window;
	char why[160] = "";

	ck_assert_msg(update_window_parse(&window, text, why, sizeof(why)) == 0, "%s: %s", text, why);
	return window;
}

static struct window_set set_of(const struct update_window *window, const struct tzif *zone)
{
	return (struct window_set){ .list = { { window, zone } }, .count = 1 };
}

static void expect_open(const char *text, const struct tzif *zone, int64_t at_s, bool open)
{
	struct update_window window = window_of(text);
	struct window_set set = set_of(&window, zone);
	struct window_piece piece = window_set_at(&set, at_s);

	ck_assert_msg(piece.is_open == open, "%s at %lld", text, (long long)at_s);
	ck_assert(piece.from_s <= at_s && piece.until_s > at_s);
}

START_TEST(a_window_opens_and_closes_at_its_minutes)
{
	expect_open("08:00-17:30", NULL, MONDAY + 8 * HOUR - 1, false);
	expect_open("08:00-17:30", NULL, MONDAY + 8 * HOUR, true);
	expect_open("08:00-17:30", NULL, MONDAY + 17 * HOUR + 1799, true);
	expect_open("08:00-17:30", NULL, MONDAY + 17 * HOUR + 1800, false);
}
END_TEST

START_TEST(a_window_over_midnight_belongs_to_the_day_it_begins_on)
{
	const char *text = "Mon-Fri 22:00-05:00";

	expect_open(text, NULL, MONDAY + 4 * HOUR, false); /* of Sunday's night */
	expect_open(text, NULL, MONDAY + 22 * HOUR, true);
	expect_open(text, NULL, MONDAY + 5 * DAY + 4 * HOUR, true); /* Saturday morning, of Friday's night */
	expect_open(text, NULL, MONDAY + 5 * DAY + 5 * HOUR, false);
	expect_open(text, NULL, MONDAY + 5 * DAY + 22 * HOUR, false);
	expect_open("Sun 22:00-05:00", NULL, MONDAY + 4 * HOUR, true);
}
END_TEST

START_TEST(whole_days_are_open_from_midnight_to_midnight)
{
	struct update_window window = window_of("Sat,Sun 00:00-24:00");
	struct window_set set = set_of(&window, NULL);

	ck_assert_int_eq(window_set_opens(&set, MONDAY), MONDAY + 5 * DAY);
	ck_assert_int_eq(window_set_closes(&set, MONDAY + 5 * DAY), MONDAY + 7 * DAY);
	ck_assert_int_eq(window_set_closes(&set, MONDAY), MONDAY);
	ck_assert_int_eq(window_set_opens(&set, MONDAY + 6 * DAY), MONDAY + 6 * DAY);
}
END_TEST

START_TEST(a_window_that_is_always_open_never_closes)
{
	struct update_window window = window_of("Mon-Sun 12:00-24:00; 00:00-12:00");
	struct window_set set = set_of(&window, &berlin);

	ck_assert(window_set_closes(&set, MONDAY) == INT64_MAX);
	ck_assert_int_eq(window_set_open_for(&set, MONDAY, 30 * DAY), MONDAY - 30 * DAY);
}
END_TEST

START_TEST(several_spans_add_up)
{
	const char *text = "Mon 01:00-02:00; Mon 01:30-03:00; Thu,Sat-Mon 23:00-24:00";

	expect_open(text, NULL, MONDAY + HOUR, true);
	expect_open(text, NULL, MONDAY + 2 * HOUR, true);
	expect_open(text, NULL, MONDAY + 3 * HOUR, false);
	expect_open(text, NULL, MONDAY + 23 * HOUR, true);
	expect_open(text, NULL, MONDAY + DAY + 23 * HOUR, false);
	expect_open(text, NULL, MONDAY + 3 * DAY + 23 * HOUR, true);
	expect_open(text, NULL, MONDAY + 6 * DAY + 23 * HOUR, true);
}
END_TEST

START_TEST(an_hour_that_is_left_out_opens_nothing)
{
	struct update_window window = window_of("Sun 02:00-03:00");
	struct window_set set = set_of(&window, &berlin);

	/* 02:00 to 03:00 is not on the clock on 2026-03-29: the next time is a week later, an hour earlier in UTC. */
	ck_assert_int_eq(window_set_opens(&set, SPRING - DAY), SPRING + 7 * DAY - HOUR);
	expect_open("01:00-04:00", &berlin, SPRING - HOUR, true);
	struct update_window across = window_of("01:00-04:00");
	struct window_set wide = set_of(&across, &berlin);
	ck_assert_int_eq(window_set_closes(&wide, SPRING - HOUR), SPRING + HOUR); /* two hours, not three */
}
END_TEST

START_TEST(an_hour_that_comes_twice_opens_twice)
{
	struct update_window window = window_of("Sun 02:00-03:00");
	struct window_set set = set_of(&window, &berlin);

	ck_assert_int_eq(window_set_opens(&set, AUTUMN - DAY), AUTUMN - HOUR);
	ck_assert_int_eq(window_set_closes(&set, AUTUMN - HOUR), AUTUMN + HOUR);
	struct update_window half = window_of("02:30-03:00");
	struct window_set twice = set_of(&half, &berlin);
	ck_assert_int_eq(window_set_opens(&twice, AUTUMN - HOUR), AUTUMN - 1800);
	ck_assert_int_eq(window_set_closes(&twice, AUTUMN - 1800), AUTUMN);
	ck_assert_int_eq(window_set_opens(&twice, AUTUMN), AUTUMN + 1800);
}
END_TEST

START_TEST(all_windows_of_a_set_must_be_open)
{
	struct update_window night = window_of("22:00-05:00"), weekend = window_of("Sat,Sun 00:00-24:00");
	struct window_set set = { .list = { { &night, &berlin }, { &weekend, NULL } }, .count = 2 };
	struct window_set none = { .count = 0 };

	ck_assert_int_eq(window_set_opens(&set, MONDAY), MONDAY + 5 * DAY);
	ck_assert_int_eq(window_set_closes(&set, MONDAY + 5 * DAY), MONDAY + 5 * DAY + 4 * HOUR);
	ck_assert(window_set_at(&none, MONDAY).is_open);
	ck_assert(window_set_closes(&none, MONDAY) == INT64_MAX);
	struct update_window early = window_of("01:00-02:00"), late = window_of("03:00-04:00");
	struct window_set never = { .list = { { &early, NULL }, { &late, NULL } }, .count = 2 };
	ck_assert(window_set_opens(&never, MONDAY) == INT64_MAX);
	ck_assert(window_set_open_for(&never, MONDAY, 1) == INT64_MIN);
}
END_TEST

START_TEST(only_open_time_counts_towards_a_deadline)
{
	struct update_window window = window_of("22:00-05:00");
	struct window_set set = set_of(&window, NULL);
	struct window_set none = { .count = 0 };

	/* Ten hours of open time before Tuesday noon: last night's seven, and three of the night before. */
	ck_assert_int_eq(window_set_open_for(&set, MONDAY + DAY + 12 * HOUR, 10 * HOUR), MONDAY + 2 * HOUR);
	ck_assert_int_eq(window_set_open_for(&set, MONDAY + 4 * HOUR, HOUR), MONDAY + 3 * HOUR);
	ck_assert_int_eq(window_set_open_for(&none, MONDAY, HOUR), MONDAY - HOUR);
}
END_TEST

/* Whether the local clock shows a time in the window, minute for minute, as the header says it. */
static bool is_shown(const struct update_window *window, int64_t local_s)
{
	int64_t minute = local_s / 60 % (24 * 60), day = (local_s / DAY + 3) % 7;

	for (unsigned i = 0; i < window->count; i++) {
		int64_t begin = window->spans[i].begin, end = window->spans[i].end;
		bool today = window->spans[i].days >> day & 1, yesterday = window->spans[i].days >> (day + 6) % 7 & 1;
		if (end > begin ? today && minute >= begin && minute < end
				: (today && minute >= begin) || (yesterday && minute < end))
			return true;
	}
	return false;
}

static struct update_window random_window(struct random *random)
{
	struct update_window window = { .count = 1 + (unsigned)random_below(random, 3), .zone = "Europe/Berlin" };

	for (unsigned i = 0; i < window.count; i++) {
		window.spans[i].days = (uint8_t)(1 + random_below(random, 127));
		window.spans[i].begin = (uint16_t)random_below(random, 24 * 60);
		do
			window.spans[i].end = (uint16_t)random_below(random, 24 * 60 + 1);
		while (window.spans[i].end == window.spans[i].begin);
	}
	return window;
}

START_TEST(any_window_is_open_when_the_clock_shows_so)
{
	static const int64_t around[] = { SPRING, AUTUMN, MONDAY };
	struct random random;

	random_init(&random, 20261121);
	for (int run = 0; run < 60; run++) {
		struct update_window window = random_window(&random);
		struct window_set set = set_of(&window, &berlin);
		int64_t start = around[run % 3] - 2 * DAY, until_s = start;
		bool open = false;

		/* Each minute of four days, and the pieces told lead exactly from change to change. */
		for (int64_t at_s = start; at_s < start + 4 * DAY; at_s += 60) {
			bool shown = is_shown(&window, at_s + tzif_at(&berlin, at_s).seconds);
			if (at_s >= until_s) {
				struct window_piece piece = window_set_at(&set, at_s);
				ck_assert(at_s == start || at_s == until_s);
				ck_assert(piece.from_s <= at_s && piece.until_s > at_s);
				open = piece.is_open;
				until_s = piece.until_s;
			}
			ck_assert_int_eq(open, shown);
		}
	}
}
END_TEST

START_TEST(the_next_opening_is_the_first_one)
{
	struct random random;

	random_init(&random, 1);
	for (int run = 0; run < 200; run++) {
		struct update_window window = random_window(&random);
		struct window_set set = set_of(&window, &berlin);
		int64_t at_s = MONDAY + (int64_t)random_below(&random, 300 * DAY);
		int64_t opens_s = window_set_opens(&set, at_s), closes_s = window_set_closes(&set, opens_s);

		ck_assert(window_set_at(&set, opens_s).is_open);
		ck_assert(opens_s == at_s || !window_set_at(&set, opens_s - 1).is_open);
		ck_assert(closes_s == INT64_MAX || !window_set_at(&set, closes_s).is_open);
		ck_assert(closes_s == INT64_MAX || window_set_at(&set, closes_s - 1).is_open);
		for (int i = 0; i < 20 && opens_s > at_s; i++) {
			int64_t between_s = at_s + (int64_t)random_below(&random, (uint64_t)(opens_s - at_s));
			ck_assert(!window_set_at(&set, between_s).is_open);
		}
	}
}
END_TEST

START_TEST(a_text_says_days_times_and_zone)
{
	struct update_window window = window_of("  sat-MON 7:05-00:00 ;Wed,Thu 23:59-24:00  Etc/GMT+5 ");

	ck_assert_uint_eq(window.count, 2);
	ck_assert_uint_eq(window.spans[0].days, 1 << 5 | 1 << 6 | 1 << 0);
	ck_assert_uint_eq(window.spans[0].begin, 7 * 60 + 5);
	ck_assert_uint_eq(window.spans[0].end, 0);
	ck_assert_uint_eq(window.spans[1].days, 1 << 2 | 1 << 3);
	ck_assert_uint_eq(window.spans[1].end, 24 * 60);
	ck_assert_str_eq(window.zone, "Etc/GMT+5");
	ck_assert_str_eq(window_of("00:00-01:00").zone, "UTC");
	ck_assert_uint_eq(window_of("Sat,Sun,Mon-Fri 00:00-01:00").spans[0].days, 0x7f);
	ck_assert_uint_eq(window_of("Mon,Tue-Mon 00:00-01:00").spans[0].days, 0x7f);
}
END_TEST

START_TEST(what_is_no_window_is_refused_with_a_sentence)
{
	static const char *const wrong[] = { "", "night", "Mon", "Mon-Fri", "22-05", "22:00", "22:00-", "22:00-5",
		"22:60-23:00", "24:01-25:00", "24:00-01:00", "10:00-10:00", "-1:00-02:00", "22:00-05:00 Europe Berlin",
		"Mo 22:00-05:00", "Mon- 22:00-05:00", "Monday 22:00-05:00", "22:00-05:00;", "022:00-05:00" };
	struct update_window window;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char why[160] = "";
		ck_assert_msg(update_window_parse(&window, wrong[i], why, sizeof(why)) == -EINVAL, "%s", wrong[i]);
		ck_assert_str_ne(why, "");
	}
}
END_TEST

TEST_SUITE(update_window, a_window_opens_and_closes_at_its_minutes,
	a_window_over_midnight_belongs_to_the_day_it_begins_on, whole_days_are_open_from_midnight_to_midnight,
	a_window_that_is_always_open_never_closes, several_spans_add_up, an_hour_that_is_left_out_opens_nothing,
	an_hour_that_comes_twice_opens_twice, all_windows_of_a_set_must_be_open,
	only_open_time_counts_towards_a_deadline, any_window_is_open_when_the_clock_shows_so,
	the_next_opening_is_the_first_one, a_text_says_days_times_and_zone,
	what_is_no_window_is_refused_with_a_sentence)
