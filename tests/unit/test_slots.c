#include "gateway/slots.h"

#include "tests/sim/slot_fleet.h"
#include "tests/unit/suite.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)

static const struct slot_fleet_options crowded = {
	.nodes = 500,
	.schedule = { .interval_ms = HOUR_MS, .jitter_percent = 10, .contact_ms = MINUTE_MS, .concurrent = 10 },
	.drift_ppm = 10000,
	.latency_ms = 500,
};

START_TEST(contacts_are_spread_evenly_though_clocks_are_wrong)
{
	struct slot_fleet fleet;

	slot_fleet_open(&fleet, &crowded, 1);
	slot_fleet_live(&fleet, 9 * HOUR_MS);
	struct slot_crowd crowd = slot_fleet_crowd(&fleet, 6 * HOUR_MS, 9 * HOUR_MS);
	ck_assert_uint_le(crowd.peak, 9); /* the mean is 8.3 */
	slot_fleet_close(&fleet);
}
END_TEST

/* The site has power again; all nodes call within seconds, and two intervals pass. */
static void cut_power(struct slot_fleet *fleet, const struct slot_fleet_options *options)
{
	int64_t settled = 4 * options->schedule.interval_ms;

	slot_fleet_open(fleet, options, 2);
	slot_fleet_live(fleet, settled);
	slot_fleet_power_cut(fleet, 5000);
	slot_fleet_live(fleet, settled + options->schedule.interval_ms / 2 - 10000);
}

/* 20 nodes at a time for 2 s each: 10 a second, and so 60 s for 600 of them. */
static const struct slot_fleet_options brief = {
	.nodes = 600,
	.schedule = { .interval_ms = 15 * MINUTE_MS, .jitter_percent = 10, .contact_ms = 2000, .concurrent = 20 },
	.drift_ppm = 200,
	.latency_ms = 100,
};

START_TEST(after_a_power_cut_everybody_is_served_once_and_soon)
{
	struct slot_fleet fleet;

	cut_power(&fleet, &brief);
	for (size_t i = 0; i < brief.nodes; i++) {
		const struct slot_node *node = &fleet.nodes[i];
		ck_assert_uint_eq(node->served, 1);
		ck_assert_uint_le(node->refused, 1);
		ck_assert_int_le(node->first_served_ms, HOUR_MS + 70000);
	}
	/* Once those who found room at first are gone. */
	struct slot_crowd crowd = slot_fleet_crowd(&fleet, HOUR_MS + 8000, HOUR_MS + 50000);
	ck_assert_uint_le(crowd.peak, 25);
	slot_fleet_close(&fleet);
}
END_TEST

START_TEST(after_a_power_cut_nodes_behind_a_broker_lie_apart_from_their_next_slots_on)
{
	struct slot_fleet_options options = crowded;
	struct slot_fleet fleet;

	options.behind_broker = true;
	slot_fleet_open(&fleet, &options, 3);
	slot_fleet_live(&fleet, 6 * HOUR_MS);
	slot_fleet_power_cut(&fleet, 5000);
	slot_fleet_live(&fleet, 6 * HOUR_MS + 20 * MINUTE_MS);
	for (size_t i = 0; i < options.nodes; i++) {
		ck_assert_uint_eq(fleet.nodes[i].served, 1);
		ck_assert_uint_eq(fleet.nodes[i].refused, 0);
	}
	slot_fleet_live(&fleet, 9 * HOUR_MS);
	struct slot_crowd crowd = slot_fleet_crowd(&fleet, 6 * HOUR_MS + 2 * MINUTE_MS, 9 * HOUR_MS);
	ck_assert_uint_le(crowd.peak, 10);
	slot_fleet_close(&fleet);
}
END_TEST

START_TEST(a_gateway_that_is_killed_amid_the_crowd_serves_everybody_all_the_same)
{
	struct slot_fleet fleet;

	slot_fleet_open(&fleet, &brief, 5);
	slot_fleet_live(&fleet, HOUR_MS);
	slot_fleet_power_cut(&fleet, 5000);
	for (int64_t now = HOUR_MS + 10000; now <= HOUR_MS + 40000; now += 10000) {
		slot_fleet_live(&fleet, now);
		slot_fleet_restart_gateway(&fleet);
	}
	slot_fleet_live(&fleet, HOUR_MS + 7 * MINUTE_MS);
	for (size_t i = 0; i < brief.nodes; i++) {
		ck_assert_uint_eq(fleet.nodes[i].served, 1);
		ck_assert_uint_le(fleet.nodes[i].refused, 3);
		ck_assert_int_le(fleet.nodes[i].first_served_ms, HOUR_MS + 3 * MINUTE_MS);
	}
	struct slot_crowd crowd = slot_fleet_crowd(&fleet, HOUR_MS + 8000, HOUR_MS + 3 * MINUTE_MS);
	ck_assert_uint_le(crowd.peak, 45);
	slot_fleet_close(&fleet);
}
END_TEST

START_TEST(a_link_that_is_full_anyway_drains_by_the_usual_slots)
{
	struct slot_fleet fleet;
	int64_t cut = 4 * HOUR_MS;

	cut_power(&fleet, &crowded);
	slot_fleet_live(&fleet, cut + 3 * HOUR_MS);
	for (size_t i = 0; i < crowded.nodes; i++)
		ck_assert_int_le(fleet.nodes[i].first_served_ms, cut + HOUR_MS + 2 * MINUTE_MS);
	struct slot_crowd crowd = slot_fleet_crowd(&fleet, cut + HOUR_MS, cut + 3 * HOUR_MS);
	ck_assert(crowd.peak <= 1.2 * crowd.mean + 0.01);
	slot_fleet_close(&fleet);
}
END_TEST

START_TEST(nobody_starves_where_there_are_more_nodes_than_fit)
{
	struct slot_fleet_options options = crowded;
	struct slot_fleet fleet;

	options.schedule.concurrent = 3; /* of 8.3 that would be needed */
	slot_fleet_open(&fleet, &options, 3);
	slot_fleet_live(&fleet, 20 * HOUR_MS);
	for (size_t i = 0; i < options.nodes; i++)
		ck_assert_uint_ge(fleet.nodes[i].served, 6);
	slot_fleet_close(&fleet);
}
END_TEST

static const struct schedule_settings tight = { .interval_ms = HOUR_MS, .contact_ms = 1000, .concurrent = 1 };

/* A contact of the node; what it is told. */
static bool call(struct slots *slots, struct node_record *record, int64_t at_ms, uint32_t *next_s)
{
	const struct moment now = { .monotonic_ms = at_ms, .wall_ms = 1000 * HOUR_MS + at_ms };
	const struct slots_contact contact = { .node_count = 100 };
	bool served = slots_on_contact(slots, record, &contact, now, next_s);

	if (served) {
		record->last_seen_ms = now.wall_ms;
		record->contacts++;
	}
	return served;
}

START_TEST(a_promise_holds_and_is_the_same_whenever_one_asks)
{
	struct node_record first = { .rank = 50 }, second = { .rank = 51 }, third = { .rank = 52 };
	struct random random;
	struct slots slots;
	uint32_t next_s, again_s;

	random_init(&random, 1);
	slots_init(&slots, &tight, &random);
	ck_assert(call(&slots, &first, 10 * MINUTE_MS, &next_s));
	ck_assert(!call(&slots, &second, 10 * MINUTE_MS + 10, &next_s));
	ck_assert_uint_le(next_s, 101);
	ck_assert(!call(&slots, &second, 10 * MINUTE_MS + 500, &again_s));
	ck_assert_uint_ge(again_s + 1, next_s);
	ck_assert_uint_le(again_s, next_s);
	/* Somebody else is just there: all the same it was promised. */
	int64_t promised = 10 * MINUTE_MS + next_s * INT64_C(1000);
	ck_assert(call(&slots, &third, promised, &again_s));
	ck_assert(call(&slots, &second, promised, &again_s));
	ck_assert_uint_ge(again_s, HOUR_MS / 2000);
}
END_TEST

START_TEST(who_is_on_a_visit_is_not_sent_away_in_the_middle_of_it)
{
	struct node_record first = { .rank = 50 }, second = { .rank = 51 };
	struct random random;
	struct slots slots;
	uint32_t next_s;

	random_init(&random, 1);
	slots_init(&slots, &tight, &random);
	ck_assert(call(&slots, &first, 10 * MINUTE_MS, &next_s));
	ck_assert(call(&slots, &first, 10 * MINUTE_MS + 900, &next_s));
	ck_assert(!call(&slots, &second, 10 * MINUTE_MS + 950, &next_s));
	ck_assert(call(&slots, &first, 10 * MINUTE_MS + 2000, &next_s));
	ck_assert_uint_eq(slots.figures.visits, 1);
	ck_assert_uint_eq(slots.figures.refused, 1);
}
END_TEST

START_TEST(what_repeats_a_report_that_was_taken_is_not_refused)
{
	struct node_record first = { .rank = 50 }, second = { .rank = 51 };
	const struct slots_contact repeat = { .node_count = 100, .excused = true };
	const struct moment now = { .monotonic_ms = 10, .wall_ms = 1000 * HOUR_MS + 10 * MINUTE_MS };
	struct random random;
	struct slots slots;
	uint32_t next_s;

	random_init(&random, 1);
	slots_init(&slots, &tight, &random);
	ck_assert(call(&slots, &first, 10 * MINUTE_MS, &next_s));
	ck_assert(slots_on_contact(&slots, &second, &repeat, now, &next_s));
}
END_TEST

START_TEST(nodes_that_poll_as_they_like_are_expected_when_they_use_to_come)
{
	static const struct slot_fleet_options options = {
		.nodes = 50,
		.schedule = { .interval_ms = HOUR_MS, .jitter_percent = 10, .contact_ms = 1000, .concurrent = 1000 },
		.own_percent = 100,
		.own_period_ms = 7 * HOUR_MS / 3,
		.latency_ms = 5000,
	};
	struct slot_fleet fleet;

	slot_fleet_open(&fleet, &options, 4);
	slot_fleet_live(&fleet, 100 * HOUR_MS);
	for (size_t i = 0; i < options.nodes; i++) {
		const struct slot_node *node = &fleet.nodes[i];
		int64_t expected = node->record.next_contact_ms - INT64_C(1790000000000);
		ck_assert(rhythm_is_own(&node->record.rhythm));
		ck_assert_int_ge(rhythm_confidence_percent(&node->record.rhythm), 95);
		ck_assert_int_le(llabs(node->wake_at_ms - expected), MINUTE_MS);
		/* Before it was known, and never since. */
		ck_assert_uint_le(node->record.drops, 3 * RHYTHM_UNHEEDED);
	}
	slot_fleet_close(&fleet);
}
END_TEST

TEST_SUITE(slots, contacts_are_spread_evenly_though_clocks_are_wrong,
	after_a_power_cut_everybody_is_served_once_and_soon,
	after_a_power_cut_nodes_behind_a_broker_lie_apart_from_their_next_slots_on,
	a_gateway_that_is_killed_amid_the_crowd_serves_everybody_all_the_same,
	a_link_that_is_full_anyway_drains_by_the_usual_slots, nobody_starves_where_there_are_more_nodes_than_fit,
	a_promise_holds_and_is_the_same_whenever_one_asks, who_is_on_a_visit_is_not_sent_away_in_the_middle_of_it,
	what_repeats_a_report_that_was_taken_is_not_refused,
	nodes_that_poll_as_they_like_are_expected_when_they_use_to_come)
