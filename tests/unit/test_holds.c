#include "gateway/holds.h"

#include <errno.h>
#include <string.h>

#include "gateway/log.h"
#include "store/update_store.h"
#include "tests/sim/fault_vfs.h"
#include "tests/unit/stepped_store.h"
#include "tests/unit/suite.h"

static struct stepped_store stepped;
static struct holds *holds;
static const struct moment now = { .wall_ms = 1790000000000 };

static void open_all(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	stepped_open(&stepped);
	ck_assert_int_eq(holds_open(&holds, stepped.store), 0);
}

static void restart(void)
{
	stepped_shut(&stepped);
	holds_close(holds);
	stepped_reopen(&stepped);
	ck_assert_int_eq(holds_open(&holds, stepped.store), 0);
}

static void close_all(void)
{
	stepped_shut(&stepped);
	holds_close(holds);
	stepped_close(&stepped);
}

static void hold(const char *node, const char *reason)
{
	ck_assert_int_eq(holds_set(holds, &(struct hold_order){ node, reason, "operator" }, now), 0);
}

START_TEST(a_hold_survives_a_restart_with_its_reason)
{
	open_all();
	hold("n1", "being calibrated");
	hold("n2", NULL);
	restart();
	const struct stored_hold *found = holds_on(holds, "n1");
	ck_assert_ptr_nonnull(found);
	ck_assert_str_eq(found->reason, "being calibrated");
	ck_assert_str_eq(found->by, "operator");
	ck_assert_int_eq(found->at_ms, now.wall_ms);
	ck_assert_uint_eq(holds_count(holds), 2);
	ck_assert_ptr_null(holds_on(holds, "n3"));
	close_all();
}
END_TEST

START_TEST(what_is_released_stays_so)
{
	open_all();
	hold("n1", NULL);
	hold("n2", NULL);
	hold("n3", NULL);
	ck_assert_int_eq(holds_release(holds, "n1", "operator", now), 0);
	ck_assert_int_eq(holds_release(holds, "n1", "operator", now), -ENOENT);
	for (int i = 0; i < 2; i++) {
		ck_assert_ptr_null(holds_on(holds, "n1"));
		ck_assert_ptr_nonnull(holds_on(holds, "n2"));
		ck_assert_ptr_nonnull(holds_on(holds, "n3"));
		ck_assert_uint_eq(holds_count(holds), 2);
		restart();
	}
	close_all();
}
END_TEST

START_TEST(the_emergency_stop_holds_all_and_survives_a_restart)
{
	open_all();
	hold("n1", NULL);
	hold(HOLD_ALL, "bad release");
	restart();
	ck_assert_ptr_nonnull(holds_on_all(holds));
	ck_assert_str_eq(holds_on(holds, "any")->reason, "bad release");
	ck_assert_uint_eq(holds_count(holds), 1); /* of single nodes */
	ck_assert_int_eq(holds_release(holds, HOLD_ALL, "operator", now), 0);
	ck_assert_int_eq(holds_release(holds, HOLD_ALL, "operator", now), -ENOENT);
	restart();
	ck_assert_ptr_null(holds_on_all(holds));
	ck_assert_ptr_null(holds_on(holds, "any"));
	ck_assert_ptr_nonnull(holds_on(holds, "n1"));
	close_all();
}
END_TEST

START_TEST(a_hold_gets_another_reason)
{
	open_all();
	hold("n1", "one");
	hold("n1", "two");
	restart();
	ck_assert_str_eq(holds_on(holds, "n1")->reason, "two");
	ck_assert_uint_eq(holds_count(holds), 1);
	close_all();
}
END_TEST

START_TEST(many_nodes_are_held_and_released_in_any_order)
{
	char id[16];

	open_all();
	for (int i = 0; i < 500; i++) {
		snprintf(id, sizeof(id), "n%03d", i);
		hold(id, NULL);
		store_dispatch(stepped.store);
	}
	for (int i = 0; i < 500; i += 3) {
		snprintf(id, sizeof(id), "n%03d", i);
		ck_assert_int_eq(holds_release(holds, id, "operator", now), 0);
		store_dispatch(stepped.store);
	}
	for (int i = 0; i < 500; i++) {
		snprintf(id, sizeof(id), "n%03d", i);
		ck_assert((holds_on(holds, id) == NULL) == (i % 3 == 0));
	}
	ck_assert_uint_eq(holds_count(holds), 333);
	close_all();
}
END_TEST

/* Nothing more is written to the disk, until it works again. */
static void fail_disk(struct fault_vfs *fault, bool fails)
{
	fault_vfs_plan(
		fault, &(struct fault_plan){ fails ? FAULT_IO_ERROR : FAULT_NONE, .first = 1, .count = 1000000 });
}

static struct fault_vfs *open_all_on_a_failing_disk(void)
{
	struct fault_vfs *fault = fault_vfs_open("holds", 1);

	log_set_level(LOG_LEVEL_ERROR);
	stepped_make_directory(&stepped);
	stepped.options.vfs = "holds";
	ck_assert_int_eq(stepped_try_open(&stepped), 0);
	ck_assert_int_eq(holds_open(&holds, stepped.store), 0);
	return fault;
}

static void pass_time(void)
{
	for (int i = 0; i < 5; i++) {
		(void)holds_tick(holds);
		store_dispatch(stepped.store);
	}
}

static void see_line(void *context, const struct journal_entry *entry)
{
	char *told = context;
	size_t size = strlen(told);

	snprintf(told + size, 256 - size, "%s %s; ", entry->subject, entry->event);
}

static void see_end(void *context, int result)
{
	ck_assert_int_eq(result, 0);
}

/* All that the journal has, newest first. */
static const char *journal(void)
{
	static char told[256];
	struct journal_reader reader = { see_line, see_end, told };

	told[0] = '\0';
	ck_assert_int_eq(store_journal_load(stepped.store, NULL, 100, reader), 0);
	store_dispatch(stepped.store);
	return told;
}

START_TEST(what_the_store_cannot_take_is_tried_until_it_can)
{
	struct fault_vfs *fault = open_all_on_a_failing_disk();

	hold("n1", "kept before");
	store_dispatch(stepped.store);
	fail_disk(fault, true);
	hold("n2", NULL);
	hold(HOLD_ALL, "bad release");
	ck_assert_int_eq(holds_release(holds, "n1", "operator", now), 0);
	pass_time();
	fail_disk(fault, false);
	pass_time();
	restart();
	ck_assert_uint_eq(holds_count(holds), 1);
	ck_assert_str_eq(holds_at(holds, 0)->node, "n2");
	ck_assert_ptr_nonnull(holds_on_all(holds));
	ck_assert_str_eq(journal(), "n1 node.released; updates updates.halted; n2 node.held; n1 node.held; ");
	close_all();
	fault_vfs_close(fault);
}
END_TEST

START_TEST(the_last_word_counts_where_the_store_could_take_none)
{
	struct fault_vfs *fault = open_all_on_a_failing_disk();

	hold("n1", "kept before");
	store_dispatch(stepped.store);
	fail_disk(fault, true);
	ck_assert_int_eq(holds_release(holds, "n1", "operator", now), 0);
	pass_time();
	hold("n1", "after all");
	hold(HOLD_ALL, "bad release");
	pass_time();
	ck_assert_int_eq(holds_release(holds, HOLD_ALL, "operator", now), 0);
	fail_disk(fault, false);
	pass_time();
	restart();
	ck_assert_str_eq(holds_on(holds, "n1")->reason, "after all");
	ck_assert_ptr_null(holds_on_all(holds));
	close_all();
	fault_vfs_close(fault);
}
END_TEST

TEST_SUITE(holds, what_the_store_cannot_take_is_tried_until_it_can,
	the_last_word_counts_where_the_store_could_take_none, a_hold_survives_a_restart_with_its_reason,
	what_is_released_stays_so, the_emergency_stop_holds_all_and_survives_a_restart, a_hold_gets_another_reason,
	many_nodes_are_held_and_released_in_any_order)
