#include "gateway/permutation.h"

#include <math.h>
#include <stdbool.h>

#include "gateway/random.h"

#define PROBABILITY_LEAST 1e-12

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

/* The smaller group is drawn; which one that is makes no difference to the other. */
static double by_drawing(double *scores, size_t count, size_t sample, struct random *random)
{
	bool draws_others = count - sample < sample;
	size_t drawn = draws_others ? count - sample : sample;
	size_t draws = PERMUTATION_STEPS_MAX / drawn;
	double seen = sum(scores, sample), total = sum(scores, count);
	double slack = 1e-9 * (1 + fabs(seen) + fabs(total)); /* equal sums added in another order are equal */
	size_t as_high = 0;

	if (draws > PERMUTATION_DRAWS_MAX)
		draws = PERMUTATION_DRAWS_MAX;
	for (size_t i = 0; i < draws; i++) {
		double part = draw(scores, count, drawn, random);
		as_high += (draws_others ? total - part : part) >= seen - slack;
		if (as_high == PERMUTATION_ENOUGH)
			return (double)as_high / (double)(i + 1);
	}
	return (double)(as_high + 1) / (double)(draws + 1);
}

static double normal_tail(double z)
{
	return erfc(z / sqrt(2)) / 2;
}

/* Above `z` standard deviations, of a gamma distribution with that skewness, by Wilson and Hilferty's cube root. */
static double gamma_tail(double z, double skewness)
{
	if (fabs(skewness) < 1e-6)
		return normal_tail(z);
	double shape = 4 / (skewness * skewness), sign = skewness > 0 ? 1 : -1;
	double x = shape + sign * z * sqrt(shape);
	if (x <= 0)
		return sign > 0 ? 1 : PROBABILITY_LEAST;
	return normal_tail(sign * 3 * sqrt(shape) * (cbrt(x / shape) - 1 + 1 / (9 * shape)));
}

static double by_moments(const double *scores, size_t count, size_t sample)
{
	double all = (double)count, part = (double)sample;
	double mean = sum(scores, count) / all, squares = 0, cubes = 0;

	for (size_t i = 0; i < count; i++) {
		double off = scores[i] - mean;
		squares += off * off;
		cubes += off * off * off;
	}
	double ways = part * (all - part) / (all * (all - 1));
	double deviation = sqrt(ways * squares);
	if (deviation <= 0)
		return 1;
	double skewness = ways * (all - 2 * part) / (all - 2) * cubes / (deviation * deviation * deviation);
	return fmax(gamma_tail((sum(scores, sample) - part * mean) / deviation, skewness), PROBABILITY_LEAST);
}

double permutation_probability(double *scores, size_t count, size_t sample, struct random *random)
{
	if (sample == 0 || sample >= count)
		return 1;
	if (sample > PERMUTATION_DRAWN_MAX && count - sample > PERMUTATION_DRAWN_MAX)
		return by_moments(scores, count, sample);
	return by_drawing(scores, count, sample, random);
}

/* The log of the number of ways to choose. */
static double log_ways(size_t from, size_t chosen)
{
	return lgamma((double)from + 1) - lgamma((double)chosen + 1) - lgamma((double)(from - chosen) + 1);
}

double permutation_of_marked(size_t count, size_t marked, size_t sample, size_t seen)
{
	size_t most = marked < sample ? marked : sample;
	double probability = 0;

	for (size_t i = seen; i <= most; i++)
		if (sample - i <= count - marked)
			probability += exp(
				log_ways(marked, i) + log_ways(count - marked, sample - i) - log_ways(count, sample));
	return fmin(fmax(probability, PROBABILITY_LEAST), 1);
}
