#include "gateway/gate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "gateway/permutation.h"
#include "gateway/rollout_plan.h"

#define SUSPICIOUS 0.15 /* a wave that chance explains no better than so is watched for longer */

enum gate_verdict gate_judge_failures(const struct rollout_plan *plan, const struct gate_tally *tally, char *sentence)
{
	uint32_t failures = tally->failed + tally->silent;
	int64_t allowed = (int64_t)tally->nodes * plan->failed_percent / 100;

	if (plan->failed_most > 0 && allowed > plan->failed_most)
		allowed = plan->failed_most;
	snprintf(sentence, GATE_SENTENCE_SIZE, "%u of %u nodes failed and %u fell silent, %lld allowed", tally->failed,
		tally->nodes, tally->silent, (long long)allowed);
	return failures > allowed ? GATE_TRIPPED : GATE_PASSED;
}

enum gate_verdict gate_judge_confirmed(const struct rollout_plan *plan, const struct gate_tally *tally, char *sentence)
{
	int64_t needed = ((int64_t)tally->nodes * plan->confirmed_percent + 99) / 100;

	snprintf(sentence, GATE_SENTENCE_SIZE, "%u of %u nodes run the image, %lld needed", tally->confirmed,
		tally->nodes, (long long)needed);
	return tally->confirmed < needed ? GATE_TRIPPED : GATE_PASSED;
}

/* How improbable it must be that chance did it: the chance of a wrong stop is shared by all looks at all waves. */
static double stop_below(const struct rollout_plan *plan)
{
	unsigned judged = plan->wave_count > 1 ? plan->wave_count - 1 : 1;

	return (double)(100 - plan->confidence_percent) / 100 / (judged * GATE_LOOKS_MAX);
}

static double sum_after(const struct drop_history *nodes, size_t count)
{
	double drops = 0;

	for (size_t i = 0; i < count; i++)
		drops += nodes[i].after;
	return drops;
}

int gate_judge_drops(const struct rollout_plan *plan, const struct gate_comparison *comparison, char *sentence)
{
	const struct drop_history *nodes = comparison->nodes;
	size_t updated = comparison->updated, others = comparison->count - updated;

	if (updated < GATE_NODES_LEAST || others < GATE_NODES_LEAST) {
		snprintf(sentence, GATE_SENTENCE_SIZE, "too few nodes to compare drops: %zu updated, %zu others",
			updated, others);
		return GATE_PASSED;
	}
	double *scores = malloc(comparison->count * sizeof(*scores));
	if (!scores)
		return -ENOMEM;
	drop_scores(nodes, comparison->count, scores);
	double chance = permutation_probability(scores, comparison->count, updated, comparison->random);
	free(scores);
	snprintf(sentence, GATE_SENTENCE_SIZE,
		"%zu updated nodes dropped %.0f times, %.1f expected from %zu others: chance %.2g, stops below %.2g",
		updated, sum_after(nodes, updated), drops_expected(nodes, comparison->count, updated), others, chance,
		stop_below(plan));
	if (chance < stop_below(plan))
		return GATE_TRIPPED;
	return chance < SUSPICIOUS && comparison->look < GATE_LOOKS_MAX ? GATE_SUSPECTED : GATE_PASSED;
}
