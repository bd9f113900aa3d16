/* The simulated site itself: the same seed gives the same run, and its parts keep what they promise. */
#include "tests/sim/site.h"

#include "gateway/log.h"
#include "tests/sim/site_events.h"
#include "tests/sim/site_ledger.h"
#include "tests/sim/site_world.h"
#include "tests/unit/suite.h"

#define HOUR_MS INT64_C(3600000)

static struct site_plan plan_of(uint64_t seed)
{
	struct site_plan plan;

	log_set_level(LOG_LEVEL_ERROR);
	site_plan_small(&plan, seed);
	plan.nodes = 20;
	plan.days_ms = 30 * HOUR_MS;
	plan.settle_ms = 14 * HOUR_MS;
	plan.soak_ms[0] = HOUR_MS;
	plan.soaks = 1;
	plan.window = plan.apply_window = plan.quiet = NULL;
	plan.transfers = plan.per_parent = plan.rate_bytes = plan.absent = 0;
	plan.stones = false;
	plan.stone_late_ms = 0;
	return plan;
}

START_TEST(the_same_seed_gives_the_same_run_and_another_seed_another)
{
	struct site_plan plan = plan_of(7), other = plan_of(8);
	struct site_report first, second, third;

	ck_assert_msg(site_run(&plan, NULL, &first), "%s", first.verdict);
	ck_assert_msg(site_run(&plan, NULL, &second), "%s", second.verdict);
	ck_assert_uint_eq(first.hash, second.hash);
	ck_assert_uint_eq(first.turns, second.turns);
	ck_assert_uint_eq(first.contacts, second.contacts);
	ck_assert_msg(site_run(&other, NULL, &third), "%s", third.verdict);
	ck_assert_uint_ne(first.hash, third.hash);
}
END_TEST

START_TEST(a_site_without_faults_brings_a_good_image_to_all_nodes)
{
	struct site_plan plan = plan_of(1);
	struct site_report report;

	plan.faults = false;
	plan.hardware_types = 1;
	plan.waves = "100";
	plan.battery_least = 100000;
	for (size_t i = 0; i < SITE_IMAGES; i++)
		plan.releases[i] = (struct site_release){ 0 };
	ck_assert_msg(site_run(&plan, NULL, &report), "%s", report.verdict);
	ck_assert_uint_eq(report.updates, 2 * plan.nodes);
	ck_assert_uint_eq(report.starts, 1);
	ck_assert_uint_gt(report.readings, 0);
}
END_TEST

/* Nothing goes wrong, and the last image requires one that nobody orders. */
static struct site_plan plan_with_stones(void)
{
	struct site_plan plan = plan_of(1);

	plan.faults = false;
	plan.waves = "100";
	plan.loss = 0;
	plan.battery_least = 100000;
	plan.days_ms = 60 * HOUR_MS;
	plan.stones = true;
	for (size_t i = 0; i < SITE_IMAGES; i++)
		plan.releases[i] = (struct site_release){ 0 };
	return plan;
}

/* The first wave is so small that no node is in it: the first that could have the image is waited for, and told of. */
START_TEST(a_stone_that_comes_late_is_waited_for_and_stops_no_rollout)
{
	struct site_plan plan = plan_with_stones();
	struct site_report report;

	plan.waves = "1 100";
	plan.stone_late_ms = 12 * HOUR_MS;
	ck_assert_msg(site_run(&plan, NULL, &report), "%s", report.verdict);
	ck_assert_uint_eq(report.newest, plan.nodes);
}
END_TEST

START_TEST(nodes_that_were_off_for_a_day_go_over_the_stones_to_the_newest_image)
{
	struct site_plan plan = plan_with_stones();
	struct site_report report;

	plan.absent = 100;
	ck_assert_msg(site_run(&plan, NULL, &report), "%s", report.verdict);
	ck_assert_uint_eq(report.newest, plan.nodes);
	ck_assert_uint_eq(report.updates, 3 * plan.nodes);
}
END_TEST

static void push_order(void *context, uint64_t argument)
{
	uint64_t *order = context;

	*order = *order * 10 + argument;
}

START_TEST(events_come_in_their_order_and_those_of_one_time_as_they_were_added)
{
	struct site_events events = { 0 };
	struct site_event event;
	uint64_t order = 0;

	for (uint64_t i = 1; i <= 6; i++)
		site_events_add(&events,
			(struct site_event){
				.at_ms = i % 2 ? 5 : 3, .call = push_order, .context = &order, .argument = i });
	ck_assert_int_eq(site_events_next_ms(&events), 3);
	ck_assert(!site_events_take(&events, 2, &event));
	while (site_events_take(&events, 5, &event))
		event.call(event.context, event.argument);
	ck_assert_uint_eq(order, 246135);
	ck_assert_int_eq(site_events_next_ms(&events), INT64_MAX);
	site_events_finish(&events);
}
END_TEST

struct books {
	struct site_plan plan;
	struct site_world world;
	struct site_ledger ledger;
};

/* Two nodes that made three readings each. */
static void open_books(struct books *books)
{
	books->plan = (struct site_plan){ .seed = 1, .nodes = 2 };
	site_world_open(&books->world, &books->plan, NULL);
	site_ledger_open(&books->ledger, &books->world, 2);
	for (uint32_t i = 0; i < 6; i++)
		(void)site_ledger_make(&books->ledger, i % 2, i);
}

static void close_books(struct books *books, const char *verdict)
{
	site_ledger_judge(&books->ledger);
	ck_assert_str_eq(books->world.verdict, verdict);
	site_ledger_close(&books->ledger);
	site_world_close(&books->world);
}

START_TEST(the_ledger_is_content_with_what_comes_twice_under_its_number)
{
	struct books books;

	open_books(&books);
	site_ledger_receive(&books.ledger, 1, 0, 1, 0);
	site_ledger_receive(&books.ledger, 2, 0, 2, 2);
	site_ledger_receive(&books.ledger, 1, 0, 1, 0);
	site_ledger_acknowledge(&books.ledger, 0, 2);
	ck_assert_uint_eq(books.ledger.received, 2);
	close_books(&books, "");
}
END_TEST

START_TEST(the_ledger_misses_what_was_acknowledged_unless_a_gap_tells_of_it)
{
	struct books books;

	open_books(&books);
	site_ledger_receive(&books.ledger, 1, 0, 1, 0);
	site_ledger_acknowledge(&books.ledger, 0, 2);
	site_ledger_lose(&books.ledger, 1, false);
	close_books(&books, "");
	open_books(&books);
	site_ledger_acknowledge(&books.ledger, 0, 1);
	close_books(&books, "1 acknowledged readings are missing and gaps tell of 0; one is number 1 of node 0");
}
END_TEST

START_TEST(the_ledger_sees_a_number_given_twice)
{
	struct books books;

	open_books(&books);
	site_ledger_receive(&books.ledger, 1, 0, 1, 0);
	site_ledger_receive(&books.ledger, 1, 1, 1, 1);
	close_books(&books, "sequence number 1 is another reading now");
}
END_TEST

START_TEST(the_ledger_sees_a_reading_kept_twice_unless_its_node_repeated_it_late)
{
	struct books books;

	open_books(&books);
	site_ledger_excuse(&books.ledger, 0, 1, 1);
	site_ledger_receive(&books.ledger, 1, 0, 1, 0);
	site_ledger_receive(&books.ledger, 2, 0, 1, 0);
	ck_assert(!books.world.failed);
	site_ledger_receive(&books.ledger, 3, 0, 2, 2);
	site_ledger_receive(&books.ledger, 4, 0, 2, 2);
	close_books(&books, "reading 2 of node 0 has the numbers 3 and 4");
}
END_TEST

TEST_SUITE(site, the_same_seed_gives_the_same_run_and_another_seed_another,
	a_site_without_faults_brings_a_good_image_to_all_nodes,
	a_stone_that_comes_late_is_waited_for_and_stops_no_rollout,
	nodes_that_were_off_for_a_day_go_over_the_stones_to_the_newest_image,
	events_come_in_their_order_and_those_of_one_time_as_they_were_added,
	the_ledger_is_content_with_what_comes_twice_under_its_number,
	the_ledger_misses_what_was_acknowledged_unless_a_gap_tells_of_it, the_ledger_sees_a_number_given_twice,
	the_ledger_sees_a_reading_kept_twice_unless_its_node_repeated_it_late)
