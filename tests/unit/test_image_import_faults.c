/*
 * Cuts the power, or fails the disk, at every change that an import makes to the files, in turn: the image ends whole
 * or not at all, and after the trouble it is imported to the last byte.
 */
#include "tests/sim/fault_vfs.h"
#include "tests/unit/import_fixture.h"
#include "tests/unit/suite.h"

#define PAYLOAD (IMAGE_CHUNK_SIZE + 5000)

static struct fault_vfs *fault;

static void begin_world(uint64_t seed)
{
	stepped_make_directory(&stepped);
	fault = fault_vfs_open("fault", seed);
	stepped.options.vfs = "fault";
	ck_assert_msg(stepped_try_open(&stepped) == 0, "%s", stepped.why);
	open_gateway();
}

static void end_world(void)
{
	close_all();
	fault_vfs_close(fault);
}

/* Imports as far as it goes: 0 complete, 1 here already, else why it ended. */
static int try_import(const struct image_claim *claim, const uint8_t *data)
{
	struct feeder feeder;
	int result = begin(&feeder, claim);

	if (result < 0)
		return result == -EEXIST ? 1 : result;
	for (int i = 0; i < 100 && feeder.writable_calls == 0 && feeder.import; i++)
		store_dispatch(stepped.store);
	for (int i = 0; i < 1000 && feeder.import && image_import_offset(feeder.import) < claim->size_bytes; i++) {
		uint32_t at = image_import_offset(feeder.import);
		uint32_t left = claim->size_bytes - at;
		(void)image_import_write(feeder.import, data + at, left < 40000 ? left : 40000);
		store_dispatch(stepped.store);
	}
	if (feeder.import)
		image_import_finish(feeder.import);
	for (int i = 0; i < 100 && feeder.done_calls == 0; i++)
		store_dispatch(stepped.store);
	ck_assert_uint_eq(feeder.done_calls, 1);
	return feeder.result;
}

static void expect_complete(const struct image_claim *claim, const uint8_t *data)
{
	const struct stored_image *image = image_cache_find(cache, claim->sha256);

	ck_assert_ptr_nonnull(image);
	ck_assert(image->complete);
	expect_readable(claim->sha256, data, claim->size_bytes);
}

static uint64_t count_changes(const struct image_claim *claim, const uint8_t *data)
{
	begin_world(1);
	fault_vfs_plan(fault, &(struct fault_plan){ .fault = FAULT_NONE });
	ck_assert_int_eq(try_import(claim, data), 0);
	uint64_t changes = fault_vfs_changes(fault);
	end_world();
	return changes;
}

START_TEST(a_power_cut_at_any_change_ends_in_the_whole_image)
{
	struct bytes big = make_image(PAYLOAD);
	struct image_claim claim = claim_of(big.data, big.size);
	uint64_t changes = count_changes(&claim, big.data);
	unsigned resumed = 0;

	ck_assert_uint_gt(changes, 40);
	for (uint64_t change = 1; change <= changes; change++) {
		begin_world(change);
		fault_vfs_plan(fault, &(struct fault_plan){ .fault = FAULT_POWER_CUT, .first = change });
		(void)try_import(&claim, big.data);
		close_gateway();
		stepped_shut(&stepped);
		fault_vfs_restore(fault);
		ck_assert_msg(stepped_try_open(&stepped) == 0, "%s", stepped.why);
		open_gateway();
		const struct stored_image *left = image_cache_find(cache, claim.sha256);
		if (left && left->complete)
			expect_complete(&claim, big.data);
		resumed += left && left->stored_bytes > 0 && !left->complete;
		ck_assert_int_ge(try_import(&claim, big.data), 0);
		expect_complete(&claim, big.data);
		end_world();
	}
	ck_assert_uint_gt(resumed, 0);
	free_image(big);
}
END_TEST

static void fail_at(uint64_t change, enum fault kind, const struct image_claim *claim, const uint8_t *data)
{
	begin_world(change);
	fault_vfs_plan(fault, &(struct fault_plan){ .fault = kind, .first = change, .count = 2 });
	int result = try_import(claim, data);
	ck_assert_msg(result >= 0 || result == -EIO || result == -ENOSPC, "change %d: %d", (int)change, result);
	if (result >= 0)
		expect_complete(claim, data);
	else
		ck_assert_ptr_null(image_cache_find(cache, claim->sha256));
	fault_vfs_plan(fault, &(struct fault_plan){ .fault = FAULT_NONE });
	ck_assert_int_ge(try_import(claim, data), 0);
	expect_complete(claim, data);
	end_world();
}

START_TEST(a_failing_disk_at_any_change_leaves_all_or_nothing)
{
	struct bytes big = make_image(PAYLOAD);
	struct image_claim claim = claim_of(big.data, big.size);
	uint64_t changes = count_changes(&claim, big.data);

	for (uint64_t change = 1; change <= changes; change += 4)
		fail_at(change, FAULT_IO_ERROR, &claim, big.data);
	for (uint64_t change = 3; change <= changes; change += 4)
		fail_at(change, FAULT_NO_SPACE, &claim, big.data);
	free_image(big);
}
END_TEST

TEST_SUITE(image_import_faults, a_power_cut_at_any_change_ends_in_the_whole_image,
	a_failing_disk_at_any_change_leaves_all_or_nothing)
