/*
 * Lets the disk fail or fill up at any change that a scripted workload makes to the files: operations fail, the files
 * stay whole, and when the disk works again so does the store.
 */
#include <errno.h>
#include <stdint.h>

#include "store/image_store.h"
#include "store/node_store.h"
#include "store/segment_room.h"
#include "store/segment_store.h"
#include "tests/sim/store_world.h"
#include "tests/unit/suite.h"

#define FOR_EVER UINT32_MAX

static uint64_t count_changes(void)
{
	struct world world;

	world_begin(&world, 1);
	world_run(&world);
	uint64_t changes = fault_vfs_changes(world.fault);
	world_end(&world);
	return changes;
}

static void fail_at(enum fault fault, uint64_t change, uint64_t count)
{
	struct world world;

	world_begin(&world, change);
	fault_vfs_plan(world.fault, &(struct fault_plan){ .fault = fault, .first = change, .count = count });
	world_run(&world);
	stepped_shut(&world.stepped);
	fault_vfs_plan(world.fault, &(struct fault_plan){ .fault = FAULT_NONE });
	world_check(&world);
	ck_assert_int_eq(world_open(&world), 0);
	ck_assert_msg(world_run_extra(&world), "change %d", (int)change);
	stepped_shut(&world.stepped);
	world_check(&world);
	world_end(&world);
}

START_TEST(one_write_error_at_any_change_leaves_whole_files)
{
	uint64_t changes = count_changes();

	for (uint64_t change = 1; change <= changes; change++)
		fail_at(FAULT_IO_ERROR, change, 1);
}
END_TEST

START_TEST(a_disk_that_fails_from_any_change_on_leaves_whole_files)
{
	uint64_t changes = count_changes();

	for (uint64_t change = 1; change <= changes; change += 7)
		fail_at(FAULT_IO_ERROR, change, FOR_EVER);
}
END_TEST

START_TEST(a_disk_that_is_full_from_any_change_on_leaves_whole_files)
{
	uint64_t changes = count_changes();

	for (uint64_t change = 2; change <= changes; change += 7)
		fail_at(FAULT_NO_SPACE, change, FOR_EVER);
}
END_TEST

/* Within one run of the daemon: the connection has to recover, not only the file. */
static void recover_from(enum fault fault, uint64_t change)
{
	struct world world;
	bool works = false;

	world_begin(&world, change);
	ck_assert_int_eq(world_open(&world), 0);
	fault_vfs_plan(world.fault, &(struct fault_plan){ .fault = fault, .first = change, .count = 3 });
	for (int i = 0; i < 20 && (!works || fault_vfs_changes(world.fault) < change + 3); i++)
		works = world_run_extra(&world);
	fault_vfs_plan(world.fault, &(struct fault_plan){ .fault = FAULT_NONE });
	ck_assert_msg(works, "change %d", (int)change);
	stepped_shut(&world.stepped);
	world_check(&world);
	world_end(&world);
}

START_TEST(the_running_store_recovers_from_errors)
{
	for (uint64_t change = 1; change < 30; change++) {
		recover_from(FAULT_IO_ERROR, change);
		recover_from(FAULT_NO_SPACE, change);
	}
}
END_TEST

static void see_segment(void *context, const struct stored_segment *segment)
{
	ck_assert(segment->data != NULL); /* damaged, it would be given up */
}

/* Opens and reads all readings, or says that it could not; how many reads it took. */
static uint64_t look(struct world *world, uint64_t failing_read)
{
	struct outcome outcome = { .result = 1 };
	struct segment_reader reader = { see_segment, outcome_done, &outcome };

	fault_vfs_plan(
		world->fault, &(struct fault_plan){ .fault = FAULT_READ_ERROR, .first = failing_read, .count = 1 });
	int result = stepped_try_open(&world->stepped);
	for (int i = 0; i < 3; i++)
		ck_assert_str_eq(world->stepped.findings.set_aside[i], "");
	if (result == 0) {
		ck_assert_int_eq(store_segment_load(world->stepped.store, 0, UINT64_MAX, SEGMENT_LOAD_MAX, reader), 0);
		result = outcome_of(&world->stepped, &outcome);
		stepped_shut(&world->stepped);
	}
	ck_assert_msg(result == 0 || result == -EIO, "read %d: %d", (int)failing_read, result);
	return fault_vfs_reads(world->fault);
}

START_TEST(a_read_that_fails_is_told_and_nothing_is_given_up)
{
	struct world world;

	world_begin(&world, 1);
	world_run(&world);
	uint64_t reads = look(&world, 0);
	ck_assert_uint_gt(reads, 20);
	for (uint64_t read = 1; read <= reads; read++)
		(void)look(&world, read);
	fault_vfs_plan(world.fault, &(struct fault_plan){ .fault = FAULT_NONE });
	world_check(&world);
	world_end(&world);
}
END_TEST

static void ignore_dropped(void *context, uint64_t first, uint32_t count)
{
}

static int append(struct world *world, uint64_t first, size_t size)
{
	static const uint8_t data[20000];
	struct stored_segment segment = { .first = first, .count = 1, .data = data, .size = size };
	struct outcome outcome;

	ck_assert_int_eq(store_segment_append(world->stepped.store, &segment, outcome_reply(&outcome)), 0);
	return outcome_of(&world->stepped, &outcome);
}

static int evict(struct world *world, uint64_t bytes)
{
	struct outcome outcome = { .result = 1 };

	ck_assert_int_eq(store_segment_evict(world->stepped.store, bytes,
				 (struct segment_eviction){ ignore_dropped, outcome_done, &outcome }),
		0);
	return outcome_of(&world->stepped, &outcome);
}

START_TEST(the_oldest_readings_make_room_for_new_ones_on_a_full_disk)
{
	struct world world;
	uint64_t first = 1;
	int result;

	world_begin(&world, 1);
	fault_vfs_plan(world.fault, &(struct fault_plan){ .capacity_bytes = 6 * 1024 * 1024 });
	ck_assert_int_eq(stepped_try_open(&world.stepped), 0);
	while ((result = append(&world, first, 12000)) == 0)
		ck_assert_uint_lt(first++, 1000);
	ck_assert_int_eq(result, -ENOSPC);
	for (int turn = 0; turn < 200; turn++) {
		ck_assert_int_eq(evict(&world, 36000), 0);
		uint64_t before = first;
		while ((result = append(&world, first, 12000)) == 0)
			first++;
		ck_assert_int_eq(result, -ENOSPC);
		ck_assert_uint_gt(first, before);
	}
	world_end(&world);
}
END_TEST

/* Stores an image of one chunk; 0 or the first error. */
static int store_small_image(struct world *world, uint8_t key)
{
	static const uint8_t data[IMAGE_CHUNK_SIZE];
	struct stored_image image = { .size_bytes = IMAGE_CHUNK_SIZE, .sha256 = { key } };
	struct outcome begun, appended;

	ck_assert_int_eq(store_image_begin(world->stepped.store, &image, outcome_reply(&begun)), 0);
	ck_assert_int_eq(
		store_image_append(world->stepped.store, image.sha256, 0, data, sizeof(data), outcome_reply(&appended)),
		0);
	store_dispatch(world->stepped.store);
	return begun.result < 0 ? begun.result : appended.result;
}

static int remove_small_image(struct world *world, uint8_t key)
{
	const uint8_t sha256[32] = { key };
	struct outcome removed;

	ck_assert_int_eq(store_image_remove(world->stepped.store, sha256, outcome_reply(&removed)), 0);
	return outcome_of(&world->stepped, &removed);
}

START_TEST(images_make_room_for_another_on_a_full_disk)
{
	struct world world;
	uint8_t key = 1;

	world_begin(&world, 1);
	fault_vfs_plan(world.fault, &(struct fault_plan){ .capacity_bytes = 4 * 1024 * 1024 });
	ck_assert_int_eq(stepped_try_open(&world.stepped), 0);
	while (store_small_image(&world, key) == 0)
		ck_assert_uint_lt(key++, 100);
	ck_assert_uint_gt(key, 5);
	ck_assert_int_eq(store_small_image(&world, 101), -ENOSPC);
	ck_assert_int_eq(remove_small_image(&world, 1), 0);
	ck_assert_int_eq(remove_small_image(&world, 2), 0);
	ck_assert_int_eq(store_small_image(&world, 102), 0);
	world_end(&world);
}
END_TEST

START_TEST(a_disk_that_fills_up_within_a_group_undoes_what_came_before)
{
	struct world world;
	struct outcome before, big, after;
	struct stored_node *nodes = calloc(NODES_SAVE_MAX, sizeof(*nodes));
	char byte;

	for (int i = 0; i < NODES_SAVE_MAX; i++)
		(void)snprintf(nodes[i].id, sizeof(nodes[i].id), "a node with a long name %d", i);
	world_begin(&world, 1);
	ck_assert_int_eq(stepped_try_open(&world.stepped), 0);
	fault_vfs_plan(world.fault, &(struct fault_plan){ .fault = FAULT_NO_SPACE, .first = 1, .count = FOR_EVER });
	struct store *store = world.stepped.store;
	ck_assert_int_eq(store_setting_put(store, "before", "x", 1, outcome_reply(&before)), 0);
	ck_assert_int_eq(store_nodes_save(store, nodes, NODES_SAVE_MAX, outcome_reply(&big)), 0);
	ck_assert_int_eq(store_setting_put(store, "after", "x", 1, outcome_reply(&after)), 0);
	store_dispatch(store);
	ck_assert_int_eq(before.result, -ENOSPC);
	ck_assert_int_eq(big.result, -ENOSPC);
	ck_assert_int_eq(after.result, 0);
	ck_assert_int_eq(store_setting_get(store, "before", &byte, 1), -ENOENT);
	ck_assert_int_eq(store_setting_get(store, "after", &byte, 1), 1);
	fault_vfs_plan(world.fault, &(struct fault_plan){ .fault = FAULT_NONE });
	ck_assert_int_eq(store_nodes_save(store, nodes, NODES_SAVE_MAX, outcome_reply(&big)), 0);
	ck_assert_int_eq(outcome_of(&world.stepped, &big), 0);
	free(nodes);
	world_end(&world);
}
END_TEST

TEST_SUITE(disk_fault, one_write_error_at_any_change_leaves_whole_files,
	a_disk_that_fails_from_any_change_on_leaves_whole_files,
	a_disk_that_is_full_from_any_change_on_leaves_whole_files, the_running_store_recovers_from_errors,
	a_read_that_fails_is_told_and_nothing_is_given_up, the_oldest_readings_make_room_for_new_ones_on_a_full_disk,
	images_make_room_for_another_on_a_full_disk, a_disk_that_fills_up_within_a_group_undoes_what_came_before)
