#include "gateway/control_updates.h"

#include "tests/unit/control_bench.h"

/* A gateway with three nodes, two of them meters, and an image for meters. */
struct site {
	struct control_bench *bench;
	char image[17];
};

static struct site site_open(void)
{
	struct site site = { .bench = bench_open() };

	bench_add_image(site.bench, 1, 1000, "meter-2", site.image);
	(void)bench_add_node(site.bench, "m1", "meter-2");
	(void)bench_add_node(site.bench, "m2", "meter-2");
	(void)bench_add_node(site.bench, "v1", "valve-1");
	return site;
}

static json_t *start(struct site *site, const char *name, json_t *value)
{
	json_t *request = json_pack("{s:s, s:s}", "command", "update.start", "image", site->image);

	(void)json_object_set_new(request, name, value);
	return bench_ask(site->bench, request);
}

static json_t *ask(struct site *site, const char *command)
{
	return bench_ask(site->bench, json_pack("{s:s}", "command", command));
}

START_TEST(named_nodes_are_ordered_and_the_others_told)
{
	struct site site = site_open();
	json_t *result = start(&site, "nodes", json_pack("[s, s, s]", "m1", "v1", "x9"));

	ck_assert_int_eq(number_of(result, "ordered"), 1);
	ck_assert_int_eq(number_of(result, "refused"), 2);
	json_t *refusals = json_object_get(result, "refusals");
	ck_assert_str_eq(text_of(json_array_get(refusals, 0), "node"), "v1");
	ck_assert_str_eq(text_of(json_array_get(refusals, 0), "code"), "bad_request");
	ck_assert_str_eq(text_of(json_array_get(refusals, 1), "code"), "not_found");
	ck_assert_str_eq(text_of(json_object_get(result, "image"), "image"), site.image);
	bench_close(site.bench);
}
END_TEST

START_TEST(a_hardware_type_means_all_its_nodes)
{
	struct site site = site_open();

	ck_assert_int_eq(number_of(start(&site, "hardware", json_string("meter-2")), "ordered"), 2);
	ck_assert_int_eq(number_of(start(&site, "hardware", json_string("meter-2")), "already"), 2);
	ck_assert_ptr_null(updates_find(site.bench->updates, "v1"));
	bench_close(site.bench);
}
END_TEST

START_TEST(an_order_names_its_nodes_in_one_way)
{
	struct site site = site_open();

	(void)ask(&site, "update.start");
	ck_failed(site.bench, "bad_request");
	(void)bench_ask(site.bench, json_pack("{s:s, s:s}", "command", "update.start", "image", site.image));
	ck_failed(site.bench, "bad_request");
	(void)bench_ask(site.bench, json_pack("{s:s, s:s, s:s, s:[]}", "command", "update.start", "image", site.image,
					    "hardware", "meter-2", "nodes"));
	ck_failed(site.bench, "bad_request");
	bench_close(site.bench);
}
END_TEST

START_TEST(an_image_that_is_not_there_is_not_found)
{
	struct site site = site_open();

	(void)bench_ask(site.bench,
		json_pack("{s:s, s:s, s:[s]}", "command", "update.start", "image", "feedface", "nodes", "m1"));
	ck_failed(site.bench, "not_found");
	bench_close(site.bench);
}
END_TEST

START_TEST(force_overrules_the_hardware)
{
	struct site site = site_open();
	json_t *result = bench_ask(site.bench, json_pack("{s:s, s:s, s:[s], s:b}", "command", "update.start", "image",
						       site.image, "nodes", "v1", "force", 1));

	ck_assert_int_eq(number_of(result, "ordered"), 1);
	bench_close(site.bench);
}
END_TEST

START_TEST(the_summary_counts_states_and_bytes)
{
	struct site site = site_open();

	(void)start(&site, "hardware", json_string("meter-2"));
	struct delivery_progress progress = { .node = "m1", .state = DELIVERY_DOWNLOADING, .offset = 400 };
	updates_on_progress(site.bench->updates, nodes_find(site.bench->nodes, "m1"), &progress, site.bench->now);
	json_t *summary = ask(&site, "update.summary");
	ck_assert_int_eq(number_of(summary, "total"), 2);
	ck_assert_int_eq(number_of(json_object_get(summary, "states"), "offered"), 1);
	ck_assert_int_eq(number_of(json_object_get(summary, "states"), "downloading"), 1);
	ck_assert_int_eq(number_of(summary, "bytes_total"), 2000);
	ck_assert_int_eq(number_of(summary, "bytes_done"), 400);
	ck_assert_uint_eq(json_array_size(json_object_get(summary, "transfers")), 1);
	bench_close(site.bench);
}
END_TEST

START_TEST(filters_limit_what_a_list_tells)
{
	struct site site = site_open();

	(void)start(&site, "hardware", json_string("meter-2"));
	json_t *page = bench_ask(site.bench,
		json_pack("{s:s, s:[s], s:s}", "command", "update.list", "nodes", "m2", "image", site.image));
	ck_assert_uint_eq(json_array_size(json_object_get(page, "updates")), 1);
	page = bench_ask(site.bench, json_pack("{s:s, s:[s, s]}", "command", "update.list", "nodes", "v1", "x9"));
	ck_assert_uint_eq(json_array_size(json_object_get(page, "updates")), 0);
	page = bench_ask(site.bench, json_pack("{s:s, s:s}", "command", "update.list", "state", "failed"));
	ck_assert_uint_eq(json_array_size(json_object_get(page, "updates")), 0);
	page = bench_ask(site.bench, json_pack("{s:s, s:I}", "command", "update.list", "since_ms",
					     (json_int_t)(site.bench->now.wall_ms + 1)));
	ck_assert_uint_eq(json_array_size(json_object_get(page, "updates")), 0);
	bench_close(site.bench);
}
END_TEST

START_TEST(the_next_try_is_at_the_first_likely_call_after_the_pause)
{
	const int64_t hour_ms = 3600 * 1000;
	struct site site = site_open();
	struct node *told = nodes_find(site.bench->nodes, "m1"), *free_comer = nodes_find(site.bench->nodes, "m2");
	int64_t now_ms = site.bench->now.wall_ms;

	told->record.next_contact_ms = now_ms + 100000;
	/* Behind a broker: it is told nothing, and was seen every 6 h. */
	free_comer->record.next_contact_ms = 0;
	free_comer->record.rhythm = (struct rhythm){ .period_ms = (uint32_t)(6 * hour_ms) };
	(void)start(&site, "hardware", json_string("meter-2"));
	json_t *request = json_pack("{s:s, s:[s]}", "command", "update.list", "nodes", "m1");
	json_t *update = json_array_get(json_object_get(bench_ask(site.bench, json_incref(request)), "updates"), 0);
	ck_assert_int_eq(number_of(update, "next_try_ms"), now_ms + 100000);
	struct delivery_progress failure = { .node = "m1", .state = DELIVERY_FAILED, .code = 5 };
	updates_on_progress(site.bench->updates, told, &failure, site.bench->now);
	update = json_array_get(json_object_get(bench_ask(site.bench, request), "updates"), 0);
	int64_t retry_ms = number_of(update, "retry_at_ms"), slots = (retry_ms - now_ms - 100000 + 899999) / 900000;
	ck_assert_int_gt(retry_ms, now_ms);
	ck_assert_int_eq(number_of(update, "next_try_ms"), now_ms + 100000 + slots * 900000);
	request = json_pack("{s:s, s:[s]}", "command", "update.list", "nodes", "m2");
	update = json_array_get(json_object_get(bench_ask(site.bench, request), "updates"), 0);
	ck_assert_int_eq(number_of(update, "next_try_ms"), free_comer->record.last_seen_ms + 6 * hour_ms);
	bench_close(site.bench);
}
END_TEST

START_TEST(cancelling_ends_what_is_under_way_and_retrying_orders_it_again)
{
	struct site site = site_open();

	(void)start(&site, "hardware", json_string("meter-2"));
	json_t *request = json_pack("{s:s, s:[s]}", "command", "update.cancel", "nodes", "m1");
	ck_assert_int_eq(number_of(bench_ask(site.bench, json_incref(request)), "cancelled"), 1);
	ck_assert_int_eq(number_of(bench_ask(site.bench, request), "cancelled"), 0);
	ck_assert_int_eq(updates_find(site.bench->updates, "m1")->state, UPDATE_FAILED);
	(void)ask(&site, "update.retry");
	ck_failed(site.bench, "bad_request");
	request = json_pack("{s:s, s:b}", "command", "update.retry", "all", 1);
	ck_assert_int_eq(number_of(bench_ask(site.bench, request), "ordered"), 1);
	ck_assert_int_eq(updates_find(site.bench->updates, "m1")->state, UPDATE_OFFERED);
	bench_close(site.bench);
}
END_TEST

TEST_SUITE(control_updates, named_nodes_are_ordered_and_the_others_told, a_hardware_type_means_all_its_nodes,
	an_order_names_its_nodes_in_one_way, an_image_that_is_not_there_is_not_found, force_overrules_the_hardware,
	the_summary_counts_states_and_bytes, filters_limit_what_a_list_tells,
	the_next_try_is_at_the_first_likely_call_after_the_pause,
	cancelling_ends_what_is_under_way_and_retrying_orders_it_again)
