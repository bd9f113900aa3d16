/* On a disk that fails, and is full, when the test says so. */
#include "gateway/node_removals.h"

#include <errno.h>
#include <string.h>

#include "drivers/driver.h"
#include "drivers/image_source.h"
#include "gateway/control.h"
#include "gateway/control_nodes.h"
#include "gateway/log.h"
#include "gateway/nodes.h"
#include "gateway/random.h"
#include "gateway/schedule.h"
#include "gateway/updates.h"
#include "store/update_store.h"
#include "tests/sim/fault_vfs.h"
#include "tests/unit/stepped_store.h"
#include "tests/unit/suite.h"

static struct stepped_store stepped;
static struct fault_vfs *fault;
static struct random chance;
static struct nodes *nodes;
static struct updates *updates;
static struct node_removals *removals;
static const uint8_t image[32] = { 7 };
static struct moment now = { .monotonic_ms = 1000, .wall_ms = 1790000000000 };

static struct image_source *on_image(void *context, const uint8_t sha256[32], const char **hardware)
{
	static struct image_source source = { .name = "image", .size_bytes = 1000 };

	return &source;
}

static int on_offer(void *context, const struct node *node, const struct driver_offer *offer)
{
	return 0;
}

static void on_withdraw(void *context, const struct node *node)
{
}

static void open_domain(void)
{
	static const struct nodes_settings settings = { .most = 100, .flush_interval_ms = 1000, .missed_wakes = 2 };
	static const struct update_settings update_settings = { .attempts = 3, .deadline_ms = 86400000 };
	struct updates_parts parts = { .store = stepped.store,
		.random = &chance,
		.settings = &update_settings,
		.port = { NULL, on_image, on_offer, on_withdraw, NULL, NULL } };

	ck_assert_int_eq(nodes_open(&nodes, stepped.store, &settings), 0);
	parts.nodes = nodes;
	ck_assert_int_eq(updates_open(&updates, &parts, now), 0);
	removals = node_removals_open(stepped.store, nodes, updates);
	ck_assert_ptr_nonnull(removals);
}

static void close_domain(void)
{
	stepped_shut(&stepped);
	node_removals_close(removals);
	updates_close(updates);
	nodes_close(nodes);
}

static void restart(void)
{
	close_domain();
	stepped_reopen(&stepped);
	open_domain();
}

static void order(const char *id)
{
	struct update_order order = { .node = nodes_find(nodes, id), .by = "operator" };

	memcpy(order.sha256, image, sizeof(order.sha256));
	ck_assert_int_eq(updates_order(updates, &order, now), 0);
}

/* Two nodes with an update each, durable. */
static void begin(void)
{
	struct node *node;

	log_set_level(LOG_LEVEL_ERROR);
	fault = fault_vfs_open("removals", 1);
	stepped_make_directory(&stepped);
	stepped.options.vfs = "removals";
	ck_assert_int_eq(stepped_try_open(&stepped), 0);
	random_init(&chance, 1);
	open_domain();
	ck_assert_int_eq(nodes_add(nodes, "n1", "coap", now, &node), 0);
	ck_assert_int_eq(nodes_add(nodes, "n2", "coap", now, &node), 0);
	order("n1");
	order("n2");
	store_dispatch(stepped.store);
}

static void end(void)
{
	close_domain();
	stepped_close(&stepped);
	fault_vfs_close(fault);
}

/* Nothing more is written to the disk, until it works again. */
static void fail_disk(enum fault kind)
{
	fault_vfs_plan(fault, &(struct fault_plan){ kind, .first = 1, .count = 1000000 });
}

static void pass_time(void)
{
	for (int i = 0; i < 5; i++) {
		now.monotonic_ms += 1000;
		now.wall_ms += 1000;
		(void)node_removals_tick(removals);
		(void)nodes_tick(nodes, now);
		(void)updates_tick(updates, now);
		store_dispatch(stepped.store);
	}
}

/* What the store said first. */
static int remove_node(const char *id)
{
	struct outcome outcome;
	struct store_reply told = outcome_reply(&outcome);

	ck_assert_int_eq(node_removals_remove(removals, nodes_find(nodes, id), "operator", told, now), 0);
	ck_assert_ptr_null(nodes_find(nodes, id));
	ck_assert_ptr_null(updates_find(updates, id));
	return outcome_of(&stepped, &outcome);
}

static void count_removed(void *context, const struct journal_entry *entry)
{
	*(int *)context += strcmp(entry->event, "node.removed") == 0;
}

static void see_end(void *context, int result)
{
	ck_assert_int_eq(result, 0);
}

/* That `id` is known neither here nor in the store, whose journal tells of it once. */
static void ck_gone_for_good(const char *id)
{
	int removed = 0;

	restart();
	ck_assert_ptr_null(nodes_find(nodes, id));
	ck_assert_ptr_null(updates_find(updates, id));
	struct journal_reader reader = { count_removed, see_end, &removed };
	ck_assert_int_eq(store_journal_load(stepped.store, id, 100, reader), 0);
	store_dispatch(stepped.store);
	ck_assert_int_eq(removed, 1);
}

START_TEST(a_removed_node_stays_away_with_its_update)
{
	begin();
	ck_assert_int_eq(remove_node("n1"), 0);
	ck_gone_for_good("n1");
	ck_assert_ptr_nonnull(nodes_find(nodes, "n2"));
	ck_assert_ptr_nonnull(updates_find(updates, "n2"));
	end();
}
END_TEST

START_TEST(what_the_disk_refuses_is_told_and_tried_until_it_is_done)
{
	begin();
	fail_disk(FAULT_IO_ERROR);
	ck_assert_int_eq(remove_node("n1"), -EIO);
	pass_time();
	fail_disk(FAULT_NONE);
	pass_time();
	ck_gone_for_good("n1");
	end();
}
END_TEST

static struct moment on_clock(void *context)
{
	return now;
}

static int on_reply(void *context, const char *json, size_t size, bool last)
{
	snprintf(context, 512, "%.*s", (int)size, json);
	return 0;
}

START_TEST(the_operator_is_told_what_the_disk_refuses)
{
	static const struct schedule_settings schedule = { .interval_ms = 900000 };
	static const char ask[] = "{\"command\":\"node.remove\",\"node\":\"n1\"}";
	const struct clock clock = { on_clock, NULL };
	char reply[512] = "";
	const struct control_asker asker = { "operator", false, on_reply, reply };
	struct control *control = control_open();

	begin();
	struct control_nodes parts = { .clock = &clock,
		.store = stepped.store,
		.nodes = nodes,
		.updates = updates,
		.removals = removals,
		.schedule = &schedule };
	ck_assert_int_eq(control_nodes_register(control, &parts), 0);
	fail_disk(FAULT_IO_ERROR);
	ck_assert_ptr_nonnull(control_dispatch(control, &asker, ask, strlen(ask), NULL));
	ck_assert_str_eq(reply, "");
	store_dispatch(stepped.store);
	ck_assert_msg(strstr(reply, "\"ok\":false") && strstr(reply, "the disk refuses that"), "%s", reply);
	fail_disk(FAULT_NONE);
	control_close(control);
	end();
}
END_TEST

START_TEST(on_a_full_disk_a_restart_brings_back_what_was_told_to_be_refused)
{
	struct node *node;
	char id[8];

	begin();
	fail_disk(FAULT_NO_SPACE);
	/* What still has room goes through. */
	for (int i = 0; i < 50; i++) {
		snprintf(id, sizeof(id), "m%d", i);
		ck_assert_int_eq(nodes_add(nodes, id, "coap", now, &node), 0);
		store_dispatch(stepped.store);
	}
	ck_assert_int_eq(remove_node("n1"), -ENOSPC);
	restart();
	ck_assert_ptr_nonnull(nodes_find(nodes, "n1"));
	end();
}
END_TEST

START_TEST(a_node_that_joined_anew_meanwhile_stays_and_has_no_former_update)
{
	struct node *node;

	begin();
	fail_disk(FAULT_IO_ERROR);
	ck_assert_int_lt(remove_node("n1"), 0);
	ck_assert_int_lt(remove_node("n2"), 0);
	ck_assert_int_eq(nodes_add(nodes, "n1", "mqtt", now, &node), 0);
	ck_assert_int_eq(nodes_add(nodes, "n2", "mqtt", now, &node), 0);
	order("n2");
	pass_time();
	fail_disk(FAULT_NONE);
	pass_time();
	restart();
	ck_assert_str_eq(nodes_find(nodes, "n1")->record.driver, "mqtt");
	ck_assert_ptr_null(updates_find(updates, "n1"));
	ck_assert_ptr_nonnull(updates_find(updates, "n2"));
	end();
}
END_TEST

TEST_SUITE(node_removals, a_removed_node_stays_away_with_its_update,
	what_the_disk_refuses_is_told_and_tried_until_it_is_done, the_operator_is_told_what_the_disk_refuses,
	on_a_full_disk_a_restart_brings_back_what_was_told_to_be_refused,
	a_node_that_joined_anew_meanwhile_stays_and_has_no_former_update)
