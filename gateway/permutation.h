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

#define PERMUTATION_DRAWS_MAX 20000
#define PERMUTATION_STEPS_MAX 4000000 /* scores added up in one test: some ms of the loop */

/*
 * The probability that `sample` of the `count` scores, drawn at random, add up to at least as much as the first
 * `sample` do. At least 1 / (draws + 1), and never 0. Reorders the scores. 1 if `sample` is 0 or `count`.
 */
double permutation_probability(double *scores, size_t count, size_t sample, struct random *random);

#endif
