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

static bool runs_it(const struct rollout *rollout, const struct node_record *node)
{
	return digest_heads_match(node->image, node->image_size, rollout->plan.sha256, sizeof(rollout->plan.sha256));
}

/* Counted from the beginning of its wave, its joining or its order, whichever came last. */
static bool is_late(const struct turn_scene *scene, const struct rollout *rollout, const struct node_record *node,
	const struct update *update)
{
	int64_t since = rollout->wave_ms;

	if (since < node->first_seen_ms)
		since = node->first_seen_ms;
	if (update && since < update->record.created_ms)
		since = update->record.created_ms;
	return scene->now.wall_ms - since > rollout->plan.deadline_wakes * scene->interval_ms;
}

bool rollout_concerns(const struct turn_scene *scene, const struct rollout *rollout, const struct node_record *node,
	const struct update *update)
{
	bool on_its_way = runs_it(rollout, node) || own_update(rollout, update);

	return rollout_targets_judge(&rollout->plan.targets, scene->labels, node, on_its_way) == TARGET_MEANT;
}

enum obstacle rollout_obstacle(const struct turn_scene *scene, const struct rollout *rollout,
	const struct node_record *node, const struct update *update, char *text)
{
	return obstacle_to(scene, &rollout->plan, node, own_update(rollout, update), text);
}

enum rollout_turn rollout_turn(const struct turn_scene *scene, const struct rollout *rollout,
	const struct node_record *node, const struct update *update, uint32_t *place)
{
	if (!rollout_concerns(scene, rollout, node, update))
		return TURN_FOREIGN;
	*place = wave_place(rollout->plan.id, node->id);
	if (*place >= rollout->reach)
		return TURN_LATER;
	if (runs_it(rollout, node))
		return TURN_CONFIRMED;
	update = own_update(rollout, update);
	if (update && (update->state == UPDATE_FAILED || update->state == UPDATE_REVERTED))
		return TURN_FAILED;
	if (obstacle_to(scene, &rollout->plan, node, update, NULL) != OBSTACLE_NONE)
		return TURN_EXCUSED;
	if (is_late(scene, rollout, node, update))
		return TURN_SILENT;
	return update && update_is_active(update) ? TURN_UNDER_WAY : TURN_DUE;
}
