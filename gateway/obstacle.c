#include "gateway/obstacle.h"

#include <errno.h>
#include <stdio.h>

#include "gateway/holds.h"
#include "gateway/nodes.h"
#include "gateway/quiet_hours.h"
#include "gateway/rollout_turn.h"
#include "gateway/stones.h"
#include "gateway/update.h"

const char *obstacle_name(enum obstacle obstacle)
{
	static const char *const names[OBSTACLES] = { "none", "held", "battery", "stone", "unfit" };

	return names[obstacle];
}

const char *obstacle_sentence(enum obstacle obstacle)
{
	static const char *const sentences[OBSTACLES] = {
		[OBSTACLE_NONE] = "has nothing in its way",
		[OBSTACLE_HELD] = "is held",
		[OBSTACLE_BATTERY] = "has a low battery",
		[OBSTACLE_STONE] = "lacks a stepping stone",
		[OBSTACLE_UNFIT] = "is none that the image is for",
	};

	return sentences[obstacle];
}

const char *obstacle_counted(enum obstacle obstacle)
{
	static const char *const words[OBSTACLES] = {
		[OBSTACLE_NONE] = "with nothing in their way",
		[OBSTACLE_HELD] = "held",
		[OBSTACLE_BATTERY] = "with a low battery",
		[OBSTACLE_STONE] = "without a stepping stone",
		[OBSTACLE_UNFIT] = "that it is not for",
	};

	return words[obstacle];
}

/* Of the plan, of all updates and of the node's labels, the highest one. */
static int64_t battery_needed(
	const struct turn_scene *scene, const struct rollout_plan *plan, const struct node_record *node)
{
	int64_t needed =
		plan->battery_percent > scene->battery_percent ? plan->battery_percent : scene->battery_percent;
	int64_t of_labels = scene->quiet ? quiet_hours_battery(scene->quiet, node) : 0;

	return of_labels > needed ? of_labels : needed;
}

/* A transfer that began is not ended for a battery that went down by it. */
static bool battery_is_low(int64_t needed, const struct node_record *node, const struct update *update)
{
	bool began = update && update_is_active(update) && update->state != UPDATE_OFFERED;

	return !began && node->battery_percent >= 0 && node->battery_percent < needed;
}

/* An update that is under way has found its way, and looks for the next step itself. */
static enum obstacle look_for_stones(const struct turn_scene *scene, const struct rollout_plan *plan,
	const struct node_record *node, const struct update *update, char *text)
{
	char why[STONES_WHY_SIZE] = "";
	uint8_t next[32];

	if (!scene->images || (update && update_is_active(update)))
		return OBSTACLE_NONE;
	int error = stones_next(scene->images, node, plan->sha256, next, why);
	if (error != -ENOLINK && error != -ENODATA)
		return OBSTACLE_NONE;
	if (text)
		snprintf(text, OBSTACLE_TEXT_SIZE, "%s", why);
	return OBSTACLE_STONE;
}

enum obstacle obstacle_to(const struct turn_scene *scene, const struct rollout_plan *plan,
	const struct node_record *node, const struct update *update, char *text)
{
	const struct stored_hold *hold = holds_on(scene->holds, node->id);

	if (update && update->state == UPDATE_UNFIT) {
		if (text)
			snprintf(text, OBSTACLE_TEXT_SIZE, "%s", update->record.reason);
		return OBSTACLE_UNFIT;
	}
	if (hold) {
		if (text)
			snprintf(text, OBSTACLE_TEXT_SIZE, "%s by %s%s%s", *hold->node ? "held" : "all updates halted",
				hold->by, *hold->reason ? ": " : "", hold->reason);
		return OBSTACLE_HELD;
	}
	int64_t needed = battery_needed(scene, plan, node);
	if (!battery_is_low(needed, node, update))
		return look_for_stones(scene, plan, node, update, text);
	if (text)
		snprintf(text, OBSTACLE_TEXT_SIZE, "battery at %d %%, %lld %% needed", node->battery_percent,
			(long long)needed);
	return OBSTACLE_BATTERY;
}
