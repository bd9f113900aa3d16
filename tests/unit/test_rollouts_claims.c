#include "gateway/rollouts_claims.h"

#include "gateway/rollout_turn.h"
#include "tests/unit/rollouts_stage.h"
#include "tests/unit/suite.h"

START_TEST(two_rollouts_for_the_same_nodes_do_not_go_together)
{
	struct site *site = site_with_rollout(plan_of("spring"));
	struct rollout_plan other = plan_of("summer"), same = plan_of("spring");

	ck_assert_int_eq(rollouts_create(site->rollouts, &same, "operator", site->now), -EEXIST);
	ck_assert_int_eq(rollouts_create(site->rollouts, &other, "operator", site->now), -EBUSY);
	ck_assert_int_eq(rollouts_remove(site->rollouts, "spring"), -EBUSY);
	ck_assert(rollouts_need(site->rollouts, new_image));
	ck_assert_int_eq(rollouts_intervene(site->rollouts, "spring", ROLLOUT_ABORT, "operator", site->now), 0);
	ck_assert(!rollouts_need(site->rollouts, new_image));
	ck_assert_int_eq(rollouts_create(site->rollouts, &other, "operator", site->now), 0);
	ck_assert_int_eq(rollouts_remove(site->rollouts, "spring"), 0);
	ck_assert_ptr_null(rollouts_find(site->rollouts, "spring"));
	ck_assert_int_eq(rollouts_remove(site->rollouts, "spring"), -ENOENT);
	site_close(site);
}
END_TEST

START_TEST(an_order_from_before_the_clock_was_set_is_of_its_rollout)
{
	struct rollout rollout = { .plan = plan_of("spring"), .created_ms = INT64_C(1790000000000) };
	struct update update = { .record = { .created_ms = rollout.created_ms } };

	memcpy(update.record.goal, rollout.plan.sha256, 32);
	ck_assert_ptr_eq(rollout_turn_own(&rollout, &update), &update);
	update.record.created_ms -= 1;
	ck_assert_ptr_null(rollout_turn_own(&rollout, &update));
	update.record.created_ms = 20000;
	ck_assert_ptr_eq(rollout_turn_own(&rollout, &update), &update);
	memcpy(update.record.goal, third_image, 32);
	ck_assert_ptr_null(rollout_turn_own(&rollout, &update));
}
END_TEST

START_TEST(what_a_rollout_of_higher_priority_wants_is_not_taken_by_another)
{
	struct rollout_plan plan = plan_of("spring"), urgent = plan_of("urgent");
	struct site *site;

	plan.wave_count = urgent.wave_count = 1;
	plan.waves[0] = urgent.waves[0] = WAVE_ALL;
	site = site_with_rollout(plan);
	live(site, 2); /* all nodes have the order of the first */
	memcpy(urgent.sha256, third_image, 32);
	urgent.priority = 1;
	snprintf(urgent.targets.nodes, sizeof(urgent.targets.nodes), "node-003 node-007");
	ck_assert_int_eq(rollouts_create(site->rollouts, &urgent, "operator", site->now), 0);
	while (rollouts_tick(site->rollouts, site->now) == 0)
		;
	site->is_off[3] = site->is_off[7] = true; /* they sleep on, and follow nothing yet */
	live(site, 1);
	site->is_off[3] = site->is_off[7] = false;
	live(site, 6);
	ck_assert_int_eq(rollouts_find(site->rollouts, "urgent")->state, ROLLOUT_COMPLETE);
	live(site, 20);
	ck_assert_uint_eq(count_running(site, third_image), 2);
	ck_assert_mem_eq(site->runs[3], third_image, 32);
	ck_assert_mem_eq(site->runs[7], third_image, 32);
	ck_assert_uint_eq(count_running(site, new_image), NODES - 2);
	ck_assert_int_eq(state_of(site), ROLLOUT_COMPLETE);
	site_close(site);
}
END_TEST

static void hold(struct site *site, const char *node)
{
	ck_assert_int_eq(holds_set(site->holds, &(struct hold_order){ node, "because", "operator" }, site->now), 0);
	updates_renew_all(site->updates, site->now);
}

static void release(struct site *site, const char *node)
{
	ck_assert_int_eq(holds_release(site->holds, node, "operator", site->now), 0);
	rollouts_grant_time(site->rollouts, site->now);
	updates_renew_all(site->updates, site->now);
}

START_TEST(nodes_that_are_held_are_left_alone_and_no_failures)
{
	struct rollout_plan plan = plan_of("spring");
	struct site *site;

	plan.wave_count = 1;
	plan.waves[0] = WAVE_ALL;
	site = site_with_rollout(plan);
	for (size_t i = 0; i < NODES / 2; i++)
		hold(site, name_of(i));
	live(site, 30);
	ck_assert_uint_eq(count_running(site, new_image), NODES / 2);
	ck_assert_int_eq(state_of(site), ROLLOUT_COMPLETE);
	ck_assert_uint_eq(rollouts_facts(site->rollouts, 0)->excused[OBSTACLE_HELD], NODES / 2);
	ck_assert_uint_eq(rollouts_facts(site->rollouts, 0)->tally.nodes, NODES / 2);
	site_close(site);
}
END_TEST

/* Half of them share the hardware type with another model that the image is for. */
START_TEST(nodes_that_the_image_is_not_for_are_no_failures)
{
	struct rollout_plan plan = plan_of("spring");
	char why[OBSTACLE_TEXT_SIZE];
	struct site *site;

	plan.wave_count = 1;
	plan.waves[0] = WAVE_ALL;
	site = site_with_rollout(plan);
	memset(site->is_other_model, true, NODES / 2);
	live(site, 30);
	ck_assert_uint_eq(count_running(site, new_image), NODES / 2);
	ck_assert_int_eq(state_of(site), ROLLOUT_COMPLETE);
	ck_assert_uint_eq(rollouts_facts(site->rollouts, 0)->excused[OBSTACLE_UNFIT], NODES / 2);
	ck_assert_uint_eq(rollouts_facts(site->rollouts, 0)->tally.failed, 0);
	ck_assert_int_eq(updates_find(site->updates, name_of(0))->state, UPDATE_UNFIT);
	ck_assert_int_eq(rollouts_obstacle(site->rollouts, rollouts_at(site->rollouts, 0),
				 nodes_find(site->nodes, name_of(0)), site->now, why),
		OBSTACLE_UNFIT);
	ck_assert_str_eq(why, "the image is not for this node");
	/* Nor when the gateway starts again, or they come late. */
	site_restart(site);
	live(site, 30);
	ck_assert_int_eq(updates_find(site->updates, name_of(0))->state, UPDATE_UNFIT);
	ck_assert_uint_eq(updates_find(site->updates, name_of(0))->record.attempts, 0);
	site_close(site);
}
END_TEST

START_TEST(a_wave_whose_first_nodes_the_image_is_not_for_goes_on_to_one_that_it_is_for)
{
	struct rollout_plan plan = plan_of("spring");
	struct site *site;
	size_t last = 0;

	plan.waves[0] = 1;
	site = site_with_rollout(plan);
	for (size_t i = 1; i < NODES; i++)
		last = wave_place("spring", name_of(i)) > wave_place("spring", name_of(last)) ? i : last;
	memset(site->is_other_model, true, sizeof(site->is_other_model));
	site->is_other_model[last] = false;
	live(site, 3 * NODES);
	ck_assert_uint_eq(count_running(site, new_image), 1);
	ck_assert_mem_eq(site->runs[last], new_image, 32);
	ck_assert_int_eq(state_of(site), ROLLOUT_COMPLETE);
	site_close(site);
}
END_TEST

START_TEST(where_no_node_can_have_the_image_that_is_known_until_it_is_for_none)
{
	struct site *site = site_with_rollout(plan_of("spring"));

	memset(site->is_other_model, true, sizeof(site->is_other_model));
	for (size_t i = 0; i < NODES; i++)
		hold(site, name_of(i));
	live(site, 4);
	ck_assert(rollout_is_barred(rollouts_at(site->rollouts, 0), rollouts_facts(site->rollouts, 0)));
	ck_assert_uint_eq(rollouts_facts(site->rollouts, 0)->barred[OBSTACLE_HELD], NODES);
	for (size_t i = 0; i < NODES; i++)
		release(site, name_of(i));
	live(site, 3 * NODES);
	/* All were asked then, and it is for none of them. */
	ck_assert_int_eq(state_of(site), ROLLOUT_TRIPPED);
	ck_assert_ptr_nonnull(strstr(rollouts_at(site->rollouts, 0)->reason, "the image is for none of the "));
	site_close(site);
}
END_TEST

START_TEST(the_first_node_is_one_that_can_take_the_image)
{
	struct rollout_plan plan = plan_of("spring");
	struct site *site;
	size_t lowest = 0;

	plan.waves[0] = 1; /* holds nobody: a gateway alone takes the node with the lowest place */
	site = site_with_rollout(plan);
	for (size_t i = 1; i < NODES; i++)
		lowest = wave_place("spring", name_of(i)) < wave_place("spring", name_of(lowest)) ? i : lowest;
	hold(site, name_of(lowest));
	live(site, 12);
	ck_assert_int_eq(state_of(site), ROLLOUT_SOAKING);
	ck_assert_uint_eq(count_running(site, new_image), 1);
	ck_assert_mem_eq(site->runs[lowest], old_image, 32);
	site_close(site);
}
END_TEST

START_TEST(a_wave_whose_only_node_is_held_later_waits_for_another)
{
	struct rollout_plan plan = plan_of("spring");
	struct site *site;
	size_t lowest = 0;

	plan.waves[0] = 1;
	site = site_with_rollout(plan);
	for (size_t i = 1; i < NODES; i++)
		lowest = wave_place("spring", name_of(i)) < wave_place("spring", name_of(lowest)) ? i : lowest;
	live(site, 1); /* the wave begins, with this node */
	hold(site, name_of(lowest));
	live(site, 12);
	ck_assert_int_eq(state_of(site), ROLLOUT_SOAKING);
	ck_assert_uint_eq(rollouts_find(site->rollouts, "spring")->wave, 0);
	ck_assert_uint_eq(count_running(site, new_image), 1);
	ck_assert_mem_eq(site->runs[lowest], old_image, 32);
	site_close(site);
}
END_TEST

START_TEST(a_low_battery_is_waited_for)
{
	struct rollout_plan plan = plan_of("spring");
	struct site *site;

	plan.wave_count = 1;
	plan.waves[0] = WAVE_ALL;
	plan.battery_percent = 30;
	site = site_with_rollout(plan);
	site->is_off[0] = true; /* keeps the wave open */
	site->battery_percent[7] = 29;
	site->battery_percent[8] = -1; /* has none, or does not say */
	live(site, 5);
	ck_assert_mem_eq(site->runs[7], old_image, 32);
	ck_assert_mem_eq(site->runs[8], new_image, 32);
	ck_assert_uint_eq(rollouts_facts(site->rollouts, 0)->excused[OBSTACLE_BATTERY], 1);
	site->battery_percent[7] = 30;
	live(site, 2);
	ck_assert_mem_eq(site->runs[7], new_image, 32);
	site_close(site);
}
END_TEST

START_TEST(what_all_updates_need_of_the_battery_holds_for_every_rollout)
{
	struct rollout_plan plan = plan_of("spring");
	char why[OBSTACLE_TEXT_SIZE];

	plan.wave_count = 1;
	plan.waves[0] = WAVE_ALL;
	plan.battery_percent = 10;
	struct site *site = site_with_rollout(plan);
	site->options.battery_percent = 40;
	site->is_off[0] = true; /* keeps the wave open */
	site->battery_percent[7] = 39;
	live(site, 5);
	ck_assert_mem_eq(site->runs[7], old_image, 32);
	ck_assert_uint_eq(rollouts_facts(site->rollouts, 0)->excused[OBSTACLE_BATTERY], 1);
	(void)rollouts_obstacle(site->rollouts, rollouts_find(site->rollouts, "spring"),
		nodes_find(site->nodes, name_of(7)), site->now, why);
	ck_assert_str_eq(why, "battery at 39 %, 40 % needed");
	site->battery_percent[7] = 40;
	live(site, 2);
	ck_assert_mem_eq(site->runs[7], new_image, 32);
	site_close(site);
}
END_TEST

START_TEST(what_labels_need_of_the_battery_holds_for_every_rollout)
{
	struct rollout_plan plan = plan_of("spring");
	char why[OBSTACLE_TEXT_SIZE];

	plan.wave_count = 1;
	plan.waves[0] = WAVE_ALL;
	nodes_with_sealed_batteries.battery_percent = 60;
	struct site *site = site_with_rollout(plan);
	nodes_with_sealed_batteries.battery_percent = 0;
	site->is_off[0] = true; /* keeps the wave open */
	site->battery_percent[7] = 59;
	live(site, 5);
	ck_assert_mem_eq(site->runs[7], old_image, 32);
	ck_assert_uint_eq(rollouts_facts(site->rollouts, 0)->excused[OBSTACLE_BATTERY], 1);
	(void)rollouts_obstacle(site->rollouts, rollouts_find(site->rollouts, "spring"),
		nodes_find(site->nodes, name_of(7)), site->now, why);
	ck_assert_str_eq(why, "battery at 59 %, 60 % needed");
	site->battery_percent[7] = 60;
	live(site, 2);
	ck_assert_mem_eq(site->runs[7], new_image, 32);
	site_close(site);
}
END_TEST

START_TEST(the_emergency_stop_ends_all_offers_and_judges_nothing)
{
	struct rollout_plan plan = plan_of("spring");
	char sentence[UPDATE_HOURS_SENTENCE_SIZE];
	struct site *site;

	plan.wave_count = 1;
	plan.waves[0] = WAVE_ALL;
	site = site_with_rollout(plan);
	live(site, 2); /* all have their orders */
	ck_assert(site->is_offered[0] && site->is_offered[NODES - 1]);
	hold(site, HOLD_ALL);
	rollouts_explain_window(site->rollouts, 0, site->now, sentence);
	ck_assert_str_eq(sentence, "all updates are halted");
	for (size_t i = 0; i < NODES; i++)
		ck_assert(!site->is_offered[i]);
	live(site, 30);
	site_restart(site);
	live(site, 30);
	ck_assert_uint_eq(count_running(site, new_image), 0);
	ck_assert_int_eq(state_of(site), ROLLOUT_ROLLING);
	release(site, HOLD_ALL);
	live(site, 8);
	ck_assert_uint_eq(count_running(site, new_image), NODES);
	ck_assert_int_eq(state_of(site), ROLLOUT_COMPLETE);
	site_close(site);
}
END_TEST

START_TEST(two_lists_without_a_common_node_do_not_overlap)
{
	struct rollout_plan some = plan_of("some"), others = plan_of("others"), both = plan_of("both");
	struct site *site;

	snprintf(some.targets.nodes, sizeof(some.targets.nodes), "node-001 node-002");
	snprintf(others.targets.nodes, sizeof(others.targets.nodes), "node-003");
	snprintf(both.targets.nodes, sizeof(both.targets.nodes), "node-003 node-004");
	site = site_with_rollout(some);
	ck_assert_int_eq(rollouts_create(site->rollouts, &others, "operator", site->now), 0);
	ck_assert_int_eq(rollouts_create(site->rollouts, &both, "operator", site->now), -EBUSY);
	both.priority = -1;
	ck_assert_int_eq(rollouts_create(site->rollouts, &both, "operator", site->now), 0);
	site_close(site);
}
END_TEST

START_TEST(nodes_are_of_a_version_until_they_are_ordered_to_leave_it)
{
	struct rollout_plan plan = plan_of("spring");
	struct site *site;

	plan.wave_count = 1;
	plan.waves[0] = WAVE_ALL;
	ck_assert_int_eq(version_range_parse(&plan.targets.range, "<2"), 0);
	site = site_with_rollout(plan);
	site->new_version = "2";
	for (size_t i = 0; i < 10; i++)
		memcpy(site->runs[i], third_image, 32); /* is of version 3 */
	live(site, 12);
	ck_assert_uint_eq(count_running(site, new_image), NODES - 10);
	ck_assert_int_eq(state_of(site), ROLLOUT_COMPLETE);
	ck_assert_uint_eq(rollouts_facts(site->rollouts, 0)->tally.confirmed, NODES - 10);
	site_close(site);
}
END_TEST

static struct rollout_plan plan_with_window(const char *text)
{
	struct rollout_plan plan = plan_of("spring");
	char why[160];

	ck_assert_int_eq(update_window_parse(&plan.window.window, text, why, sizeof(why)), 0);
	snprintf(plan.window.text, sizeof(plan.window.text), "%s", text);
	return plan;
}

START_TEST(nodes_are_ordered_while_the_window_is_open)
{
	struct site *site = site_with_rollout(plan_with_window("20:00-21:00")); /* at 15:13 */
	char sentence[UPDATE_HOURS_SENTENCE_SIZE];

	live(site, 18);
	ck_assert_uint_eq(count_running(site, new_image), 0);
	ck_assert_uint_eq(updates_count(site->updates), 0);
	rollouts_explain_window(site->rollouts, 0, site->now, sentence);
	ck_assert_str_eq(sentence, "nothing is given before its window opens: 2026-09-21 20:00 UTC");
	site_restart(site);
	live(site, 4);
	ck_assert_uint_gt(count_running(site, new_image), 0);
	rollouts_explain_window(site->rollouts, 0, site->now, sentence);
	ck_assert_str_eq(sentence, "");
	site_close(site);
}
END_TEST

START_TEST(an_order_keeps_to_the_window_of_its_rollout)
{
	struct site *site = site_with_rollout(plan_with_window("15:00-16:00"));
	struct update_hours hours;
	size_t ordered = 0;

	live(site, 2);
	for (size_t i = 0; i < NODES; i++) {
		struct node *node = nodes_find(site->nodes, name_of(i));
		const struct update *update = updates_find(site->updates, node->record.id);
		if (!update)
			continue;
		rollouts_hours(site->rollouts, node, update, site->now, &hours);
		struct update_times times = update_hours_times(&hours, 0, 0, site->now);
		ck_assert_int_eq(times.fetch_until_ms, 1790006400000); /* 16:00 */
		ck_assert_int_eq(times.apply_until_ms, 1790006400000);
		ordered++;
	}
	ck_assert_uint_gt(ordered, 0);
	site_close(site);
}
END_TEST

START_TEST(only_time_in_the_window_makes_a_node_silent)
{
	struct site *site = site_with_rollout(plan_with_window("20:00-21:00"));

	/* The deadline of 8 wakes is two hours: the window of two evenings. */
	memset(site->is_off, true, sizeof(site->is_off));
	live(site, 96 + 23);
	ck_assert_int_eq(state_of(site), ROLLOUT_ROLLING);
	live(site, 2);
	ck_assert_int_eq(state_of(site), ROLLOUT_TRIPPED);
	site_close(site);
}
END_TEST

START_TEST(a_window_whose_zone_is_missing_never_opens)
{
	struct rollout_plan plan = plan_with_window("00:00-24:00 Europe/Berlin");
	struct site *site = site_with_rollout(plan);
	char sentence[UPDATE_HOURS_SENTENCE_SIZE], why[256];

	ck_assert_int_eq(rollouts_check_zones(site->rollouts, &plan, why, sizeof(why)), -ENOENT);
	ck_assert_ptr_nonnull(strstr(why, "/nowhere/Europe/Berlin"));
	live(site, 8);
	ck_assert_uint_eq(updates_count(site->updates), 0);
	rollouts_explain_window(site->rollouts, 0, site->now, sentence);
	ck_assert_ptr_nonnull(strstr(sentence, "time zone"));
	site_close(site);
}
END_TEST

START_TEST(no_window_opens_before_the_clock_is_set)
{
	struct site *site = site_open();
	struct rollout_plan plan = plan_with_window("00:00-24:00");

	site->now.wall_ms = 60000; /* as a gateway that has just started, without a battery for its clock */
	live(site, 4);
	ck_assert_int_eq(rollouts_create(site->rollouts, &plan, "operator", site->now), 0);
	live(site, 40);
	ck_assert_uint_eq(updates_count(site->updates), 0);
	ck_assert_int_eq(state_of(site), ROLLOUT_ROLLING);
	site_close(site);
}
END_TEST

TEST_SUITE(rollouts_claims, an_order_from_before_the_clock_was_set_is_of_its_rollout,
	two_rollouts_for_the_same_nodes_do_not_go_together,
	what_a_rollout_of_higher_priority_wants_is_not_taken_by_another,
	nodes_that_are_held_are_left_alone_and_no_failures, nodes_that_the_image_is_not_for_are_no_failures,
	a_wave_whose_first_nodes_the_image_is_not_for_goes_on_to_one_that_it_is_for,
	where_no_node_can_have_the_image_that_is_known_until_it_is_for_none,
	the_first_node_is_one_that_can_take_the_image, a_wave_whose_only_node_is_held_later_waits_for_another,
	a_low_battery_is_waited_for, what_all_updates_need_of_the_battery_holds_for_every_rollout,
	what_labels_need_of_the_battery_holds_for_every_rollout, the_emergency_stop_ends_all_offers_and_judges_nothing,
	two_lists_without_a_common_node_do_not_overlap, nodes_are_of_a_version_until_they_are_ordered_to_leave_it,
	nodes_are_ordered_while_the_window_is_open, an_order_keeps_to_the_window_of_its_rollout,
	only_time_in_the_window_makes_a_node_silent, a_window_whose_zone_is_missing_never_opens,
	no_window_opens_before_the_clock_is_set)
