/*
 * site_operator: the operator of a simulated site: brings images in and orders rollouts by the control commands that
 * the command line uses, again and again until the gateway has done it; pauses some and ends others.
 */
#ifndef WAKEGATE_TESTS_SITE_OPERATOR_H
#define WAKEGATE_TESTS_SITE_OPERATOR_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "tests/sim/site_plan.h"

struct site_audit;
struct site_gateway;
struct site_images;
struct site_world;

struct asked;

struct site_operator {
	struct site_world *world;
	struct site_gateway *gateway;
	const struct site_images *images;
	struct site_audit *audit;
	int image;                       /* that is being brought in */
	int64_t upload;                  /* number of the upload; 0: none stands */
	uint32_t offset;                 /* that the gateway has of it */
	int64_t brought_ms[SITE_IMAGES]; /* 0: it is not there yet */
	bool ordered[SITE_IMAGES];
	uint32_t patience; /* which of its alarms is meant */
	unsigned requests, refusals;
	json_t *forecast;         /* as answered; NULL: it was not asked for */
	int64_t forecast_ms;      /* of the site's time */
	unsigned jumps, jumps_in; /* of the clock, and in which start of the gateway they were */
	unsigned halted_in;       /* which start of the gateway was asked to halt, and did; 0: none */
	struct asked *asked;      /* until the end: a gateway that goes leaves questions without an answer */
};

void site_operator_open(struct site_operator *worker, struct site_world *world, struct site_gateway *gateway,
	const struct site_images *images, struct site_audit *audit);

/* After the gateway was closed. */
void site_operator_close(struct site_operator *worker);

/* The name of the rollout of an image. */
void site_operator_rollout_name(int image, char out[16]);

/* Stops all updates for a while. */
void site_operator_halt(struct site_operator *worker);

void site_operator_go_on(struct site_operator *worker);

/* Whether all updates are stopped, as the gateway that runs said. */
bool site_operator_has_halted(const struct site_operator *worker);

/* The clock was set while the gateway runs: it is asked soon whether it has noticed. */
void site_operator_look_at_clock(struct site_operator *worker);

/* Asks something of the rollouts that are open, by chance: a pause and its end, an abort, a rollback. */
void site_operator_meddle(struct site_operator *worker);

#endif
