#include "gateway/rhythm.h"

#include "tests/unit/suite.h"

#define HOUR_MS INT64_C(3600000)

/* A visit so late for what the node was told. */
static void visit(struct rhythm *rhythm, int64_t expected_ms, int64_t late_ms, bool in_slot)
{
	rhythm_learn(rhythm, &(struct rhythm_visit){ expected_ms + late_ms, expected_ms, HOUR_MS, in_slot });
}

/* A node whose clock is slow by so many ppm is told its slots, again and again; how late it comes in the end. */
static int64_t late_after(struct rhythm *rhythm, int64_t ppm, int wakes)
{
	int64_t late = 0;

	for (int i = 0; i < wakes; i++) {
		uint32_t told_s = rhythm_tell_s(rhythm, HOUR_MS);
		late = (int64_t)told_s * 1000 * (1000000 + ppm) / 1000000 - HOUR_MS;
		int64_t expected = rhythm_waits_ms(rhythm, told_s);
		visit(rhythm, expected, HOUR_MS + late - expected, false);
	}
	return late;
}

START_TEST(a_clock_that_is_wrong_is_made_up_for)
{
	static const int64_t clocks_ppm[] = { 0, 20, -50, 1000, -10000, 50000, -100000 };

	for (size_t i = 0; i < sizeof(clocks_ppm) / sizeof(clocks_ppm[0]); i++) {
		struct rhythm rhythm = { 0 };
		int64_t late = late_after(&rhythm, clocks_ppm[i], 12);
		ck_assert_int_le(late < 0 ? -late : late, 600); /* slots are told in whole seconds */
		ck_assert(!rhythm_is_own(&rhythm));
	}
}
END_TEST

START_TEST(a_repeated_datagram_says_nothing_of_a_clock_that_is_known)
{
	struct rhythm rhythm = { 0 };

	(void)late_after(&rhythm, 0, 6);
	visit(&rhythm, HOUR_MS, 45000, false);
	ck_assert_int_eq(rhythm.drift, 0);
}
END_TEST

START_TEST(a_clock_that_changes_is_learned_anew)
{
	struct rhythm rhythm = { 0 };

	(void)late_after(&rhythm, 0, 6);
	int64_t late = late_after(&rhythm, 10000, 6);
	ck_assert_int_le(late < 0 ? -late : late, 600);
}
END_TEST

START_TEST(a_node_that_polls_as_it_likes_is_found_out_and_predicted)
{
	struct rhythm rhythm = { 0 };

	for (int i = 0; i < RHYTHM_UNHEEDED; i++) {
		ck_assert(!rhythm_is_own(&rhythm));
		ck_assert_int_eq(rhythm_period_ms(&rhythm, HOUR_MS), HOUR_MS);
		visit(&rhythm, HOUR_MS, 5 * HOUR_MS + i * 1000, false);
	}
	ck_assert(rhythm_is_own(&rhythm));
	int64_t period = rhythm_period_ms(&rhythm, HOUR_MS);
	ck_assert_int_ge(period, 6 * HOUR_MS);
	ck_assert_int_le(period, 6 * HOUR_MS + 4000);
	ck_assert_int_ge(rhythm_confidence_percent(&rhythm), 50);
}
END_TEST

START_TEST(a_missed_visit_is_no_longer_period)
{
	struct rhythm rhythm = { 0 };

	for (int i = 0; i < 10; i++)
		rhythm_learn_period(&rhythm, i % 3 == 2 ? 2 * HOUR_MS : HOUR_MS);
	ck_assert_int_eq(rhythm.period_ms, HOUR_MS);
	ck_assert_int_ge(rhythm_confidence_percent(&rhythm), 90);
}
END_TEST

START_TEST(a_node_without_rhythm_is_not_sure)
{
	static const int64_t sleeps_min[] = { 3, 50, 7, 122, 30, 1, 90, 15, 44, 8 };
	struct rhythm rhythm = { 0 };

	ck_assert_int_eq(rhythm_confidence_percent(&rhythm), 0);
	for (size_t i = 0; i < sizeof(sleeps_min) / sizeof(sleeps_min[0]); i++)
		rhythm_learn_period(&rhythm, sleeps_min[i] * 60000);
	ck_assert_int_le(rhythm_confidence_percent(&rhythm), 50);
}
END_TEST

START_TEST(a_node_that_learns_to_keep_its_slots_is_trusted_again)
{
	struct rhythm rhythm = { 0 };

	for (int i = 0; i < 20; i++)
		visit(&rhythm, HOUR_MS, HOUR_MS / 2, false);
	ck_assert(rhythm_is_own(&rhythm));
	for (int i = 0; i < 4; i++)
		visit(&rhythm, HOUR_MS, 0, true);
	ck_assert(!rhythm_is_own(&rhythm));
	ck_assert_int_eq(rhythm_period_ms(&rhythm, HOUR_MS), HOUR_MS);
}
END_TEST

START_TEST(a_node_that_misses_slots_keeps_to_them)
{
	struct rhythm rhythm = { 0 };

	for (int i = 0; i < 20; i++)
		visit(&rhythm, HOUR_MS, (i % 3) * HOUR_MS, true);
	ck_assert(!rhythm_is_own(&rhythm));
	ck_assert_int_eq(rhythm.drift, 0);
}
END_TEST

START_TEST(what_is_known_outlives_a_restart)
{
	const struct rhythm rhythm = { .period_ms = UINT32_MAX - 5,
		.drift = -31250,
		.spread = 200,
		.unheeded = 7,
		.samples = 3,
		.promised = 1,
		.idle = 1 };
	struct rhythm again = rhythm_unpacked(rhythm_packed(&rhythm));

	ck_assert_uint_eq(again.period_ms, rhythm.period_ms);
	ck_assert_int_eq(again.drift, rhythm.drift);
	ck_assert_uint_eq(again.spread, rhythm.spread);
	ck_assert_uint_eq(again.unheeded, 7);
	ck_assert_uint_eq(again.samples, 3);
	ck_assert_uint_eq(again.promised, 1);
	ck_assert_uint_eq(again.idle, 1);
}
END_TEST

TEST_SUITE(rhythm, a_clock_that_is_wrong_is_made_up_for, a_repeated_datagram_says_nothing_of_a_clock_that_is_known,
	a_clock_that_changes_is_learned_anew, a_node_that_polls_as_it_likes_is_found_out_and_predicted,
	a_missed_visit_is_no_longer_period, a_node_without_rhythm_is_not_sure,
	a_node_that_learns_to_keep_its_slots_is_trusted_again, a_node_that_misses_slots_keeps_to_them,
	what_is_known_outlives_a_restart)
