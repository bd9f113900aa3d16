#include "gateway/rollout.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/suite.h"

#define HOUR_MS (INT64_C(3600) * 1000)

static const struct rollout_plan two_waves = {
	.id = "spring",
	.waves = { 100000, WAVE_ALL },
	.wave_count = 2,
	.soak_ms = { HOUR_MS },
	.deadline_wakes = 4,
	.confirmed_percent = 90,
	.failed_percent = 10,
	.confidence_percent = 99,
};
static struct moment now;
static struct rollout_facts facts;

static struct rollout begin(const struct rollout_plan *plan)
{
	struct rollout rollout;

	now = (struct moment){ .wall_ms = 1790000000000 };
	facts = (struct rollout_facts){ .concerned = 50, .lowest = 1234 };
	rollout_init(&rollout, plan, now);
	return rollout;
}

static struct rollout_step tick(struct rollout *rollout)
{
	return rollout_tick(rollout, &facts, now);
}

static void tally(uint32_t nodes, uint32_t confirmed, uint32_t failed)
{
	facts.tally = (struct gate_tally){
		.nodes = nodes, .confirmed = confirmed, .failed = failed, .open = nodes - confirmed - failed
	};
}

START_TEST(a_good_rollout_goes_through_its_waves)
{
	struct rollout rollout = begin(&two_waves);

	ck_assert(tick(&rollout).changed);
	ck_assert_int_eq(rollout.state, ROLLOUT_ROLLING);
	ck_assert_uint_eq(rollout.reach, 100000);
	tally(5, 4, 0);
	ck_assert(!tick(&rollout).changed);
	tally(5, 5, 0);
	ck_assert(tick(&rollout).watch);
	ck_assert_int_eq(rollout.state, ROLLOUT_SOAKING);
	now.wall_ms += HOUR_MS - 1;
	ck_assert(!tick(&rollout).changed);
	now.wall_ms += 1;
	ck_assert(tick(&rollout).changed);
	ck_assert_int_eq(rollout.state, ROLLOUT_ROLLING);
	ck_assert_uint_eq(rollout.reach, WAVE_ALL);
	tally(50, 50, 0);
	ck_assert(tick(&rollout).changed);
	ck_assert_int_eq(rollout.state, ROLLOUT_COMPLETE);
	ck_assert(!rollout_is_open(&rollout));
}
END_TEST

/* From a wave that rolls into its soak, which must be over after `soak_ms` and not a moment before. */
static void ck_soaks(struct rollout *rollout, int64_t soak_ms)
{
	unsigned wave = rollout->wave;

	tally(5, 5, 0);
	ck_assert(tick(rollout).watch);
	ck_assert_int_eq(rollout_judged_ms(rollout), now.wall_ms + soak_ms);
	now.wall_ms += soak_ms - 1;
	ck_assert(!tick(rollout).changed);
	now.wall_ms += 1;
	ck_assert(tick(rollout).changed);
	ck_assert_uint_eq(rollout->wave, wave + 1);
}

START_TEST(each_wave_waits_for_its_own_soak)
{
	struct rollout_plan plan = two_waves;

	plan.wave_count = 4;
	memcpy(plan.waves, (uint32_t[]){ 10000, 50000, 100000, WAVE_ALL }, 4 * sizeof(plan.waves[0]));
	memcpy(plan.soak_ms, (int64_t[]){ HOUR_MS, 4 * HOUR_MS, 1000 }, 3 * sizeof(plan.soak_ms[0]));
	struct rollout rollout = begin(&plan);
	(void)tick(&rollout);
	ck_soaks(&rollout, HOUR_MS);
	ck_soaks(&rollout, 4 * HOUR_MS);
	ck_soaks(&rollout, 1000);
	(void)tick(&rollout);
	ck_assert_int_eq(rollout.state, ROLLOUT_COMPLETE);
}
END_TEST

START_TEST(failures_stop_it_in_the_middle_of_a_wave)
{
	struct rollout rollout = begin(&two_waves);

	(void)tick(&rollout);
	tally(5, 2, 1);
	struct rollout_step step = tick(&rollout);
	ck_assert(step.changed && step.withdraw && !step.revert);
	ck_assert_int_eq(rollout.state, ROLLOUT_TRIPPED);
	ck_assert(!rollout_is_offering(&rollout));
	ck_assert_ptr_nonnull(strstr(rollout.reason, "1 of 5 nodes failed"));
}
END_TEST

START_TEST(failures_stop_it_while_it_soaks_and_bring_the_former_images_back)
{
	struct rollout_plan plan = two_waves;

	plan.on_failure = ROLLOUT_ROLLS_BACK;
	struct rollout rollout = begin(&plan);
	(void)tick(&rollout);
	tally(5, 5, 0);
	(void)tick(&rollout);
	tally(5, 4, 1);
	struct rollout_step step = tick(&rollout);
	ck_assert(step.withdraw && step.revert);
	ck_assert_int_eq(rollout.state, ROLLOUT_ROLLED_BACK);
}
END_TEST

START_TEST(a_gateway_by_itself_tries_one_node_first)
{
	struct rollout rollout = begin(&two_waves);

	facts.lowest = 345678;
	(void)tick(&rollout);
	ck_assert_uint_eq(rollout.reach, 345679);
}
END_TEST

/* Else most gateways of a large fleet, which have no node in the first waves, would begin with the last one. */
START_TEST(a_gateway_of_a_fleet_without_a_node_in_a_wave_waits_while_others_watch_theirs)
{
	struct rollout_plan plan = two_waves;

	plan.fleet = true;
	struct rollout rollout = begin(&plan);
	facts.lowest = 345678;
	(void)tick(&rollout);
	ck_assert_uint_eq(rollout.reach, 100000);
	ck_assert(tick(&rollout).changed);
	ck_assert_int_eq(rollout.state, ROLLOUT_SOAKING);
	ck_assert_uint_eq(rollout.wave, 0);
	now.wall_ms += plan.soak_ms[0] - 1;
	(void)tick(&rollout);
	ck_assert_uint_eq(rollout.wave, 0);
	now.wall_ms += 1;
	ck_assert(tick(&rollout).changed);
	ck_assert_int_eq(rollout.state, ROLLOUT_ROLLING);
	ck_assert_uint_eq(rollout.wave, 1);
}
END_TEST

START_TEST(one_that_no_node_can_have_says_why)
{
	struct rollout rollout = begin(&two_waves), fleet;
	struct rollout_plan plan = two_waves;
	char why[160];

	facts.lowest = WAVE_ALL;
	facts.barred[OBSTACLE_HELD] = 8;
	facts.barred[OBSTACLE_UNFIT] = 42;
	(void)tick(&rollout);
	ck_assert(!tick(&rollout).changed);
	ck_assert(rollout_is_barred(&rollout, &facts));
	rollout_explain_barred(&facts, why, sizeof(why));
	ck_assert_str_eq(why, "no node can have the image now: 8 held, 42 that it is not for");
	rollout_explain_barred(&facts, why, 21); /* is cut */
	ck_assert_str_eq(why, "no node can have the");
	/* One can. */
	facts.lowest = 123456;
	ck_assert(!rollout_is_barred(&rollout, &facts));
	ck_assert(tick(&rollout).changed);
	/* Other gateways of a fleet have nodes that can. */
	plan.fleet = true;
	facts.lowest = WAVE_ALL;
	rollout_init(&fleet, &plan, now);
	(void)tick(&fleet);
	ck_assert(!rollout_is_barred(&fleet, &facts));
	ck_assert(tick(&fleet).changed);
}
END_TEST

START_TEST(one_whose_image_is_for_no_node_is_stopped)
{
	struct rollout rollout = begin(&two_waves);
	struct rollout_step step;

	facts.lowest = WAVE_ALL;
	facts.barred[OBSTACLE_UNFIT] = 50;
	(void)tick(&rollout);
	ck_assert(tick(&rollout).withdraw);
	ck_assert_int_eq(rollout.state, ROLLOUT_TRIPPED);
	ck_assert_str_eq(rollout.reason, "the image is for none of the 50 nodes");
	/* So it is again, until a node joins that it is for. */
	ck_assert_int_eq(rollout_intervene(&rollout, ROLLOUT_RESUME, "operator", now, &step), 0);
	ck_assert(tick(&rollout).changed);
	ck_assert_int_eq(rollout.state, ROLLOUT_TRIPPED);
	ck_assert_int_eq(rollout_intervene(&rollout, ROLLOUT_RESUME, "operator", now, &step), 0);
	facts.concerned = 51;
	facts.lowest = 4711;
	tally(1, 0, 0);
	ck_assert(!tick(&rollout).changed);
	ck_assert_int_eq(rollout.state, ROLLOUT_ROLLING);
}
END_TEST

START_TEST(it_waits_for_its_start_and_for_approval)
{
	struct rollout_plan plan = two_waves;
	struct rollout_step step;

	plan.approval = true;
	plan.start_ms = 1790000000000 + HOUR_MS;
	struct rollout rollout = begin(&plan);
	ck_assert(!tick(&rollout).changed);
	ck_assert_int_eq(rollout_intervene(&rollout, ROLLOUT_APPROVE, "operator", now, &step), 0);
	ck_assert_int_eq(rollout_intervene(&rollout, ROLLOUT_APPROVE, "operator", now, &step), -EALREADY);
	ck_assert(!tick(&rollout).changed);
	now.wall_ms += HOUR_MS;
	ck_assert(tick(&rollout).changed);
	ck_assert_int_eq(rollout.state, ROLLOUT_ROLLING);
}
END_TEST

/* A soak of which the drops are compared, about to end. */
static struct rollout soaking(void)
{
	struct rollout_plan plan = two_waves;

	plan.drops = true;
	struct rollout rollout = begin(&plan);
	(void)tick(&rollout);
	tally(5, 5, 0);
	(void)tick(&rollout);
	ck_assert(!rollout_wants_comparison(&rollout, now));
	now.wall_ms += HOUR_MS;
	ck_assert(rollout_wants_comparison(&rollout, now));
	return rollout;
}

static void found(enum gate_verdict verdict)
{
	facts.compared = true;
	facts.verdict = verdict;
	strcpy(facts.sentence, "what was found");
}

START_TEST(nothing_is_decided_before_the_drops_are_compared)
{
	struct rollout rollout = soaking();

	ck_assert(!tick(&rollout).changed);
	found(GATE_PASSED);
	(void)tick(&rollout);
	ck_assert_uint_eq(rollout.wave, 1);
	ck_assert_str_eq(rollout.reason, "what was found");
}
END_TEST

START_TEST(a_wave_under_suspicion_is_watched_for_longer)
{
	struct rollout rollout = soaking();

	found(GATE_SUSPECTED);
	ck_assert(tick(&rollout).changed);
	ck_assert_int_eq(rollout.state, ROLLOUT_SOAKING);
	ck_assert(!rollout_wants_comparison(&rollout, now));
	now.wall_ms += HOUR_MS;
	ck_assert(rollout_wants_comparison(&rollout, now));
	found(GATE_TRIPPED);
	ck_assert(tick(&rollout).withdraw);
	ck_assert_int_eq(rollout.state, ROLLOUT_TRIPPED);
}
END_TEST

START_TEST(a_suspicion_lasts_as_long_as_the_soak_of_its_wave)
{
	struct rollout_plan plan = two_waves;

	plan.drops = true;
	plan.wave_count = 3;
	memcpy(plan.waves, (uint32_t[]){ 10000, 100000, WAVE_ALL }, 3 * sizeof(plan.waves[0]));
	plan.soak_ms[1] = 3 * HOUR_MS;
	struct rollout rollout = begin(&plan);
	(void)tick(&rollout);
	found(GATE_PASSED);
	ck_soaks(&rollout, HOUR_MS);
	(void)tick(&rollout);
	now.wall_ms += 3 * HOUR_MS;
	found(GATE_SUSPECTED);
	(void)tick(&rollout);
	ck_assert_int_eq(rollout_judged_ms(&rollout), now.wall_ms + 3 * HOUR_MS);
}
END_TEST

START_TEST(an_operator_pauses_and_resumes)
{
	struct rollout rollout = begin(&two_waves);
	struct rollout_step step;

	(void)tick(&rollout);
	ck_assert_int_eq(rollout_intervene(&rollout, ROLLOUT_RESUME, "operator", now, &step), -EALREADY);
	ck_assert_int_eq(rollout_intervene(&rollout, ROLLOUT_PAUSE, "operator", now, &step), 0);
	ck_assert(step.withdraw);
	ck_assert(!tick(&rollout).changed);
	ck_assert_int_eq(rollout_intervene(&rollout, ROLLOUT_RESUME, "operator", now, &step), 0);
	ck_assert_int_eq(rollout.state, ROLLOUT_ROLLING);
	ck_assert_uint_eq(rollout.wave, 0);
	ck_assert_str_eq(rollout.reason, "resumed by operator");
}
END_TEST

START_TEST(resumed_past_a_gate_its_wave_counts_as_passed)
{
	struct rollout rollout = begin(&two_waves);
	struct rollout_step step;

	(void)tick(&rollout);
	tally(5, 2, 3);
	(void)tick(&rollout);
	ck_assert_int_eq(rollout.state, ROLLOUT_TRIPPED);
	ck_assert_int_eq(rollout_intervene(&rollout, ROLLOUT_RESUME, "operator", now, &step), 0);
	ck_assert_uint_eq(rollout.wave, 1);
	ck_assert_uint_eq(rollout.reach, WAVE_ALL);
}
END_TEST

START_TEST(what_is_over_is_over)
{
	struct rollout rollout = begin(&two_waves);
	struct rollout_step step;

	(void)tick(&rollout);
	ck_assert_int_eq(rollout_intervene(&rollout, ROLLOUT_ABORT, "operator", now, &step), 0);
	ck_assert_int_eq(rollout_intervene(&rollout, ROLLOUT_ABORT, "operator", now, &step), -EALREADY);
	ck_assert_int_eq(rollout_intervene(&rollout, ROLLOUT_RESUME, "operator", now, &step), -EINVAL);
	ck_assert_int_eq(rollout_intervene(&rollout, ROLLOUT_PAUSE, "operator", now, &step), -EINVAL);
	ck_assert_int_eq(rollout_intervene(&rollout, ROLLOUT_ROLL_BACK, "operator", now, &step), 0);
	ck_assert(step.revert);
}
END_TEST

START_TEST(a_clock_set_back_does_not_make_a_soak_longer)
{
	struct rollout rollout = begin(&two_waves);

	(void)tick(&rollout);
	tally(5, 5, 0);
	(void)tick(&rollout);
	now.wall_ms -= 1000 * HOUR_MS;
	(void)tick(&rollout);
	now.wall_ms += HOUR_MS;
	ck_assert(tick(&rollout).changed);
	ck_assert_uint_eq(rollout.wave, 1);
}
END_TEST

/* What was granted follows the clock when that is set; what was kept of a former start would not. */
START_TEST(time_is_granted_by_the_clock_as_it_is_even_before_it_is_set)
{
	struct rollout rollout = begin(&two_waves);

	tick(&rollout);
	now.wall_ms += HOUR_MS;
	rollout_grant_time(&rollout, now);
	ck_assert_int_eq(rollout.wave_ms, now.wall_ms);
	now.wall_ms = 20000;
	rollout_grant_time(&rollout, now);
	ck_assert_int_eq(rollout.wave_ms, 20000);
}
END_TEST

START_TEST(names_of_states_are_parsed_back)
{
	for (int state = ROLLOUT_WAITING; state <= ROLLOUT_COMPLETE; state++)
		ck_assert_int_eq(rollout_state_parse(rollout_state_name((enum rollout_state)state)), state);
	ck_assert_int_eq(rollout_state_parse("asleep"), -EINVAL);
}
END_TEST

TEST_SUITE(rollout, a_good_rollout_goes_through_its_waves, each_wave_waits_for_its_own_soak,
	failures_stop_it_in_the_middle_of_a_wave, failures_stop_it_while_it_soaks_and_bring_the_former_images_back,
	a_gateway_by_itself_tries_one_node_first,
	a_gateway_of_a_fleet_without_a_node_in_a_wave_waits_while_others_watch_theirs,
	one_that_no_node_can_have_says_why, one_whose_image_is_for_no_node_is_stopped,
	it_waits_for_its_start_and_for_approval, nothing_is_decided_before_the_drops_are_compared,
	a_wave_under_suspicion_is_watched_for_longer, a_suspicion_lasts_as_long_as_the_soak_of_its_wave,
	an_operator_pauses_and_resumes, resumed_past_a_gate_its_wave_counts_as_passed, what_is_over_is_over,
	a_clock_set_back_does_not_make_a_soak_longer, time_is_granted_by_the_clock_as_it_is_even_before_it_is_set,
	names_of_states_are_parsed_back)
