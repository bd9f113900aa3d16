/*
 * wakegate-forecast-trial: says how often rollouts of simulated sites are complete within the 90 % band of their
 * forecast.
 *
 *     wakegate-forecast-trial [SEEDS [NODES]]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "gateway/log.h"
#include "tests/sim/forecast_trial.h"

#define HOUR_MS 3600000.0

int main(int argc, char **argv)
{
	uint64_t seeds = argc > 1 ? strtoull(argv[1], NULL, 10) : 40;
	size_t nodes = argc > 2 ? strtoull(argv[2], NULL, 10) : 100;
	unsigned within = 0, trials = 0;
	double off = 0;

	log_set_level(LOG_LEVEL_ERROR);
	for (uint64_t seed = 1; seed <= seeds; seed++) {
		struct forecast_trial trial;
		forecast_trial_run(&trial, seed, nodes);
		if (trial.failed) {
			printf("seed %" PRIu64 ": not complete\n", seed);
			continue;
		}
		trials++;
		within += trial.real_ms >= trial.low_ms && trial.real_ms <= trial.high_ms;
		off += (double)trial.median_ms / (double)trial.real_ms - 1;
		printf("seed %" PRIu64 ": %.2f h, forecast %.2f h (%.2f to %.2f)\n", seed,
			(double)trial.real_ms / HOUR_MS, (double)trial.median_ms / HOUR_MS,
			(double)trial.low_ms / HOUR_MS, (double)trial.high_ms / HOUR_MS);
	}
	printf("%u of %u within the 90 %% band; the median is off by %+.1f %% in the mean\n", within, trials,
		trials > 0 ? 100 * off / trials : 0);
	return 0;
}
