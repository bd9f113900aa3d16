#include "tests/sim/forecast_trial.h"

#include <stdlib.h>

#include "gateway/forecast.h"
#include "gateway/forecast_answer.h"
#include "gateway/rollout_plan.h"
#include "tests/sim/site.h"

#define HOUR_MS INT64_C(3600000)
#define RUNS 200
#define RATE_BYTES 2500 /* a second, of a node: a block of 1024 bytes and what is between two of them */

static void plan_site(struct site_plan *plan, uint64_t seed, size_t nodes)
{
	/* One of fifty transfers fails, as a forecast takes it to be until there were many. */
	static const struct site_release good = { .damaged = 20 };

	site_plan_small(plan, seed);
	plan->nodes = nodes;
	plan->hardware_types = 1;
	plan->faults = plan->stones = false;
	plan->window = plan->apply_window = plan->quiet = NULL;
	plan->transfers = plan->per_parent = plan->rate_bytes = plan->absent = 0;
	plan->days_ms = 34 * HOUR_MS;
	plan->settle_ms = HOUR_MS;
	plan->waves = "10 50 100";
	plan->soak_ms[0] = 2 * HOUR_MS;
	plan->soaks = 1;
	/* Else all nodes would say the next percent of their batteries at the same hour, but for those just updated. */
	plan->battery_least = 50000;
	plan->check_in = 1;
	plan->forecast = true;
	for (size_t i = 0; i < SITE_IMAGES; i++)
		plan->releases[i] = good;
}

static int foretell(struct forecast *out, const json_t *answer, uint64_t seed)
{
	struct forecast_input input = {
		.rate_bytes = RATE_BYTES, .bit_rate = 250000, .runs = RUNS, .seed = seed, .overhead_percent = 15
	};
	struct forecast_node *sample = NULL;
	struct rollout_plan plan;
	char why[ROLLOUT_SENTENCE_SIZE];
	int error = rollout_plan_parse(&plan, json_object_get(answer, "plan"), why);

	if (!error)
		error = forecast_answer_read(&input, &sample, answer);
	input.plan = &plan;
	if (!error)
		error = forecast_run(out, &input);
	free(sample);
	return error;
}

void forecast_trial_run(struct forecast_trial *out, uint64_t seed, size_t nodes)
{
	struct site_plan plan;
	struct site_report report;
	struct forecast forecast;

	plan_site(&plan, seed, nodes);
	bool held = site_run(&plan, NULL, &report);
	*out = (struct forecast_trial){ .real_ms = report.completed_ms };
	out->failed = !held || !report.forecast || foretell(&forecast, report.forecast, seed) < 0;
	json_decref(report.forecast);
	if (out->failed)
		return;
	out->low_ms = forecast.complete_ms[FORECAST_P5];
	out->median_ms = forecast.complete_ms[FORECAST_P50];
	out->high_ms = forecast.complete_ms[FORECAST_P95];
	out->failed = out->real_ms <= 0 || out->low_ms < 0 || out->median_ms < 0 || out->high_ms < 0;
}
