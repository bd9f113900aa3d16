#include "tests/sim/drop_fleet.h"

#include <math.h>
#include <stdlib.h>

#define TWO_PI 6.283185307179586

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

void drop_fleet_open(struct drop_fleet *fleet, const struct drop_fleet_options *options, unsigned seed)
{
	double shape = 1 / (options->unlike * options->unlike);

	*fleet = (struct drop_fleet){ .options = *options };
	random_init(&fleet->random, seed);
	fleet->nodes = calloc(options->nodes, sizeof(*fleet->nodes));
	fleet->rates = calloc(options->nodes, sizeof(*fleet->rates));
	if (!fleet->nodes || !fleet->rates)
		abort();
	for (size_t i = 0; i < options->nodes; i++) {
		double rate = gamma_of(&fleet->random, shape) / shape * options->drops_a_day;
		bool bad = i < options->updated && chance(&fleet->random) < options->bad_share;

		fleet->nodes[i].before = poisson(&fleet->random, rate * options->days_before);
		fleet->nodes[i].days_before = options->days_before;
		fleet->rates[i] = rate * options->weather * (bad ? options->bad_ratio : 1);
	}
}

void drop_fleet_close(struct drop_fleet *fleet)
{
	free(fleet->nodes);
	free(fleet->rates);
}

void drop_fleet_live(struct drop_fleet *fleet, double days)
{
	for (size_t i = 0; i < fleet->options.nodes; i++) {
		fleet->nodes[i].after += poisson(&fleet->random, fleet->rates[i] * days);
		fleet->nodes[i].days_after += days;
	}
}
