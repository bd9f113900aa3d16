/*
 * random: a seeded generator, so that the same seed gives the same run.
 *
 * For jitter and sampling, never for keys.
 */
#ifndef WAKEGATE_GATEWAY_RANDOM_H
#define WAKEGATE_GATEWAY_RANDOM_H

#include <stdint.h>

struct random {
	uint64_t state[2];
};

void random_init(struct random *random, uint64_t seed);

/* Any 64 bits. */
uint64_t random_next(struct random *random);

/* Evenly from 0 to `limit` - 1; 0 if `limit` is 0. */
uint64_t random_below(struct random *random, uint64_t limit);

#endif
