#include "gateway/rollout_turn.h"

#include <string.h>

#include "gateway/nodes.h"
#include "gateway/update.h"

/* The update that this rollout ordered, or another order of the same image since then. */
static const struct update *own_update(const struct rollout *rollout, const struct update *update)
{
	bool own = update && memcmp(update->record.sha256, rollout->plan.sha256, 32) == 0 &&
		   update->record.created_ms >= rollout->created_ms;

	return own ? update : NULL;
}

/* Counted from the beginning of its wave, its joining or its order, whichever came last. */
static bool is_late(const struct rollout *rollout, const struct node_record *node, const struct update *update,
	int64_t interval_ms, struct moment now)
{
	int64_t since = rollout->wave_ms;

	if (since < node->first_seen_ms)
		since = node->first_seen_ms;
	if (update && since < update->record.created_ms)
		since = update->record.created_ms;
	return now.wall_ms - since > rollout->plan.deadline_wakes * interval_ms;
}

enum rollout_turn rollout_turn(const struct rollout *rollout, const struct node_record *node,
	const struct update *update, int64_t interval_ms, struct moment now, uint32_t *place)
{
	const struct rollout_plan *plan = &rollout->plan;

	if (!rollout_plan_concerns(plan, node))
		return TURN_FOREIGN;
	*place = wave_place(plan->id, node->id);
	if (*place >= rollout->reach)
		return TURN_LATER;
	if (digest_heads_match(node->image, node->image_size, plan->sha256, sizeof(plan->sha256)))
		return TURN_CONFIRMED;
	update = own_update(rollout, update);
	if (update && (update->state == UPDATE_FAILED || update->state == UPDATE_REVERTED))
		return TURN_FAILED;
	if (is_late(rollout, node, update, interval_ms, now))
		return TURN_SILENT;
	return update && update_is_active(update) ? TURN_UNDER_WAY : TURN_DUE;
}
