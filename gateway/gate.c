#include "gateway/gate.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/permutation.h"
#include "gateway/rollout_plan.h"

#define CLAUSE_SIZE 112
#define TRAFFIC_FLOOR 1000.0 /* bytes a day: below, a few packets more or less are no difference */

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

/* One figure of the nodes, those of which it is known. */
struct figure {
	double *scores; /* the updated nodes' first */
	size_t updated, others;
	double updated_sum, others_sum; /* of the figure itself */
};

/* What a comparison found: how well chance explains it, and the clause that says so. */
struct finding {
	double chance;
	char clause[CLAUSE_SIZE];
};

static bool is_enough(const struct figure *figure)
{
	return figure->updated >= GATE_NODES_LEAST && figure->others >= GATE_NODES_LEAST;
}

static bool compares_drops(const struct rollout_plan *plan)
{
	return plan->drops;
}

static void find_drops(const struct rollout_plan *plan, const struct gate_comparison *comparison, struct figure *figure,
	struct finding *out)
{
	const struct drop_history *nodes = comparison->nodes;
	size_t updated = comparison->updated;

	figure->updated = updated;
	figure->others = comparison->count - updated;
	for (size_t i = 0; i < updated; i++)
		figure->updated_sum += nodes[i].after;
	if (!is_enough(figure))
		return;
	drop_scores(nodes, comparison->count, figure->scores);
	snprintf(out->clause, sizeof(out->clause),
		"%zu updated nodes dropped %.0f times, %.1f expected from %zu others", updated, figure->updated_sum,
		drops_expected(nodes, comparison->count, updated), figure->others);
	out->chance = permutation_probability(figure->scores, comparison->count, updated, comparison->random);
}

/* Gathers what is known of one of the changes. */
static void gather(const struct gate_comparison *comparison, size_t offset, struct figure *figure)
{
	for (size_t i = 0; comparison->changes && i < comparison->count; i++) {
		float value;
		memcpy(&value, (const char *)&comparison->changes[i] + offset, sizeof(value));
		if (isnan(value))
			continue;
		figure->scores[figure->updated + figure->others] = (double)value;
		if (i < comparison->updated) {
			figure->updated++;
			figure->updated_sum += (double)value;
		} else {
			figure->others++;
			figure->others_sum += (double)value;
		}
	}
}

static double mean_of_updated(const struct figure *figure)
{
	return figure->updated_sum / (double)figure->updated;
}

static double mean_of_others(const struct figure *figure)
{
	return figure->others_sum / (double)figure->others;
}

static bool compares_online(const struct rollout_plan *plan)
{
	return plan->online;
}

static void find_away(const struct rollout_plan *plan, const struct gate_comparison *comparison, struct figure *figure,
	struct finding *out)
{
	gather(comparison, offsetof(struct node_change, away), figure);
	if (!is_enough(figure))
		return;
	size_t away = (size_t)figure->updated_sum, others_away = (size_t)figure->others_sum;
	snprintf(out->clause, sizeof(out->clause), "%zu of %zu updated nodes went away, %zu of %zu others", away,
		figure->updated, others_away, figure->others);
	out->chance =
		permutation_of_marked(figure->updated + figure->others, away + others_away, figure->updated, away);
}

static bool compares_traffic(const struct rollout_plan *plan)
{
	return plan->traffic_percent > 0;
}

/* Factors are what nodes differ by, so logarithms are compared; what is allowed is taken off the updated nodes. */
static void find_traffic(const struct rollout_plan *plan, const struct gate_comparison *comparison,
	struct figure *figure, struct finding *out)
{
	double allowed = 1 + (double)plan->traffic_percent / 100, factor = 0;

	gather(comparison, offsetof(struct node_change, traffic), figure);
	if (!is_enough(figure))
		return;
	for (size_t i = 0; i < figure->updated + figure->others; i++) {
		bool updated = i < figure->updated;
		figure->scores[i] = log(figure->scores[i] + TRAFFIC_FLOOR);
		factor += updated ? figure->scores[i] / (double)figure->updated
				  : -figure->scores[i] / (double)figure->others;
		figure->scores[i] -= updated ? log(allowed) : 0;
	}
	snprintf(out->clause, sizeof(out->clause),
		"%zu updated nodes make %.2f times the traffic of %zu others, %.2f allowed", figure->updated,
		exp(factor), figure->others, allowed);
	out->chance = permutation_probability(
		figure->scores, figure->updated + figure->others, figure->updated, comparison->random);
}

static bool compares_drain(const struct rollout_plan *plan)
{
	return plan->drain_percent > 0;
}

static void find_drain(const struct rollout_plan *plan, const struct gate_comparison *comparison, struct figure *figure,
	struct finding *out)
{
	gather(comparison, offsetof(struct node_change, battery_loss), figure);
	if (!is_enough(figure))
		return;
	double normal = fmax(mean_of_others(figure), 0);
	double allowed = normal * (double)plan->drain_percent / 100;
	for (size_t i = 0; i < figure->updated; i++)
		figure->scores[i] -= allowed;
	snprintf(out->clause, sizeof(out->clause),
		"%zu updated nodes lost %.2f %% of battery, %zu others %.2f %%, %.2f %% allowed", figure->updated,
		mean_of_updated(figure), figure->others, mean_of_others(figure), normal + allowed);
	out->chance = permutation_probability(
		figure->scores, figure->updated + figure->others, figure->updated, comparison->random);
}

/*
 * The comparisons, and how they share the chance of stopping a good image: half is for drops, which tell of a bad one
 * most often and where it is hardest to tell. `suspicious`: what chance explains no better is watched for longer.
 */
static const struct comparison {
	double share, suspicious;
	bool (*is_wanted)(const struct rollout_plan *plan);
	void (*find)(const struct rollout_plan *plan, const struct gate_comparison *comparison, struct figure *figure,
		struct finding *out);
} comparisons[] = {
	{ 3, 0.15, compares_drops, find_drops },
	{ 1, 0.03, compares_online, find_away },
	{ 1, 0.03, compares_traffic, find_traffic },
	{ 1, 0.03, compares_drain, find_drain },
};
#define COMPARISONS (sizeof(comparisons) / sizeof(comparisons[0]))

bool gate_compares(const struct rollout_plan *plan)
{
	for (size_t i = 0; i < COMPARISONS; i++)
		if (comparisons[i].is_wanted(plan))
			return true;
	return false;
}

/* How improbable it must be that chance did it: the chance of a wrong stop is shared by all looks at all waves. */
static double stop_below(const struct rollout_plan *plan, const struct comparison *one)
{
	unsigned judged = plan->wave_count > 1 ? plan->wave_count - 1 : 1;
	double shares = 0;

	for (size_t i = 0; i < COMPARISONS; i++)
		shares += comparisons[i].is_wanted(plan) ? comparisons[i].share : 0;
	return (double)(100 - plan->confidence_percent) / 100 / (judged * GATE_LOOKS_MAX) * one->share / shares;
}

/* What was judged last or worst. */
struct judgement {
	enum gate_verdict verdict;
	double margin; /* the chance found over the one that stops it: the lower the worse */
};

static void weigh(struct judgement *judgement, enum gate_verdict verdict, const struct finding *finding, double stop,
	char *sentence)
{
	double margin = finding->chance / stop;

	if (verdict < judgement->verdict || (verdict == judgement->verdict && margin >= judgement->margin))
		return;
	*judgement = (struct judgement){ verdict, margin };
	snprintf(sentence, GATE_SENTENCE_SIZE, "%s: chance %.2g, stops below %.2g", finding->clause, finding->chance,
		stop);
}

int gate_judge_comparisons(const struct rollout_plan *plan, const struct gate_comparison *comparison, char *sentence)
{
	struct judgement judgement = { .margin = INFINITY };
	double *scores = malloc((comparison->count + 1) * sizeof(*scores));

	if (!scores)
		return -ENOMEM;
	snprintf(sentence, GATE_SENTENCE_SIZE, "too few nodes to compare: %zu updated, %zu others", comparison->updated,
		comparison->count - comparison->updated);
	for (size_t i = 0; i < COMPARISONS; i++) {
		const struct comparison *one = &comparisons[i];
		struct figure figure = { .scores = scores };
		struct finding finding = { .chance = 1 };
		if (!one->is_wanted(plan))
			continue;
		one->find(plan, comparison, &figure, &finding);
		double stop = stop_below(plan, one);
		enum gate_verdict verdict = finding.chance < stop ? GATE_TRIPPED : GATE_PASSED;
		if (verdict == GATE_PASSED && finding.chance < one->suspicious && comparison->look < GATE_LOOKS_MAX)
			verdict = GATE_SUSPECTED;
		if (*finding.clause)
			weigh(&judgement, verdict, &finding, stop, sentence);
	}
	free(scores);
	return (int)judgement.verdict;
}
