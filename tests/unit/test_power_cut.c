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

static void cut_at(uint64_t change, uint64_t seed)
{
	struct world world;

	world_begin(&world, seed);
	fault_vfs_plan(world.fault, &(struct fault_plan){ .fault = FAULT_POWER_CUT, .first = change });
	world_run(&world);
	stepped_shut(&world.stepped);
	ck_assert_msg(fault_vfs_is_off(world.fault), "nothing was cut at change %d", (int)change);
	fault_vfs_restore(world.fault);
	world_check(&world);
	world_end(&world);
}

START_TEST(a_power_cut_at_any_change_loses_nothing_that_was_acknowledged)
{
	uint64_t changes = count_changes();

	ck_assert_uint_gt(changes, 400);
	for (uint64_t change = 1; change <= changes; change++)
		cut_at(change, change);
}
END_TEST

TEST_SUITE(power_cut, a_power_cut_at_any_change_loses_nothing_that_was_acknowledged)
