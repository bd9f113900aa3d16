/*
 * drop_fleet: a fleet whose nodes drop at rates of their own, and a release that makes a share of them drop more often.
 *
 * Each node's rate is drawn from a gamma distribution, its drops of a day from a Poisson distribution of that rate.
 */
#ifndef WAKEGATE_TESTS_DROP_FLEET_H
#define WAKEGATE_TESTS_DROP_FLEET_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/drop_scores.h"
#include "gateway/random.h"

struct drop_fleet_options {
	size_t nodes, updated;
	double drops_a_day; /* in the mean */
	double unlike;      /* standard deviation of the nodes' rates over their mean */
	double days_before;
	double bad_share; /* of the updated nodes; 0: a good release */
	double bad_ratio; /* how many times as often these drop */
	double weather;   /* how many times as often all nodes drop since the update */
};

struct drop_fleet {
	struct drop_fleet_options options;
	struct random random;
	struct drop_history *nodes; /* the updated ones first */
	double *rates;              /* a day, since the update */
};

void drop_fleet_open(struct drop_fleet *fleet, const struct drop_fleet_options *options, unsigned seed);
void drop_fleet_close(struct drop_fleet *fleet);

/* So many days pass. */
void drop_fleet_live(struct drop_fleet *fleet, double days);

#endif
