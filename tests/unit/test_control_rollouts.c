#include "gateway/control_rollouts.h"

#include <errno.h>

#include "gateway/rollouts.h"
#include "tests/unit/control_bench.h"

/* A gateway with forty meters, a valve, and an image for meters. */
struct site {
	struct control_bench *bench;
	struct rollouts *rollouts;
	struct control_rollouts parts;
	char image[17];
};

static int on_find(void *context, const uint8_t *head, uint8_t size, uint8_t sha256[32])
{
	return -ENOENT;
}

static struct site *site_open(void)
{
	static const struct schedule_settings schedule = { .interval_ms = 900000, .jitter_percent = 10 };
	struct site *site = calloc(1, sizeof(*site));
	struct control_bench *bench = site->bench = bench_open();
	struct rollouts_parts parts = { .store = bench->scratch.store,
		.nodes = bench->nodes,
		.updates = bench->updates,
		.random = &bench->random,
		.schedule = &schedule,
		.find_image = on_find };
	char id[16];

	bench_add_image(bench, 1, 1000, "meter-2", site->image);
	for (int i = 0; i < 40; i++) {
		snprintf(id, sizeof(id), "m%02d", i);
		(void)bench_add_node(bench, id, "meter-2");
	}
	(void)bench_add_node(bench, "v1", "valve-1");
	ck_assert_int_eq(rollouts_open(&site->rollouts, &parts), 0);
	site->parts = (struct control_rollouts){ &bench->clock, bench->nodes, bench->updates, bench->images,
		site->rollouts, &schedule, NULL };
	ck_assert_int_eq(control_rollouts_register(bench->control, &site->parts), 0);
	return site;
}

static void site_close(struct site *site)
{
	struct rollouts *rollouts = site->rollouts;

	bench_close(site->bench);
	rollouts_close(rollouts);
	free(site);
}

/* Asks for a rollout "spring" with one more argument (NULL: none); takes `value`. */
static json_t *create(struct site *site, const char *name, json_t *value)
{
	json_t *request =
		json_pack("{s:s, s:s, s:s}", "command", "rollout.create", "rollout", "spring", "image", site->image);

	if (name)
		(void)json_object_set_new(request, name, value);
	return bench_ask(site->bench, request);
}

static json_t *ask(struct site *site, const char *command)
{
	return bench_ask(site->bench, json_pack("{s:s, s:s}", "command", command, "rollout", "spring"));
}

static void tick(struct site *site)
{
	while (rollouts_tick(site->rollouts, site->bench->now) == 0)
		;
}

START_TEST(a_dry_run_tells_the_waves_and_begins_nothing)
{
	struct site *site = site_open();
	json_t *result = create(site, "dry_run", json_true());
	int64_t sum = 0;
	size_t i;
	json_t *count;

	json_array_foreach (json_object_get(result, "waves"), i, count)
		sum += json_integer_value(count);
	ck_assert_int_eq(sum, 40);
	ck_assert_int_eq(number_of(result, "nodes"), 40);
	ck_assert_str_eq(text_of(json_object_get(result, "plan"), "hardware"), "meter-2");
	ck_assert_uint_eq(rollouts_count(site->rollouts), 0);
	site_close(site);
}
END_TEST

START_TEST(a_dry_run_lists_who_gets_it_when_and_who_not_and_why)
{
	struct site *site = site_open();
	json_t *request = json_pack("{s:s, s:s, s:s, s:b, s:b, s:i, s:[s, s]}", "command", "rollout.create", "rollout",
		"spring", "image", site->image, "dry_run", 1, "list", 1, "limit", 25, "nodes", "m03", "m07");
	int64_t listed = 0, excluded = 0, from = 0;
	size_t i;
	json_t *item;

	do {
		(void)json_object_set_new(request, "from", json_integer(from));
		json_t *result = bench_ask(site->bench, json_deep_copy(request));
		ck_assert_int_eq(number_of(result, "nodes"), 2);
		json_array_foreach (json_object_get(result, "list"), i, item) {
			bool meant =
				strcmp(text_of(item, "node"), "m03") == 0 || strcmp(text_of(item, "node"), "m07") == 0;
			ck_assert(meant == (json_object_get(item, "wave") != NULL));
			ck_assert(meant == (json_object_get(item, "earliest_ms") != NULL));
			if (!meant)
				ck_assert_str_eq(text_of(item, "reason"), "is not listed");
			listed++;
		}
		excluded = 0;
		json_array_foreach (json_object_get(result, "excluded"), i, item)
			excluded += number_of(item, "nodes");
		from = json_object_get(result, "next") ? number_of(result, "next") : 0;
	} while (from);
	ck_assert_int_eq(listed, 40);
	ck_assert_int_eq(excluded, 39); /* the valve is among those that are counted */
	json_decref(request);
	site_close(site);
}
END_TEST

/* How many of m03 and m07 are in the first of two waves, the first of 0.01 %; `first` gets the one that is. */
static int64_t first_wave(struct site *site, bool fleet, char first[8])
{
	json_t *request = json_pack("{s:s, s:s, s:s, s:b, s:b, s:b, s:s, s:[s, s]}", "command", "rollout.create",
		"rollout", "spring", "image", site->image, "dry_run", 1, "list", 1, "fleet", (int)fleet, "waves",
		"0.01 100", "nodes", "m03", "m07");
	json_t *result = bench_ask(site->bench, request);
	size_t i;
	json_t *item;

	json_array_foreach (json_object_get(result, "list"), i, item)
		if (json_object_get(item, "wave") && number_of(item, "wave") == 1)
			snprintf(first, 8, "%s", text_of(item, "node"));
	return json_integer_value(json_array_get(json_object_get(result, "waves"), 0));
}

START_TEST(a_dry_run_rounds_the_first_wave_of_a_gateway_alone_up_to_one_node)
{
	struct site *site = site_open();
	char first[8] = "";

	ck_assert_int_eq(first_wave(site, false, first), 1);
	ck_assert_str_eq(first, wave_place("spring", "m03") < wave_place("spring", "m07") ? "m03" : "m07");
	ck_assert_int_eq(first_wave(site, true, first), 0);
	site_close(site);
}
END_TEST

START_TEST(a_rollout_that_nobody_has_approved_says_so)
{
	struct site *site = site_open();

	(void)create(site, "approval", json_true());
	tick(site);
	ck_assert_str_eq(text_of(ask(site, "rollout.show"), "waits"), "nobody has approved it yet");
	ck_assert(json_is_false(json_object_get(ask(site, "rollout.show"), "approved")));
	(void)ask(site, "rollout.approve");
	ck_assert_ptr_null(json_object_get(ask(site, "rollout.show"), "waits"));
	ck_assert(json_is_true(json_object_get(ask(site, "rollout.show"), "approved")));
	site_close(site);
}
END_TEST

START_TEST(nodes_that_are_told_nothing_are_planned_for_at_their_likely_visits)
{
	const int64_t hour_ms = 3600000;
	struct site *site = site_open();
	struct node_record *record = &nodes_find(site->bench->nodes, "m03")->record;
	int64_t now_ms = site->bench->now.wall_ms;
	size_t i;
	json_t *item;

	/* Behind a broker: it was heard of an hour ago, and comes every 7 h. */
	record->next_contact_ms = 0;
	record->last_seen_ms = now_ms - hour_ms;
	record->rhythm = (struct rhythm){ .period_ms = (uint32_t)(7 * hour_ms) };
	json_t *request = json_pack("{s:s, s:s, s:s, s:b, s:b, s:[s], s:I, s:s}", "command", "rollout.create",
		"rollout", "spring", "image", site->image, "dry_run", 1, "list", 1, "nodes", "m03", "start_ms",
		(json_int_t)(now_ms + 10 * hour_ms), "waves", "100");
	json_t *result = bench_ask(site->bench, json_incref(request));
	json_array_foreach (json_object_get(result, "list"), i, item)
		if (strcmp(text_of(item, "node"), "m03") == 0)
			ck_assert_int_eq(number_of(item, "earliest_ms"), now_ms + 13 * hour_ms);
	(void)json_object_set_new(request, "command", json_string("rollout.forecast"));
	result = bench_ask(site->bench, request);
	item = json_array_get(json_object_get(result, "sample"), 0);
	ck_assert_int_eq(json_integer_value(json_array_get(item, 1)), 7 * hour_ms);
	ck_assert_int_eq(json_integer_value(json_array_get(item, 2)), 6 * hour_ms);
	site_close(site);
}
END_TEST

START_TEST(a_rollout_is_shown_as_it_was_ordered)
{
	struct site *site = site_open();

	ck_assert_ptr_nonnull(create(site, "waves", json_string("50 100")));
	tick(site);
	tick(site);
	json_t *result = ask(site, "rollout.show");
	ck_assert_str_eq(text_of(result, "state"), "rolling");
	ck_assert_int_eq(number_of(result, "waves"), 2);
	ck_assert_int_eq(number_of(result, "nodes"), 40);
	ck_assert_int_eq(number_of(result, "open"), number_of(result, "reached"));
	json_t *missing = json_object_get(result, "missing");
	ck_assert_int_eq((int64_t)json_array_size(missing), number_of(result, "reached"));
	ck_assert_str_eq(text_of(json_array_get(missing, 0), "state"), "not in contact yet");
	site_close(site);
}
END_TEST

START_TEST(a_dry_run_waits_for_the_soak_of_each_wave)
{
	const int64_t hour_ms = 3600000, interval_ms = 900000;
	struct site *site = site_open();
	json_t *request = json_pack("{s:s, s:s, s:s, s:b, s:b, s:s, s:[I, I]}", "command", "rollout.create", "rollout",
		"spring", "image", site->image, "dry_run", 1, "list", 1, "waves", "20 50 100", "soak_ms",
		(json_int_t)hour_ms, (json_int_t)(9 * hour_ms));
	json_t *result = bench_ask(site->bench, request), *item;
	int64_t least_ms[] = { 0, hour_ms + interval_ms, 10 * hour_ms + 2 * interval_ms };
	size_t i;

	json_array_foreach (json_object_get(result, "list"), i, item) {
		if (!json_object_get(item, "wave"))
			continue;
		int64_t after_ms = number_of(item, "earliest_ms") - site->bench->now.wall_ms;
		ck_assert_int_ge(after_ms, least_ms[number_of(item, "wave") - 1]);
		ck_assert_int_le(after_ms, least_ms[number_of(item, "wave") - 1] + interval_ms);
	}
	ck_assert_uint_eq(i, 40);
	site_close(site);
}
END_TEST

START_TEST(what_is_wrong_with_a_plan_is_said)
{
	struct site *site = site_open();

	(void)create(site, "waves", json_string("50"));
	ck_failed(site->bench, "bad_request");
	(void)create(site, "soak_ms", json_pack("[i, i]", 1000, 2000));
	ck_failed(site->bench, "bad_request");
	(void)create(site, "soak_ms", json_string("1 h"));
	ck_failed(site->bench, "bad_request");
	(void)create(site, "hardware", json_string("valve-1"));
	ck_failed(site->bench, "bad_request");
	(void)create(site, "image", json_string("beef"));
	ck_failed(site->bench, "not_found");
	(void)create(site, NULL, NULL);
	(void)create(site, NULL, NULL);
	ck_failed(site->bench, "exists");
	site_close(site);
}
END_TEST

START_TEST(an_operator_intervenes)
{
	struct site *site = site_open();

	(void)ask(site, "rollout.pause");
	ck_failed(site->bench, "not_found");
	(void)create(site, "approval", json_true());
	tick(site);
	(void)ask(site, "rollout.pause");
	ck_failed(site->bench, "bad_request");
	ck_assert_ptr_nonnull(ask(site, "rollout.approve"));
	tick(site);
	ck_assert_str_eq(text_of(ask(site, "rollout.pause"), "state"), "paused");
	(void)ask(site, "rollout.pause");
	ck_failed(site->bench, "already");
	ck_assert_str_eq(text_of(ask(site, "rollout.resume"), "state"), "rolling");
	(void)ask(site, "rollout.remove");
	ck_failed(site->bench, "busy");
	ck_assert_str_eq(text_of(ask(site, "rollout.abort"), "reason"), "aborted by operator");
	ck_assert_ptr_nonnull(ask(site, "rollout.remove"));
	ck_assert_uint_eq(json_array_size(json_object_get(
				  bench_ask(site->bench, json_pack("{s:s}", "command", "rollout.list")), "rollouts")),
		0);
	site_close(site);
}
END_TEST

START_TEST(a_forecast_gets_a_sample_of_the_nodes_that_would_have_the_image)
{
	struct site *site = site_open();
	nodes_find(site->bench->nodes, "m03")->parent = 501;
	nodes_find(site->bench->nodes, "m04")->parent = 77;
	nodes_find(site->bench->nodes, "m05")->parent = 501;
	json_t *result = bench_ask(site->bench,
		json_pack("{s:s, s:s, s:s}", "command", "rollout.forecast", "rollout", "spring", "image", site->image));
	unsigned parents[3] = { 0 };
	const json_t *sample = json_object_get(result, "sample"), *first = json_array_get(sample, 0);
	unsigned last = 0;
	size_t i;
	json_t *node;

	ck_assert_uint_eq(json_array_size(sample), 40);
	ck_assert_int_eq(json_integer_value(json_array_get(first, 1)), 900000);
	ck_assert_double_gt(json_number_value(json_array_get(first, 3)), 0);
	json_array_foreach (sample, i, node) {
		unsigned wave = (unsigned)json_integer_value(json_array_get(node, 0));
		ck_assert_uint_ge(wave, last);
		last = wave;
		ck_assert_int_eq(json_integer_value(json_array_get(node, 5)), 0); /* no stones */
		ck_assert_int_lt(json_integer_value(json_array_get(node, 7)), 3);
		parents[json_integer_value(json_array_get(node, 7))]++;
	}
	ck_assert_uint_eq(parents[0], 37);
	ck_assert_uint_eq(parents[1] * parents[2], 2); /* numbered as they come */
	ck_assert_int_eq(number_of(result, "image_bytes"), 1000);
	ck_assert_int_eq(number_of(result, "transfers"), 0);
	ck_assert_uint_eq(json_array_size(json_object_get(result, "wave_nodes")), 4);
	ck_assert_uint_eq(rollouts_count(site->rollouts), 0);
	site_close(site);
}
END_TEST

TEST_SUITE(control_rollouts, a_forecast_gets_a_sample_of_the_nodes_that_would_have_the_image,
	a_dry_run_tells_the_waves_and_begins_nothing, a_dry_run_lists_who_gets_it_when_and_who_not_and_why,
	a_dry_run_rounds_the_first_wave_of_a_gateway_alone_up_to_one_node, a_rollout_that_nobody_has_approved_says_so,
	nodes_that_are_told_nothing_are_planned_for_at_their_likely_visits, a_rollout_is_shown_as_it_was_ordered,
	a_dry_run_waits_for_the_soak_of_each_wave, what_is_wrong_with_a_plan_is_said, an_operator_intervenes)
