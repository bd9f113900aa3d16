#include "gateway/rollouts_state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/holds.h"
#include "gateway/node_watch.h"
#include "gateway/nodes.h"
#include "gateway/updates.h"

#define TICK_MS 1000

struct rollouts_entry *rollouts_entry_of(const struct rollouts *rollouts, const char *id)
{
	for (size_t i = 0; i < rollouts->count; i++)
		if (strcmp(rollouts->list[i]->rollout.plan.id, id) == 0)
			return rollouts->list[i];
	return NULL;
}

const struct rollout *rollouts_find(const struct rollouts *rollouts, const char *id)
{
	struct rollouts_entry *entry = rollouts_entry_of(rollouts, id);

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

/* Carries out what a step asks. The step itself is saved first: what a crash leaves undone is done at the contacts. */
static void follow(
	struct rollouts *rollouts, struct rollouts_entry *entry, const struct rollout_step *step, struct moment now)
{
	struct nodes *nodes = rollouts->parts.nodes;

	if (!step->changed)
		return;
	rollouts_settle(rollouts, entry, now);
	for (size_t i = 0; i < nodes_count(nodes); i++) {
		struct node *node = nodes_at(nodes, i);
		if (step->watch && rollouts_concern(rollouts, &entry->rollout, node, now)) {
			node_watch_begin(&node->record, now.wall_ms);
			nodes_changed(nodes, node, false);
		}
		if (step->withdraw)
			rollouts_withdraw(rollouts, &entry->rollout, node, now);
	}
	if (step->revert)
		rollouts_revert_all(rollouts, &entry->rollout, now);
	rollouts_watch_soak(rollouts, entry, step->watch, now);
	/* What was counted is about another wave, and is counted anew at once. */
	rollouts_count_anew(entry, 0);
}

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

const struct rollout *rollouts_rival(const struct rollouts *rollouts, const struct rollout_plan *plan)
{
	for (size_t i = 0; i < rollouts->count; i++) {
		const struct rollout *other = &rollouts->list[i]->rollout;
		if (rollout_is_open(other) && overlap(rollouts, plan, &other->plan))
			return other;
	}
	return NULL;
}

static int check_plan(struct rollouts *rollouts, const struct rollout_plan *plan)
{
	size_t open = 0;

	if (rollouts_entry_of(rollouts, plan->id))
		return -EEXIST;
	if (rollouts_rival(rollouts, plan))
		return -EBUSY;
	for (size_t i = 0; i < rollouts->count; i++)
		open += rollout_is_open(&rollouts->list[i]->rollout);
	return open < ROLLOUTS_OPEN_MAX ? 0 : -ENOBUFS;
}

static void make_room(struct rollouts *rollouts)
{
	for (size_t i = 0; rollouts->count == ROLLOUTS_MAX && i < rollouts->count; i++)
		if (!rollout_is_open(&rollouts->list[i]->rollout))
			rollouts_drop(rollouts, i);
}

int rollouts_create(struct rollouts *rollouts, const struct rollout_plan *plan, const char *by, struct moment now)
{
	int error = check_plan(rollouts, plan);

	if (error)
		return error;
	make_room(rollouts);
	struct rollouts_entry *entry = rollouts_append(rollouts);
	if (!entry)
		return -ENOMEM;
	rollout_init(&entry->rollout, plan, now);
	rollouts_find_zones(rollouts, &entry->rollout);
	snprintf(entry->rollout.reason, sizeof(entry->rollout.reason), "ordered by %s", by);
	rollouts_settle(rollouts, entry, now);
	return 0;
}

int rollouts_intervene(
	struct rollouts *rollouts, const char *id, enum rollout_event event, const char *by, struct moment now)
{
	struct rollouts_entry *entry = rollouts_entry_of(rollouts, id);
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
	rollouts_drop(rollouts, at);
	return 0;
}

void rollouts_follow_clock(struct rollouts *rollouts, const struct clock_jump *jump)
{
	for (size_t i = 0; i < rollouts->count; i++) {
		struct rollout *rollout = &rollouts->list[i]->rollout;
		int64_t before_ms[] = { rollout->created_ms, rollout->wave_ms, rollout->soak_ms, rollout->changed_ms };

		rollout->created_ms = clock_jump_past(jump, rollout->created_ms);
		rollout->wave_ms = clock_jump_past(jump, rollout->wave_ms);
		rollout->soak_ms = clock_jump_past(jump, rollout->soak_ms);
		rollout->changed_ms = clock_jump_past(jump, rollout->changed_ms);
		if (rollout->forgiven_ms > 0)
			rollout->forgiven_ms = clock_jump_past(jump, rollout->forgiven_ms);
		int64_t after_ms[] = { rollout->created_ms, rollout->wave_ms, rollout->soak_ms, rollout->changed_ms };
		rollouts->list[i]->unsaved |= memcmp(before_ms, after_ms, sizeof(before_ms)) != 0;
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

static void judge(struct rollouts *rollouts, struct rollouts_entry *entry, struct moment now)
{
	rollouts_watch_soak(rollouts, entry, false, now);
	if (rollout_wants_comparison(&entry->rollout, now))
		rollouts_compare(rollouts, entry, now);
	struct rollout_step step = rollout_tick(&entry->rollout, &entry->facts, now);
	follow(rollouts, entry, &step, now);
}

static bool is_due(const struct rollouts_entry *entry, struct moment now)
{
	return entry->counted > 0 || now.monotonic_ms >= entry->count_at_ms;
}

/* Those that are over are counted for the figures alone, one at a time. True: there is more to count. */
static bool count_closed(struct rollouts *rollouts, struct moment now)
{
	for (size_t i = 0; i < rollouts->count; i++) {
		struct rollouts_entry *entry = rollouts->list[i];
		if (rollout_is_open(&entry->rollout) || !is_due(entry, now))
			continue;
		(void)rollouts_count_slice(rollouts, entry, now);
		return true;
	}
	return false;
}

int64_t rollouts_tick(struct rollouts *rollouts, struct moment now)
{
	/* Nothing is judged by what does not happen during an emergency stop. */
	bool halted = holds_on_all(rollouts->parts.holds) != NULL;

	if (rollouts->opened_ms == 0)
		rollouts->opened_ms = now.monotonic_ms > 0 ? now.monotonic_ms : 1;
	rollouts_save_rest(rollouts);
	bool busy = count_closed(rollouts, now);
	for (size_t i = 0; i < rollouts->count; i++) {
		struct rollouts_entry *entry = rollouts->list[i];
		if (halted || !rollout_is_open(&entry->rollout) || !is_due(entry, now))
			continue;
		if (rollouts_count_slice(rollouts, entry, now))
			judge(rollouts, entry, now);
		else
			busy = true;
	}
	return busy ? 0 : TICK_MS;
}
