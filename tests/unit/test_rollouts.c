#include "gateway/rollouts.h"
#include "gateway/rollouts_claims.h"

#include <errno.h>
#include <string.h>

#include "drivers/driver.h"
#include "drivers/image_source.h"
#include "gateway/holds.h"
#include "gateway/labels.h"
#include "gateway/log.h"
#include "gateway/nodes.h"
#include "gateway/quiet_hours.h"
#include "gateway/random.h"
#include "gateway/schedule.h"
#include "gateway/update.h"
#include "gateway/update_hours.h"
#include "gateway/updates.h"
#include "tests/unit/stepped_store.h"
#include "tests/unit/suite.h"

#define NODES 200
#define INTERVAL_MS (INT64_C(15) * 60 * 1000)
#define DAY_MS (INT64_C(24) * 3600 * 1000)

static const struct nodes_settings node_options = { .most = NODES, .flush_interval_ms = 300000, .missed_wakes = 2 };
static const struct schedule_settings schedule = { .interval_ms = INTERVAL_MS, .jitter_percent = 10 };
static const struct update_settings update_options = {
	.attempts = 1,
	.retry_after_ms = 600000,
	.retry_most_ms = 3600000,
	.stall_after_ms = 12 * 3600 * 1000,
	.deadline_ms = 10 * DAY_MS,
};
static struct quiet_hours_entry nodes_with_sealed_batteries = { .battery_percent = 0 };
static const struct quiet_hours_settings quiet_options = {
	.zoneinfo = "/nowhere", .spread_ms = 1800000, .list = { .items = &nodes_with_sealed_batteries, .count = 1 }
};
static const struct labels_settings no_labels;
static const uint8_t old_image[32] = { 0x01, 0x01, 0x01, 0x01 };
static const uint8_t new_image[32] = { 0x02, 0x02, 0x02, 0x02 };
static const uint8_t third_image[32] = { 0x03, 0x03, 0x03, 0x03 };

/* A site of nodes that call every interval; an offered image runs at the call after. */
struct site {
	struct stepped_store stepped;
	struct nodes *nodes;
	struct holds *holds;
	struct updates *updates;
	struct rollouts *rollouts;
	struct quiet_hours *quiet;
	struct random random;
	struct moment now;
	struct image_source images[3];
	struct update_settings options;
	const char *new_version; /* of what is not the old image; NULL: "1" too */
	uint8_t runs[NODES][32];
	bool refuses[NODES]; /* the image, at its first block */
	bool is_other_model[NODES];
	bool has_stones;
	bool link_is_full; /* whoever asks for its image is told to come later */
	bool is_off[NODES];
	bool is_offered[NODES];
	int8_t battery_percent[NODES];
};

static struct image_source *on_image(void *context, const uint8_t sha256[32], const char **hardware)
{
	struct site *site = context;

	*hardware = "meter-2";
	for (size_t i = 0; i < 3; i++)
		if (memcmp(sha256, site->images[i].sha256, 32) == 0)
			return &site->images[i];
	return NULL;
}

static size_t index_of(const struct node *node)
{
	return strtoul(node->record.id + 5, NULL, 10);
}

static int on_offer(void *context, const struct node *node, const struct driver_offer *offer)
{
	struct site *site = context;

	site->is_offered[index_of(node)] = true;
	return 0;
}

/* Where it matters the third image is a stepping stone to the new one. */
static int on_next(void *context, const struct node *node, const uint8_t goal[32], uint8_t next[32], char *why)
{
	const struct site *site = context;
	bool has_stone = digest_heads_match(node->record.image, node->record.image_size, third_image, 32);

	memcpy(next, site->has_stones && !has_stone ? third_image : goal, 32);
	return 0;
}

static void on_withdraw(void *context, const struct node *node)
{
	struct site *site = context;

	site->is_offered[index_of(node)] = false;
}

static int on_find(void *context, const uint8_t *head, uint8_t size, uint8_t sha256[32])
{
	if (!digest_heads_match(head, size, old_image, 32))
		return -ENOENT;
	memcpy(sha256, old_image, 32);
	return 0;
}

static void open_domain(struct site *site)
{
	ck_assert_int_eq(holds_open(&site->holds, site->stepped.store), 0);
	struct updates_parts updates = {
		.holds = site->holds,
		.store = site->stepped.store,
		.random = &site->random,
		.settings = &site->options,
		.port = { site, on_image, on_offer, on_withdraw, on_next, NULL },
	};
	struct rollouts_parts parts = {
		.store = site->stepped.store,
		.random = &site->random,
		.schedule = &schedule,
		.find_image = on_find,
		.holds = site->holds,
	};

	ck_assert_int_eq(nodes_open(&site->nodes, site->stepped.store, &node_options), 0);
	updates.nodes = parts.nodes = site->nodes;
	ck_assert_int_eq(updates_open(&site->updates, &updates, site->now), 0);
	parts.updates = site->updates;
	ck_assert_int_eq(quiet_hours_open(&site->quiet, &quiet_options, &no_labels, 1), 0);
	parts.quiet = site->quiet;
	ck_assert_int_eq(rollouts_open(&site->rollouts, &parts), 0);
}

static void close_domain(struct site *site)
{
	nodes_flush(site->nodes);
	stepped_shut(&site->stepped);
	rollouts_close(site->rollouts);
	quiet_hours_close(site->quiet);
	updates_close(site->updates);
	nodes_close(site->nodes);
	holds_close(site->holds);
}

static struct site *site_open(void)
{
	struct site *site = calloc(1, sizeof(*site));

	log_set_level(LOG_LEVEL_ERROR);
	site->now.wall_ms = 1790000000000;
	random_init(&site->random, 7);
	site->options = update_options;
	memcpy(site->images[0].sha256, old_image, 32);
	memcpy(site->images[1].sha256, new_image, 32);
	memcpy(site->images[2].sha256, third_image, 32);
	for (size_t i = 0; i < NODES; i++)
		memcpy(site->runs[i], old_image, 32);
	memset(site->battery_percent, 80, NODES);
	stepped_open(&site->stepped);
	open_domain(site);
	return site;
}

static void site_close(struct site *site)
{
	close_domain(site);
	stepped_close(&site->stepped);
	free(site);
}

static void site_restart(struct site *site)
{
	close_domain(site);
	stepped_reopen(&site->stepped);
	open_domain(site);
}

static const char *name_of(size_t index)
{
	static char name[32];

	snprintf(name, sizeof(name), "node-%03zu", index);
	return name;
}

/* What a node does that was offered an image at its last call. */
static void follow_offer(struct site *site, size_t index, struct node *node)
{
	const struct update *update = updates_find(site->updates, node->record.id);

	if (!update || !update_is_active(update) || !site->is_offered[index])
		return;
	if (site->link_is_full) {
		updates_on_put_off(site->updates, node, 4 * INTERVAL_MS, site->now);
	} else if (site->is_other_model[index]) {
		updates_on_progress(
			site->updates, node, &(struct delivery_progress){ .state = DELIVERY_UNFIT }, site->now);
	} else if (site->refuses[index]) {
		struct delivery_progress progress = { .state = DELIVERY_FAILED, .code = 9 };
		updates_on_progress(site->updates, node, &progress, site->now);
	} else {
		memcpy(site->runs[index], update->record.sha256, 32);
	}
}

static void call_in(struct site *site, size_t index)
{
	struct node_contact contact = { .node = name_of(index),
		.reports = true,
		.hardware = "meter-2",
		.version = "1",
		.image_size = 8,
		.battery_percent = site->battery_percent[index] };
	struct node *node = nodes_find(site->nodes, contact.node);

	if (node)
		follow_offer(site, index, node);
	if (site->new_version && memcmp(site->runs[index], old_image, 32) != 0)
		contact.version = site->new_version;
	memcpy(contact.image, site->runs[index], 8);
	ck_assert_int_eq(nodes_contact(site->nodes, "coap", &contact, site->now, &node), 0);
	rollouts_on_contact(site->rollouts, node, site->now);
	updates_on_contact(site->updates, node, true, site->now);
}

/* So many intervals, with a call of each node in each. */
static void live(struct site *site, int64_t intervals)
{
	for (int64_t i = 0; i < intervals; i++) {
		site->now.wall_ms += INTERVAL_MS;
		site->now.monotonic_ms += INTERVAL_MS;
		for (size_t k = 0; k < NODES; k++)
			if (!site->is_off[k])
				call_in(site, k);
		(void)updates_tick(site->updates, site->now);
		while (rollouts_tick(site->rollouts, site->now) == 0)
			;
		store_dispatch(site->stepped.store);
	}
}

static unsigned count_running(const struct site *site, const uint8_t *image)
{
	unsigned count = 0;

	for (size_t i = 0; i < NODES; i++)
		count += memcmp(site->runs[i], image, 32) == 0;
	return count;
}

static struct rollout_plan plan_of(const char *id)
{
	struct rollout_plan plan = {
		.targets = { .hardware = "meter-2" },
		.waves = { 100000, 300000, WAVE_ALL },
		.wave_count = 3,
		.soak_ms = DAY_MS,
		.deadline_wakes = 8,
		.confirmed_percent = 90,
		.failed_percent = 10,
		.confidence_percent = 99,
		.drops = true,
	};

	snprintf(plan.id, sizeof(plan.id), "%s", id);
	memcpy(plan.sha256, new_image, 32);
	return plan;
}

static struct site *site_with_rollout(struct rollout_plan plan)
{
	struct site *site = site_open();

	live(site, 4);
	ck_assert_int_eq(rollouts_create(site->rollouts, &plan, "operator", site->now), 0);
	return site;
}

static enum rollout_state state_of(const struct site *site)
{
	return rollouts_find(site->rollouts, "spring")->state;
}

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

TEST_SUITE(rollouts, nodes_that_talk_more_with_the_image_stop_it, a_restart_amid_the_soak_compares_the_rest_of_it,
	nodes_are_ordered_while_the_window_is_open, an_order_keeps_to_the_window_of_its_rollout,
	only_time_in_the_window_makes_a_node_silent, a_window_whose_zone_is_missing_never_opens,
	no_window_opens_before_the_clock_is_set, a_stop_takes_the_offer_from_nodes_that_fell_silent_too,
	waves_come_one_after_the_other_with_a_soak_between, a_restart_changes_nothing,
	failures_stop_it_and_no_node_gets_the_image_after, nodes_that_fall_silent_are_failures,
	time_without_the_gateway_makes_no_node_silent, after_a_restart_who_stays_away_is_silent_in_the_end,
	nodes_that_wait_for_the_link_are_not_silent, nodes_that_drop_more_often_with_the_image_stop_it,
	a_rollback_brings_each_node_back_to_what_it_ran,
	a_node_that_refuses_its_former_image_is_not_reported_as_rolled_back,
	a_node_that_was_restarting_when_it_was_rolled_back_goes_back_too, a_pause_ends_what_nodes_have_not_followed,
	what_a_pause_took_back_is_ordered_again_and_is_no_failure, resumed_past_a_gate_its_failures_count_no_longer,
	resumed_past_a_gate_new_failures_stop_it_again, who_was_silent_when_it_was_resumed_counts_when_it_comes,
	a_node_that_joins_late_gets_its_turn, two_rollouts_for_the_same_nodes_do_not_go_together,
	a_node_that_was_restarting_at_a_stop_is_not_offered_the_image_again,
	a_stop_takes_the_offer_of_a_stepping_stone_too,
	a_node_that_restarts_into_a_stone_at_a_stop_is_offered_nothing_after_it,
	what_a_rollout_of_higher_priority_wants_is_not_taken_by_another, two_lists_without_a_common_node_do_not_overlap,
	nodes_that_are_held_are_left_alone_and_no_failures, nodes_that_the_image_is_not_for_are_no_failures,
	a_wave_whose_first_nodes_the_image_is_not_for_goes_on_to_one_that_it_is_for,
	the_first_node_is_one_that_can_take_the_image, a_wave_whose_only_node_is_held_later_waits_for_another,
	a_low_battery_is_waited_for, what_all_updates_need_of_the_battery_holds_for_every_rollout,
	what_labels_need_of_the_battery_holds_for_every_rollout, the_emergency_stop_ends_all_offers_and_judges_nothing,
	nodes_are_of_a_version_until_they_are_ordered_to_leave_it)
