#include "gateway/drop_scores.h"

#include <math.h>

#define SPREAD_LEAST 0.05 /* of the squared mean: nodes are never taken for wholly alike */

/* Drops a day of a node taken at random: a gamma distribution. */
struct prior {
	double shape;
	double days;  /* the rate parameter: as if each node had been watched for so much longer */
	double trend; /* drops since the wave began, over what the nodes' own pasts let expect */
};

static struct prior flat_prior(void)
{
	return (struct prior){ .shape = 0.5, .days = 0.5, .trend = 1 };
}

/* By moments: the variance of the observed rates is that of the nodes plus that of counting. */
static struct prior fit_rates(const struct drop_history *nodes, size_t count)
{
	double drops = 0;
	double days = 0;
	double squares = 0;
	double counting = 0;
	size_t watched = 0;

	for (size_t i = 0; i < count; i++) {
		drops += nodes[i].before;
		days += nodes[i].days_before;
	}
	if (days <= 0 || drops <= 0)
		return flat_prior();
	double mean = drops / days;
	for (size_t i = 0; i < count; i++) {
		if (nodes[i].days_before <= 0)
			continue;
		double off = nodes[i].before / nodes[i].days_before - mean;
		squares += off * off;
		counting += mean / nodes[i].days_before;
		watched++;
	}
	double spread = watched > 1 ? (squares - counting) / (double)(watched - 1) : 0;
	spread = fmax(spread, SPREAD_LEAST * mean * mean);
	return (struct prior){ .shape = mean * mean / spread, .days = mean / spread, .trend = 1 };
}

static double expected_of(const struct prior *prior, const struct drop_history *node)
{
	return prior->trend * node->days_after * (prior->shape + node->before) / (prior->days + node->days_before);
}

/* What hits every node alike, such as a jammed channel, is no news about the updated ones. */
static double fit_trend(const struct prior *prior, const struct drop_history *nodes, size_t count)
{
	double seen = 0;
	double expected = 0;

	for (size_t i = 0; i < count; i++) {
		seen += nodes[i].after;
		expected += expected_of(prior, &nodes[i]);
	}
	return expected > 0 && seen > 0 ? seen / expected : 1;
}

static struct prior fit(const struct drop_history *nodes, size_t count)
{
	struct prior prior = fit_rates(nodes, count);

	prior.trend = fit_trend(&prior, nodes, count);
	return prior;
}

/* The log of the negative binomial probability of `drops`, without the terms that do not depend on the exposure. */
static double log_likelihood(double shape, double days, double drops, double exposure)
{
	return shape * log(days / (days + exposure)) + drops * log(exposure / (days + exposure));
}

static double score(const struct prior *prior, const struct drop_history *node)
{
	double shape = prior->shape + node->before;
	double days = prior->days + node->days_before;
	double exposure = prior->trend * node->days_after;

	if (exposure <= 0)
		return 0;
	double ratio = log_likelihood(shape, days, node->after, exposure * DROP_BAD_RATIO) -
		       log_likelihood(shape, days, node->after, exposure);
	return ratio > 100 ? ratio + log(DROP_BAD_SHARE) : log(1 - DROP_BAD_SHARE + DROP_BAD_SHARE * exp(ratio));
}

void drop_scores(const struct drop_history *nodes, size_t count, double *scores)
{
	struct prior prior = fit(nodes, count);

	for (size_t i = 0; i < count; i++)
		scores[i] = score(&prior, &nodes[i]);
}

double drops_expected(const struct drop_history *nodes, size_t count, size_t sample)
{
	struct prior prior = fit(nodes, count);
	double total = 0;

	for (size_t i = 0; i < sample && i < count; i++)
		total += expected_of(&prior, &nodes[i]);
	return total;
}
