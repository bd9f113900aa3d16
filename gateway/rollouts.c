#include "gateway/rollouts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/holds.h"
#include "gateway/image_cache.h"
#include "gateway/log.h"
#include "gateway/node_watch.h"
#include "gateway/nodes.h"
#include "gateway/quiet_hours.h"
#include "gateway/schedule.h"
#include "gateway/soak_start.h"
#include "gateway/update.h"
#include "gateway/update_hours.h"
#include "gateway/updates.h"
#include "store/rollout_store.h"
#include "store/update_store.h"

#define TICK_MS 1000
#define COUNT_PAUSE_MOST_MS 30000
#define ZONE_SENTENCE_SIZE 256
#define SLICE_NODES 500 /* counted in one round of the loop: under a millisecond */

struct entry {
	struct rollout rollout;
	struct rollout_facts facts; /* of the last whole count */
	struct rollout_facts count; /* under way */
	size_t counted;             /* nodes looked at for it */
	int64_t count_at_ms;        /* monotonic: not before, the next one */
	bool unsaved;
	struct soak_start *start; /* while it soaks and compares; NULL: not yet, or no longer */
};

struct rollouts {
	struct rollouts_parts parts;
	struct entry *list[ROLLOUTS_MAX];
	size_t count;
};

/* Keeping. */

static void on_saved(void *context, int result)
{
	struct rollouts *rollouts = context;

	/* Which one it was is not known: all are written again. */
	for (size_t i = 0; result < 0 && i < rollouts->count; i++)
		rollouts->list[i]->unsaved = true;
}

static int store_record(const struct rollout *rollout, struct stored_rollout *out)
{
	json_t *json = rollout_plan_json(&rollout->plan);
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
	int error = !text ? -ENOMEM : strlen(text) >= sizeof(out->plan) ? -EFBIG : 0;

	if (!error) {
		*out = (struct stored_rollout){
			.wave = rollout->wave,
			.looks = rollout->looks,
			.reach = rollout->reach,
			.approved = rollout->approved,
			.created_ms = rollout->created_ms,
			.wave_ms = rollout->wave_ms,
			.soak_ms = rollout->soak_ms,
			.changed_ms = rollout->changed_ms,
		};
		snprintf(out->id, sizeof(out->id), "%s", rollout->plan.id);
		snprintf(out->plan, sizeof(out->plan), "%s", text);
		snprintf(out->state, sizeof(out->state), "%s", rollout_state_name(rollout->state));
		snprintf(out->reason, sizeof(out->reason), "%s", rollout->reason);
	}
	free(text);
	json_decref(json);
	return error;
}

/* Saves with an entry in the journal, and logs it. */
static void settle(struct rollouts *rollouts, struct entry *entry, struct moment now)
{
	const struct rollout *rollout = &entry->rollout;
	struct store_reply reply = { .done = on_saved, .context = rollouts };
	struct journal_entry line = { .at_ms = now.wall_ms };
	bool bad = rollout->state == ROLLOUT_TRIPPED || rollout->state == ROLLOUT_ROLLED_BACK;
	struct stored_rollout record;

	snprintf(line.subject, sizeof(line.subject), "%s", rollout->plan.id);
	snprintf(line.event, sizeof(line.event), "rollout.%s", rollout_state_name(rollout->state));
	snprintf(line.detail, sizeof(line.detail), "wave=%u of=%u %s", rollout->wave + 1, rollout->plan.wave_count,
		rollout->reason);
	entry->unsaved = store_record(rollout, &record) < 0 ||
			 store_rollout_save(rollouts->parts.store, &record, &line, reply) < 0;
	log_line(bad ? LOG_LEVEL_WARNING : LOG_LEVEL_NOTICE, "rollout.%s rollout=%s wave=%u of=%u reason=\"%s\"",
		rollout_state_name(rollout->state), rollout->plan.id, rollout->wave + 1, rollout->plan.wave_count,
		rollout->reason);
}

static void free_entry(struct entry *entry)
{
	soak_start_close(entry->start);
	free(entry);
}

static void forget_at(struct rollouts *rollouts, size_t index)
{
	free_entry(rollouts->list[index]);
	rollouts->count--;
	memmove(&rollouts->list[index], &rollouts->list[index + 1],
		(rollouts->count - index) * sizeof(rollouts->list[0]));
}

static struct entry *append(struct rollouts *rollouts)
{
	struct entry *entry = rollouts->count < ROLLOUTS_MAX ? calloc(1, sizeof(*entry)) : NULL;

	if (entry) {
		entry->facts.lowest = entry->count.lowest = WAVE_ALL;
		rollouts->list[rollouts->count++] = entry;
	}
	return entry;
}

/* Resolves the zones of the plan's windows. */
static void find_zones(const struct rollouts *rollouts, struct rollout *rollout)
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

static void on_stored_rollout(void *context, const struct stored_rollout *record)
{
	struct rollouts *rollouts = context;
	char why[ROLLOUT_SENTENCE_SIZE];
	json_t *json = json_loads(record->plan, 0, NULL);
	int state = rollout_state_parse(record->state);
	struct rollout rollout = {
		.state = (enum rollout_state)state,
		.wave = record->wave,
		.looks = record->looks,
		.reach = record->reach,
		.approved = record->approved,
		.created_ms = record->created_ms,
		.wave_ms = record->wave_ms,
		.soak_ms = record->soak_ms,
		.changed_ms = record->changed_ms,
	};

	snprintf(rollout.reason, sizeof(rollout.reason), "%s", record->reason);
	if (state >= 0 && rollout_plan_parse(&rollout.plan, json, why) == 0 && rollout.wave < rollout.plan.wave_count) {
		struct entry *entry = append(rollouts);
		if (entry) {
			entry->rollout = rollout;
			find_zones(rollouts, &entry->rollout);
		}
	}
	json_decref(json);
}

int rollouts_open(struct rollouts **out, const struct rollouts_parts *parts)
{
	struct rollouts *rollouts = calloc(1, sizeof(*rollouts));

	if (!rollouts)
		return -ENOMEM;
	rollouts->parts = *parts;
	int error = store_rollouts_load(parts->store, on_stored_rollout, rollouts);
	if (error) {
		rollouts_close(rollouts);
		return error;
	}
	*out = rollouts;
	return 0;
}

void rollouts_close(struct rollouts *rollouts)
{
	if (!rollouts)
		return;
	for (size_t i = 0; i < rollouts->count; i++)
		free_entry(rollouts->list[i]);
	free(rollouts);
}

/* Looking up. */

static struct entry *find(const struct rollouts *rollouts, const char *id)
{
	for (size_t i = 0; i < rollouts->count; i++)
		if (strcmp(rollouts->list[i]->rollout.plan.id, id) == 0)
			return rollouts->list[i];
	return NULL;
}

const struct rollout *rollouts_find(const struct rollouts *rollouts, const char *id)
{
	struct entry *entry = find(rollouts, id);

	return entry ? &entry->rollout : NULL;
}

size_t rollouts_count(const struct rollouts *rollouts)
{
	return rollouts->count;
}

const struct rollout *rollouts_at(const struct rollouts *rollouts, size_t index)
{
	return &rollouts->list[index]->rollout;
}

const struct rollout_facts *rollouts_facts(const struct rollouts *rollouts, size_t index)
{
	return &rollouts->list[index]->facts;
}

/* Whose node is it? */

static struct turn_scene scene_of(const struct rollouts *rollouts, struct moment now)
{
	return (struct turn_scene){
		.labels = rollouts->parts.labels,
		.quiet = rollouts->parts.quiet,
		.holds = rollouts->parts.holds,
		.images = rollouts->parts.images,
		.interval_ms = rollouts->parts.schedule->interval_ms,
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
	const struct turn_scene scene = scene_of(rollouts, now);
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
	const struct turn_scene scene = scene_of(rollouts, now);
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
	const struct turn_scene scene = scene_of(rollouts, now);

	return rollout_obstacle(
		&scene, rollout, &node->record, updates_find(rollouts->parts.updates, node->record.id), text);
}

static bool is_concerned(
	const struct rollouts *rollouts, const struct rollout *rollout, const struct node *node, struct moment now)
{
	const struct turn_scene scene = scene_of(rollouts, now);

	return rollout_concerns(&scene, rollout, &node->record, updates_find(rollouts->parts.updates, node->record.id));
}

static const struct rollout *ordered_by(
	const struct rollouts *rollouts, const struct node *node, const struct update *update, struct moment now)
{
	const struct turn_scene scene = scene_of(rollouts, now);
	const struct rollout *newest = NULL;

	for (size_t i = 0; i < rollouts->count; i++) {
		const struct rollout *rollout = &rollouts->list[i]->rollout;
		if (rollout_turn_own(rollout, update) && rollout_concerns(&scene, rollout, &node->record, update) &&
			(!newest || newest->created_ms <= rollout->created_ms))
			newest = rollout;
	}
	return newest;
}

void rollouts_hours(const struct rollouts *rollouts, const struct node *node, const struct update *update,
	struct moment now, struct update_hours *out)
{
	const struct turn_scene scene = scene_of(rollouts, now);

	rollout_turn_hours(&scene, ordered_by(rollouts, node, update, now), &node->record, out);
}

bool rollouts_is_window_open(
	const struct rollouts *rollouts, const struct rollout *rollout, const struct node *node, struct moment now)
{
	const struct turn_scene scene = scene_of(rollouts, now);
	struct update_hours hours;

	rollout_turn_hours(&scene, rollout, &node->record, &hours);
	return update_hours_may_fetch(&hours, now);
}

void rollouts_explain_window(const struct rollouts *rollouts, size_t index, struct moment now, char *sentence)
{
	const struct turn_scene scene = { .now = now };
	struct update_hours hours;

	rollout_turn_hours(&scene, &rollouts->list[index]->rollout, NULL, &hours);
	update_hours_explain(&hours, now, sentence);
}

static bool is_online(const struct rollouts *rollouts, const struct node *node, struct moment now)
{
	return !nodes_is_silent(rollouts->parts.nodes, node, rollouts->parts.schedule->interval_ms, now);
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

/* One that did not take part in a rollout that is complete, as it slept or was held back, gets the image when it comes,
 * unless a rollout was made since then that it takes part in. */
static bool is_straggler(const struct rollouts *rollouts, size_t index, const struct node *node, struct moment now)
{
	const struct rollout *rollout = &rollouts->list[index]->rollout;
	const struct update *update = updates_find(rollouts->parts.updates, node->record.id);

	if (rollout->state != ROLLOUT_COMPLETE || (update && update->record.created_ms >= rollout->created_ms) ||
		!is_concerned(rollouts, rollout, node, now) || !is_older_than_image(rollouts, rollout, &node->record))
		return false;
	for (size_t i = index + 1; i < rollouts->count; i++)
		if (is_concerned(rollouts, &rollouts->list[i]->rollout, node, now))
			return false;
	return true;
}

static bool has_stragglers(const struct rollouts *rollouts, size_t index)
{
	const struct nodes *nodes = rollouts->parts.nodes;

	for (size_t i = 0; i < nodes_count(nodes); i++)
		if (is_straggler(rollouts, index, nodes_at(nodes, i), (struct moment){ 0 }))
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

/* Stopping. */

static const char *name_of_order(const struct rollout *rollout, char *out, size_t size)
{
	snprintf(out, size, "rollout %s", rollout->plan.id);
	return out;
}

/* Offers that a node has not begun to follow; a transfer under way is ended as well, an activation cannot be. */
static void withdraw_from(
	struct rollouts *rollouts, const struct rollout *rollout, struct node *node, struct moment now)
{
	const struct update *update = updates_find(rollouts->parts.updates, node->record.id);
	char by[64];
	uint32_t place;

	if (!update || !update_is_active(update) || update->state == UPDATE_REBOOTING ||
		memcmp(update->record.sha256, rollout->plan.sha256, sizeof(rollout->plan.sha256)) != 0)
		return;
	/* A node that fell silent may come back any day. */
	enum rollout_turn turn = rollouts_turn(rollouts, rollout, node, now, &place);
	if (turn == TURN_UNDER_WAY || turn == TURN_SILENT)
		(void)updates_cancel(rollouts->parts.updates, node, name_of_order(rollout, by, sizeof(by)), now);
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

/* Nodes that cannot go back are told to the operator. */
static void revert_all(struct rollouts *rollouts, const struct rollout *rollout, struct moment now)
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

/* Takes down what nodes are like as a soak begins, or goes on after a restart; ends that with the soak. Without memory
 * only drops are compared. */
static void watch_soak(struct rollouts *rollouts, struct entry *entry, bool anew, struct moment now)
{
	const struct nodes *nodes = rollouts->parts.nodes;
	bool soaks = entry->rollout.state == ROLLOUT_SOAKING && gate_compares(&entry->rollout.plan);

	if (soaks && entry->start && !anew)
		return;
	soak_start_close(entry->start);
	entry->start = soaks ? soak_start_open(nodes_count(nodes), now) : NULL;
	for (size_t i = 0; entry->start && i < nodes_count(nodes); i++) {
		const struct node *node = nodes_at(nodes, i);
		if (is_concerned(rollouts, &entry->rollout, node, now))
			soak_start_add(entry->start, &node->record, is_online(rollouts, node, now));
	}
	if (entry->start)
		soak_start_seal(entry->start);
}

/* Carries out what a step asks. The step itself is saved first: what a crash leaves undone is done at the contacts. */
static void follow(struct rollouts *rollouts, struct entry *entry, const struct rollout_step *step, struct moment now)
{
	struct nodes *nodes = rollouts->parts.nodes;

	if (!step->changed)
		return;
	settle(rollouts, entry, now);
	for (size_t i = 0; i < nodes_count(nodes); i++) {
		struct node *node = nodes_at(nodes, i);
		if (step->watch && is_concerned(rollouts, &entry->rollout, node, now)) {
			node_watch_begin(&node->record, now.wall_ms);
			nodes_changed(nodes, node, false);
		}
		if (step->withdraw)
			withdraw_from(rollouts, &entry->rollout, node, now);
	}
	if (step->revert)
		revert_all(rollouts, &entry->rollout, now);
	watch_soak(rollouts, entry, step->watch, now);
	/* What was counted is about another wave, and is counted anew at once. */
	entry->count = (struct rollout_facts){ .lowest = WAVE_ALL };
	entry->counted = 0;
	entry->count_at_ms = 0;
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

int64_t rollouts_opens_ms(const struct rollouts *rollouts, const struct rollout_plan *plan,
	const struct node_record *node, struct moment now, int64_t at_ms)
{
	const struct turn_scene scene = scene_of(rollouts, now);
	struct rollout planned;
	struct update_hours hours;

	rollout_init(&planned, plan, now);
	find_zones(rollouts, &planned);
	rollout_turn_hours(&scene, &planned, node, &hours);
	int64_t opens_s = window_set_opens(&hours.fetch, at_ms / 1000);
	return opens_s == INT64_MAX || opens_s * 1000 < at_ms ? at_ms : opens_s * 1000;
}

/* Operators. */

/* Patterns that differ are taken for patterns of other nodes. */
static bool are_apart(const struct rollout_targets *a, const struct rollout_targets *b)
{
	return strcmp(a->hardware, b->hardware) != 0 || (*a->only && *b->only && strcmp(a->only, b->only) != 0);
}

static bool share_a_node(
	const struct rollouts *rollouts, const struct rollout_targets *a, const struct rollout_targets *b)
{
	for (size_t i = 0; i < nodes_count(rollouts->parts.nodes); i++) {
		const struct node_record *node = &nodes_at(rollouts->parts.nodes, i)->record;
		if (rollout_targets_judge(a, rollouts->parts.labels, node, false) == TARGET_MEANT &&
			rollout_targets_judge(b, rollouts->parts.labels, node, false) == TARGET_MEANT)
			return true;
	}
	return false;
}

/* Two of one priority want the same nodes: labels, versions and lists are compared over the nodes that there are. */
static bool overlap(const struct rollouts *rollouts, const struct rollout_plan *a, const struct rollout_plan *b)
{
	const struct rollout_targets *first = &a->targets, *second = &b->targets;

	if (a->priority != b->priority || are_apart(first, second))
		return false;
	return (!rollout_targets_are_narrow(first) && !rollout_targets_are_narrow(second)) ||
	       share_a_node(rollouts, first, second);
}

static int check_plan(struct rollouts *rollouts, const struct rollout_plan *plan)
{
	size_t open = 0;

	if (find(rollouts, plan->id))
		return -EEXIST;
	for (size_t i = 0; i < rollouts->count; i++) {
		const struct rollout *other = &rollouts->list[i]->rollout;
		if (!rollout_is_open(other))
			continue;
		if (overlap(rollouts, plan, &other->plan))
			return -EBUSY;
		open++;
	}
	return open < ROLLOUTS_OPEN_MAX ? 0 : -ENOBUFS;
}

static void make_room(struct rollouts *rollouts)
{
	for (size_t i = 0; rollouts->count == ROLLOUTS_MAX && i < rollouts->count; i++)
		if (!rollout_is_open(&rollouts->list[i]->rollout)) {
			(void)store_rollout_remove(
				rollouts->parts.store, rollouts->list[i]->rollout.plan.id, (struct store_reply){ 0 });
			forget_at(rollouts, i);
		}
}

int rollouts_create(struct rollouts *rollouts, const struct rollout_plan *plan, const char *by, struct moment now)
{
	int error = check_plan(rollouts, plan);

	if (error)
		return error;
	make_room(rollouts);
	struct entry *entry = append(rollouts);
	if (!entry)
		return -ENOMEM;
	rollout_init(&entry->rollout, plan, now);
	find_zones(rollouts, &entry->rollout);
	snprintf(entry->rollout.reason, sizeof(entry->rollout.reason), "ordered by %s", by);
	settle(rollouts, entry, now);
	return 0;
}

int rollouts_intervene(
	struct rollouts *rollouts, const char *id, enum rollout_event event, const char *by, struct moment now)
{
	struct entry *entry = find(rollouts, id);
	struct rollout_step step;

	if (!entry)
		return -ENOENT;
	int error = rollout_intervene(&entry->rollout, event, by, now, &step);
	if (!error)
		follow(rollouts, entry, &step, now);
	return error;
}

int rollouts_remove(struct rollouts *rollouts, const char *id)
{
	size_t at = 0;

	while (at < rollouts->count && strcmp(rollouts->list[at]->rollout.plan.id, id) != 0)
		at++;
	if (at == rollouts->count)
		return -ENOENT;
	if (rollout_is_open(&rollouts->list[at]->rollout))
		return -EBUSY;
	(void)store_rollout_remove(rollouts->parts.store, id, (struct store_reply){ 0 });
	forget_at(rollouts, at);
	return 0;
}

/* Nodes. */

/* A node with an order from before its rollout was stopped: a crash left it, or the node was restarting then. True if
 * it got another order. */
static bool stop_late(struct rollouts *rollouts, struct node *node, const struct update *update, struct moment now)
{
	for (size_t i = 0; i < rollouts->count; i++) {
		const struct rollout *rollout = &rollouts->list[i]->rollout;
		if (!rollout_is_stopped(rollout) || update->record.created_ms > rollout->changed_ms ||
			memcmp(update->record.goal, rollout->plan.sha256, 32) != 0)
			continue;
		withdraw_from(rollouts, rollout, node, now);
		return rollout->state == ROLLOUT_ROLLED_BACK && revert_on(rollouts, rollout, node, now) == 0;
	}
	return false;
}

/* The node's update is of a rollout, and another one has a right to the node by now. */
static bool is_outranked(
	const struct rollouts *rollouts, const struct node *node, const struct update *update, struct moment now)
{
	const struct turn_scene scene = scene_of(rollouts, now);
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

	if (update && stop_late(rollouts, node, update, now))
		return;
	if (update && update_is_active(update) && !is_outranked(rollouts, node, update, now))
		return;
	for (size_t i = 0; i < rollouts->count; i++) {
		const struct rollout *rollout = &rollouts->list[i]->rollout;
		uint32_t place;
		if (!rollout_is_offering(rollout) && !is_straggler(rollouts, i, node, now))
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

void rollouts_follow_clock(struct rollouts *rollouts, const struct clock_jump *jump)
{
	for (size_t i = 0; i < rollouts->count; i++) {
		struct rollout *rollout = &rollouts->list[i]->rollout;

		if (!rollout_is_open(rollout))
			continue;
		rollout->created_ms = clock_jump_moved(jump, rollout->created_ms);
		rollout->wave_ms = clock_jump_moved(jump, rollout->wave_ms);
		rollout->soak_ms = clock_jump_moved(jump, rollout->soak_ms);
		rollout->changed_ms = clock_jump_moved(jump, rollout->changed_ms);
		rollouts->list[i]->unsaved = true;
	}
}

void rollouts_grant_time(struct rollouts *rollouts, struct moment now)
{
	for (size_t i = 0; i < rollouts->count; i++) {
		if (!rollout_is_open(&rollouts->list[i]->rollout))
			continue;
		rollout_grant_time(&rollouts->list[i]->rollout, now);
		rollouts->list[i]->unsaved = true;
	}
}

/* Counting and judging. */

static void count_node(struct rollouts *rollouts, struct entry *entry, const struct node *node, struct moment now)
{
	struct rollout_facts *facts = &entry->count;
	struct gate_tally *tally = &facts->tally;
	char text[OBSTACLE_TEXT_SIZE] = "";
	uint32_t place;
	enum rollout_turn turn = rollouts_turn(rollouts, &entry->rollout, node, now, &place);

	if (turn == TURN_FOREIGN)
		return;
	facts->concerned++;
	enum obstacle obstacle = turn == TURN_EXCUSED || (turn == TURN_LATER && place < facts->lowest)
					 ? rollouts_obstacle(rollouts, &entry->rollout, node, now, text)
					 : OBSTACLE_NONE;
	if (place < facts->lowest && obstacle == OBSTACLE_NONE)
		facts->lowest = place;
	if (turn == TURN_LATER)
		return;
	if (turn == TURN_EXCUSED) {
		facts->excused[obstacle]++;
		if (obstacle == OBSTACLE_STONE)
			snprintf(facts->missing_stone, sizeof(facts->missing_stone), "%s", text);
		return;
	}
	tally->nodes++;
	tally->confirmed += turn == TURN_CONFIRMED;
	tally->failed += turn == TURN_FAILED;
	tally->silent += turn == TURN_SILENT;
	tally->open += turn == TURN_DUE || turn == TURN_UNDER_WAY;
}

/* What nodes do is no news more often than this: a thirtieth of what lies between two contacts of a node. */
static int64_t count_pause_ms(const struct rollouts *rollouts)
{
	int64_t pause_ms = rollouts->parts.schedule->interval_ms / 30;

	if (pause_ms < TICK_MS)
		return TICK_MS;
	return pause_ms < COUNT_PAUSE_MOST_MS ? pause_ms : COUNT_PAUSE_MOST_MS;
}

/* A stone that was missing is told once, and that it is here again; nodes that waited for it have their time anew. */
static void take_facts(struct rollouts *rollouts, struct entry *entry, struct moment now)
{
	unsigned before = entry->facts.excused[OBSTACLE_STONE], after = entry->count.excused[OBSTACLE_STONE];

	entry->facts = entry->count;
	if (after && !before)
		log_warning("rollout.missing_stone rollout=%s nodes=%u missing=\"%s\"", entry->rollout.plan.id, after,
			entry->facts.missing_stone);
	if (after < before) {
		rollout_grant_time(&entry->rollout, now);
		entry->unsaved = true;
	}
}

/* Goes on with counting; true when all nodes were looked at. */
static bool count_slice(struct rollouts *rollouts, struct entry *entry, struct moment now)
{
	size_t count = nodes_count(rollouts->parts.nodes);

	for (unsigned i = 0; i < SLICE_NODES && entry->counted < count; i++)
		count_node(rollouts, entry, nodes_at(rollouts->parts.nodes, entry->counted++), now);
	if (entry->counted < count)
		return false;
	take_facts(rollouts, entry, now);
	entry->count = (struct rollout_facts){ .lowest = WAVE_ALL };
	entry->counted = 0;
	entry->count_at_ms = now.monotonic_ms + count_pause_ms(rollouts);
	return true;
}

/* What is known of the nodes that are compared: the updated ones first, then those that run something else. */
struct compared {
	struct drop_history *histories;
	struct node_change *changes;
	size_t count;
};

static void collect(const struct rollouts *rollouts, const struct entry *entry, bool updated, struct compared *out,
	struct moment now)
{
	const struct nodes *nodes = rollouts->parts.nodes;
	const struct rollout *rollout = &entry->rollout;

	for (size_t i = 0; i < nodes_count(nodes); i++) {
		const struct node *node = nodes_at(nodes, i);
		const struct node_record *record = &node->record;
		if (!is_concerned(rollouts, rollout, node, now) ||
			digest_heads_match(record->image, record->image_size, rollout->plan.sha256, 32) != updated)
			continue;
		out->histories[out->count] = node_watch_history(record, now.wall_ms);
		if (entry->start)
			out->changes[out->count] =
				soak_start_change(entry->start, record, is_online(rollouts, node, now), now);
		out->count++;
	}
}

static void judge_compared(struct rollouts *rollouts, struct entry *entry, struct compared *nodes, struct moment now)
{
	struct gate_comparison comparison = {
		.nodes = nodes->histories,
		.look = entry->rollout.looks + 1,
		.random = rollouts->parts.random,
		.changes = entry->start ? nodes->changes : NULL,
	};

	collect(rollouts, entry, true, nodes, now);
	comparison.updated = nodes->count;
	collect(rollouts, entry, false, nodes, now);
	comparison.count = nodes->count;
	int verdict = gate_judge_comparisons(&entry->rollout.plan, &comparison, entry->facts.sentence);
	entry->facts.compared = verdict >= 0;
	entry->facts.verdict = (enum gate_verdict)verdict;
}

/* Without memory at the next tick. */
static void compare(struct rollouts *rollouts, struct entry *entry, struct moment now)
{
	size_t room = nodes_count(rollouts->parts.nodes) + 1;
	struct compared nodes = {
		.histories = malloc(room * sizeof(*nodes.histories)),
		.changes = malloc(room * sizeof(*nodes.changes)),
	};

	if (nodes.histories && nodes.changes)
		judge_compared(rollouts, entry, &nodes, now);
	free(nodes.histories);
	free(nodes.changes);
}

static void judge(struct rollouts *rollouts, struct entry *entry, struct moment now)
{
	watch_soak(rollouts, entry, false, now);
	if (rollout_wants_comparison(&entry->rollout, now))
		compare(rollouts, entry, now);
	struct rollout_step step = rollout_tick(&entry->rollout, &entry->facts, now);
	follow(rollouts, entry, &step, now);
}

int64_t rollouts_tick(struct rollouts *rollouts, struct moment now)
{
	bool busy = false;

	/* Nothing is judged by what does not happen during an emergency stop. */
	bool halted = holds_on_all(rollouts->parts.holds) != NULL;

	for (size_t i = 0; i < rollouts->count; i++) {
		struct entry *entry = rollouts->list[i];
		if (entry->unsaved)
			settle(rollouts, entry, now);
		if (halted || !rollout_is_open(&entry->rollout) ||
			(entry->counted == 0 && now.monotonic_ms < entry->count_at_ms))
			continue;
		if (count_slice(rollouts, entry, now))
			judge(rollouts, entry, now);
		else
			busy = true;
	}
	return busy ? 0 : TICK_MS;
}
