#include "gateway/permutation.h"

#include "gateway/random.h"

static double sum(const double *scores, size_t count)
{
	double total = 0;

	for (size_t i = 0; i < count; i++)
		total += scores[i];
	return total;
}

/* Brings `sample` scores that chance chose to the front (the first steps of Fisher and Yates' shuffle). */
static double draw(double *scores, size_t count, size_t sample, struct random *random)
{
	double total = 0;

	for (size_t i = 0; i < sample; i++) {
		size_t other = i + (size_t)random_below(random, count - i);
		double chosen = scores[other];

		scores[other] = scores[i];
		scores[i] = chosen;
		total += chosen;
	}
	return total;
}

double permutation_probability(double *scores, size_t count, size_t sample, struct random *random)
{
	if (sample == 0 || sample >= count)
		return 1;

	size_t draws = PERMUTATION_STEPS_MAX / sample;
	if (draws > PERMUTATION_DRAWS_MAX)
		draws = PERMUTATION_DRAWS_MAX;
	double seen = sum(scores, sample);
	double slack = 1e-9 * (1 + (seen < 0 ? -seen : seen)); /* equal sums added in another order are equal */
	size_t as_high = 0;

	for (size_t i = 0; i < draws; i++)
		as_high += draw(scores, count, sample, random) >= seen - slack;
	return (double)(as_high + 1) / (double)(draws + 1);
}
