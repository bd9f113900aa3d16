#include "tests/sim/drop_fleet.h"

#include <math.h>
#include <stdlib.h>

#include "gateway/gate.h"
#include "gateway/rollout_plan.h"

#define TWO_PI 6.283185307179586

const struct drop_fleet_options drop_fleet_good = {
	.nodes = 2000,
	.updated = 20,
	.drops_a_day = 2,
	.unlike = 0.5,
	.days_before = 7,
	.bad_ratio = 4,
	.weather = 1,
	.traffic_ratio = 1,
	.drain_a_day = 0.5,
	.drain_ratio = 1,
	.away_share = 0.005,
};

const struct rollout_plan drop_fleet_gates = {
	.wave_count = 4,
	.confirmed_percent = 90,
	.failed_percent = 10,
	.confidence_percent = 99,
	.drops = true,
	.online = true,
	.traffic_percent = 50,
	.drain_percent = 50,
};

/* Above 0, below 1. */
static double chance(struct random *random)
{
	return ((double)(random_next(random) >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(struct random *random)
{
	return sqrt(-2 * log(chance(random))) * cos(TWO_PI * chance(random));
}

/* Marsaglia and Tsang's method, of scale 1. */
static double gamma_of(struct random *random, double shape)
{
	if (shape < 1)
		return gamma_of(random, shape + 1) * pow(chance(random), 1 / shape);
	double d = shape - 1.0 / 3;
	for (;;) {
		double x = normal(random), v = 1 + x / sqrt(9 * d);
		if (v <= 0)
			continue;
		v = v * v * v;
		if (log(chance(random)) < x * x / 2 + d - d * v + d * log(v))
			return d * v;
	}
}

static double poisson(struct random *random, double mean)
{
	double limit = exp(-mean), product = chance(random);
	double count = 0;

	for (; product > limit; count++)
		product *= chance(random);
	return count;
}

static double *make_numbers(size_t count)
{
	double *numbers = calloc(count, sizeof(*numbers));

	if (!numbers)
		abort();
	return numbers;
}

/* A rate of its own around the mean. */
static double rate_around(struct drop_fleet *fleet, double mean)
{
	double shape = 1 / (fleet->options.unlike * fleet->options.unlike);

	return gamma_of(&fleet->random, shape) / shape * mean;
}

/* What a node does besides dropping; drawn after all drops, so that these are the same whatever else is known. */
static void make_habits(struct drop_fleet *fleet, size_t index)
{
	const struct drop_fleet_options *options = &fleet->options;
	bool updated = index < options->updated;

	fleet->changes[index] = (struct node_change){ .away = 0, .traffic = NAN, .battery_loss = NAN };
	fleet->traffics[index] = rate_around(fleet, 50000) * (updated ? options->traffic_ratio : 1);
	fleet->charges[index] = 20 + 80 * chance(&fleet->random);
	fleet->drains[index] = rate_around(fleet, options->drain_a_day) * (updated ? options->drain_ratio : 1);
}

void drop_fleet_open(struct drop_fleet *fleet, const struct drop_fleet_options *options, unsigned seed)
{
	*fleet = (struct drop_fleet){
		.options = *options,
		.nodes = calloc(options->nodes, sizeof(*fleet->nodes)),
		.changes = calloc(options->nodes, sizeof(*fleet->changes)),
		.rates = make_numbers(options->nodes),
		.charges = make_numbers(options->nodes),
		.drains = make_numbers(options->nodes),
		.traffics = make_numbers(options->nodes),
	};
	random_init(&fleet->random, seed);
	if (!fleet->nodes || !fleet->changes)
		abort();
	for (size_t i = 0; i < options->nodes; i++) {
		double rate = rate_around(fleet, options->drops_a_day);
		bool bad = i < options->updated && chance(&fleet->random) < options->bad_share;

		fleet->nodes[i].before = poisson(&fleet->random, rate * options->days_before);
		fleet->nodes[i].days_before = options->days_before;
		fleet->rates[i] = rate * options->weather * (bad ? options->bad_ratio : 1);
	}
	for (size_t i = 0; i < options->nodes; i++)
		make_habits(fleet, i);
}

void drop_fleet_close(struct drop_fleet *fleet)
{
	free(fleet->nodes);
	free(fleet->changes);
	free(fleet->rates);
	free(fleet->charges);
	free(fleet->drains);
	free(fleet->traffics);
}

static void live_on(struct drop_fleet *fleet, size_t index, double days)
{
	const struct drop_fleet_options *options = &fleet->options;
	struct node_change *change = &fleet->changes[index];
	double leaves = (options->away_share + (index < options->updated ? options->bad_away_share : 0)) * days;
	double talked = days * fleet->traffics[index] * exp(0.2 * normal(&fleet->random));
	double before = fleet->nodes[index].days_after, charge = fleet->charges[index];

	if (chance(&fleet->random) < leaves)
		change->away = 1;
	if (options->traffic_ratio > 0) {
		double so_far = before > 0 ? (double)change->traffic * before : 0;
		change->traffic = (float)((so_far + talked) / (before + days));
	}
	if (options->drain_a_day > 0) {
		double left = charge - fleet->drains[index] * (before + days);
		change->battery_loss = (float)(floor(charge) - floor(left));
	}
}

void drop_fleet_live(struct drop_fleet *fleet, double days)
{
	for (size_t i = 0; i < fleet->options.nodes; i++) {
		live_on(fleet, i, days);
		fleet->nodes[i].after += poisson(&fleet->random, fleet->rates[i] * days);
		fleet->nodes[i].days_after += days;
	}
}

unsigned drop_fleet_judge(
	const struct drop_fleet_options *options, const struct rollout_plan *plan, unsigned seed, char *sentence)
{
	struct drop_fleet fleet;
	int verdict = GATE_SUSPECTED;
	unsigned look = 0;

	drop_fleet_open(&fleet, options, seed);
	while (verdict == GATE_SUSPECTED) {
		drop_fleet_live(&fleet, 1);
		const struct gate_comparison comparison = {
			.nodes = fleet.nodes,
			.count = options->nodes,
			.updated = options->updated,
			.look = ++look,
			.random = &fleet.random,
			.changes = fleet.changes,
		};
		verdict = gate_judge_comparisons(plan, &comparison, sentence);
	}
	drop_fleet_close(&fleet);
	return verdict == GATE_TRIPPED ? look : 0;
}
