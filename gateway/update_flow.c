#include "gateway/update_flow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/driver.h"
#include "drivers/image_source.h"
#include "gateway/boot_clock.h"
#include "gateway/clock.h"
#include "gateway/digest.h"
#include "gateway/firmware.h"
#include "gateway/image_cache.h"
#include "gateway/networks.h"
#include "gateway/nodes.h"
#include "gateway/quiet_hours.h"
#include "gateway/random.h"
#include "gateway/rollouts.h"
#include "gateway/stones.h"
#include "gateway/ticker.h"
#include "gateway/update.h"
#include "gateway/update_hours.h"
#include "gateway/updates.h"
#include "gateway/wave.h"
#include "protocols/hex.h"
#include "store/image_store.h"

struct update_flow {
	struct update_flow_parts parts;
	struct updates *updates;
	struct rollouts *rollouts; /* NULL while it opens */
	struct quiet_hours *quiet;
	struct clock_jump missed_jump;
};

static struct image_cache *images_of(const struct update_flow *flow)
{
	return firmware_images(flow->parts.firmware);
}

/* What must stay. */

static bool is_run(const struct update_flow *flow, const uint8_t sha256[32])
{
	for (size_t i = 0; i < nodes_count(flow->parts.nodes); i++) {
		const struct node_record *record = &nodes_at(flow->parts.nodes, i)->record;
		if (digest_heads_match(record->image, record->image_size, sha256, 32))
			return true;
	}
	return false;
}

static bool is_stone_of_rollout(const struct update_flow *flow, const uint8_t sha256[32])
{
	for (size_t i = 0; i < rollouts_count(flow->rollouts); i++) {
		const struct rollout *rollout = rollouts_at(flow->rollouts, i);
		bool stands = rollout_is_open(rollout) || rollout->state == ROLLOUT_COMPLETE;
		if (stands && stones_need(images_of(flow), flow->parts.nodes, rollout->plan.sha256, sha256))
			return true;
	}
	return false;
}

static bool is_stone_of_order(const struct update_flow *flow, const uint8_t sha256[32])
{
	for (size_t i = 0; i < updates_count(flow->updates); i++) {
		const struct update *update = updates_at(flow->updates, i);
		bool has_stones = memcmp(update->record.goal, update->record.sha256, 32) != 0;
		const struct node *node = has_stones && update_is_active(update)
						  ? nodes_find(flow->parts.nodes, update->record.node)
						  : NULL;
		if (node && stones_lead_over(images_of(flow), &node->record, update->record.goal, sha256))
			return true;
	}
	return false;
}

bool update_flow_needs(const struct update_flow *flow, const uint8_t sha256[32])
{
	if (!flow || !flow->updates || !flow->rollouts)
		return true;
	return is_run(flow, sha256) || updates_need(flow->updates, sha256) ||
	       updates_may_go_back(flow->updates, sha256) || rollouts_need(flow->rollouts, sha256) ||
	       is_stone_of_rollout(flow, sha256) || is_stone_of_order(flow, sha256);
}

/* What the orders need of the others. */

static int find_next_image(void *context, const struct node *node, const uint8_t goal[32], uint8_t next[32], char *why)
{
	const struct update_flow *flow = context;

	return stones_next(images_of(flow), &node->record, goal, next, why);
}

static struct image_source *find_image(void *context, const uint8_t sha256[32], const char **hardware)
{
	const struct update_flow *flow = context;

	return firmware_find(flow->parts.firmware, sha256, hardware);
}

static int offer(void *context, const struct node *node, const struct driver_offer *offer)
{
	struct update_flow *flow = context;

	image_cache_touch(images_of(flow), offer->image->sha256, clock_moment(flow->parts.clock).wall_ms);
	return networks_offer(flow->parts.networks, node, offer);
}

static void withdraw(void *context, const struct node *node)
{
	struct update_flow *flow = context;

	networks_withdraw(flow->parts.networks, node);
}

/* While it opens, whose order it is is not known yet. */
static struct update_times times_of(
	void *context, const struct node *node, const struct update *update, struct moment now)
{
	const struct update_flow *flow = context;
	struct update_hours hours;

	if (update->record.at_once)
		return (struct update_times){ .changes_ms = INT64_MAX };
	if (!flow->rollouts)
		return (struct update_times){ .changes_ms = now.wall_ms };
	rollouts_hours(flow->rollouts, node, update, now, &hours);
	bool limited = hours.apply.count > 0;
	return update_hours_times(
		&hours, limited ? wave_place("activation", node->record.id) : 0, flow->parts.quiet->spread_ms, now);
}

static int64_t battery_of(void *context, const struct node *node)
{
	const struct update_flow *flow = context;

	return quiet_hours_battery(flow->quiet, &node->record);
}

static int open_updates(struct update_flow *flow)
{
	const struct update_flow_parts *parts = &flow->parts;
	struct updates_parts options = {
		.store = parts->store,
		.holds = parts->holds,
		.nodes = parts->nodes,
		.random = parts->random,
		.settings = parts->updates,
		.missed_jump = &flow->missed_jump,
		.port = {
			.context = flow,
			.image = find_image,
			.next = find_next_image,
			.offer = offer,
			.withdraw = withdraw,
			.times = times_of,
			.battery = battery_of,
		},
	};

	return updates_open(&flow->updates, &options, clock_moment(parts->clock));
}

/* The image whose digest begins so. */
static int find_by_head(void *context, const uint8_t *head, uint8_t size, uint8_t sha256[32])
{
	const struct update_flow *flow = context;
	char text[2 * 32 + 1];
	const struct stored_image *image;

	if (size == 0 || size > 32)
		return -ENOENT;
	hex_print(text, head, size);
	int error = image_cache_resolve(images_of(flow), text, &image);
	if (error)
		return -ENOENT;
	memcpy(sha256, image->sha256, 32);
	return 0;
}

static int open_rollouts(struct update_flow *flow)
{
	const struct update_flow_parts *parts = &flow->parts;
	struct rollouts_parts options = {
		.store = parts->store,
		.nodes = parts->nodes,
		.updates = flow->updates,
		.labels = parts->labels,
		.holds = parts->holds,
		.images = images_of(flow),
		.quiet = flow->quiet,
		.random = parts->random,
		.schedule = parts->schedule,
		.find_image = find_by_head,
		.context = flow,
	};
	int error = rollouts_open(&flow->rollouts, &options);

	if (error)
		return error;
	rollouts_follow_clock(flow->rollouts, &flow->missed_jump);
	networks_attach(parts->networks, flow->updates, flow->rollouts);
	return 0;
}

static int64_t tick_updates(void *context, struct moment now)
{
	struct update_flow *flow = context;

	return updates_tick(flow->updates, now);
}

static int64_t tick_rollouts(void *context, struct moment now)
{
	struct update_flow *flow = context;

	return rollouts_tick(flow->rollouts, now);
}

/* What a clock wrote that was ahead by then has happened all the same. One that was never set knows nothing of that. */
static struct clock_jump jump_at_start(const struct update_flow_parts *parts)
{
	struct moment now = clock_moment(parts->clock);
	int64_t now_ms = boot_clock_is_unset(now) ? INT64_MAX : now.wall_ms;

	return parts->missed_jump ? *parts->missed_jump : (struct clock_jump){ .from_ms = now_ms, .to_ms = now_ms };
}

int update_flow_open(struct update_flow **out, const struct update_flow_parts *parts)
{
	struct update_flow *flow = calloc(1, sizeof(*flow));

	if (!flow)
		return -ENOMEM;
	flow->parts = *parts;
	flow->missed_jump = jump_at_start(parts);
	*out = flow;
	int error = quiet_hours_open(&flow->quiet, parts->quiet, parts->labels, random_next(parts->random));
	if (!error)
		error = open_updates(flow);
	if (!error)
		error = open_rollouts(flow);
	if (error)
		return error;
	ticker_add(parts->ticker, &(struct tick){ .call = tick_updates, .context = flow });
	ticker_add(parts->ticker, &(struct tick){ .call = tick_rollouts, .context = flow });
	return 0;
}

struct updates *update_flow_updates(const struct update_flow *flow)
{
	return flow->updates;
}

struct rollouts *update_flow_rollouts(const struct update_flow *flow)
{
	return flow->rollouts;
}

void update_flow_reload(struct update_flow *flow)
{
	quiet_hours_reload(flow->quiet);
	updates_renew_all(flow->updates, clock_moment(flow->parts.clock));
}

void update_flow_follow_clock(struct update_flow *flow, const struct clock_jump *jump)
{
	updates_follow_clock(flow->updates, jump);
	rollouts_follow_clock(flow->rollouts, jump);
}

void update_flow_close(struct update_flow *flow)
{
	if (!flow)
		return;
	rollouts_close(flow->rollouts);
	updates_close(flow->updates);
	quiet_hours_close(flow->quiet);
	free(flow);
}
