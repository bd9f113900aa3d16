#include "gateway/rollouts.h"

#include "gateway/rollout_turn.h"
#include "tests/unit/rollouts_stage.h"
#include "tests/unit/suite.h"

START_TEST(waves_come_one_after_the_other_with_a_soak_between)
{
	struct site *site = site_with_rollout(plan_of("spring"));

	live(site, 8);
	unsigned first = count_running(site, new_image);
	ck_assert_uint_ge(first, NODES / 20);
	ck_assert_uint_le(first, NODES / 5);
	ck_assert_int_eq(state_of(site), ROLLOUT_SOAKING);
	live(site, 80);
	ck_assert_uint_eq(count_running(site, new_image), first);
	live(site, 30);
	unsigned second = count_running(site, new_image);
	ck_assert_uint_gt(second, first);
	ck_assert_uint_lt(second, NODES / 2);
	live(site, 5 * 96);
	ck_assert_uint_eq(count_running(site, new_image), NODES);
	ck_assert_int_eq(state_of(site), ROLLOUT_COMPLETE);
	site_close(site);
}
END_TEST

START_TEST(one_that_is_over_has_its_counts_after_a_restart_and_follows_late_nodes)
{
	struct rollout_plan plan = plan_of("spring");
	struct site *site;

	plan.wave_count = 1;
	plan.waves[0] = WAVE_ALL;
	site = site_with_rollout(plan);
	ck_assert_int_eq(holds_set(site->holds, &(struct hold_order){ name_of(7), "", "operator" }, site->now), 0);
	live(site, 10);
	ck_assert_int_eq(state_of(site), ROLLOUT_COMPLETE);
	site_restart(site);
	ck_assert(!rollouts_facts(site->rollouts, 0)->counted);
	live(site, 1);
	ck_assert(rollouts_facts(site->rollouts, 0)->counted);
	ck_assert_uint_eq(rollouts_facts(site->rollouts, 0)->tally.confirmed, NODES - 1);
	memcpy(site->runs[7], new_image, 32); /* by hand */
	live(site, 2);
	ck_assert_uint_eq(rollouts_facts(site->rollouts, 0)->tally.confirmed, NODES);
	site_close(site);
}
END_TEST

START_TEST(a_restart_changes_nothing)
{
	struct site *site = site_with_rollout(plan_of("spring"));

	live(site, 8);
	unsigned first = count_running(site, new_image);
	int64_t soak_ms = rollouts_find(site->rollouts, "spring")->soak_ms;
	site_restart(site);
	ck_assert_int_eq(state_of(site), ROLLOUT_SOAKING);
	ck_assert_int_eq(rollouts_find(site->rollouts, "spring")->soak_ms, soak_ms);
	live(site, 80);
	ck_assert_uint_eq(count_running(site, new_image), first);
	site_close(site);
}
END_TEST

/* A day for the first wave, an hour for the second, in which the gateway starts again. */
START_TEST(each_wave_keeps_its_own_soak_over_a_restart)
{
	struct rollout_plan plan = plan_of("spring");
	struct site *site;

	plan.soak_ms[1] = DAY_MS / 24;
	site = site_with_rollout(plan);
	live(site, 80);
	ck_assert_uint_eq(rollouts_find(site->rollouts, "spring")->wave, 0);
	for (int i = 0; i < 40 && rollouts_find(site->rollouts, "spring")->wave == 0; i++)
		live(site, 1);
	for (int i = 0; i < 40 && state_of(site) == ROLLOUT_ROLLING; i++)
		live(site, 1);
	ck_assert_int_eq(state_of(site), ROLLOUT_SOAKING);
	site_restart(site);
	ck_assert_int_eq(rollouts_find(site->rollouts, "spring")->plan.soak_ms[0], DAY_MS);
	ck_assert_int_eq(rollouts_find(site->rollouts, "spring")->plan.soak_ms[1], DAY_MS / 24);
	live(site, 6);
	ck_assert_uint_eq(rollouts_find(site->rollouts, "spring")->wave, 2);
	site_close(site);
}
END_TEST

START_TEST(failures_stop_it_and_no_node_gets_the_image_after)
{
	struct site *site = site_with_rollout(plan_of("spring"));

	memset(site->refuses, true, sizeof(site->refuses));
	live(site, 4);
	ck_assert_int_eq(state_of(site), ROLLOUT_TRIPPED);
	memset(site->refuses, false, sizeof(site->refuses));
	live(site, 200);
	ck_assert_uint_eq(count_running(site, new_image), 0);
	site_close(site);
}
END_TEST

START_TEST(nodes_that_fall_silent_are_failures)
{
	struct site *site = site_with_rollout(plan_of("spring"));

	memset(site->is_off, true, sizeof(site->is_off));
	live(site, 8);
	ck_assert_int_eq(state_of(site), ROLLOUT_ROLLING);
	live(site, 2);
	ck_assert_int_eq(state_of(site), ROLLOUT_TRIPPED);
	ck_assert_ptr_nonnull(strstr(rollouts_find(site->rollouts, "spring")->reason, "fell silent"));
	site_close(site);
}
END_TEST

/* Nothing happens for so many intervals but that the gateway looks. */
static void look(struct site *site, int64_t intervals)
{
	memset(site->is_off, true, sizeof(site->is_off));
	live(site, intervals);
	memset(site->is_off, false, sizeof(site->is_off));
}

START_TEST(time_without_the_gateway_makes_no_node_silent)
{
	struct site *site = site_with_rollout(plan_of("spring"));

	look(site, 2);
	ck_assert_int_eq(state_of(site), ROLLOUT_ROLLING);
	site->now.wall_ms += 40 * INTERVAL_MS;
	site->now.monotonic_ms = 0; /* the machine was off */
	site_restart(site);
	look(site, 7);
	ck_assert_int_eq(state_of(site), ROLLOUT_ROLLING);
	live(site, 4);
	ck_assert_int_eq(state_of(site), ROLLOUT_SOAKING);
	site_close(site);
}
END_TEST

START_TEST(after_a_restart_who_stays_away_is_silent_in_the_end)
{
	struct site *site = site_with_rollout(plan_of("spring"));

	look(site, 2);
	site_restart(site);
	look(site, 12);
	ck_assert_int_eq(state_of(site), ROLLOUT_TRIPPED);
	site_close(site);
}
END_TEST

START_TEST(nodes_that_wait_for_the_link_are_not_silent)
{
	struct site *site = site_with_rollout(plan_of("spring"));

	site->link_is_full = true;
	live(site, 30);
	ck_assert_int_eq(state_of(site), ROLLOUT_ROLLING);
	memset(site->is_off, true, sizeof(site->is_off));
	live(site, 6); /* they were told to come after 4 wakes, and may be late by 2 */
	ck_assert_int_eq(state_of(site), ROLLOUT_ROLLING);
	live(site, 2);
	ck_assert_int_eq(state_of(site), ROLLOUT_TRIPPED);
	site_close(site);
}
END_TEST

START_TEST(nodes_that_drop_more_often_with_the_image_stop_it)
{
	struct site *site = site_with_rollout(plan_of("spring"));

	live(site, 8);
	unsigned first = count_running(site, new_image);
	for (int hour = 0; hour < 30; hour++) {
		live(site, 4);
		for (size_t i = 0; i < NODES; i++) {
			struct node *node = nodes_find(site->nodes, name_of(i));
			bool updated = memcmp(site->runs[i], new_image, 32) == 0;
			node->record.drops += updated ? 1 : (hour + (int)i) % 6 == 0;
		}
	}
	ck_assert_int_eq(state_of(site), ROLLOUT_TRIPPED);
	ck_assert_uint_eq(count_running(site, new_image), first);
	ck_assert_ptr_nonnull(strstr(rollouts_find(site->rollouts, "spring")->reason, "updated nodes dropped"));
	site_close(site);
}
END_TEST

static struct rollout_plan plan_with_all_gates(void)
{
	struct rollout_plan plan = plan_of("spring");

	plan.online = true;
	plan.traffic_percent = plan.drain_percent = 50;
	return plan;
}

/* So many hours in which updated nodes make more traffic than the others. */
static void live_talking(struct site *site, int hours, uint32_t bytes_updated)
{
	for (int hour = 0; hour < hours; hour++) {
		live(site, 4);
		for (size_t i = 0; i < NODES; i++) {
			struct node *node = nodes_find(site->nodes, name_of(i));
			bool updated = memcmp(site->runs[i], new_image, 32) == 0;
			node->record.bytes_in += updated ? bytes_updated : 1000 + i;
		}
	}
}

START_TEST(nodes_that_talk_more_with_the_image_stop_it)
{
	struct site *site = site_with_rollout(plan_with_all_gates());

	live(site, 8);
	unsigned first = count_running(site, new_image);
	live_talking(site, 30, 9000);
	ck_assert_int_eq(state_of(site), ROLLOUT_TRIPPED);
	ck_assert_uint_eq(count_running(site, new_image), first);
	ck_assert_ptr_nonnull(strstr(rollouts_find(site->rollouts, "spring")->reason, "times the traffic"));
	site_close(site);
}
END_TEST

START_TEST(a_restart_amid_the_soak_compares_the_rest_of_it)
{
	struct site *site = site_with_rollout(plan_with_all_gates());

	live(site, 8);
	live_talking(site, 12, 1000);
	site_restart(site);
	live_talking(site, 18, 9000);
	ck_assert_int_eq(state_of(site), ROLLOUT_TRIPPED);
	ck_assert_ptr_nonnull(strstr(rollouts_find(site->rollouts, "spring")->reason, "times the traffic"));
	site_close(site);
}
END_TEST

START_TEST(a_rollback_brings_each_node_back_to_what_it_ran)
{
	struct site *site = site_with_rollout(plan_of("spring"));

	live(site, 8);
	ck_assert_uint_gt(count_running(site, new_image), 0);
	ck_assert_int_eq(rollouts_intervene(site->rollouts, "spring", ROLLOUT_ROLL_BACK, "operator", site->now), 0);
	live(site, 4);
	ck_assert_uint_eq(count_running(site, old_image), NODES);
	ck_assert_int_eq(state_of(site), ROLLOUT_ROLLED_BACK);
	site_close(site);
}
END_TEST

/* How many nodes a rollback has left so. */
static unsigned count_returns(const struct site *site, enum rollout_return wanted)
{
	unsigned count = 0;

	for (size_t i = 0; i < NODES; i++) {
		const struct node *node = nodes_find(site->nodes, name_of(i));
		count += rollout_return(rollouts_find(site->rollouts, "spring"), &node->record,
				 updates_find(site->updates, name_of(i))) == wanted;
	}
	return count;
}

START_TEST(a_node_that_refuses_its_former_image_is_not_reported_as_rolled_back)
{
	struct site *site = site_with_rollout(plan_of("spring"));
	size_t stubborn = NODES;

	live(site, 8);
	unsigned updated = count_running(site, new_image);
	for (size_t i = 0; i < NODES; i++)
		if (memcmp(site->runs[i], new_image, 32) == 0)
			stubborn = i;
	ck_assert_uint_lt(stubborn, NODES);
	site->refuses[stubborn] = true;
	ck_assert_int_eq(rollouts_intervene(site->rollouts, "spring", ROLLOUT_ROLL_BACK, "operator", site->now), 0);
	ck_assert_uint_eq(count_returns(site, RETURN_UNDER_WAY), updated);
	ck_assert_uint_eq(count_returns(site, RETURN_DONE), 0);
	live(site, 4);
	ck_assert_uint_eq(count_returns(site, RETURN_DONE), updated - 1);
	ck_assert_uint_eq(count_returns(site, RETURN_REFUSED), 1);
	ck_assert_mem_eq(site->runs[stubborn], new_image, 32);
	site_restart(site);
	live(site, 4);
	ck_assert_uint_eq(count_returns(site, RETURN_REFUSED), 1);
	site_close(site);
}
END_TEST

START_TEST(a_node_that_was_restarting_when_it_was_rolled_back_goes_back_too)
{
	struct site *site = site_with_rollout(plan_of("spring"));
	struct delivery_progress applying = { .state = DELIVERY_APPLYING };
	unsigned restarting = 0;

	live(site, 2);
	for (size_t i = 0; i < NODES; i++) {
		struct node *node = nodes_find(site->nodes, name_of(i));
		if (updates_find(site->updates, name_of(i))) {
			updates_on_progress(site->updates, node, &applying, site->now);
			restarting++;
		}
	}
	ck_assert_uint_gt(restarting, 0);
	ck_assert_int_eq(rollouts_intervene(site->rollouts, "spring", ROLLOUT_ROLL_BACK, "operator", site->now), 0);
	live(site, 1);
	ck_assert_uint_eq(count_running(site, new_image), restarting);
	live(site, 2);
	ck_assert_uint_eq(count_running(site, old_image), NODES);
	site_close(site);
}
END_TEST

START_TEST(a_pause_ends_what_nodes_have_not_followed)
{
	struct site *site = site_with_rollout(plan_of("spring"));

	live(site, 2); /* the first begins the wave, at the second nodes get their orders */
	ck_assert_uint_gt(updates_count(site->updates), 0);
	ck_assert_int_eq(rollouts_intervene(site->rollouts, "spring", ROLLOUT_PAUSE, "operator", site->now), 0);
	live(site, 10);
	ck_assert_uint_eq(count_running(site, new_image), 0);
	ck_assert_int_eq(rollouts_intervene(site->rollouts, "spring", ROLLOUT_RESUME, "operator", site->now), 0);
	site_close(site);
}
END_TEST

START_TEST(what_a_pause_took_back_is_ordered_again_and_is_no_failure)
{
	struct site *site = site_with_rollout(plan_of("spring"));

	live(site, 2);
	unsigned ordered = (unsigned)updates_count(site->updates);
	ck_assert_uint_gt(ordered, 0);
	ck_assert_int_eq(rollouts_intervene(site->rollouts, "spring", ROLLOUT_PAUSE, "operator", site->now), 0);
	live(site, 1);
	ck_assert_uint_eq(rollouts_facts(site->rollouts, 0)->tally.failed, 0);
	ck_assert_int_eq(rollouts_intervene(site->rollouts, "spring", ROLLOUT_RESUME, "operator", site->now), 0);
	site_restart(site);
	live(site, 4);
	ck_assert_int_eq(state_of(site), ROLLOUT_SOAKING);
	ck_assert_uint_eq(count_running(site, new_image), ordered);
	site_close(site);
}
END_TEST

START_TEST(resumed_past_a_gate_its_failures_count_no_longer)
{
	struct site *site = site_with_rollout(plan_of("spring"));

	memset(site->refuses, true, sizeof(site->refuses));
	live(site, 4);
	ck_assert_int_eq(state_of(site), ROLLOUT_TRIPPED);
	memset(site->refuses, false, sizeof(site->refuses));
	unsigned failed = rollouts_facts(site->rollouts, 0)->tally.failed;
	ck_assert_uint_gt(failed, 0);
	ck_assert_int_eq(rollouts_intervene(site->rollouts, "spring", ROLLOUT_RESUME, "operator", site->now), 0);
	live(site, 1);
	site_restart(site);
	live(site, 3);
	ck_assert_int_eq(state_of(site), ROLLOUT_SOAKING);
	ck_assert_uint_eq(rollouts_facts(site->rollouts, 0)->forgiven, failed);
	live(site, 3 * 96);
	ck_assert_int_eq(state_of(site), ROLLOUT_COMPLETE);
	ck_assert_uint_eq(count_running(site, new_image), NODES - failed);
	site_close(site);
}
END_TEST

START_TEST(resumed_past_a_gate_new_failures_stop_it_again)
{
	struct site *site = site_with_rollout(plan_of("spring"));

	memset(site->refuses, true, sizeof(site->refuses));
	live(site, 4);
	ck_assert_int_eq(rollouts_intervene(site->rollouts, "spring", ROLLOUT_RESUME, "operator", site->now), 0);
	live(site, 4);
	ck_assert_int_eq(state_of(site), ROLLOUT_TRIPPED);
	ck_assert_uint_lt(count_running(site, new_image), 1);
	site_close(site);
}
END_TEST

START_TEST(who_was_silent_when_it_was_resumed_counts_when_it_comes)
{
	struct rollout_plan plan = plan_of("spring");

	plan.waves[0] = WAVE_ALL;
	plan.wave_count = 1;
	struct site *site = site_with_rollout(plan);
	memset(site->is_off, true, NODES / 2);
	live(site, 30);
	ck_assert_int_eq(state_of(site), ROLLOUT_TRIPPED);
	ck_assert_int_eq(rollouts_intervene(site->rollouts, "spring", ROLLOUT_RESUME, "operator", site->now), 0);
	live(site, 30);
	ck_assert_int_eq(state_of(site), ROLLOUT_COMPLETE);
	memset(site->is_off, false, sizeof(site->is_off));
	site->refuses[0] = true;
	live(site, 4);
	ck_assert_int_eq(state_of(site), ROLLOUT_COMPLETE);
	site_close(site);
}
END_TEST

START_TEST(a_node_that_joins_late_gets_its_turn)
{
	struct site *site = site_open();
	struct rollout_plan plan = plan_of("spring");
	unsigned due = 0;

	memset(site->is_off + NODES / 2, true, NODES / 2);
	live(site, 4);
	ck_assert_int_eq(rollouts_create(site->rollouts, &plan, "operator", site->now), 0);
	live(site, 40);
	ck_assert_int_eq(state_of(site), ROLLOUT_SOAKING);
	memset(site->is_off, false, sizeof(site->is_off));
	live(site, 3);
	for (size_t i = NODES / 2; i < NODES; i++) {
		uint32_t place = wave_place("spring", name_of(i));
		bool turn = place < rollouts_find(site->rollouts, "spring")->reach;
		ck_assert_int_eq(turn, memcmp(site->runs[i], new_image, 32) == 0);
		due += turn;
	}
	ck_assert_uint_gt(due, 0);
	ck_assert_int_eq(state_of(site), ROLLOUT_SOAKING);
	site_close(site);
}
END_TEST
static unsigned count_active(const struct site *site)
{
	unsigned count = 0;

	for (size_t i = 0; i < updates_count(site->updates); i++)
		count += update_is_active(updates_at(site->updates, i));
	return count;
}

START_TEST(a_stop_takes_the_offer_from_nodes_that_fell_silent_too)
{
	struct site *site = site_with_rollout(plan_of("spring"));

	live(site, 1);
	for (size_t i = 0; i < NODES; i++)
		call_in(site, i);
	ck_assert_uint_gt(count_active(site), 0);
	memset(site->is_off, true, sizeof(site->is_off));
	live(site, 10);
	ck_assert_int_eq(state_of(site), ROLLOUT_TRIPPED);
	ck_assert_uint_eq(count_active(site), 0);
	site_close(site);
}
END_TEST

static unsigned count_offered(const struct site *site)
{
	unsigned count = 0;

	for (size_t i = 0; i < NODES; i++)
		count += site->is_offered[i];
	return count;
}

/* All nodes of the first wave have been offered the stone. */
static struct site *site_amid_stones(void)
{
	struct site *site = site_with_rollout(plan_of("spring"));

	site->has_stones = true;
	live(site, 1);
	for (size_t i = 0; i < NODES; i++)
		rollouts_on_contact(site->rollouts, nodes_find(site->nodes, name_of(i)), site->now);
	ck_assert_uint_gt(count_offered(site), 0);
	return site;
}

START_TEST(a_stop_takes_the_offer_of_a_stepping_stone_too)
{
	struct site *site = site_amid_stones();

	ck_assert_int_eq(rollouts_intervene(site->rollouts, "spring", ROLLOUT_ABORT, "operator", site->now), 0);
	ck_assert_uint_eq(count_offered(site), 0);
	/* Some had the stone by then. */
	for (size_t i = 0; i < NODES; i++)
		if (updates_find(site->updates, name_of(i)))
			memcpy(site->runs[i], third_image, 32);
	live(site, 2);
	ck_assert_uint_eq(count_offered(site), 0);
	site_close(site);
}
END_TEST

START_TEST(a_node_that_restarts_into_a_stone_at_a_stop_is_offered_nothing_after_it)
{
	struct site *site = site_amid_stones();
	struct delivery_progress applying = { .state = DELIVERY_APPLYING };

	for (size_t i = 0; i < NODES; i++)
		if (updates_find(site->updates, name_of(i)))
			updates_on_progress(site->updates, nodes_find(site->nodes, name_of(i)), &applying, site->now);
	ck_assert_int_eq(rollouts_intervene(site->rollouts, "spring", ROLLOUT_PAUSE, "operator", site->now), 0);
	live(site, 1);
	ck_assert_uint_gt(count_running(site, third_image), 0);
	ck_assert_uint_eq(count_offered(site), 0);
	ck_assert_int_eq(rollouts_intervene(site->rollouts, "spring", ROLLOUT_RESUME, "operator", site->now), 0);
	live(site, 4);
	ck_assert_uint_eq(count_running(site, third_image), 0);
	ck_assert_uint_gt(count_running(site, new_image), 0);
	site_close(site);
}
END_TEST

START_TEST(a_node_that_was_restarting_at_a_stop_is_not_offered_the_image_again)
{
	struct site *site = site_with_rollout(plan_of("spring"));
	struct delivery_progress applying = { .state = DELIVERY_APPLYING };
	unsigned restarting = 0;

	live(site, 2);
	for (size_t i = 0; i < NODES; i++)
		if (updates_find(site->updates, name_of(i))) {
			updates_on_progress(site->updates, nodes_find(site->nodes, name_of(i)), &applying, site->now);
			restarting++;
		}
	ck_assert_uint_gt(restarting, 0);
	ck_assert_int_eq(rollouts_intervene(site->rollouts, "spring", ROLLOUT_ABORT, "operator", site->now), 0);
	for (size_t i = 0; i < NODES; i++) {
		struct node *node = nodes_find(site->nodes, name_of(i));
		rollouts_on_contact(site->rollouts, node, site->now);
		updates_on_contact(site->updates, node, false, site->now);
		ck_assert(!site->is_offered[i]);
	}
	ck_assert_uint_eq(count_active(site), restarting);
	site_close(site);
}
END_TEST

TEST_SUITE(rollouts, waves_come_one_after_the_other_with_a_soak_between, each_wave_keeps_its_own_soak_over_a_restart,
	one_that_is_over_has_its_counts_after_a_restart_and_follows_late_nodes, a_restart_changes_nothing,
	failures_stop_it_and_no_node_gets_the_image_after, nodes_that_fall_silent_are_failures,
	time_without_the_gateway_makes_no_node_silent, after_a_restart_who_stays_away_is_silent_in_the_end,
	nodes_that_wait_for_the_link_are_not_silent, nodes_that_drop_more_often_with_the_image_stop_it,
	nodes_that_talk_more_with_the_image_stop_it, a_restart_amid_the_soak_compares_the_rest_of_it,
	a_rollback_brings_each_node_back_to_what_it_ran,
	a_node_that_refuses_its_former_image_is_not_reported_as_rolled_back,
	a_node_that_was_restarting_when_it_was_rolled_back_goes_back_too, a_pause_ends_what_nodes_have_not_followed,
	what_a_pause_took_back_is_ordered_again_and_is_no_failure, resumed_past_a_gate_its_failures_count_no_longer,
	resumed_past_a_gate_new_failures_stop_it_again, who_was_silent_when_it_was_resumed_counts_when_it_comes,
	a_node_that_joins_late_gets_its_turn, a_stop_takes_the_offer_from_nodes_that_fell_silent_too,
	a_stop_takes_the_offer_of_a_stepping_stone_too,
	a_node_that_restarts_into_a_stone_at_a_stop_is_offered_nothing_after_it,
	a_node_that_was_restarting_at_a_stop_is_not_offered_the_image_again)
