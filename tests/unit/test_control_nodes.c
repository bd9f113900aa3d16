#include "gateway/control_nodes.h"

#include "tests/unit/control_bench.h"

static json_t *list(struct control_bench *bench, const char *name, const char *value)
{
	return json_object_get(bench_ask(bench, json_pack("{s:s, s:s}", "command", "node.list", name, value)), "nodes");
}

START_TEST(a_list_comes_in_pages)
{
	struct control_bench *bench = bench_open();
	char id[16];
	int64_t from = 0, seen = 0;

	for (int i = 0; i < 250; i++) {
		snprintf(id, sizeof(id), "n%03d", i);
		(void)bench_add_node(bench, id, "meter-2");
	}
	do {
		json_t *page = bench_ask(bench,
			json_pack("{s:s, s:I, s:i}", "command", "node.list", "from", (json_int_t)from, "limit", 100));
		seen += (int64_t)json_array_size(json_object_get(page, "nodes"));
		ck_assert_int_eq(number_of(page, "total"), 250);
		from = number_of(page, "next");
	} while (from);
	ck_assert_int_eq(seen, 250);
	bench_close(bench);
}
END_TEST

START_TEST(filters_limit_the_list)
{
	struct control_bench *bench = bench_open();

	(void)bench_add_node(bench, "roof-1", "meter-2");
	(void)bench_add_node(bench, "roof-2", "valve-1");
	(void)bench_add_node(bench, "cellar-1", "meter-2");
	ck_assert_uint_eq(json_array_size(list(bench, "hardware", "meter-2")), 2);
	ck_assert_uint_eq(json_array_size(list(bench, "match", "roof")), 2);
	ck_assert_uint_eq(json_array_size(list(bench, "version", "1.0.0")), 3);
	ck_assert_uint_eq(json_array_size(list(bench, "state", "idle")), 3);
	ck_assert_uint_eq(json_array_size(list(bench, "state", "confirmed")), 0);
	ck_assert_ptr_null(list(bench, "state", "sleeping"));
	ck_failed(bench, "bad_request");
	bench_close(bench);
}
END_TEST

START_TEST(a_silent_node_is_found)
{
	struct control_bench *bench = bench_open();
	json_t *request = json_pack("{s:s, s:b}", "command", "node.list", "silent", 1);

	bench_add_node(bench, "quiet", "meter-2")->record.next_contact_ms = bench->now.wall_ms + 1000;
	ck_assert_uint_eq(json_array_size(json_object_get(bench_ask(bench, json_incref(request)), "nodes")), 0);
	bench->now.wall_ms += 3 * 900000;
	json_t *nodes = json_object_get(bench_ask(bench, request), "nodes");
	ck_assert_uint_eq(json_array_size(nodes), 1);
	ck_assert(json_is_true(json_object_get(json_array_get(nodes, 0), "silent")));
	bench_close(bench);
}
END_TEST

START_TEST(a_node_is_shown_with_its_history)
{
	struct control_bench *bench = bench_open();

	(void)bench_ask(bench, json_pack("{s:s, s:s, s:s}", "command", "node.add", "node", "n1", "driver", "coap"));
	json_t *result = bench_ask(bench, json_pack("{s:s, s:s}", "command", "node.show", "node", "n1"));
	ck_assert_str_eq(text_of(json_object_get(result, "node"), "id"), "n1");
	json_t *entry = json_array_get(json_object_get(result, "journal"), 0);
	ck_assert_str_eq(text_of(entry, "event"), "node.added");
	ck_assert_str_eq(text_of(entry, "detail"), "by operator");
	bench_close(bench);
}
END_TEST

START_TEST(what_is_not_known_is_left_out)
{
	struct control_bench *bench = bench_open();

	(void)bench_ask(bench, json_pack("{s:s, s:s, s:s}", "command", "node.add", "node", "n1", "driver", "coap"));
	json_t *result = bench_ask(bench, json_pack("{s:s, s:s}", "command", "node.show", "node", "n1"));
	json_t *node = json_object_get(result, "node");
	ck_assert_ptr_null(json_object_get(node, "battery_percent"));
	ck_assert_ptr_null(json_object_get(node, "version"));
	ck_assert_ptr_null(json_object_get(node, "last_seen_ms"));
	ck_assert_ptr_null(json_object_get(node, "update"));
	bench_close(bench);
}
END_TEST

START_TEST(a_node_that_is_not_there_is_not_found)
{
	struct control_bench *bench = bench_open();

	(void)bench_ask(bench, json_pack("{s:s, s:s}", "command", "node.show", "node", "n1"));
	ck_failed(bench, "not_found");
	(void)bench_ask(bench, json_pack("{s:s, s:s}", "command", "node.remove", "node", "n1"));
	ck_failed(bench, "not_found");
	bench_close(bench);
}
END_TEST

START_TEST(a_node_joins_once_and_under_a_name_that_can_be_one)
{
	struct control_bench *bench = bench_open();

	(void)bench_add_node(bench, "n1", "meter-2");
	(void)bench_ask(bench, json_pack("{s:s, s:s, s:s}", "command", "node.add", "node", "n1", "driver", "coap"));
	ck_failed(bench, "exists");
	(void)bench_ask(bench, json_pack("{s:s, s:s, s:s}", "command", "node.add", "node", "a/b", "driver", "coap"));
	ck_failed(bench, "bad_request");
	bench_close(bench);
}
END_TEST

START_TEST(a_removed_node_takes_its_update_along)
{
	struct control_bench *bench = bench_open();
	char image[17];

	bench_add_image(bench, 1, 1000, "meter-2", image);
	(void)bench_add_node(bench, "n1", "meter-2");
	(void)bench_ask(
		bench, json_pack("{s:s, s:s, s:[s]}", "command", "update.start", "image", image, "nodes", "n1"));
	ck_assert_uint_eq(updates_count(bench->updates), 1);
	ck_assert_ptr_nonnull(bench_ask(bench, json_pack("{s:s, s:s}", "command", "node.remove", "node", "n1")));
	ck_assert_uint_eq(nodes_count(bench->nodes), 0);
	ck_assert_uint_eq(updates_count(bench->updates), 0);
	bench_close(bench);
}
END_TEST

START_TEST(the_nodes_heard_of_last_come_first)
{
	struct control_bench *bench = bench_open();

	bench_add_node(bench, "old", "meter-2")->record.last_seen_ms = 10;
	bench_add_node(bench, "new", "meter-2")->record.last_seen_ms = 30;
	bench_add_node(bench, "middle", "meter-2")->record.last_seen_ms = 20;
	json_t *nodes = json_object_get(
		bench_ask(bench, json_pack("{s:s, s:i}", "command", "node.recent", "limit", 2)), "nodes");
	ck_assert_uint_eq(json_array_size(nodes), 2);
	ck_assert_str_eq(text_of(json_array_get(nodes, 0), "id"), "new");
	ck_assert_str_eq(text_of(json_array_get(nodes, 1), "id"), "middle");
	bench_close(bench);
}
END_TEST

TEST_SUITE(control_nodes, a_list_comes_in_pages, filters_limit_the_list, a_silent_node_is_found,
	a_node_is_shown_with_its_history, what_is_not_known_is_left_out, a_node_that_is_not_there_is_not_found,
	a_node_joins_once_and_under_a_name_that_can_be_one, a_removed_node_takes_its_update_along,
	the_nodes_heard_of_last_come_first)
