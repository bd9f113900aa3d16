#include "gateway/nodes.h"

#include <errno.h>
#include <string.h>

#include "drivers/driver.h"
#include "gateway/clock.h"
#include "tests/unit/scratch_store.h"
#include "tests/unit/suite.h"

#define INTERVAL_MS 900000

static const struct nodes_settings options = { .most = 100, .flush_interval_ms = 300000, .missed_wakes = 2 };
static const struct moment start = { .monotonic_ms = 1000, .wall_ms = 1790000000000 };

static struct node_contact check_in_of(const char *id)
{
	return (struct node_contact){
		.node = id,
		.reports = true,
		.hardware = "meter-2",
		.version = "1.0.0",
		.image = { 1, 2, 3, 4, 5, 6, 7, 8 },
		.image_size = 8,
		.battery_percent = 90,
		.bytes_in = 40,
		.bytes_out = 20,
	};
}

static void remove_stored(struct scratch_store *scratch, const char *id)
{
	struct node_removal removal = { 0 };

	strncpy(removal.id, id, sizeof(removal.id) - 1);
	ck_assert_int_eq(store_node_remove(scratch->store, &removal, NULL, (struct store_reply){ 0 }), 0);
}

START_TEST(a_node_joins_once_and_outlives_a_restart)
{
	struct scratch_store scratch;
	struct nodes *nodes;
	struct node *node, *again;
	struct node_contact contact = check_in_of("node-1");

	scratch_store_open(&scratch);
	ck_assert_int_eq(nodes_open(&nodes, scratch.store, &options), 0);
	ck_assert_int_eq(nodes_contact(nodes, "coap", &contact, start, &node), 0);
	ck_assert_int_eq(nodes_contact(nodes, "coap", &contact, start, &again), 0);
	ck_assert_ptr_eq(node, again);
	ck_assert_uint_eq(nodes_count(nodes), 1);
	nodes_flush(nodes);
	scratch_store_shut(&scratch);
	nodes_close(nodes);

	scratch_store_start(&scratch);
	ck_assert_int_eq(nodes_open(&nodes, scratch.store, &options), 0);
	node = nodes_find(nodes, "node-1");
	ck_assert_ptr_nonnull(node);
	ck_assert_str_eq(node->record.hardware, "meter-2");
	ck_assert_str_eq(node->record.version, "1.0.0");
	ck_assert_str_eq(node->record.driver, "coap");
	ck_assert_uint_eq(node->record.image_size, 8);
	ck_assert_int_eq(node->record.battery_percent, 90);
	ck_assert_uint_eq(node->record.contacts, 2);
	ck_assert_uint_eq(node->record.bytes_in, 80);
	ck_assert_int_eq(node->record.last_seen_ms, start.wall_ms);
	scratch_store_close(&scratch);
	nodes_close(nodes);
}
END_TEST

START_TEST(what_a_node_runs_is_saved_at_once_and_counters_with_the_flush)
{
	struct scratch_store scratch;
	struct nodes *nodes;
	struct node *node;
	struct node_contact contact = check_in_of("node-1");

	scratch_store_open(&scratch);
	ck_assert_int_eq(nodes_open(&nodes, scratch.store, &options), 0);
	ck_assert_int_eq(nodes_contact(nodes, "coap", &contact, start, &node), 0);
	scratch_store_settle(&scratch);
	ck_assert(!node->dirty);
	ck_assert_int_eq(nodes_contact(nodes, "coap", &contact, start, &node), 0);
	scratch_store_settle(&scratch);
	ck_assert(node->dirty);

	struct moment later = start;
	ck_assert_int_eq(nodes_tick(nodes, later), options.flush_interval_ms);
	later.monotonic_ms += options.flush_interval_ms;
	nodes_tick(nodes, later);
	ck_assert(!node->dirty);
	scratch_store_close(&scratch);
	nodes_close(nodes);
}
END_TEST

static uint64_t queued(const struct scratch_store *scratch)
{
	struct store_figures figures;

	store_figures(scratch->store, &figures);
	return figures.queued;
}

START_TEST(a_crowd_that_joins_during_a_save_goes_with_the_next)
{
	struct scratch_store scratch;
	struct nodes *nodes;
	struct node *node;
	struct node_contact contact = check_in_of("");
	char id[8];

	scratch_store_open(&scratch);
	ck_assert_int_eq(nodes_open(&nodes, scratch.store, &options), 0);
	for (int i = 0; i < 100; i++) {
		snprintf(id, sizeof(id), "n%d", i);
		contact.node = id;
		ck_assert_int_eq(nodes_contact(nodes, "coap", &contact, start, &node), 0);
	}
	ck_assert_uint_le(queued(&scratch), 1);
	nodes_remove(nodes, nodes_find(nodes, "n0"));
	nodes_remove(nodes, nodes_find(nodes, "n50"));
	remove_stored(&scratch, "n0");
	remove_stored(&scratch, "n50");
	scratch_store_settle(&scratch);
	for (size_t i = 0; i < nodes_count(nodes); i++)
		ck_assert(!nodes_at(nodes, i)->dirty);
	scratch_store_shut(&scratch);
	nodes_close(nodes);

	scratch_store_start(&scratch);
	ck_assert_int_eq(nodes_open(&nodes, scratch.store, &options), 0);
	ck_assert_uint_eq(nodes_count(nodes), 98);
	ck_assert_ptr_null(nodes_find(nodes, "n50"));
	ck_assert_str_eq(nodes_find(nodes, "n99")->record.hardware, "meter-2");
	scratch_store_close(&scratch);
	nodes_close(nodes);
}
END_TEST

START_TEST(a_node_can_be_added_before_it_is_heard_of)
{
	struct scratch_store scratch;
	struct nodes *nodes;
	struct node *added, *node;
	struct node_contact contact = check_in_of("node-1");

	scratch_store_open(&scratch);
	ck_assert_int_eq(nodes_open(&nodes, scratch.store, &options), 0);
	ck_assert_int_eq(nodes_add(nodes, "node-1", "coap", start, &added), 0);
	ck_assert_int_eq(nodes_add(nodes, "node-1", "coap", start, &node), -EEXIST);
	ck_assert_int_eq(nodes_contact(nodes, "coap", &contact, start, &node), 0);
	ck_assert_ptr_eq(node, added);
	scratch_store_close(&scratch);
	nodes_close(nodes);
}
END_TEST

START_TEST(what_is_no_identity_is_refused)
{
	const char *const bad[] = { "", "a b", "a/b", "a\"b", "a\\b", "a\nb", "\xc3\xa4",
		"0123456789012345678901234567890123456789012345678901234567890123x" };
	struct scratch_store scratch;
	struct nodes *nodes;
	struct node *node;

	scratch_store_open(&scratch);
	ck_assert_int_eq(nodes_open(&nodes, scratch.store, &options), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct node_contact contact = check_in_of(bad[i]);
		ck_assert_int_eq(nodes_contact(nodes, "coap", &contact, start, &node), -EINVAL);
	}
	ck_assert_uint_eq(nodes_count(nodes), 0);
	scratch_store_close(&scratch);
	nodes_close(nodes);
}
END_TEST

START_TEST(a_full_registry_takes_nobody_and_a_removal_frees_place_and_rank)
{
	struct scratch_store scratch;
	struct nodes *nodes;
	struct node *node;
	char id[16];

	scratch_store_open(&scratch);
	ck_assert_int_eq(nodes_open(&nodes, scratch.store, &options), 0);
	for (int i = 0; i < options.most; i++) {
		snprintf(id, sizeof(id), "node-%d", i);
		ck_assert_int_eq(nodes_add(nodes, id, "coap", start, &node), 0);
		ck_assert_uint_eq(node->record.rank, (uint32_t)i);
	}
	ck_assert_int_eq(nodes_add(nodes, "one-more", "coap", start, &node), -ENOBUFS);
	nodes_remove(nodes, nodes_find(nodes, "node-17"));
	ck_assert_ptr_null(nodes_find(nodes, "node-17"));
	ck_assert_int_eq(nodes_add(nodes, "one-more", "coap", start, &node), 0);
	ck_assert_uint_eq(node->record.rank, 17);
	scratch_store_close(&scratch);
	nodes_close(nodes);
}
END_TEST

/* Whom the registry expects next is a guess, also where that one is gone or another has its place. */
START_TEST(nodes_are_found_in_any_order_while_others_come_and_go)
{
	struct scratch_store scratch;
	struct nodes *nodes;
	struct node *node;
	bool there[50] = { false };
	uint32_t seed = 7;
	char id[16];

	scratch_store_open(&scratch);
	ck_assert_int_eq(nodes_open(&nodes, scratch.store, &options), 0);
	for (int turn = 0; turn < 5000; turn++) {
		seed = seed * 1664525 + 1013904223;
		size_t i = turn % 100 < 80 ? (size_t)turn % 50 : (seed >> 8) % 50;

		snprintf(id, sizeof(id), "node-%zu", i);
		node = nodes_find(nodes, id);
		ck_assert_int_eq(node != NULL, there[i]);
		if (node)
			ck_assert_str_eq(node->id, id);
		if (turn % 100 < 80)
			continue;
		if (node)
			nodes_remove(nodes, node);
		else
			ck_assert_int_eq(nodes_add(nodes, id, "coap", start, &node), 0);
		there[i] = !there[i];
	}
	scratch_store_close(&scratch);
	nodes_close(nodes);
}
END_TEST

START_TEST(slots_of_lost_nodes_are_filled)
{
	struct scratch_store scratch;
	struct nodes *nodes;
	struct node *node;
	char id[16];
	struct moment later = { start.monotonic_ms, start.wall_ms + 11 * INTERVAL_MS };

	scratch_store_open(&scratch);
	ck_assert_int_eq(nodes_open(&nodes, scratch.store, &options), 0);
	for (int i = 0; i < 100; i++) {
		snprintf(id, sizeof(id), "node-%d", i);
		ck_assert_int_eq(nodes_add(nodes, id, "coap", start, &node), 0);
		node->record.contacts = i < 98; /* the last two have never called */
		node->record.next_contact_ms = i % 2 ? start.wall_ms : later.wall_ms;
		if (i == 98)
			node->record.first_seen_ms = later.wall_ms;
	}
	nodes_release_lost(nodes, INTERVAL_MS, later);
	for (int i = 0; i < 100; i++) {
		node = nodes_at(nodes, (size_t)i);
		ck_assert(i % 2 == (node->record.rank == NODES_NO_RANK));
		if (i % 2 == 0)
			nodes_settle_rank(nodes, node);
		ck_assert(node->record.rank == NODES_NO_RANK || node->record.rank < 50);
	}
	node = nodes_find(nodes, "node-1");
	nodes_settle_rank(nodes, node);
	ck_assert_uint_eq(node->record.rank, 50);
	scratch_store_close(&scratch);
	nodes_close(nodes);
}
END_TEST

START_TEST(ranks_outlive_a_restart)
{
	struct scratch_store scratch;
	struct nodes *nodes;
	struct node *node;

	scratch_store_open(&scratch);
	ck_assert_int_eq(nodes_open(&nodes, scratch.store, &options), 0);
	ck_assert_int_eq(nodes_add(nodes, "a", "coap", start, &node), 0);
	ck_assert_int_eq(nodes_add(nodes, "b", "coap", start, &node), 0);
	nodes_remove(nodes, nodes_find(nodes, "a"));
	remove_stored(&scratch, "a");
	node->record.rhythm = (struct rhythm){ .period_ms = 5000, .drift = -7 };
	nodes_changed(nodes, node, false);
	nodes_flush(nodes);
	scratch_store_shut(&scratch);
	nodes_close(nodes);

	scratch_store_start(&scratch);
	ck_assert_int_eq(nodes_open(&nodes, scratch.store, &options), 0);
	ck_assert_uint_eq(nodes_find(nodes, "b")->record.rank, 1);
	ck_assert_uint_eq(nodes_find(nodes, "b")->record.rhythm.period_ms, 5000);
	ck_assert_int_eq(nodes_find(nodes, "b")->record.rhythm.drift, -7);
	ck_assert_int_eq(nodes_add(nodes, "c", "coap", start, &node), 0);
	ck_assert_uint_eq(node->record.rank, 0);
	scratch_store_close(&scratch);
	nodes_close(nodes);
}
END_TEST

START_TEST(missed_slots_are_counted_and_two_are_forgiven)
{
	struct scratch_store scratch;
	struct nodes *nodes;
	struct node *node;
	struct moment now = start;

	scratch_store_open(&scratch);
	ck_assert_int_eq(nodes_open(&nodes, scratch.store, &options), 0);
	ck_assert_int_eq(nodes_add(nodes, "a", "coap", start, &node), 0);
	ck_assert_uint_eq(node_missed(node, INTERVAL_MS, now), 0);
	node->record.next_contact_ms = start.wall_ms;
	for (uint32_t missed = 0; missed < 5; missed++) {
		now.wall_ms = start.wall_ms + (int64_t)missed * INTERVAL_MS + 1000;
		ck_assert_uint_eq(node_missed(node, INTERVAL_MS, now), missed);
		ck_assert_int_eq(nodes_is_silent(nodes, node, INTERVAL_MS, now), missed > 2);
	}
	scratch_store_close(&scratch);
	nodes_close(nodes);
}
END_TEST

START_TEST(a_node_that_fetches_an_image_misses_no_slot)
{
	struct scratch_store scratch;
	struct nodes *nodes;
	struct node *node;
	struct moment now = start;

	scratch_store_open(&scratch);
	ck_assert_int_eq(nodes_open(&nodes, scratch.store, &options), 0);
	ck_assert_int_eq(nodes_add(nodes, "n1", "coap", now, &node), 0);
	node->record.next_contact_ms = now.wall_ms;
	now.wall_ms += 10 * INTERVAL_MS;
	nodes_heard(nodes, node, now);
	ck_assert_int_eq(node->record.last_seen_ms, now.wall_ms);
	ck_assert_uint_eq(node_missed(node, INTERVAL_MS, now), 0);
	now.wall_ms += INTERVAL_MS;
	ck_assert_uint_eq(node_missed(node, INTERVAL_MS, now), 1);
	scratch_store_close(&scratch);
	nodes_close(nodes);
}
END_TEST

START_TEST(a_clock_that_is_set_makes_nobody_miss_slots)
{
	struct scratch_store scratch;
	struct nodes *nodes;
	struct node *node;
	struct node_contact contact = check_in_of("node-1");
	struct clock_jump jump = { .from_ms = start.wall_ms, .to_ms = start.wall_ms + 400 * INTERVAL_MS };
	struct moment now = { .monotonic_ms = start.monotonic_ms, .wall_ms = jump.to_ms };

	scratch_store_open(&scratch);
	ck_assert_int_eq(nodes_open(&nodes, scratch.store, &options), 0);
	ck_assert_int_eq(nodes_contact(nodes, "coap", &contact, start, &node), 0);
	node->record.next_contact_ms = start.wall_ms + INTERVAL_MS;
	nodes_follow_clock(nodes, &jump);
	ck_assert_uint_eq(node_missed(node, INTERVAL_MS, now), 0);
	ck_assert_int_eq(node->record.next_contact_ms, now.wall_ms + INTERVAL_MS);
	ck_assert_int_eq(node->record.last_seen_ms, now.wall_ms);
	nodes_flush(nodes);
	scratch_store_close(&scratch);
	nodes_close(nodes);
}
END_TEST

TEST_SUITE(nodes, a_node_joins_once_and_outlives_a_restart,
	what_a_node_runs_is_saved_at_once_and_counters_with_the_flush,
	a_crowd_that_joins_during_a_save_goes_with_the_next, a_node_can_be_added_before_it_is_heard_of,
	what_is_no_identity_is_refused, a_full_registry_takes_nobody_and_a_removal_frees_place_and_rank,
	nodes_are_found_in_any_order_while_others_come_and_go, slots_of_lost_nodes_are_filled, ranks_outlive_a_restart,
	missed_slots_are_counted_and_two_are_forgiven, a_node_that_fetches_an_image_misses_no_slot,
	a_clock_that_is_set_makes_nobody_miss_slots)
