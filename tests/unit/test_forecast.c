#include "gateway/forecast.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/suite.h"

#define HOUR_MS (INT64_C(3600) * 1000)
#define NODES 100

static struct rollout_plan plan;
static struct forecast_node sample[NODES];
static struct forecast_input input;
static struct forecast result;

/* A hundred nodes that call once an hour and miss nothing; two waves, and a soak of two hours. */
static void begin_scene(void)
{
	plan = (struct rollout_plan){
		.id = "spring",
		.waves = { 100000, WAVE_ALL },
		.wave_count = 2,
		.soak_ms = { 2 * HOUR_MS },
		.deadline_wakes = 20,
		.confirmed_percent = 90,
		.failed_percent = 10,
		.drops = true,
		.confidence_percent = 99,
	};
	for (int i = 0; i < NODES; i++)
		sample[i] =
			(struct forecast_node){ .wave = i >= 10, .period_ms = HOUR_MS, .next_ms = i * HOUR_MS / NODES };
	input = (struct forecast_input){
		.plan = &plan,
		.now_ms = 1790000000000,
		.sample = sample,
		.sampled = NODES,
		.wave_nodes = { 10, 90 },
		.image_bytes = 100000,
		.attempts = 5,
		.retry_after_ms = 600000,
		.rate_bytes = 1000,
		.overhead_percent = 10,
		.bit_rate = 250000,
		.power_mw = 60,
		.runs = 100,
		.seed = 7,
	};
}

static void forecast(void)
{
	ck_assert_int_eq(forecast_run(&result, &input), 0);
}

START_TEST(nodes_that_miss_nothing_are_done_after_a_call_a_wave_and_the_soak)
{
	begin_scene();
	forecast();
	ck_assert_uint_eq(result.nodes, NODES);
	ck_assert_uint_eq(result.stopped, 0);
	ck_assert_double_eq(result.confirmed, NODES);
	/* A wave takes a call to be offered the image, and nodes say what they run when they restart: about an hour. */
	ck_assert_int_eq(result.wave_ms[0], 0);
	ck_assert_int_ge(result.wave_ms[1], 2 * HOUR_MS);
	ck_assert_int_le(result.wave_ms[1], 3 * HOUR_MS);
	ck_assert_int_ge(result.complete_ms[FORECAST_P50], 3 * HOUR_MS);
	ck_assert_int_le(result.complete_ms[FORECAST_P95], 6 * HOUR_MS);
	ck_assert_double_eq(result.curve[0][FORECAST_P50], 0);
	ck_assert_double_eq(result.curve[FORECAST_POINTS - 1][FORECAST_P50], 1);
}
END_TEST

START_TEST(each_wave_has_its_own_soak)
{
	begin_scene();
	plan.wave_count = 3;
	plan.waves[1] = 500000;
	plan.waves[2] = WAVE_ALL;
	plan.soak_ms[1] = 20 * HOUR_MS;
	for (int i = 0; i < NODES; i++)
		sample[i].wave = i < 10 ? 0 : i < 50 ? 1 : 2;
	input.wave_nodes[1] = 40;
	input.wave_nodes[2] = 50;
	forecast();
	ck_assert_int_ge(result.wave_ms[1], 2 * HOUR_MS);
	ck_assert_int_le(result.wave_ms[1], 4 * HOUR_MS);
	ck_assert_int_ge(result.wave_ms[2] - result.wave_ms[1], 20 * HOUR_MS);
	ck_assert_int_le(result.wave_ms[2] - result.wave_ms[1], 22 * HOUR_MS);
}
END_TEST

/* One soak more in 16 of 100 runs, and in half of these another one. */
START_TEST(a_wave_under_suspicion_once_is_likely_to_be_so_again)
{
	begin_scene();
	input.runs = 1000;
	forecast();
	ck_assert_int_lt(result.complete_ms[FORECAST_P75] - result.complete_ms[FORECAST_P50], HOUR_MS);
	ck_assert_int_gt(result.complete_ms[FORECAST_P95] - result.complete_ms[FORECAST_P50], 3 * HOUR_MS);
}
END_TEST

START_TEST(the_same_seed_gives_the_same_forecast)
{
	struct forecast first;

	begin_scene();
	for (int i = 0; i < NODES; i++)
		sample[i].missed = 0.3;
	forecast();
	first = result;
	forecast();
	ck_assert_mem_eq(&first, &result, sizeof(first));
	input.seed = 8;
	forecast();
	ck_assert_mem_ne(&first, &result, sizeof(first));
}
END_TEST

START_TEST(bands_lie_in_each_other_and_curves_rise)
{
	begin_scene();
	for (int i = 0; i < NODES; i++)
		sample[i].missed = 0.2;
	forecast();
	for (int point = 0; point < FORECAST_POINTS; point++)
		for (int band = 1; band < FORECAST_BANDS; band++) {
			ck_assert_double_ge(result.curve[point][band], result.curve[point][band - 1]);
			if (point > 0)
				ck_assert_double_ge(result.curve[point][band], result.curve[point - 1][band]);
		}
	ck_assert_int_ge(result.complete_ms[FORECAST_P95], result.complete_ms[FORECAST_P5]);
}
END_TEST

START_TEST(airtime_and_energy_follow_from_the_bytes)
{
	begin_scene();
	forecast();
	ck_assert_double_eq_tol(result.bytes, 100 * 100000 * 1.1, 1);
	ck_assert_double_eq_tol(result.airtime_s, 100 * 100000 * 1.1 * 8 / 250000, 0.01);
	ck_assert_double_eq_tol(result.node_joules, 100000 * 1.1 * 8 / 250000 * 0.06, 0.0001);
}
END_TEST

START_TEST(attempts_that_fail_cost_time_and_air)
{
	begin_scene();
	input.attempt_fails = 0.5;
	plan.failed_percent = 100;
	plan.confirmed_percent = 0;
	forecast();
	/* 1 + 1/2 + 1/4 + … of five attempts; 1 of 32 nodes fails for good. */
	ck_assert_double_eq_tol(result.bytes / (100 * 100000 * 1.1), 1.9375, 0.06);
	ck_assert_double_eq_tol(result.failed, 100.0 / 32, 1);
	ck_assert_int_gt(result.complete_ms[FORECAST_P50], 6 * HOUR_MS);
}
END_TEST

START_TEST(silent_nodes_hold_their_wave_up_until_the_gate_stops_it)
{
	begin_scene();
	sample[0].silent = true;
	forecast();
	ck_assert_uint_eq(result.stopped, 0);
	ck_assert_int_ge(result.wave_ms[1], 22 * HOUR_MS);
	ck_assert_double_eq(result.silent, 1);
	sample[1].silent = true;
	forecast();
	ck_assert_uint_eq(result.stopped, 100);
	ck_assert_int_eq(result.wave_ms[1], -1);
	ck_assert_int_eq(result.complete_ms[FORECAST_P50], -1);
	ck_assert_double_lt(result.curve[FORECAST_POINTS - 1][FORECAST_P95], 0.11);
}
END_TEST

START_TEST(transfers_wait_for_each_other_where_few_are_allowed_at_once)
{
	begin_scene();
	plan.wave_count = 1;
	plan.waves[0] = WAVE_ALL;
	for (int i = 0; i < NODES; i++)
		sample[i].wave = 0;
	input.wave_nodes[0] = NODES;
	input.image_bytes = 1800000; /* half an hour */
	input.plan = &plan;
	plan.deadline_wakes = 1000;
	forecast();
	int64_t free_ms = result.complete_ms[FORECAST_P50];
	input.at_once = 1;
	forecast();
	ck_assert_int_lt(free_ms, 4 * HOUR_MS);
	ck_assert_int_ge(result.complete_ms[FORECAST_P50], 50 * HOUR_MS);
	ck_assert_int_le(result.complete_ms[FORECAST_P50], 53 * HOUR_MS);
}
END_TEST

START_TEST(nothing_begins_outside_a_window)
{
	begin_scene();
	for (size_t i = 0; i < FORECAST_WEEK; i++)
		input.closed[i] = i < 40; /* ten hours, each week */
	forecast();
	ck_assert_int_gt(result.wave_ms[1], 12 * HOUR_MS);
	for (int point = 0; point < FORECAST_POINTS; point++)
		if (result.span_ms * point / (FORECAST_POINTS - 1) < 10 * HOUR_MS)
			ck_assert_double_eq(result.curve[point][FORECAST_P95], 0);
}
END_TEST

/* All get it in one wave, by transfers of half an hour. */
static void begin_one_wave(void)
{
	begin_scene();
	plan.wave_count = 1;
	plan.waves[0] = WAVE_ALL;
	for (int i = 0; i < NODES; i++)
		sample[i].wave = 0;
	input.wave_nodes[0] = NODES;
	input.image_bytes = 1800000;
}

START_TEST(nodes_that_call_often_wait_for_a_window_that_is_far_away)
{
	begin_one_wave();
	input.image_bytes = 1000;
	for (int i = 0; i < NODES; i++)
		sample[i].period_ms = sample[i].next_ms = 3000;
	plan.deadline_wakes = 1000;
	for (size_t i = 0; i < FORECAST_WEEK; i++)
		input.closed[i] = i < 480; /* five days */
	forecast();
	ck_assert_double_eq(result.confirmed, NODES);
	ck_assert_int_ge(result.complete_ms[FORECAST_P5], 120 * HOUR_MS);
	ck_assert_int_le(result.complete_ms[FORECAST_P95], 121 * HOUR_MS);
	memset(input.closed, true, sizeof(input.closed));
	forecast();
	ck_assert_double_eq(result.silent, NODES);
}
END_TEST

START_TEST(who_waits_for_the_link_is_not_silent)
{
	begin_one_wave();
	plan.deadline_wakes = 3;
	input.at_once = 1;
	forecast();
	ck_assert_double_eq(result.silent, 0);
	ck_assert_int_ge(result.complete_ms[FORECAST_P50], 50 * HOUR_MS);
}
END_TEST

START_TEST(nodes_wait_for_each_other_at_their_parents)
{
	begin_one_wave();
	input.per_parent = 2;
	for (int i = 0; i < NODES; i++)
		sample[i].parent = i < 40 ? 1 : 2 + (uint32_t)i; /* 40 with one parent, the others alone */
	forecast();
	/* Twenty half hours, two at a time. */
	ck_assert_int_ge(result.complete_ms[FORECAST_P50], 10 * HOUR_MS);
	ck_assert_int_le(result.complete_ms[FORECAST_P50], 12 * HOUR_MS);
	/* The others are done with the first calls, and do not wait for those. */
	ck_assert_double_ge(result.curve[FORECAST_POINTS / 4][FORECAST_P5], 0.6);
	input.at_once = 4;
	forecast();
	ck_assert_int_ge(result.complete_ms[FORECAST_P50], 12 * HOUR_MS);
}
END_TEST

START_TEST(a_fleet_that_is_drawn_has_as_many_parents_more)
{
	begin_one_wave();
	input.per_parent = 1;
	for (int i = 0; i < NODES; i++)
		sample[i].parent = 1 + (uint32_t)i / 4;
	forecast();
	int64_t few_ms = result.complete_ms[FORECAST_P50];
	input.wave_nodes[0] = 50 * NODES;
	input.runs = 5;
	forecast();
	ck_assert_double_eq(result.confirmed, 50 * NODES);
	/* Four a parent in the mean, but by chance a dozen somewhere. */
	ck_assert_int_ge(result.complete_ms[FORECAST_P50], few_ms);
	ck_assert_int_le(result.complete_ms[FORECAST_P50], 5 * few_ms);
}
END_TEST

START_TEST(stones_come_first_and_cost_time_and_air)
{
	begin_one_wave();
	input.image_bytes = 100000;
	forecast();
	double bytes = result.bytes;
	int64_t straight_ms = result.complete_ms[FORECAST_P50];
	for (int i = 0; i < NODES / 2; i++) {
		sample[i].stones = 2;
		sample[i].stone_bytes = 3600000; /* half an hour each */
	}
	forecast();
	ck_assert_double_eq(result.confirmed, NODES);
	ck_assert_double_eq_tol(result.bytes - bytes, NODES / 2 * 3600000 * 1.1, 1);
	ck_assert_int_ge(result.complete_ms[FORECAST_P50], straight_ms + HOUR_MS / 2);
	ck_assert_int_le(result.complete_ms[FORECAST_P50], straight_ms + 2 * HOUR_MS);
}
END_TEST

START_TEST(activation_waits_for_its_window_and_nobody_is_late_for_that)
{
	begin_one_wave();
	plan.deadline_wakes = 3;
	input.spread_ms = HOUR_MS / 2;
	for (size_t i = 0; i < FORECAST_WEEK; i++)
		input.apply_closed[i] = i < 80 || i >= 88; /* after 20 hours, for two */
	forecast();
	ck_assert_double_eq(result.confirmed, NODES);
	ck_assert_int_ge(result.complete_ms[FORECAST_P50], 20 * HOUR_MS + HOUR_MS / 4);
	ck_assert_int_le(result.complete_ms[FORECAST_P95], 21 * HOUR_MS);
	for (int point = 0; point < FORECAST_POINTS; point++)
		if (result.span_ms * point / (FORECAST_POINTS - 1) < 20 * HOUR_MS)
			ck_assert_double_eq(result.curve[point][FORECAST_P95], 0);
	memset(input.apply_closed, true, sizeof(input.apply_closed));
	forecast();
	ck_assert_double_eq(result.confirmed, 0);
}
END_TEST

START_TEST(a_large_fleet_is_drawn_from_its_sample)
{
	begin_scene();
	input.wave_nodes[0] = 2000;
	input.wave_nodes[1] = 18000;
	input.runs = 5;
	forecast();
	ck_assert_uint_eq(result.nodes, 20000);
	ck_assert_double_eq(result.confirmed, 20000);
}
END_TEST

START_TEST(input_has_limits)
{
	begin_scene();
	input.runs = 0;
	ck_assert_int_eq(forecast_run(&result, &input), -EINVAL);
	begin_scene();
	input.wave_nodes[1] = FORECAST_NODES_MAX;
	ck_assert_int_eq(forecast_run(&result, &input), -EINVAL);
	begin_scene();
	sample[3].period_ms = 0;
	ck_assert_int_eq(forecast_run(&result, &input), -EINVAL);
	begin_scene();
	input.rate_bytes = 0;
	ck_assert_int_eq(forecast_run(&result, &input), -EINVAL);
}
END_TEST

TEST_SUITE(forecast, nodes_that_miss_nothing_are_done_after_a_call_a_wave_and_the_soak, each_wave_has_its_own_soak,
	a_wave_under_suspicion_once_is_likely_to_be_so_again, the_same_seed_gives_the_same_forecast,
	bands_lie_in_each_other_and_curves_rise, airtime_and_energy_follow_from_the_bytes,
	attempts_that_fail_cost_time_and_air, silent_nodes_hold_their_wave_up_until_the_gate_stops_it,
	transfers_wait_for_each_other_where_few_are_allowed_at_once,
	nodes_that_call_often_wait_for_a_window_that_is_far_away, who_waits_for_the_link_is_not_silent,
	nodes_wait_for_each_other_at_their_parents, a_fleet_that_is_drawn_has_as_many_parents_more,
	stones_come_first_and_cost_time_and_air, activation_waits_for_its_window_and_nobody_is_late_for_that,
	nothing_begins_outside_a_window, a_large_fleet_is_drawn_from_its_sample, input_has_limits)
