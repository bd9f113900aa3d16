/*
 * forecast: when the nodes of a rollout will run its image, before anyone starts: a simulation of many runs.
 *
 * Each run is the rollout itself (rollout.h) over nodes that call, miss calls, fetch, fail and restart as they are
 * known to, from a sample of them and a seed. A function of its input; docs/rollouts.md states what it assumes.
 */
#ifndef WAKEGATE_GATEWAY_FORECAST_H
#define WAKEGATE_GATEWAY_FORECAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/rollout_plan.h"

#define FORECAST_POINTS 61 /* of the curve, the first at the begin */
#define FORECAST_RUNS_MAX 2000
#define FORECAST_NODES_MAX 100000
#define FORECAST_SAMPLE_MAX 2000
#define FORECAST_WEEK 672 /* quarters of an hour */

/* What is known of a node that gets the image. */
struct forecast_node {
	unsigned wave;
	int64_t period_ms;    /* from one call to the next, above 0 */
	int64_t next_ms;      /* until its next call */
	double missed;        /* share of its calls that do not come */
	bool silent;          /* it does not call any more */
	uint32_t stones;      /* images before the one that it is to get */
	uint32_t stone_bytes; /* of these together */
	uint32_t parent;      /* in its mesh, up to FORECAST_SAMPLE_MAX; 0: not known */
};

struct forecast_input {
	const struct rollout_plan *plan;
	int64_t now_ms;                     /* wall clock */
	const struct forecast_node *sample; /* in the order of their waves */
	size_t sampled;                     /* up to FORECAST_SAMPLE_MAX, at least 1 */
	uint32_t
		wave_nodes[WAVES_MAX]; /* how many get it in each; FORECAST_NODES_MAX in all. Where there are as many as
					  were sampled these are the nodes themselves, else they are drawn from them */
	bool closed[FORECAST_WEEK]; /* quarters of an hour from now on in which no node is updated, each week alike */
	bool apply_closed[FORECAST_WEEK]; /* those in which none restarts into an image that it has */
	int64_t spread_ms;                /* in which nodes that wait for such a window restart, at most its half */
	uint32_t image_bytes;
	double attempt_fails; /* share of the transfers */
	int64_t attempts;     /* of a node, at most */
	int64_t retry_after_ms;
	int64_t rate_bytes; /* a second, of one transfer */
	int64_t at_once;    /* transfers; 0: any number */
	int64_t per_parent; /* of them through one parent; 0: any number */
	int64_t overhead_percent;
	int64_t bit_rate; /* on the air, a second */
	int64_t power_mw; /* of a node while it receives */
	unsigned runs;    /* up to FORECAST_RUNS_MAX */
	uint64_t seed;
};

/* Of all runs: the 5th, 25th, 50th, 75th and 95th hundredth. */
enum { FORECAST_P5, FORECAST_P25, FORECAST_P50, FORECAST_P75, FORECAST_P95, FORECAST_BANDS };

struct forecast {
	int64_t span_ms;                               /* of the curve, from now */
	double curve[FORECAST_POINTS][FORECAST_BANDS]; /* share of the nodes that run the image */
	int64_t wave_ms[WAVES_MAX];          /* from now: when each begins, the median; -1: in most runs never */
	int64_t complete_ms[FORECAST_BANDS]; /* from now; -1: not at all */
	unsigned runs, stopped;              /* by a gate */
	uint32_t nodes;
	double confirmed, failed, silent; /* nodes at the end, in the mean */
	double bytes;                     /* on the air, in the mean */
	double airtime_s;                 /* of all nodes together */
	double node_joules;               /* of one that is updated */
};

/* 0; -EINVAL: input beyond its limits; -ENOMEM. Takes up to a second for 10,000 nodes and 200 runs. */
int forecast_run(struct forecast *out, const struct forecast_input *input);

#endif
