#include "gateway/control_holds.h"

#include <errno.h>

#include "gateway/holds.h"
#include "gateway/rollouts.h"
#include "tests/unit/control_bench.h"

struct site {
	struct control_bench *bench;
	struct rollouts *rollouts;
	struct holds *holds;
	struct control_holds parts;
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
	struct rollouts_parts parts = {
		.store = bench->scratch.store,
		.nodes = bench->nodes,
		.updates = bench->updates,
		.random = &bench->random,
		.schedule = &schedule,
		.find_image = on_find,
	};

	ck_assert_int_eq(holds_open(&site->holds, bench->scratch.store), 0);
	ck_assert_int_eq(rollouts_open(&site->rollouts, &parts), 0);
	(void)bench_add_node(bench, "m01", "meter-2");
	(void)bench_add_node(bench, "m02", "meter-2");
	site->parts =
		(struct control_holds){ &bench->clock, site->holds, bench->nodes, bench->updates, site->rollouts };
	ck_assert_int_eq(control_holds_register(bench->control, &site->parts), 0);
	return site;
}

static void site_close(struct site *site)
{
	struct rollouts *rollouts = site->rollouts;
	struct holds *holds = site->holds;

	bench_close(site->bench);
	rollouts_close(rollouts);
	holds_close(holds);
	free(site);
}

static json_t *ask(struct site *site, const char *command, const char *node)
{
	return bench_ask(site->bench, json_pack("{s:s, s:s*, s:s*}", "command", command, "node", node, "reason", NULL));
}

START_TEST(a_node_is_held_listed_and_released)
{
	struct site *site = site_open();

	ck_assert_ptr_nonnull(bench_ask(site->bench,
		json_pack("{s:s, s:s, s:s}", "command", "node.hold", "node", "m01", "reason", "being calibrated")));
	ck_assert_ptr_nonnull(holds_on(site->holds, "m01"));
	json_t *list = json_object_get(ask(site, "node.holds", NULL), "holds");
	ck_assert_uint_eq(json_array_size(list), 1);
	ck_assert_str_eq(text_of(json_array_get(list, 0), "node"), "m01");
	ck_assert_str_eq(text_of(json_array_get(list, 0), "reason"), "being calibrated");
	ck_assert_ptr_nonnull(ask(site, "node.release", "m01"));
	ck_assert_ptr_null(holds_on(site->holds, "m01"));
	site_close(site);
}
END_TEST

START_TEST(nodes_that_are_not_there_or_not_held_are_told)
{
	struct site *site = site_open();

	(void)ask(site, "node.hold", "m99");
	ck_failed(site->bench, "not_found");
	(void)ask(site, "node.release", "m02");
	ck_failed(site->bench, "not_found");
	(void)ask(site, "node.release", "");
	ck_failed(site->bench, "bad_request");
	(void)ask(site, "node.hold", "");
	ck_failed(site->bench, "not_found");
	(void)ask(site, "update.go_on", NULL);
	ck_failed(site->bench, "already");
	site_close(site);
}
END_TEST

START_TEST(the_emergency_stop_is_for_all_until_it_is_ended)
{
	struct site *site = site_open();

	ck_assert_ptr_nonnull(
		bench_ask(site->bench, json_pack("{s:s, s:s}", "command", "update.halt", "reason", "bad release")));
	ck_assert_ptr_nonnull(holds_on(site->holds, "m02"));
	ck_assert_str_eq(holds_on_all(site->holds)->reason, "bad release");
	ck_assert_ptr_nonnull(ask(site, "update.go_on", NULL));
	ck_assert_ptr_null(holds_on(site->holds, "m02"));
	site_close(site);
}
END_TEST

TEST_SUITE(control_holds, a_node_is_held_listed_and_released, nodes_that_are_not_there_or_not_held_are_told,
	the_emergency_stop_is_for_all_until_it_is_ended)
