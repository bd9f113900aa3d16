/* What of rollouts outlives a restart when the disk failed meanwhile. */
#include "gateway/rollouts.h"

#include "store/update_store.h"
#include "tests/sim/fault_vfs.h"
#include "tests/unit/rollouts_stage.h"
#include "tests/unit/suite.h"

static struct fault_vfs *fault;

static void fail_disk(bool fails)
{
	fault_vfs_plan(
		fault, &(struct fault_plan){ fails ? FAULT_IO_ERROR : FAULT_NONE, .first = 1, .count = 1000000 });
}

static struct site *site_on_a_failing_disk(void)
{
	struct site *site = site_open();

	fault = fault_vfs_open("rollouts", 1);
	close_domain(site);
	site->stepped.options.vfs = "rollouts";
	stepped_reopen(&site->stepped);
	open_domain(site);
	live(site, 4);
	return site;
}

static void end(struct site *site)
{
	site_close(site);
	fault_vfs_close(fault);
}

static void create(struct site *site, const char *name, const char *hardware)
{
	struct rollout_plan plan = plan_of(name);

	snprintf(plan.targets.hardware, sizeof(plan.targets.hardware), "%s", hardware);
	ck_assert_int_eq(rollouts_create(site->rollouts, &plan, "operator", site->now), 0);
	live(site, 2);
}

static void intervene(struct site *site, const char *name, enum rollout_event event)
{
	ck_assert_int_eq(rollouts_intervene(site->rollouts, name, event, "operator", site->now), 0);
}

static void count_line(void *context, const struct journal_entry *entry)
{
	++*(unsigned *)context;
}

static void on_counted(void *context, int result)
{
	ck_assert_int_eq(result, 0);
}

static unsigned journal_lines(struct site *site, const char *name)
{
	unsigned lines = 0;
	struct journal_reader reader = { count_line, on_counted, &lines };

	ck_assert_int_eq(store_journal_load(site->stepped.store, name, 100, reader), 0);
	store_dispatch(site->stepped.store);
	return lines;
}

START_TEST(a_step_that_the_store_cannot_take_is_told_once_and_no_other_again)
{
	struct site *site = site_on_a_failing_disk();

	create(site, "spring", "meter-2");
	create(site, "autumn", "meter-3");
	unsigned spring = journal_lines(site, "spring"), autumn = journal_lines(site, "autumn");
	fail_disk(true);
	intervene(site, "spring", ROLLOUT_PAUSE);
	live(site, 5);
	fail_disk(false);
	live(site, 5);
	ck_assert_uint_eq(journal_lines(site, "spring"), spring + 1);
	ck_assert_uint_eq(journal_lines(site, "autumn"), autumn);
	site_restart(site);
	ck_assert_int_eq(state_of(site), ROLLOUT_PAUSED);
	end(site);
}
END_TEST

START_TEST(a_removal_that_the_store_cannot_take_is_tried_until_it_can)
{
	struct site *site = site_on_a_failing_disk();

	create(site, "spring", "meter-2");
	create(site, "autumn", "meter-3");
	intervene(site, "spring", ROLLOUT_ABORT);
	intervene(site, "autumn", ROLLOUT_ABORT);
	live(site, 2);
	fail_disk(true);
	ck_assert_int_eq(rollouts_remove(site->rollouts, "spring"), 0);
	ck_assert_int_eq(rollouts_remove(site->rollouts, "autumn"), 0);
	live(site, 3);
	fail_disk(false);
	create(site, "autumn", "meter-3"); /* another one of that name */
	live(site, 3);
	site_restart(site);
	ck_assert_ptr_null(rollouts_find(site->rollouts, "spring"));
	ck_assert_ptr_nonnull(rollouts_find(site->rollouts, "autumn"));
	ck_assert(rollout_is_open(rollouts_find(site->rollouts, "autumn")));
	end(site);
}
END_TEST

START_TEST(what_is_not_saved_when_it_ends_is_let_go)
{
	struct site *site = site_on_a_failing_disk();

	create(site, "spring", "meter-2");
	intervene(site, "spring", ROLLOUT_ABORT);
	fail_disk(true);
	ck_assert_int_eq(rollouts_remove(site->rollouts, "spring"), 0);
	live(site, 3);
	close_domain(site);
	fail_disk(false);
	stepped_reopen(&site->stepped);
	open_domain(site);
	ck_assert_uint_eq(rollouts_count(site->rollouts), 1);
	end(site);
}
END_TEST

TEST_SUITE(rollouts_kept, a_step_that_the_store_cannot_take_is_told_once_and_no_other_again,
	a_removal_that_the_store_cannot_take_is_tried_until_it_can, what_is_not_saved_when_it_ends_is_let_go)
