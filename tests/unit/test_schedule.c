#include "gateway/random.h"
#include "gateway/schedule.h"
#include "tests/unit/suite.h"

#define INTERVAL_MS (15 * 60 * 1000)
#define NODES 500

static const struct schedule_settings options = { .interval_ms = INTERVAL_MS, .jitter_percent = 10 };

static int compare(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a;
	int64_t right = *(const int64_t *)b;

	return left < right ? -1 : left > right;
}

START_TEST(slots_are_spread_evenly_for_any_number_of_nodes)
{
	for (int count = 1; count <= NODES; count++) {
		int64_t slots[NODES];
		for (int i = 0; i < count; i++)
			slots[i] = schedule_slot_ms((uint32_t)i, INTERVAL_MS);
		qsort(slots, (size_t)count, sizeof(slots[0]), compare);
		for (int i = 1; i < count; i++) {
			int64_t gap = slots[i] - slots[i - 1];
			/* van der Corput: no gap is more than twice the even one, none is less than half of it. */
			ck_assert_int_ge(gap, INTERVAL_MS / count / 2 - 1);
			ck_assert_int_le(gap, 2 * INTERVAL_MS / count + 1);
		}
	}
}
END_TEST

START_TEST(a_node_stays_in_its_slot_for_ever)
{
	struct random random;
	struct moment now = { .wall_ms = 1790000000123 };

	random_init(&random, 1);
	for (int wake = 0; wake < 1000; wake++) {
		int64_t wait = schedule_next_ms(&options, 77, NODES, now, &random);
		ck_assert_int_ge(wait, INTERVAL_MS / 2);
		ck_assert_int_le(wait, 3 * INTERVAL_MS / 2 + INTERVAL_MS / 512);
		now.wall_ms += wait + (int64_t)random_below(&random, 800);
		int64_t late = now.wall_ms % INTERVAL_MS - schedule_slot_ms(77, INTERVAL_MS);
		ck_assert_int_ge(late, 0);
		ck_assert_int_le(late, INTERVAL_MS / 512 / 10 + 800);
	}
}
END_TEST

START_TEST(a_node_that_calls_early_is_not_asked_twice)
{
	struct random random;
	struct schedule_settings exact = { .interval_ms = INTERVAL_MS };
	int64_t slot = schedule_slot_ms(3, INTERVAL_MS);
	struct moment early = { .wall_ms = (int64_t)INTERVAL_MS * 1000000 + slot - 500 };

	random_init(&random, 1);
	ck_assert_int_eq(schedule_next_ms(&exact, 3, 4, early, &random), INTERVAL_MS + 500);
}
END_TEST

START_TEST(free_slots_follow_each_other_as_the_link_bears_it)
{
	/* 1,000 nodes, 10 at a time for a second each: 100 s for all of them, 0.1 s apart. */
	static const struct schedule_settings busy = {
		.interval_ms = INTERVAL_MS, .contact_ms = 1000, .concurrent = 10
	};
	const struct moment now = { .wall_ms = 1790000000123 };
	int64_t waits[1000];

	for (uint32_t rank = 0; rank < 1000; rank++) {
		waits[rank] = schedule_free_ms(&busy, rank, 1000, now);
		const struct moment later = { .wall_ms = now.wall_ms + waits[rank] - 1000 };
		ck_assert_int_eq(schedule_free_ms(&busy, rank, 1000, later), 1000);
	}
	qsort(waits, 1000, sizeof(waits[0]), compare);
	ck_assert_int_ge(waits[0], 1000);
	ck_assert_int_le(waits[999], 101000);
	for (int i = 10; i < 1000; i++)
		ck_assert_int_ge(waits[i] - waits[i - 10], 800);
}
END_TEST

START_TEST(a_moment_is_so_far_from_the_nearest_slot)
{
	int64_t slot = schedule_slot_ms(3, INTERVAL_MS), base = (int64_t)INTERVAL_MS * 1000000;

	ck_assert_int_eq(schedule_offset_ms(&options, 3, (struct moment){ .wall_ms = base + slot + 7 }), 7);
	ck_assert_int_eq(schedule_offset_ms(&options, 3, (struct moment){ .wall_ms = base + slot - 7 }), -7);
	ck_assert_int_eq(schedule_offset_ms(&options, 3, (struct moment){ .wall_ms = base + slot - INTERVAL_MS }), 0);
	ck_assert_int_eq(schedule_offset_ms(&options, 0, (struct moment){ .wall_ms = base - 1 }), -1);
}
END_TEST

TEST_SUITE(schedule, slots_are_spread_evenly_for_any_number_of_nodes, a_node_stays_in_its_slot_for_ever,
	a_node_that_calls_early_is_not_asked_twice, free_slots_follow_each_other_as_the_link_bears_it,
	a_moment_is_so_far_from_the_nearest_slot)
