#include "gateway/rollouts_state.h"

#include <stdio.h>

#include "gateway/log.h"
#include "gateway/nodes.h"
#include "gateway/rollouts_claims.h"
#include "gateway/schedule.h"
#include "gateway/updates.h"

#define PAUSE_LEAST_MS 1000
#define PAUSE_MOST_MS 30000
#define CLOSED_PAUSE_MS (INT64_C(600) * 1000) /* of one that is complete: late nodes get its image too */
#define SLICE_NODES 500                       /* counted in one round of the loop: under a millisecond */

void rollouts_count_anew(struct rollouts_entry *entry, int64_t at_ms)
{
	entry->count = (struct rollout_facts){ .lowest = WAVE_ALL };
	entry->counted = 0;
	entry->count_at_ms = at_ms;
}

static bool is_forgiven(
	const struct rollouts *rollouts, const struct rollout *rollout, const struct node *node, struct moment now)
{
	const struct turn_scene scene = rollouts_scene(rollouts, now);

	return rollout_turn_is_forgiven(
		&scene, rollout, &node->record, updates_find(rollouts->parts.updates, node->record.id));
}

/* A wave that reaches no node waits for the first that can have the image. Where that lacks a stone, it is told. */
static void note_first(struct rollout_facts *facts, enum obstacle obstacle, const char *text)
{
	if (obstacle != OBSTACLE_STONE)
		return;
	facts->first_lacks_stone = true;
	snprintf(facts->missing_stone, sizeof(facts->missing_stone), "%s", text);
}

static void count_node(
	struct rollouts *rollouts, struct rollouts_entry *entry, const struct node *node, struct moment now)
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
	facts->barred[obstacle]++;
	if (turn == TURN_LATER) {
		note_first(facts, obstacle, text);
		return;
	}
	if (is_forgiven(rollouts, &entry->rollout, node, now)) {
		facts->forgiven++;
		return;
	}
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

	if (pause_ms < PAUSE_LEAST_MS)
		return PAUSE_LEAST_MS;
	return pause_ms < PAUSE_MOST_MS ? pause_ms : PAUSE_MOST_MS;
}

static bool is_empty(const struct rollout_facts *facts)
{
	unsigned held = facts->forgiven;

	for (int i = OBSTACLE_NONE + 1; i < OBSTACLES; i++)
		held += facts->excused[i];
	return facts->tally.nodes + held == 0;
}

/* A stone that was missing is told once. When it is here nodes that waited for it have their time anew; the count found
 * them silent, so it is not to be judged by: false. */
static bool take_facts(struct rollouts *rollouts, struct rollouts_entry *entry, struct moment now)
{
	if (entry->count.first_lacks_stone && entry->count.lowest == WAVE_ALL && is_empty(&entry->count))
		entry->count.excused[OBSTACLE_STONE] = 1;
	unsigned before = entry->facts.excused[OBSTACLE_STONE], after = entry->count.excused[OBSTACLE_STONE];

	if (after < before) {
		rollout_grant_time(&entry->rollout, now);
		entry->unsaved = true;
		entry->facts.excused[OBSTACLE_STONE] = after;
		return false;
	}
	entry->facts = entry->count;
	char missing[LOG_QUOTED_SIZE];
	if (after && !before)
		log_warning("rollout.missing_stone rollout=%s nodes=%u missing=%s", entry->rollout.plan.id, after,
			log_quote(missing, sizeof(missing), entry->facts.missing_stone));
	return true;
}

bool rollouts_count_slice(struct rollouts *rollouts, struct rollouts_entry *entry, struct moment now)
{
	size_t count = nodes_count(rollouts->parts.nodes);

	for (unsigned i = 0; i < SLICE_NODES && entry->counted < count; i++)
		count_node(rollouts, entry, nodes_at(rollouts->parts.nodes, entry->counted++), now);
	if (entry->counted < count)
		return false;
	entry->count.counted = true;
	if (!rollout_is_open(&entry->rollout)) {
		bool goes_on = entry->rollout.state == ROLLOUT_COMPLETE;
		entry->facts = entry->count;
		rollouts_count_anew(entry, goes_on ? now.monotonic_ms + CLOSED_PAUSE_MS : INT64_MAX);
		return true;
	}
	bool judged = take_facts(rollouts, entry, now);
	rollouts_count_anew(entry, judged ? now.monotonic_ms + count_pause_ms(rollouts) : now.monotonic_ms);
	return judged;
}
