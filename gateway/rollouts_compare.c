#include "gateway/rollouts_state.h"

#include <stdlib.h>

#include "gateway/node_watch.h"
#include "gateway/nodes.h"
#include "gateway/schedule.h"
#include "gateway/soak_start.h"
#include "gateway/update.h"

static bool is_online(const struct rollouts *rollouts, const struct node *node, struct moment now)
{
	return !nodes_is_silent(rollouts->parts.nodes, node, rollouts->parts.schedule->interval_ms, now);
}

void rollouts_watch_soak(struct rollouts *rollouts, struct rollouts_entry *entry, bool anew, struct moment now)
{
	const struct nodes *nodes = rollouts->parts.nodes;
	bool soaks = entry->rollout.state == ROLLOUT_SOAKING && gate_compares(&entry->rollout.plan);

	if (soaks && entry->start && !anew)
		return;
	soak_start_close(entry->start);
	entry->start = soaks ? soak_start_open(nodes_count(nodes), now) : NULL;
	for (size_t i = 0; entry->start && i < nodes_count(nodes); i++) {
		const struct node *node = nodes_at(nodes, i);
		if (rollouts_concern(rollouts, &entry->rollout, node, now))
			soak_start_add(entry->start, &node->record, is_online(rollouts, node, now));
	}
	if (entry->start)
		soak_start_seal(entry->start);
}

/* What is known of the nodes that are compared: the updated ones first, then those that run something else. */
struct compared {
	struct drop_history *histories;
	struct node_change *changes;
	size_t count;
};

static void collect(const struct rollouts *rollouts, const struct rollouts_entry *entry, bool updated,
	struct compared *out, struct moment now)
{
	const struct nodes *nodes = rollouts->parts.nodes;
	const struct rollout *rollout = &entry->rollout;

	for (size_t i = 0; i < nodes_count(nodes); i++) {
		const struct node *node = nodes_at(nodes, i);
		const struct node_record *record = &node->record;
		if (!rollouts_concern(rollouts, rollout, node, now) ||
			digest_heads_match(record->image, record->image_size, rollout->plan.sha256, 32) != updated)
			continue;
		out->histories[out->count] = node_watch_history(record, now.wall_ms);
		if (entry->start)
			out->changes[out->count] =
				soak_start_change(entry->start, record, is_online(rollouts, node, now), now);
		out->count++;
	}
}

static void judge_compared(
	struct rollouts *rollouts, struct rollouts_entry *entry, struct compared *nodes, struct moment now)
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

void rollouts_compare(struct rollouts *rollouts, struct rollouts_entry *entry, struct moment now)
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
