#include "gateway/gate.h"

#include <string.h>

#include "gateway/random.h"
#include "gateway/rollout_plan.h"
#include "tests/sim/drop_fleet.h"
#include "tests/unit/suite.h"

static const struct rollout_plan plan = {
	.wave_count = 4,
	.confirmed_percent = 90,
	.failed_percent = 10,
	.confidence_percent = 99,
	.drops = true,
};
static const struct drop_fleet_options bad_release = {
	.nodes = 2000,
	.updated = 20,
	.drops_a_day = 2,
	.unlike = 0.5,
	.days_before = 7,
	.bad_share = 0.3,
	.bad_ratio = 4,
	.weather = 1,
};

static enum gate_verdict failures_of(uint32_t nodes, uint32_t failed, uint32_t silent)
{
	struct gate_tally tally = { .nodes = nodes, .failed = failed, .silent = silent };
	char sentence[GATE_SENTENCE_SIZE];

	return gate_judge_failures(&plan, &tally, sentence);
}

START_TEST(failures_above_the_share_trip_it_and_silent_nodes_are_failures)
{
	ck_assert_int_eq(failures_of(0, 0, 0), GATE_PASSED);
	ck_assert_int_eq(failures_of(1, 1, 0), GATE_TRIPPED);
	ck_assert_int_eq(failures_of(9, 1, 0), GATE_TRIPPED);
	ck_assert_int_eq(failures_of(10, 1, 0), GATE_PASSED);
	ck_assert_int_eq(failures_of(10, 1, 1), GATE_TRIPPED);
	ck_assert_int_eq(failures_of(1000, 50, 50), GATE_PASSED);
	ck_assert_int_eq(failures_of(1000, 50, 51), GATE_TRIPPED);
}
END_TEST

START_TEST(a_count_of_failures_limits_the_share)
{
	struct rollout_plan limited = plan;
	struct gate_tally tally = { .nodes = 1000, .failed = 6 };
	char sentence[GATE_SENTENCE_SIZE];

	limited.failed_most = 5;
	ck_assert_int_eq(gate_judge_failures(&limited, &tally, sentence), GATE_TRIPPED);
	ck_assert_str_eq(sentence, "6 of 1000 nodes failed and 0 fell silent, 5 allowed");
	tally.failed = 5;
	ck_assert_int_eq(gate_judge_failures(&limited, &tally, sentence), GATE_PASSED);
}
END_TEST

START_TEST(enough_nodes_must_run_the_image)
{
	struct gate_tally tally = { .nodes = 11, .confirmed = 10 };
	char sentence[GATE_SENTENCE_SIZE];

	ck_assert_int_eq(gate_judge_confirmed(&plan, &tally, sentence), GATE_PASSED);
	tally.confirmed = 9;
	ck_assert_int_eq(gate_judge_confirmed(&plan, &tally, sentence), GATE_TRIPPED);
	ck_assert_str_eq(sentence, "9 of 11 nodes run the image, 10 needed");
}
END_TEST

static unsigned count_stopped(const struct drop_fleet_options *options, unsigned seeds)
{
	char sentence[GATE_SENTENCE_SIZE];
	unsigned stopped = 0;

	for (unsigned seed = 1; seed <= seeds; seed++)
		stopped += drop_fleet_judge(options, &plan, seed, sentence) > 0;
	return stopped;
}

/* The seeds are fixed: these are the same fleets in every run. tests/bench/run gate tries many more. */
START_TEST(a_release_that_makes_nodes_drop_is_stopped_in_its_first_wave)
{
	ck_assert_uint_ge(count_stopped(&bad_release, 20), 19);
}
END_TEST

START_TEST(a_good_release_passes)
{
	struct drop_fleet_options good = bad_release;

	good.bad_share = 0;
	ck_assert_uint_eq(count_stopped(&good, 20), 0);
}
END_TEST

START_TEST(weather_that_hits_all_nodes_is_not_blamed_on_the_release)
{
	struct drop_fleet_options stormy = bad_release;

	stormy.bad_share = 0;
	stormy.weather = 5;
	ck_assert_uint_eq(count_stopped(&stormy, 10), 0);
}
END_TEST

START_TEST(nodes_that_always_dropped_a_lot_are_not_blamed_on_the_release)
{
	struct drop_fleet_options options = bad_release;
	char sentence[GATE_SENTENCE_SIZE];
	struct drop_fleet fleet;

	options.bad_share = 0;
	drop_fleet_open(&fleet, &options, 1);
	for (size_t i = 0; i < options.updated; i++) {
		fleet.nodes[i].before *= 6;
		fleet.rates[i] *= 6;
	}
	drop_fleet_live(&fleet, 1);
	struct gate_comparison comparison = { fleet.nodes, options.nodes, options.updated, 1, &fleet.random,
		fleet.changes };
	ck_assert_int_ne(gate_judge_comparisons(&plan, &comparison, sentence), GATE_TRIPPED);
	drop_fleet_close(&fleet);
}
END_TEST

/* All of a few seeds are stopped, with the word in the sentence. */
static void expect_stopped(const struct drop_fleet_options *options, const char *word)
{
	for (unsigned seed = 1; seed <= 4; seed++) {
		char sentence[GATE_SENTENCE_SIZE] = "";
		ck_assert_msg(drop_fleet_judge(options, &drop_fleet_gates, seed, sentence) > 0, "%s", sentence);
		ck_assert_msg(strstr(sentence, word) && strstr(sentence, "stops below"), "%s", sentence);
	}
}

START_TEST(a_release_that_talks_too_much_is_stopped)
{
	struct drop_fleet_options options = drop_fleet_good;

	options.updated = 40;
	options.traffic_ratio = 4;
	expect_stopped(&options, "times the traffic of 1960 others, 1.50 allowed");
}
END_TEST

START_TEST(a_release_that_empties_batteries_is_stopped)
{
	struct drop_fleet_options options = drop_fleet_good;

	options.updated = 40;
	options.drain_ratio = 5;
	expect_stopped(&options, "40 updated nodes lost");
}
END_TEST

START_TEST(a_release_whose_nodes_go_away_is_stopped)
{
	struct drop_fleet_options options = drop_fleet_good;

	options.updated = 40;
	options.bad_away_share = 0.4;
	expect_stopped(&options, "updated nodes went away");
}
END_TEST

START_TEST(what_is_allowed_is_not_stopped)
{
	struct drop_fleet_options options = drop_fleet_good;
	char sentence[GATE_SENTENCE_SIZE];

	options.updated = 40;
	options.traffic_ratio = 1.4;
	options.drain_ratio = 1.4;
	for (unsigned seed = 1; seed <= 20; seed++)
		ck_assert_msg(drop_fleet_judge(&options, &drop_fleet_gates, seed, sentence) == 0, "%s", sentence);
}
END_TEST

START_TEST(a_gate_that_is_off_stops_nothing_and_leaves_its_share_to_the_others)
{
	struct drop_fleet_options options = drop_fleet_good;
	struct rollout_plan one = { .wave_count = 4, .confidence_percent = 99, .online = true }, none = { 0 };
	char sentence[GATE_SENTENCE_SIZE];

	options.traffic_ratio = 10;
	options.drain_ratio = 10;
	ck_assert_uint_eq(drop_fleet_judge(&options, &one, 1, sentence), 0);
	ck_assert_ptr_nonnull(strstr(sentence, "stops below 0.00083")); /* 0.01 by 3 waves and 4 looks */
	ck_assert(gate_compares(&one) && !gate_compares(&none));
}
END_TEST

START_TEST(what_is_not_known_of_nodes_is_not_compared)
{
	struct drop_fleet_options options = drop_fleet_good;
	char sentence[GATE_SENTENCE_SIZE];

	options.updated = 40;
	options.traffic_ratio = options.drain_a_day = 0;
	ck_assert_uint_eq(drop_fleet_judge(&options, &drop_fleet_gates, 2, sentence), 0);
	ck_assert(strstr(sentence, "dropped") || strstr(sentence, "went away"));
}
END_TEST

START_TEST(too_few_nodes_prove_nothing_and_it_says_so)
{
	struct drop_history nodes[2] = { { .after = 1000, .days_after = 1 }, { .days_after = 1 } };
	char sentence[GATE_SENTENCE_SIZE];
	struct random random;

	random_init(&random, 1);
	struct gate_comparison comparison = { nodes, 2, 1, 1, &random };
	ck_assert_int_eq(gate_judge_comparisons(&plan, &comparison, sentence), GATE_PASSED);
	ck_assert_ptr_nonnull(strstr(sentence, "too few nodes"));
}
END_TEST

TEST_SUITE(gate, a_release_that_talks_too_much_is_stopped, a_release_that_empties_batteries_is_stopped,
	a_release_whose_nodes_go_away_is_stopped, what_is_allowed_is_not_stopped,
	a_gate_that_is_off_stops_nothing_and_leaves_its_share_to_the_others, what_is_not_known_of_nodes_is_not_compared,
	failures_above_the_share_trip_it_and_silent_nodes_are_failures, a_count_of_failures_limits_the_share,
	enough_nodes_must_run_the_image, a_release_that_makes_nodes_drop_is_stopped_in_its_first_wave,
	a_good_release_passes, weather_that_hits_all_nodes_is_not_blamed_on_the_release,
	nodes_that_always_dropped_a_lot_are_not_blamed_on_the_release, too_few_nodes_prove_nothing_and_it_says_so)
