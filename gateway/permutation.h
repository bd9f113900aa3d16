/*
 * permutation: how often chance alone puts as high a sum of scores into a sample as was seen.
 *
 * The one-sided permutation test: if being updated made no difference, any `sample` of all the nodes might have been
 * the updated ones. It asks nothing of how the scores are distributed, so nodes that differ among themselves and bad
 * weather that hits all of them do not pass for a bad release.
 */
#ifndef WAKEGATE_GATEWAY_PERMUTATION_H
#define WAKEGATE_GATEWAY_PERMUTATION_H

#include <stddef.h>
#include <stdint.h>

struct random;

#define PERMUTATION_DRAWS_MAX 200000
#define PERMUTATION_STEPS_MAX 4000000 /* scores added up in one test: some ms of the loop */
#define PERMUTATION_DRAWN_MAX 100     /* where both groups are larger, the sum's distribution is computed, not drawn */
#define PERMUTATION_ENOUGH 1000       /* draws as high as what was seen: no more are needed to know how often that is */

/*
 * The probability that `sample` of the `count` scores, drawn at random, add up to at least as much as the first
 * `sample` do; never 0. Reorders the scores. 1 if `sample` is 0 or `count`. Draws until it is known well enough (Besag
 * and Clifford's sequential test); for large groups from the three moments that the sum has in draws without
 * replacement, as a gamma distribution.
 */
double permutation_probability(double *scores, size_t count, size_t sample, struct random *random);

/* The same, exactly, where `marked` of all have the score 1 and the rest 0, and `seen` of the sample have 1. */
double permutation_of_marked(size_t count, size_t marked, size_t sample, size_t seen);

#endif
