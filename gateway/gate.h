/*
 * gate: whether the nodes that have a new image do well enough for more nodes to get it.
 *
 * Two questions: what became of the updates themselves, and whether the updated nodes fare worse than nodes of the same
 * kind that still run something else: drops, nodes that went away, traffic, battery. Every verdict comes with a
 * sentence that has its numbers. Functions of their arguments; docs/rollouts.md states what the comparisons can find.
 */
#ifndef WAKEGATE_GATEWAY_GATE_H
#define WAKEGATE_GATEWAY_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/drop_scores.h"
#include "gateway/soak_start.h"

struct random;
struct rollout_plan;

#define GATE_SENTENCE_SIZE 160
#define GATE_LOOKS_MAX 4   /* how often a wave is compared: once, and again while it is under suspicion */
#define GATE_NODES_LEAST 2 /* updated ones and others, for a comparison */

enum gate_verdict {
	GATE_PASSED,
	GATE_SUSPECTED, /* chance may explain it, but not well: watch for longer */
	GATE_TRIPPED,
};

/* What became of the nodes in the waves so far. */
struct gate_tally {
	uint32_t nodes;
	uint32_t confirmed; /* run the image */
	uint32_t failed;    /* failed or reverted */
	uint32_t silent;    /* not heard of within the deadline */
	uint32_t open;      /* all others: waiting or under way */
};

/* Whether failures alone stop the rollout; silent nodes are failures. At any time. */
enum gate_verdict gate_judge_failures(const struct rollout_plan *plan, const struct gate_tally *tally, char *sentence);

/* Whether enough nodes run the image, once none is open. */
enum gate_verdict gate_judge_confirmed(const struct rollout_plan *plan, const struct gate_tally *tally, char *sentence);

/* Whether the plan compares anything. */
bool gate_compares(const struct rollout_plan *plan);

/* Of all nodes of the kind, the `updated` ones first, up to `count`. */
struct gate_comparison {
	const struct drop_history *nodes;
	size_t count, updated;
	unsigned look; /* from 1 */
	struct random *random;
	const struct node_change *changes; /* of the same nodes; NULL: none is known */
};

/*
 * Makes the comparisons that the plan asks for. The worst verdict counts, and its sentence is told; where none is worse
 * than another, the one that chance explains worst. The last look suspects nothing. -ENOMEM, else a verdict. Some ms
 * for 10,000 nodes.
 */
int gate_judge_comparisons(const struct rollout_plan *plan, const struct gate_comparison *comparison, char *sentence);

#endif
