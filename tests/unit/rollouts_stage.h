/*
 * rollouts_stage: a site of nodes that call every interval, with the real modules of updates and rollouts and a store
 * whose thread the test steps.
 */
#ifndef WAKEGATE_TESTS_ROLLOUTS_STAGE_H
#define WAKEGATE_TESTS_ROLLOUTS_STAGE_H

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/driver.h"
#include "drivers/image_source.h"
#include "gateway/holds.h"
#include "gateway/labels.h"
#include "gateway/log.h"
#include "gateway/nodes.h"
#include "gateway/quiet_hours.h"
#include "gateway/random.h"
#include "gateway/rollouts.h"
#include "gateway/schedule.h"
#include "gateway/update.h"
#include "gateway/update_hours.h"
#include "gateway/updates.h"
#include "tests/unit/stepped_store.h"

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

static inline struct image_source *on_image(void *context, const uint8_t sha256[32], const char **hardware)
{
	struct site *site = context;

	*hardware = "meter-2";
	for (size_t i = 0; i < 3; i++)
		if (memcmp(sha256, site->images[i].sha256, 32) == 0)
			return &site->images[i];
	return NULL;
}

static inline size_t index_of(const struct node *node)
{
	return strtoul(node->record.id + 5, NULL, 10);
}

static inline int on_offer(void *context, const struct node *node, const struct driver_offer *offer)
{
	struct site *site = context;

	site->is_offered[index_of(node)] = true;
	return 0;
}

/* Where it matters the third image is a stepping stone to the new one. */
static inline int on_next(void *context, const struct node *node, const uint8_t goal[32], uint8_t next[32], char *why)
{
	const struct site *site = context;
	bool has_stone = digest_heads_match(node->record.image, node->record.image_size, third_image, 32);

	memcpy(next, site->has_stones && !has_stone ? third_image : goal, 32);
	return 0;
}

static inline void on_withdraw(void *context, const struct node *node)
{
	struct site *site = context;

	site->is_offered[index_of(node)] = false;
}

static inline int on_find(void *context, const uint8_t *head, uint8_t size, uint8_t sha256[32])
{
	if (!digest_heads_match(head, size, old_image, 32))
		return -ENOENT;
	memcpy(sha256, old_image, 32);
	return 0;
}

static inline void open_domain(struct site *site)
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

static inline void close_domain(struct site *site)
{
	nodes_flush(site->nodes);
	stepped_shut(&site->stepped);
	rollouts_close(site->rollouts);
	quiet_hours_close(site->quiet);
	updates_close(site->updates);
	nodes_close(site->nodes);
	holds_close(site->holds);
}

static inline struct site *site_open(void)
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

static inline void site_close(struct site *site)
{
	close_domain(site);
	stepped_close(&site->stepped);
	free(site);
}

static inline void site_restart(struct site *site)
{
	close_domain(site);
	stepped_reopen(&site->stepped);
	open_domain(site);
}

static inline const char *name_of(size_t index)
{
	static char name[32];

	snprintf(name, sizeof(name), "node-%03zu", index);
	return name;
}

/* What a node does that was offered an image at its last call. */
static inline void follow_offer(struct site *site, size_t index, struct node *node)
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

static inline void call_in(struct site *site, size_t index)
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
static inline void live(struct site *site, int64_t intervals)
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

static inline unsigned count_running(const struct site *site, const uint8_t *image)
{
	unsigned count = 0;

	for (size_t i = 0; i < NODES; i++)
		count += memcmp(site->runs[i], image, 32) == 0;
	return count;
}

static inline struct rollout_plan plan_of(const char *id)
{
	struct rollout_plan plan = {
		.targets = { .hardware = "meter-2" },
		.waves = { 100000, 300000, WAVE_ALL },
		.wave_count = 3,
		.soak_ms = { DAY_MS, DAY_MS },
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

static inline struct site *site_with_rollout(struct rollout_plan plan)
{
	struct site *site = site_open();

	live(site, 4);
	ck_assert_int_eq(rollouts_create(site->rollouts, &plan, "operator", site->now), 0);
	return site;
}

static inline enum rollout_state state_of(const struct site *site)
{
	return rollouts_find(site->rollouts, "spring")->state;
}

#endif
