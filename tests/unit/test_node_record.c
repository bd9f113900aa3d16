#include "gateway/node_record.h"

#include "tests/unit/suite.h"

#define HOUR_MS INT64_C(3600000)
#define NOW_MS INT64_C(1790000000000)

static const struct node_record told = { .last_seen_ms = NOW_MS - 1000, .next_contact_ms = NOW_MS + 1000 };
static const struct node_record own = { .last_seen_ms = NOW_MS - 1000,
	.next_contact_ms = NOW_MS + 5 * HOUR_MS,
	.rhythm = { .period_ms = 6 * HOUR_MS, .unheeded = RHYTHM_UNHEEDED } };
static const struct node_record unscheduled = { .last_seen_ms = NOW_MS, .rhythm = { .period_ms = 7 * HOUR_MS } };

START_TEST(slots_and_visits_that_did_not_come_are_counted)
{
	struct moment now = { .wall_ms = NOW_MS + 1000 + 3 * HOUR_MS };

	ck_assert_uint_eq(node_record_missed(&told, HOUR_MS, now), 3);
	ck_assert_uint_eq(node_record_missed(&own, HOUR_MS, now), 0);
	now.wall_ms = NOW_MS + 17 * HOUR_MS;
	ck_assert_uint_eq(node_record_missed(&own, HOUR_MS, now), 2);
	ck_assert_uint_eq(node_record_missed(&unscheduled, HOUR_MS, now), 0);
}
END_TEST

START_TEST(deadlines_in_wakes_are_by_the_visits_of_a_node_that_comes_seldom)
{
	ck_assert_int_eq(node_record_wake_ms(&told, HOUR_MS), HOUR_MS);
	ck_assert_int_eq(node_record_wake_ms(&own, HOUR_MS), 6 * HOUR_MS);
	ck_assert_int_eq(node_record_wake_ms(&own, 24 * HOUR_MS), 24 * HOUR_MS);
	ck_assert_int_eq(node_record_wake_ms(&unscheduled, HOUR_MS), 7 * HOUR_MS);
}
END_TEST

START_TEST(the_next_likely_contact_is_a_slot_or_a_visit)
{
	const struct node_record unknown = { .last_seen_ms = NOW_MS };

	ck_assert_int_eq(node_record_likely_ms(&told, HOUR_MS, NOW_MS), NOW_MS + 1000);
	ck_assert_int_eq(node_record_likely_ms(&told, HOUR_MS, NOW_MS + HOUR_MS), NOW_MS + 1000 + HOUR_MS);
	ck_assert_int_eq(node_record_likely_ms(&own, HOUR_MS, NOW_MS + 6 * HOUR_MS), NOW_MS + 11 * HOUR_MS);
	ck_assert_int_eq(node_record_likely_ms(&unscheduled, HOUR_MS, NOW_MS + 1), NOW_MS + 7 * HOUR_MS);
	ck_assert_int_eq(node_record_likely_ms(&unknown, HOUR_MS, NOW_MS + 1), NOW_MS + 1);
}
END_TEST

TEST_SUITE(node_record, slots_and_visits_that_did_not_come_are_counted,
	deadlines_in_wakes_are_by_the_visits_of_a_node_that_comes_seldom, the_next_likely_contact_is_a_slot_or_a_visit)
