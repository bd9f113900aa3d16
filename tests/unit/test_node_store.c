#include "store/node_store.h"

#include <errno.h>

#include "tests/unit/stepped_store.h"
#include "tests/unit/suite.h"

static struct stored_node make_node(const char *id)
{
	struct stored_node node = { .driver = "coap",
		.hardware = "esp32",
		.version = "2.0",
		.image = { 1, 2, 3, 4 },
		.image_size = 4,
		.battery_percent = -1,
		.signal_dbm = -90,
		.rank = 7,
		.first_seen_ms = 1,
		.last_seen_ms = 2,
		.next_contact_ms = 3,
		.contacts = UINT64_MAX,
		.drops = 5,
		.readings = 6,
		.bytes_in = 7,
		.bytes_out = 8 };

	strcpy(node.id, id);
	return node;
}

static int save(struct stepped_store *stepped, const struct stored_node *nodes, size_t count)
{
	struct outcome outcome;
	int result = store_nodes_save(stepped->store, nodes, count, outcome_reply(&outcome));

	return result < 0 ? result : outcome_of(stepped, &outcome);
}

struct listing {
	size_t count;
	struct stored_node nodes[16];
};

static void see_node(void *context, const struct stored_node *node)
{
	struct listing *listing = context;

	listing->nodes[listing->count++ % 16] = *node;
}

static struct listing list(struct stepped_store *stepped)
{
	struct listing listing = { 0 };

	ck_assert_int_eq(store_nodes_load(stepped->store, see_node, &listing), 0);
	return listing;
}

START_TEST(a_node_comes_back_as_it_was_saved)
{
	struct stepped_store stepped;
	struct stored_node node = make_node("n1");

	stepped_open(&stepped);
	ck_assert_int_eq(save(&stepped, &node, 1), 0);
	stepped_reopen(&stepped);
	struct listing listing = list(&stepped);
	ck_assert_uint_eq(listing.count, 1);
	ck_assert_mem_eq(&listing.nodes[0], &node, sizeof(node));
	stepped_close(&stepped);
}
END_TEST

START_TEST(a_second_save_replaces_and_keeps_the_order)
{
	struct stepped_store stepped;
	struct stored_node nodes[3] = { make_node("b"), make_node("a"), make_node("c") };

	stepped_open(&stepped);
	ck_assert_int_eq(save(&stepped, nodes, 3), 0);
	nodes[0].drops = 99;
	ck_assert_int_eq(save(&stepped, nodes, 1), 0);
	struct listing listing = list(&stepped);
	ck_assert_uint_eq(listing.count, 3);
	ck_assert_str_eq(listing.nodes[0].id, "b");
	ck_assert_uint_eq(listing.nodes[0].drops, 99);
	ck_assert_str_eq(listing.nodes[1].id, "a");
	stepped_close(&stepped);
}
END_TEST

START_TEST(a_removed_node_is_gone)
{
	struct stepped_store stepped;
	struct stored_node nodes[2] = { make_node("a"), make_node("b") };
	struct node_removal removal = { .id = "a", .keeps_node = true }, never = { .id = "never" };
	struct outcome outcome;

	stepped_open(&stepped);
	ck_assert_int_eq(save(&stepped, nodes, 2), 0);
	ck_assert_int_eq(store_node_remove(stepped.store, &removal, NULL, outcome_reply(&outcome)), 0);
	ck_assert_int_eq(outcome_of(&stepped, &outcome), 0);
	ck_assert_uint_eq(list(&stepped).count, 2);
	removal.keeps_node = false;
	ck_assert_int_eq(store_node_remove(stepped.store, &removal, NULL, outcome_reply(&outcome)), 0);
	ck_assert_int_eq(outcome_of(&stepped, &outcome), 0);
	ck_assert_int_eq(store_node_remove(stepped.store, &never, NULL, outcome_reply(&outcome)), 0);
	ck_assert_int_eq(outcome_of(&stepped, &outcome), 0);
	ck_assert_uint_eq(list(&stepped).count, 1);
	stepped_close(&stepped);
}
END_TEST

START_TEST(ten_thousand_nodes_are_one_commit)
{
	struct stepped_store stepped;
	struct store_figures before, after;
	struct stored_node *nodes = calloc(10000, sizeof(*nodes));
	char id[16];

	stepped_open(&stepped);
	for (int i = 0; i < 10000; i++) {
		(void)snprintf(id, sizeof(id), "node-%d", i);
		nodes[i] = make_node(id);
	}
	store_figures(stepped.store, &before);
	ck_assert_int_eq(save(&stepped, nodes, 10000), 0);
	store_figures(stepped.store, &after);
	ck_assert_uint_eq(after.commits, before.commits + 1);
	ck_assert_uint_eq(list(&stepped).count, 10000);
	ck_assert_int_eq(save(&stepped, nodes, NODES_SAVE_MAX + 1), -EINVAL);
	free(nodes);
	stepped_close(&stepped);
}
END_TEST

START_TEST(a_node_without_identity_is_refused)
{
	struct stepped_store stepped;
	struct stored_node node = make_node("");

	stepped_open(&stepped);
	ck_assert_int_eq(save(&stepped, &node, 1), -EINVAL);
	stepped_close(&stepped);
}
END_TEST

TEST_SUITE(node_store, a_node_comes_back_as_it_was_saved, a_second_save_replaces_and_keeps_the_order,
	a_removed_node_is_gone, ten_thousand_nodes_are_one_commit, a_node_without_identity_is_refused)
