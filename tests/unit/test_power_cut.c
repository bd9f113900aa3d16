/*
 * Cuts the power at every change that a scripted workload makes to the files, in turn: what was replied to as durable
 * is there afterwards, and nothing is there by half.
 */
#include <stdint.h>

#include "store/image_store.h"
#include "store/segment_store.h"
#include "tests/sim/store_world.h"
#include "tests/unit/suite.h"

static uint64_t count_changes(void)
{
	struct world world;

	world_begin(&world, 1);
	fault_vfs_plan(world.fault, &(struct fault_plan){ .fault = FAULT_NONE });
	world_run(&world);
	uint64_t changes = fault_vfs_changes(world.fault);
	ck_assert(world.segment_durable[WORLD_STEPS - 1]);
	world_check(&world);
	world_end(&world);
	return changes;
}

static void cut_at(uint64_t change, enum fault_remains remains)
{
	struct world world;

	world_begin(&world, change);
	fault_vfs_plan(
		world.fault, &(struct fault_plan){ .fault = FAULT_POWER_CUT, .first = change, .remains = remains });
	world_run(&world);
	stepped_shut(&world.stepped);
	ck_assert_msg(fault_vfs_is_off(world.fault), "nothing was cut at change %d", (int)change);
	fault_vfs_restore(world.fault);
	world_check(&world);
	world_end(&world);
}

static void cut_in_turn(enum fault_remains remains, uint64_t step)
{
	uint64_t changes = count_changes();

	ck_assert_uint_gt(changes, 400);
	for (uint64_t change = 1; change <= changes; change += step)
		cut_at(change, remains);
}

START_TEST(a_power_cut_at_any_change_that_loses_all_loses_nothing_acknowledged)
{
	cut_in_turn(REMAINS_NOTHING, 1);
}
END_TEST

START_TEST(a_power_cut_at_any_change_that_tears_all_loses_nothing_acknowledged)
{
	cut_in_turn(REMAINS_TORN, 1);
}
END_TEST

START_TEST(a_power_cut_that_leaves_anything_loses_nothing_acknowledged)
{
	cut_in_turn(REMAINS_ANY, 5);
}
END_TEST

#define BIG_COUNT 26
#define BIG_SIZE 200000 /* 49 pages: the WAL is copied into the file after twenty */
#define SAMPLES 16      /* in the second half, where most of the copying is */

static void fill(uint8_t *data, int number)
{
	for (int i = 0; i < BIG_SIZE; i++)
		data[i] = (uint8_t)(number + i / 512);
}

/* Appends big segments until the power goes; how many are durable. */
static int append_big(struct world *world)
{
	static uint8_t data[BIG_SIZE];
	struct stored_segment segment = { .count = 1, .data = data, .size = BIG_SIZE };
	struct outcome outcome;
	int durable = 0;

	for (int number = 1; number <= BIG_COUNT; number++) {
		fill(data, number);
		segment.first = (uint64_t)number;
		ck_assert_int_eq(store_segment_append(world->stepped.store, &segment, outcome_reply(&outcome)), 0);
		if (outcome_of(&world->stepped, &outcome) != 0)
			break;
		durable++;
	}
	stepped_shut(&world->stepped);
	return durable;
}

struct seen {
	int whole;
	struct outcome outcome;
};

static void see_segment(void *context, const struct stored_segment *segment)
{
	static uint8_t expected[BIG_SIZE];

	fill(expected, (int)segment->first);
	if (segment->size == BIG_SIZE && memcmp(segment->data, expected, BIG_SIZE) == 0)
		((struct seen *)context)->whole++;
}

static void see_done(void *context, int result)
{
	outcome_done(&((struct seen *)context)->outcome, result);
}

static void cut_big_at(uint64_t change)
{
	struct world world;
	struct seen seen = { 0 };

	world_begin(&world, change);
	ck_assert_int_eq(stepped_try_open(&world.stepped), 0);
	fault_vfs_plan(world.fault, &(struct fault_plan){ .fault = FAULT_POWER_CUT, .first = change });
	int durable = append_big(&world);
	fault_vfs_restore(world.fault);
	ck_assert_int_eq(stepped_try_open(&world.stepped), 0);
	ck_assert_str_eq(world.stepped.findings.set_aside[2], "");
	ck_assert_int_eq(store_segment_load(world.stepped.store, 0, UINT64_MAX, SEGMENT_LOAD_MAX,
				 (struct segment_reader){ see_segment, see_done, &seen }),
		0);
	ck_assert_int_eq(outcome_of(&world.stepped, &seen.outcome), 0);
	ck_assert_int_ge(seen.whole, durable);
	ck_assert_int_le(seen.whole, durable + 1);
	world_end(&world);
}

START_TEST(a_power_cut_while_the_wal_is_copied_loses_nothing)
{
	struct world world;

	world_begin(&world, 1);
	ck_assert_int_eq(stepped_try_open(&world.stepped), 0);
	fault_vfs_plan(world.fault, &(struct fault_plan){ .fault = FAULT_NONE });
	ck_assert_int_eq(append_big(&world), BIG_COUNT);
	uint64_t changes = fault_vfs_changes(world.fault);
	world_end(&world);
	for (uint64_t sample = 1; sample <= SAMPLES; sample++)
		cut_big_at(changes / 2 + changes / 2 * sample / SAMPLES);
}
END_TEST

TEST_SUITE(power_cut, a_power_cut_at_any_change_that_loses_all_loses_nothing_acknowledged,
	a_power_cut_at_any_change_that_tears_all_loses_nothing_acknowledged,
	a_power_cut_that_leaves_anything_loses_nothing_acknowledged, a_power_cut_while_the_wal_is_copied_loses_nothing)
