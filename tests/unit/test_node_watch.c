#include "gateway/node_watch.h"

#include "gateway/nodes.h"
#include "tests/unit/suite.h"

#define DAY_MS (INT64_C(24) * 3600 * 1000)

START_TEST(before_it_is_watched_all_its_life_is_since)
{
	struct node_record record = { .first_seen_ms = 5 * DAY_MS, .drops = 8 };
	struct drop_history history = node_watch_history(&record, 9 * DAY_MS);

	ck_assert_double_eq(history.days_before, 0);
	ck_assert_double_eq(history.after, 8);
	ck_assert_double_eq(history.days_after, 4);
}
END_TEST

START_TEST(what_was_becomes_past_when_watching_begins)
{
	struct node_record record = { .first_seen_ms = 5 * DAY_MS, .drops = 8 };

	node_watch_begin(&record, 9 * DAY_MS);
	record.drops = 11;
	struct drop_history history = node_watch_history(&record, 10 * DAY_MS);
	ck_assert_double_eq(history.before, 8);
	ck_assert_double_eq(history.days_before, 4);
	ck_assert_double_eq(history.after, 3);
	ck_assert_double_eq(history.days_after, 1);
}
END_TEST

START_TEST(the_past_fades_by_half_in_a_half_life)
{
	struct node_record record = { .first_seen_ms = 1, .drops = 8 };

	node_watch_begin(&record, 1 + 4 * DAY_MS);
	record.drops = 10;
	node_watch_begin(&record, 1 + 4 * DAY_MS + NODE_WATCH_HALF_LIFE_MS);
	struct drop_history history = node_watch_history(&record, 1 + 4 * DAY_MS + NODE_WATCH_HALF_LIFE_MS);
	ck_assert_double_eq(history.before, 8.0 / 2 + 2);
	ck_assert_double_eq(history.days_before, 4.0 / 2 + 7);
	ck_assert_double_eq(history.after, 0);
}
END_TEST

START_TEST(a_clock_set_back_takes_nothing_away)
{
	struct node_record record = { .first_seen_ms = 9 * DAY_MS, .drops = 8 };

	node_watch_begin(&record, 5 * DAY_MS);
	struct drop_history history = node_watch_history(&record, 4 * DAY_MS);
	ck_assert_double_eq(history.days_before, 0);
	ck_assert_double_eq(history.days_after, 0);
	ck_assert_double_eq(history.before, 8);
}
END_TEST

TEST_SUITE(node_watch, before_it_is_watched_all_its_life_is_since, what_was_becomes_past_when_watching_begins,
	the_past_fades_by_half_in_a_half_life, a_clock_set_back_takes_nothing_away)
