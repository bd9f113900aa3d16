/*
 * forecast_trial: forecasts of rollouts against what becomes of them at simulated sites.
 */
#ifndef WAKEGATE_TESTS_FORECAST_TRIAL_H
#define WAKEGATE_TESTS_FORECAST_TRIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct forecast_trial {
	bool failed;                                 /* the site, or one of them is not complete */
	int64_t real_ms, median_ms, low_ms, high_ms; /* completion; low and high of the 90 % band */
};

/* A site of so many nodes that lose messages, with a good image and nothing else that goes wrong. */
void forecast_trial_run(struct forecast_trial *out, uint64_t seed, size_t nodes);

#endif
