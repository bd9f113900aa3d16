#include "gateway/rollout_turn.h"

#include <string.h>

#include "gateway/boot_clock.h"
#include "gateway/nodes.h"
#include "gateway/quiet_hours.h"
#include "gateway/update.h"
#include "gateway/update_hours.h"

#define PUT_OFF_WAKES 2 /* a node may come so many wakes later than it was told to */

/* What was ordered while the clock had not been set yet has no date that could be compared. */
static bool is_of_its_time(const struct rollout *rollout, const struct update *update)
{
	const struct moment created = { .wall_ms = update->record.created_ms };

	return created.wall_ms >= rollout->created_ms || boot_clock_is_unset(created);
}

const struct update *rollout_turn_own(const struct rollout *rollout, const struct update *update)
{
	bool own =
		update && memcmp(update->record.goal, rollout->plan.sha256, 32) == 0 && is_of_its_time(rollout, update);

	return own ? update : NULL;
}

static bool runs_it(const struct rollout *rollout, const struct node_record *node)
{
	return digest_heads_match(node->image, node->image_size, rollout->plan.sha256, sizeof(rollout->plan.sha256));
}

static void add_window(struct window_set *set, const struct plan_window *window, const struct tzif *zone)
{
	if (*window->text && set->count < UPDATE_WINDOWS_AT_ONCE)
		set->list[set->count++] = (struct zoned_window){ &window->window, zone };
}

void rollout_turn_hours(const struct turn_scene *scene, const struct rollout *rollout, const struct node_record *node,
	struct update_hours *out)
{
	out->fetch.count = out->apply.count = 0;
	out->zone_missing = rollout && rollout->zone_missing;
	if (scene->quiet)
		quiet_hours_add(scene->quiet, node, out);
	if (!rollout)
		return;
	const struct rollout_plan *plan = &rollout->plan;
	add_window(&out->fetch, &plan->window, rollout->zone);
	if (*plan->apply_window.text)
		add_window(&out->apply, &plan->apply_window, rollout->apply_zone);
	else
		add_window(&out->apply, &plan->window, rollout->zone);
}

/* Since it began to be waited for: its wave, its joining, its order or the gateway's start, whichever came last. While
 * the gateway was away the node could not come, and whether a stone was missing by then is not known any more. */
static int64_t waited_for_since(const struct turn_scene *scene, const struct rollout *rollout,
	const struct node_record *node, const struct update *update)
{
	int64_t runs_ms = scene->now.monotonic_ms - scene->opened_ms;
	int64_t since = rollout->wave_ms;

	if (scene->opened_ms > 0 && since < scene->now.wall_ms - runs_ms)
		since = scene->now.wall_ms - runs_ms;
	if (since < node->first_seen_ms)
		since = node->first_seen_ms;
	if (update && since < update->record.created_ms)
		since = update->record.created_ms;
	return since;
}

/* The link had no room, and told it to come at a time that is not long past. */
static bool is_put_off(const struct update *update, int64_t wake_ms, struct moment now)
{
	return update && update->told_to_come_ms > 0 &&
	       now.wall_ms <= update->told_to_come_ms + PUT_OFF_WAKES * wake_ms;
}

/* Only the time counts in which it could have gone on: to fetch, or to activate what it has fetched. */
static bool is_late(const struct turn_scene *scene, const struct rollout *rollout, const struct node_record *node,
	const struct update *update)
{
	int64_t since_ms = waited_for_since(scene, rollout, node, update);
	/* Each image on its way has the time that one has. */
	int64_t images = update ? 1 + (int64_t)update->record.stones : 1;
	int64_t wake_ms = node_record_wake_ms(node, scene->interval_ms);
	int64_t deadline_ms = images * rollout->plan.deadline_wakes * wake_ms;
	bool fetched = update && update->state >= UPDATE_DOWNLOADED;
	struct update_hours hours;

	if (scene->now.wall_ms - since_ms <= deadline_ms || is_put_off(update, wake_ms, scene->now))
		return false;
	rollout_turn_hours(scene, rollout, node, &hours);
	return since_ms < update_hours_worked_since_ms(&hours, fetched, deadline_ms, scene->now);
}

bool rollout_concerns(const struct turn_scene *scene, const struct rollout *rollout, const struct node_record *node,
	const struct update *update)
{
	bool on_its_way = runs_it(rollout, node) || rollout_turn_own(rollout, update);

	return rollout_targets_judge(&rollout->plan.targets, scene->labels, node, on_its_way) == TARGET_MEANT;
}

enum obstacle rollout_obstacle(const struct turn_scene *scene, const struct rollout *rollout,
	const struct node_record *node, const struct update *update, char *text)
{
	return obstacle_to(scene, &rollout->plan, node, rollout_turn_own(rollout, update), text);
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
	update = rollout_turn_own(rollout, update);
	if (update && (update->state == UPDATE_FAILED || update->state == UPDATE_REVERTED))
		return TURN_FAILED;
	if (obstacle_to(scene, &rollout->plan, node, update, NULL) != OBSTACLE_NONE)
		return TURN_EXCUSED;
	if (is_late(scene, rollout, node, update))
		return TURN_SILENT;
	return update && update_is_active(update) ? TURN_UNDER_WAY : TURN_DUE;
}

bool rollout_turn_is_forgiven(const struct turn_scene *scene, const struct rollout *rollout,
	const struct node_record *node, const struct update *update)
{
	int64_t silence_ms = rollout->plan.deadline_wakes * node_record_wake_ms(node, scene->interval_ms);

	if (rollout->forgiven_ms == 0 || runs_it(rollout, node) ||
		wave_place(rollout->plan.id, node->id) >= rollout->forgiven_reach)
		return false;
	update = rollout_turn_own(rollout, update);
	if (update && (update->state == UPDATE_FAILED || update->state == UPDATE_REVERTED))
		return update->record.changed_ms <= rollout->forgiven_ms;
	return node->last_seen_ms < rollout->forgiven_ms - silence_ms;
}

const char *rollout_return_name(enum rollout_return found)
{
	static const char *const names[RETURNS] = { "none", "done", "under_way", "refused", "impossible" };

	return names[found];
}

/* The order to go back: to a node that ran the image, since the rollback. */
static bool leads_back(const struct rollout *rollout, const struct update *update)
{
	return update && update->record.created_ms >= rollout->changed_ms &&
	       digest_heads_match(update->record.previous, update->record.previous_size, rollout->plan.sha256,
		       sizeof(rollout->plan.sha256));
}

enum rollout_return rollout_return(
	const struct rollout *rollout, const struct node_record *node, const struct update *update)
{
	if (!leads_back(rollout, update))
		return runs_it(rollout, node) && rollout_turn_own(rollout, update) ? RETURN_IMPOSSIBLE : RETURN_NONE;
	if (update_is_active(update))
		return RETURN_UNDER_WAY;
	return update->state == UPDATE_CONFIRMED ? RETURN_DONE : RETURN_REFUSED;
}
