/* The way of the readings where its start, or the disk, fails. */
#include "gateway/reading_flow.h"

#include "gateway/boot_clock.h"
#include "gateway/clock.h"
#include "gateway/labels.h"
#include "gateway/log.h"
#include "gateway/rule_settings.h"
#include "gateway/telemetry_settings.h"
#include "tests/sim/fault_vfs.h"
#include "tests/unit/stepped_store.h"
#include "tests/unit/suite.h"

#define CHANGES 60

static const struct telemetry_settings settings = { .quota_bytes = 1 << 20,
	.retry_after_ms = 60000,
	.commit_delay_ms = 250,
	.batch_count = 100,
	.batch_bytes = 16384,
	.format = BATCH_COLUMNS,
	.window = 4 };
static const struct rules_settings rules = { .series = 1000, .window_bytes = 1 << 20 };
static const struct labels_settings labels;

static struct reading_flow_parts parts_on(struct store *store)
{
	return (struct reading_flow_parts){ .store = store,
		.settings = &settings,
		.rules = &rules,
		.labels = &labels,
		.gateway = "gw",
		.topic = "telemetry/gw",
		.boot = 1,
		.journal_name = 7,
		.seed = 7 };
}

/* The power goes at that change to the files; true if the start failed for it. */
static bool start_fails_at(uint64_t change)
{
	struct moment now = { .monotonic_ms = 1000, .wall_ms = INT64_C(1790000000000) };
	struct fault_vfs *fault = fault_vfs_open("reading-flow", change);
	struct reading_flow *flow = NULL;
	struct stepped_store stepped;

	stepped_make_directory(&stepped);
	stepped.options.vfs = "reading-flow";
	ck_assert_int_eq(stepped_try_open(&stepped), 0);
	fault_vfs_plan(fault, &(struct fault_plan){ .fault = FAULT_POWER_CUT, .first = change });
	const struct reading_flow_parts parts = parts_on(stepped.store);
	bool failed = reading_flow_open(&flow, &parts, now) < 0;
	reading_flow_flush(flow, now);
	stepped_shut(&stepped);
	reading_flow_refuse_rest(flow);
	reading_flow_close(flow);
	stepped_close(&stepped);
	fault_vfs_close(fault);
	return failed;
}

START_TEST(a_start_that_fails_at_any_change_is_closed_after_the_store)
{
	unsigned failed = 0;

	log_set_level(LOG_LEVEL_ERROR);
	for (uint64_t change = 1; change <= CHANGES; change++)
		failed += start_fails_at(change);
	ck_assert_uint_gt(failed, 0);
}
END_TEST

static struct reading_flow *flow_on(struct store *store, struct moment now)
{
	const struct reading_flow_parts parts = parts_on(store);
	struct reading_flow *flow = NULL;

	ck_assert_int_eq(reading_flow_open(&flow, &parts, now), 0);
	return flow;
}

START_TEST(what_the_clock_was_set_by_is_kept_once_the_disk_works_again)
{
	struct moment now = { .monotonic_ms = 1000, .wall_ms = 20000 };
	struct clock_jump jump = { .from_ms = 80000, .to_ms = INT64_C(1790000000000) };
	struct fault_vfs *fault = fault_vfs_open("kept-clock", 1);
	struct stepped_store stepped;
	struct boot_clock kept;

	log_set_level(LOG_LEVEL_ERROR);
	stepped_make_directory(&stepped);
	stepped.options.vfs = "kept-clock";
	ck_assert_int_eq(stepped_try_open(&stepped), 0);
	struct reading_flow *flow = flow_on(stepped.store, now);
	store_dispatch(stepped.store);
	fault_vfs_plan(fault, &(struct fault_plan){ .fault = FAULT_IO_ERROR, .first = 1, .count = 1000 });
	now = (struct moment){ .monotonic_ms = 61000, .wall_ms = jump.to_ms };
	reading_flow_follow_clock(flow, &jump, now);
	store_dispatch(stepped.store);
	fault_vfs_plan(fault, &(struct fault_plan){ .fault = FAULT_NONE });
	now.monotonic_ms += 5000;
	(void)reading_flow_tick(flow, now);
	store_dispatch(stepped.store);
	ck_assert_int_eq(store_setting_get(stepped.store, "clock.boot", &kept, sizeof(kept)), sizeof(kept));
	ck_assert_uint_eq(kept.count, 1);
	ck_assert_int_eq(kept.jumps[0].to_ms, jump.to_ms);
	stepped_shut(&stepped);
	reading_flow_close(flow);
	stepped_close(&stepped);
	fault_vfs_close(fault);
}
END_TEST

TEST_SUITE(reading_flow, a_start_that_fails_at_any_change_is_closed_after_the_store,
	what_the_clock_was_set_by_is_kept_once_the_disk_works_again)
