#include "gateway/rollouts_claims.h"

#include <stdio.h>
#include <string.h>

#include "gateway/holds.h"
#include "gateway/image_cache.h"
#include "gateway/nodes.h"
#include "gateway/quiet_hours.h"
#include "gateway/rollouts_state.h"
#include "gateway/schedule.h"
#include "gateway/update.h"
#include "gateway/update_hours.h"
#include "gateway/updates.h"

#define ZONE_SENTENCE_SIZE 256

struct turn_scene rollouts_scene(const struct rollouts *rollouts, struct moment now)
{
	return (struct turn_scene){
		.labels = rollouts->parts.labels,
		.quiet = rollouts->parts.quiet,
		.holds = rollouts->parts.holds,
		.images = rollouts->parts.images,
		.interval_ms = rollouts->parts.schedule->interval_ms,
		.battery_percent = updates_battery_least(rollouts->parts.updates),
		.opened_ms = rollouts->opened_ms,
		.now = now,
	};
}

/* What the node got from a rollout that is complete it keeps, as far as one that was there by then is concerned. */
static bool holds_nodes(const struct rollout *other, const struct rollout *rollout, const struct node_record *node)
{
	if (other->state == ROLLOUT_COMPLETE)
		return rollout->created_ms <= other->changed_ms &&
		       digest_heads_match(node->image, node->image_size, other->plan.sha256, 32);
	return rollout_is_open(other) && other->state != ROLLOUT_WAITING;
}

const struct rollout *rollouts_taken_by(
	const struct rollouts *rollouts, const struct rollout *rollout, const struct node *node, struct moment now)
{
	const struct turn_scene scene = rollouts_scene(rollouts, now);
	bool is_older = true; /* the others so far */

	for (size_t i = 0; i < rollouts->count; i++) {
		const struct rollout *other = &rollouts->list[i]->rollout;
		bool goes_before = other->plan.priority > rollout->plan.priority ||
				   (other->plan.priority == rollout->plan.priority && is_older &&
					   other->state != ROLLOUT_COMPLETE);
		if (other == rollout)
			is_older = false;
		else if (goes_before && holds_nodes(other, rollout, &node->record) &&
			 rollout_concerns(
				 &scene, other, &node->record, updates_find(rollouts->parts.updates, node->record.id)))
			return other;
	}
	return NULL;
}

enum rollout_turn rollouts_turn(const struct rollouts *rollouts, const struct rollout *rollout, const struct node *node,
	struct moment now, uint32_t *place)
{
	const struct turn_scene scene = rollouts_scene(rollouts, now);
	const struct update *update = updates_find(rollouts->parts.updates, node->record.id);
	enum rollout_turn turn = rollout_turn(&scene, rollout, &node->record, update, place);

	/* What it has done counts, whoever has a right to it now. */
	if (turn != TURN_FOREIGN && turn != TURN_CONFIRMED && turn != TURN_FAILED &&
		rollouts_taken_by(rollouts, rollout, node, now))
		return TURN_FOREIGN;
	return turn;
}

enum obstacle rollouts_obstacle(const struct rollouts *rollouts, const struct rollout *rollout, const struct node *node,
	struct moment now, char *text)
{
	const struct turn_scene scene = rollouts_scene(rollouts, now);

	return rollout_obstacle(
		&scene, rollout, &node->record, updates_find(rollouts->parts.updates, node->record.id), text);
}

bool rollouts_concern(
	const struct rollouts *rollouts, const struct rollout *rollout, const struct node *node, struct moment now)
{
	const struct turn_scene scene = rollouts_scene(rollouts, now);

	return rollout_concerns(&scene, rollout, &node->record, updates_find(rollouts->parts.updates, node->record.id));
}

static const struct rollout *ordered_by(
	const struct rollouts *rollouts, const struct node *node, const struct update *update, struct moment now)
{
	const struct turn_scene scene = rollouts_scene(rollouts, now);
	const struct rollout *newest = NULL;

	for (size_t i = 0; i < rollouts->count; i++) {
		const struct rollout *rollout = &rollouts->list[i]->rollout;
		if (rollout_turn_own(rollout, update) && rollout_concerns(&scene, rollout, &node->record, update) &&
			(!newest || newest->created_ms <= rollout->created_ms))
			newest = rollout;
	}
	return newest;
}

/* The image is here, and the node runs something that is known to be older. */
static bool is_older_than_image(
	const struct rollouts *rollouts, const struct rollout *rollout, const struct node_record *node)
{
	const struct stored_image *image =
		rollouts->parts.images ? image_cache_find(rollouts->parts.images, rollout->plan.sha256) : NULL;
	struct version runs, is;

	return image && version_parse(&runs, node->version) == 0 && version_parse(&is, image->version) == 0 &&
	       version_compare(&runs, &is) < 0;
}

bool rollouts_is_straggler(const struct rollouts *rollouts, size_t index, const struct node *node, struct moment now)
{
	const struct rollout *rollout = &rollouts->list[index]->rollout;
	const struct update *update = updates_find(rollouts->parts.updates, node->record.id);
	bool took_part =
		update && update->record.created_ms >= rollout->created_ms && update->state != UPDATE_WITHDRAWN;

	if (rollout->state != ROLLOUT_COMPLETE || took_part || !rollouts_concern(rollouts, rollout, node, now) ||
		!is_older_than_image(rollouts, rollout, &node->record))
		return false;
	for (size_t i = index + 1; i < rollouts->count; i++)
		if (rollouts_concern(rollouts, &rollouts->list[i]->rollout, node, now))
			return false;
	return true;
}

static bool has_stragglers(const struct rollouts *rollouts, size_t index)
{
	const struct nodes *nodes = rollouts->parts.nodes;

	for (size_t i = 0; i < nodes_count(nodes); i++)
		if (rollouts_is_straggler(rollouts, index, nodes_at(nodes, i), (struct moment){ 0 }))
			return true;
	return false;
}

bool rollouts_need(const struct rollouts *rollouts, const uint8_t sha256[32])
{
	for (size_t i = 0; i < rollouts->count; i++) {
		const struct rollout *rollout = &rollouts->list[i]->rollout;
		if (memcmp(rollout->plan.sha256, sha256, 32) == 0 &&
			(rollout_is_open(rollout) || has_stragglers(rollouts, i)))
			return true;
	}
	return false;
}

void rollouts_hours(const struct rollouts *rollouts, const struct node *node, const struct update *update,
	struct moment now, struct update_hours *out)
{
	const struct turn_scene scene = rollouts_scene(rollouts, now);

	rollout_turn_hours(&scene, ordered_by(rollouts, node, update, now), &node->record, out);
}

bool rollouts_is_window_open(
	const struct rollouts *rollouts, const struct rollout *rollout, const struct node *node, struct moment now)
{
	const struct turn_scene scene = rollouts_scene(rollouts, now);
	struct update_hours hours;

	rollout_turn_hours(&scene, rollout, &node->record, &hours);
	return update_hours_may_fetch(&hours, now);
}

void rollouts_explain_window(const struct rollouts *rollouts, size_t index, struct moment now, char *sentence)
{
	const struct turn_scene scene = { .now = now };
	struct update_hours hours;

	if (holds_on_all(rollouts->parts.holds)) {
		snprintf(sentence, UPDATE_HOURS_SENTENCE_SIZE, "all updates are halted");
		return;
	}
	rollout_turn_hours(&scene, &rollouts->list[index]->rollout, NULL, &hours);
	update_hours_explain(&hours, now, sentence);
}

int rollouts_check_zones(const struct rollouts *rollouts, const struct rollout_plan *plan, char *why, size_t why_size)
{
	const struct tzif *zone;
	int error = 0;

	if (*plan->window.text)
		error = quiet_hours_zone(rollouts->parts.quiet, &plan->window.window, &zone, why, why_size);
	if (!error && *plan->apply_window.text)
		error = quiet_hours_zone(rollouts->parts.quiet, &plan->apply_window.window, &zone, why, why_size);
	return error;
}

void rollouts_find_zones(const struct rollouts *rollouts, struct rollout *rollout)
{
	const struct rollout_plan *plan = &rollout->plan;
	struct quiet_hours *quiet = rollouts->parts.quiet;
	char why[ZONE_SENTENCE_SIZE];

	rollout->zone_missing = (*plan->window.text || *plan->apply_window.text) &&
				(!quiet || rollouts_check_zones(rollouts, plan, why, sizeof(why)) < 0);
	if (rollout->zone_missing || !quiet)
		return;
	(void)quiet_hours_zone(quiet, &plan->window.window, &rollout->zone, why, sizeof(why));
	(void)quiet_hours_zone(quiet, &plan->apply_window.window, &rollout->apply_zone, why, sizeof(why));
}

void rollouts_planned_hours(const struct rollouts *rollouts, struct rollout *planned, const struct node_record *node,
	struct moment now, struct update_hours *out)
{
	const struct turn_scene scene = rollouts_scene(rollouts, now);

	rollouts_find_zones(rollouts, planned);
	rollout_turn_hours(&scene, planned, node, out);
}

int64_t rollouts_opens_ms(const struct rollouts *rollouts, const struct rollout_plan *plan,
	const struct node_record *node, struct moment now, int64_t at_ms)
{
	struct rollout planned;
	struct update_hours hours;

	rollout_init(&planned, plan, now);
	rollouts_planned_hours(rollouts, &planned, node, now, &hours);
	int64_t opens_s = window_set_opens(&hours.fetch, at_ms / 1000);
	return opens_s == INT64_MAX || opens_s * 1000 < at_ms ? at_ms : opens_s * 1000;
}
