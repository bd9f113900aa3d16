/* Forecasts of rollouts, against the rollouts themselves at simulated sites. */
#include "tests/sim/forecast_trial.h"

#include <stdlib.h>

#include "gateway/log.h"
#include "tests/unit/suite.h"

#define TRIALS 4
#define NODES 100

START_TEST(most_rollouts_are_complete_within_the_band_that_was_forecast)
{
	struct forecast_trial trials[TRIALS];
	unsigned within = 0, near = 0;

	log_set_level(LOG_LEVEL_ERROR);
	for (unsigned i = 0; i < TRIALS; i++) {
		const struct forecast_trial *trial = &trials[i];
		forecast_trial_run(&trials[i], i + 1, NODES);
		ck_assert(!trial->failed);
		within += trial->real_ms >= trial->low_ms && trial->real_ms <= trial->high_ms;
		near += llabs(trial->median_ms - trial->real_ms) * 10 <= trial->real_ms;
	}
	ck_assert_uint_ge(within, 3);
	ck_assert_uint_ge(near, 3);
}
END_TEST

TEST_SUITE(forecast_trial, most_rollouts_are_complete_within_the_band_that_was_forecast)
