/*
 * drop_fleet: a fleet whose nodes drop, talk, discharge and vanish at rates of their own, and a release that makes the
 * updated ones, or a share of them, do so more often.
 *
 * Each node's rates are drawn from gamma distributions, its drops of a day from a Poisson distribution of that rate.
 * Its traffic of a day varies by a fifth, and a battery is read in whole percent.
 */
#ifndef WAKEGATE_TESTS_DROP_FLEET_H
#define WAKEGATE_TESTS_DROP_FLEET_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/drop_scores.h"
#include "gateway/random.h"
#include "gateway/soak_start.h"

struct rollout_plan;

struct drop_fleet_options {
	size_t nodes, updated;
	double drops_a_day; /* in the mean */
	double unlike;      /* standard deviation of the nodes' rates over their mean */
	double days_before;
	double bad_share;      /* of the updated nodes; 0: a good release */
	double bad_ratio;      /* how many times as often these drop */
	double weather;        /* how many times as often all nodes drop since the update */
	double traffic_ratio;  /* of the updated nodes, to what they made before; 0: none is known */
	double drain_a_day;    /* percent of the battery, in the mean; 0: none is known */
	double drain_ratio;    /* of the updated nodes */
	double away_share;     /* of all nodes that go away in a day */
	double bad_away_share; /* and of the updated ones, besides */
};

/* 2,000 nodes, 20 of them updated, of which all is known that is compared; nothing is wrong. */
extern const struct drop_fleet_options drop_fleet_good;

/* All comparisons, as a plan has them that says nothing of them. */
extern const struct rollout_plan drop_fleet_gates;

struct drop_fleet {
	struct drop_fleet_options options;
	struct random random;
	struct drop_history *nodes;  /* the updated ones first */
	struct node_change *changes; /* of the same */
	double *rates;               /* drops a day, since the update */
	double *charges;             /* of the batteries, in percent */
	double *drains;              /* a day */
	double *traffics;            /* bytes a day */
};

void drop_fleet_open(struct drop_fleet *fleet, const struct drop_fleet_options *options, unsigned seed);
void drop_fleet_close(struct drop_fleet *fleet);

/* So many days pass. */
void drop_fleet_live(struct drop_fleet *fleet, double days);

/* A day of soak, and more while the plan's gates suspect the release: the day on which they stop it; 0: it passes. */
unsigned drop_fleet_judge(
	const struct drop_fleet_options *options, const struct rollout_plan *plan, unsigned seed, char *sentence);

#endif
