/*
 * site_watch: looks at a simulated site at every step, and says what must never be.
 *
 * What the gateway answers is judged against what the nodes really are and against rules that are written here anew, so
 * that the gateway's own code is not its judge.
 */
#ifndef WAKEGATE_TESTS_SITE_WATCH_H
#define WAKEGATE_TESTS_SITE_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/rollout.h"
#include "tests/sim/site_plan.h"

struct site_answer;
struct site_gateway;
struct site_images;
struct site_nodes;
struct site_operator;
struct site_world;

/* What was last seen of the rollout of an image. */
struct site_rollout_seen {
	bool known;
	int state; /* enum rollout_state */
	unsigned wave;
	int64_t soaks_since_ms, rolls_since_ms; /* of the site's time */
	int64_t soaks_off_ms;                   /* what the clock was ahead by then */
	unsigned soaks_cuts;                    /* how often the power had been cut by then */
	int64_t completed_ms;                   /* 0: it is not */
	uint32_t first_reach;                   /* of a gateway alone, see docs/rollouts.md */
	bool resumed;                           /* past a gate, since it soaked last */
	unsigned starts;                        /* of the gateway, until it was seen so */
	char silence[GATE_SENTENCE_SIZE];       /* what it was stopped by, judged already */
};

struct site_watch {
	struct site_world *world;
	struct site_gateway *gateway;
	const struct site_images *images;
	struct site_nodes *nodes;
	struct site_rollout_seen seen[SITE_IMAGES];
	uint8_t *said;                      /* by node: a bit for each image that it ever said it runs */
	int8_t *last;                       /* likewise: the image that it last said it runs; -1: none */
	const struct site_operator *worker; /* to be set before the site runs */
	uint64_t answers, offers, served;   /* looked at */
};

void site_watch_open(struct site_watch *watch, struct site_world *world, struct site_gateway *gateway,
	const struct site_images *images, struct site_nodes *nodes);

void site_watch_close(struct site_watch *watch);

/* As site_listener.answering, heard and offered. */
void site_watch_on_answering(void *context, uint32_t node, const struct site_answer *answer);
void site_watch_on_heard(void *context, uint32_t node);
void site_watch_on_offered(void *context, uint32_t node, int image);
void site_watch_on_served(void *context, uint32_t node, int image, uint32_t bytes);

/* After each turn. */
void site_watch_look(struct site_watch *watch);

/* At the end, when all has had time to settle. */
void site_watch_judge(struct site_watch *watch);

#endif
