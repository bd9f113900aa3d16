#include "gateway/clock.h"

#include "tests/unit/suite.h"

#define HOUR_MS (3600 * 1000LL)
#define YEARS_MS (56 * 365 * 24 * HOUR_MS)

static const struct clock_jump forward = { .from_ms = 50 * HOUR_MS, .to_ms = 80 * HOUR_MS };
static const struct clock_jump back = { .from_ms = 80 * HOUR_MS, .to_ms = 50 * HOUR_MS, .began_ms = 75 * HOUR_MS };

static bool look(struct clock_watch *watch, int64_t monotonic_ms, int64_t wall_ms)
{
	struct clock_jump jump;

	return clock_watch_look(watch, (struct moment){ .monotonic_ms = monotonic_ms, .wall_ms = wall_ms }, &jump);
}

START_TEST(a_clock_that_goes_on_has_not_jumped)
{
	struct clock_watch watch = { 0 };

	ck_assert(!look(&watch, 1000, YEARS_MS));
	ck_assert(!look(&watch, 1000 + HOUR_MS, YEARS_MS + HOUR_MS));
	ck_assert(!look(&watch, 1000 + HOUR_MS, YEARS_MS + HOUR_MS));
	ck_assert_uint_eq(watch.jumps, 0);
}
END_TEST

START_TEST(a_jump_is_told_once_with_both_times)
{
	struct clock_watch watch = { 0 };
	struct clock_jump jump;
	struct moment set = { .monotonic_ms = 3000, .wall_ms = YEARS_MS };

	look(&watch, 1000, 500);
	ck_assert(clock_watch_look(&watch, set, &jump));
	ck_assert_int_eq(jump.from_ms, 2500);
	ck_assert_int_eq(jump.to_ms, YEARS_MS);
	ck_assert_int_eq(clock_jump_ms(&jump), YEARS_MS - 2500);
	ck_assert(!look(&watch, 4000, YEARS_MS + 1000));
	ck_assert_uint_eq(watch.jumps, 1);
	ck_assert_int_eq(watch.last.to_ms, YEARS_MS);
}
END_TEST

START_TEST(a_clock_set_back_has_jumped_too)
{
	struct clock_watch watch = { 0 };

	look(&watch, 0, YEARS_MS);
	ck_assert(look(&watch, 0, YEARS_MS - CLOCK_JUMP_LEAST_MS));
	ck_assert_int_eq(clock_jump_ms(&watch.last), -CLOCK_JUMP_LEAST_MS);
}
END_TEST

START_TEST(slow_corrections_never_add_up_to_a_jump)
{
	struct clock_watch watch = { 0 };

	for (int64_t i = 0; i < 1000; i++)
		ck_assert(!look(&watch, i * 60000, YEARS_MS + i * (60000 + CLOCK_JUMP_LEAST_MS - 1)));
}
END_TEST

START_TEST(what_was_and_what_is_awaited_keep_their_distance)
{
	ck_assert_int_eq(clock_jump_moved(&forward, forward.from_ms), forward.to_ms);
	ck_assert_int_eq(clock_jump_moved(&forward, forward.from_ms - 9 * HOUR_MS), forward.to_ms - 9 * HOUR_MS);
	ck_assert_int_eq(clock_jump_moved(&forward, forward.from_ms + HOUR_MS), forward.to_ms + HOUR_MS);
	ck_assert_int_eq(clock_jump_moved(&back, back.from_ms - HOUR_MS), back.to_ms - HOUR_MS);
	ck_assert_int_eq(clock_jump_moved(&back, back.from_ms + 9 * HOUR_MS), back.to_ms + 9 * HOUR_MS);
}
END_TEST

START_TEST(what_a_right_clock_wrote_before_stays)
{
	ck_assert_int_eq(clock_jump_moved(&forward, forward.to_ms - HOUR_MS), forward.to_ms - HOUR_MS);
	ck_assert_int_eq(clock_jump_moved(&forward, forward.to_ms + HOUR_MS), forward.to_ms + HOUR_MS);
	ck_assert_int_eq(clock_jump_moved(&back, back.to_ms - 9 * HOUR_MS), back.to_ms - 9 * HOUR_MS);
}
END_TEST

START_TEST(what_was_before_the_first_look_stays_before_it)
{
	int64_t began_ms = back.began_ms + clock_jump_ms(&back);

	ck_assert_int_eq(clock_jump_moved(&back, back.began_ms), began_ms);
	ck_assert_int_eq(clock_jump_moved(&back, back.began_ms - 1), began_ms);
	ck_assert_int_eq(clock_jump_moved(&back, back.to_ms), began_ms);
	ck_assert_int_eq(clock_jump_moved(&back, began_ms - 1), began_ms - 1);
}
END_TEST

START_TEST(nothing_becomes_older_and_later_stays_later)
{
	const struct clock_jump jumps[] = { forward, back };

	for (size_t i = 0; i < 2; i++)
		for (int64_t ms = 0, last_ms = INT64_MIN; ms <= jumps[i].from_ms; ms += HOUR_MS) {
			int64_t moved_ms = clock_jump_moved(&jumps[i], ms);

			ck_assert_int_ge(moved_ms, last_ms);
			ck_assert_int_le(jumps[i].to_ms - moved_ms, jumps[i].from_ms - ms);
			last_ms = moved_ms;
		}
}
END_TEST

START_TEST(what_has_happened_is_not_later_than_now)
{
	const struct clock_jump none = { .from_ms = 50 * HOUR_MS, .to_ms = 50 * HOUR_MS };

	ck_assert_int_eq(clock_jump_past(&forward, forward.to_ms + HOUR_MS), forward.to_ms);
	ck_assert_int_eq(clock_jump_past(&back, back.from_ms - HOUR_MS), back.to_ms - HOUR_MS);
	ck_assert_int_eq(clock_jump_past(&none, 49 * HOUR_MS), 49 * HOUR_MS);
	ck_assert_int_eq(clock_jump_past(&none, 51 * HOUR_MS), 50 * HOUR_MS);
}
END_TEST

/* A rollout that was kept with a time to come stays older than the orders that were made for it since the start. */
START_TEST(what_a_former_run_wrote_ahead_is_before_all_of_this_run)
{
	const struct clock_jump set = { .from_ms = 12 * HOUR_MS, .to_ms = 80 * HOUR_MS, .began_ms = 10 * HOUR_MS };

	ck_assert_int_eq(clock_jump_past(&set, 100 * HOUR_MS), 78 * HOUR_MS);
	ck_assert_int_eq(clock_jump_past(&set, 11 * HOUR_MS), 79 * HOUR_MS);
	ck_assert_int_eq(clock_jump_past(&set, set.to_ms - 1), set.to_ms - 1);
}
END_TEST

START_TEST(the_first_look_moves_with_the_clock)
{
	struct clock_watch watch = { 0 };

	look(&watch, 0, YEARS_MS);
	look(&watch, HOUR_MS, YEARS_MS + 5 * HOUR_MS);
	ck_assert_int_eq(watch.last.began_ms, YEARS_MS);
	look(&watch, 2 * HOUR_MS, YEARS_MS + 3 * HOUR_MS);
	ck_assert_int_eq(watch.last.began_ms, YEARS_MS + 4 * HOUR_MS);
}
END_TEST

START_TEST(forth_and_back_again_is_where_it_was)
{
	int64_t hour_ago_ms = forward.from_ms - HOUR_MS;

	ck_assert_int_eq(clock_jump_moved(&back, clock_jump_moved(&forward, hour_ago_ms)), hour_ago_ms);
}
END_TEST

TEST_SUITE(clock, what_a_former_run_wrote_ahead_is_before_all_of_this_run, a_clock_that_goes_on_has_not_jumped,
	a_jump_is_told_once_with_both_times, a_clock_set_back_has_jumped_too, slow_corrections_never_add_up_to_a_jump,
	what_was_and_what_is_awaited_keep_their_distance, what_a_right_clock_wrote_before_stays,
	what_was_before_the_first_look_stays_before_it, nothing_becomes_older_and_later_stays_later,
	what_has_happened_is_not_later_than_now, the_first_look_moves_with_the_clock,
	forth_and_back_again_is_where_it_was)
