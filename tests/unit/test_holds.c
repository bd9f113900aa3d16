#include "gateway/holds.h"

#include <errno.h>
#include <string.h>

#include "gateway/log.h"
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

TEST_SUITE(holds, a_hold_survives_a_restart_with_its_reason, what_is_released_stays_so,
	the_emergency_stop_holds_all_and_survives_a_restart, a_hold_gets_another_reason,
	many_nodes_are_held_and_released_in_any_order)
