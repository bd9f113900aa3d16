#include "gateway/rollouts_state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "gateway/log.h"
#include "gateway/nodes.h"
#include "gateway/rollouts_claims.h"
#include "gateway/updates.h"

static const char *name_of_order(const struct rollout *rollout, char *out, size_t size)
{
	snprintf(out, size, "rollout %s", rollout->plan.id);
	return out;
}

void rollouts_withdraw(struct rollouts *rollouts, const struct rollout *rollout, struct node *node, struct moment now)
{
	const struct update *update = updates_find(rollouts->parts.updates, node->record.id);
	char by[64];
	uint32_t place;

	if (!update || !update_is_active(update) || update->state == UPDATE_REBOOTING ||
		memcmp(update->record.goal, rollout->plan.sha256, sizeof(rollout->plan.sha256)) != 0)
		return;
	/* A node that fell silent may come back any day. */
	enum rollout_turn turn = rollouts_turn(rollouts, rollout, node, now, &place);
	if (turn == TURN_UNDER_WAY || turn == TURN_SILENT)
		(void)updates_withdraw(rollouts->parts.updates, node, name_of_order(rollout, by, sizeof(by)), now);
}

/* Orders the image that the node ran before this rollout. 0; -ENOENT it is not here, or there is nothing to order. */
static int revert_on(struct rollouts *rollouts, const struct rollout *rollout, struct node *node, struct moment now)
{
	const struct rollouts_parts *parts = &rollouts->parts;
	const struct update *update = updates_find(parts->updates, node->record.id);
	char by[64];
	struct update_order order = { .node = node, .force = true, .by = name_of_order(rollout, by, sizeof(by)) };
	uint32_t place;

	if (rollouts_turn(rollouts, rollout, node, now, &place) != TURN_CONFIRMED || !update ||
		memcmp(update->record.sha256, rollout->plan.sha256, 32) != 0)
		return -ENOENT;
	int error =
		parts->find_image(parts->context, update->record.previous, update->record.previous_size, order.sha256);
	return error ? error : updates_order(parts->updates, &order, now);
}

void rollouts_revert_all(struct rollouts *rollouts, const struct rollout *rollout, struct moment now)
{
	struct nodes *nodes = rollouts->parts.nodes;
	unsigned ordered = 0, left = 0;
	uint32_t place;

	for (size_t i = 0; i < nodes_count(nodes); i++) {
		struct node *node = nodes_at(nodes, i);
		if (rollouts_turn(rollouts, rollout, node, now, &place) != TURN_CONFIRMED)
			continue;
		if (revert_on(rollouts, rollout, node, now) == 0)
			ordered++;
		else
			left++;
	}
	log_line(left ? LOG_LEVEL_WARNING : LOG_LEVEL_NOTICE, "rollout.reverting rollout=%s nodes=%u cannot=%u",
		rollout->plan.id, ordered, left);
}

/* A node with an order from before its rollout was stopped: a crash left it, or the node was restarting then. True if
 * it got another order. */
static bool stop_late(struct rollouts *rollouts, struct node *node, const struct update *update, struct moment now)
{
	for (size_t i = 0; i < rollouts->count; i++) {
		const struct rollout *rollout = &rollouts->list[i]->rollout;
		if (!rollout_is_stopped(rollout) || update->record.created_ms > rollout->changed_ms ||
			memcmp(update->record.goal, rollout->plan.sha256, 32) != 0)
			continue;
		rollouts_withdraw(rollouts, rollout, node, now);
		if (update->state == UPDATE_REBOOTING)
			updates_withhold(rollouts->parts.updates, node, true);
		return rollout->state == ROLLOUT_ROLLED_BACK && revert_on(rollouts, rollout, node, now) == 0;
	}
	return false;
}

/* The node's update is of a rollout, and another one has a right to the node by now. */
static bool is_outranked(
	const struct rollouts *rollouts, const struct node *node, const struct update *update, struct moment now)
{
	const struct turn_scene scene = rollouts_scene(rollouts, now);
	uint32_t place;

	for (size_t i = 0; i < rollouts->count; i++) {
		const struct rollout *rollout = &rollouts->list[i]->rollout;
		if (rollout_turn(&scene, rollout, &node->record, update, &place) == TURN_UNDER_WAY &&
			rollouts_taken_by(rollouts, rollout, node, now))
			return true;
	}
	return false;
}

void rollouts_on_contact(struct rollouts *rollouts, struct node *node, struct moment now)
{
	const struct update *update = updates_find(rollouts->parts.updates, node->record.id);
	char by[64];

	if (update)
		updates_withhold(rollouts->parts.updates, node, false);
	if (update && stop_late(rollouts, node, update, now))
		return;
	if (update && update_is_active(update) && !is_outranked(rollouts, node, update, now))
		return;
	for (size_t i = 0; i < rollouts->count; i++) {
		const struct rollout *rollout = &rollouts->list[i]->rollout;
		uint32_t place;
		if (!rollout_is_offering(rollout) && !rollouts_is_straggler(rollouts, i, node, now))
			continue;
		enum rollout_turn turn = rollouts_turn(rollouts, rollout, node, now, &place);
		if ((turn != TURN_DUE && turn != TURN_SILENT) || !rollouts_is_window_open(rollouts, rollout, node, now))
			continue;
		struct update_order order = { .node = node, .by = name_of_order(rollout, by, sizeof(by)) };
		memcpy(order.sha256, rollout->plan.sha256, sizeof(order.sha256));
		int error = updates_order(rollouts->parts.updates, &order, now);
		if (error && error != -EALREADY)
			log_warning("rollout.not_ordered rollout=%s node=%s error=\"%s\"", rollout->plan.id,
				node->record.id, strerror(-error));
	}
}
