/*
 * rollout: one image on its way to many nodes: the states, and what moves it from one to the next.
 *
 * A function of (rollout, event, facts, moment) without I/O. A wave is rolled out, then watched for the soak time,
 * judged, and only then is the next one begun:
 *
 *   waiting -> rolling -> soaking -> rolling -> … -> complete
 *                 \          \-> tripped (a gate said no) -> rolled_back
 *                  \-> paused, aborted (an operator said so)
 */
#ifndef WAKEGATE_GATEWAY_ROLLOUT_H
#define WAKEGATE_GATEWAY_ROLLOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/gate.h"
#include "gateway/moment.h"
#include "gateway/obstacle.h"
#include "gateway/rollout_plan.h"

enum rollout_state {
	ROLLOUT_WAITING, /* for its start, or for approval */
	ROLLOUT_ROLLING,
	ROLLOUT_SOAKING,
	ROLLOUT_PAUSED,
	ROLLOUT_TRIPPED,
	ROLLOUT_ROLLED_BACK,
	ROLLOUT_ABORTED,
	ROLLOUT_COMPLETE,
};

const char *rollout_state_name(enum rollout_state state);
/* -EINVAL if there is no such state. */
int rollout_state_parse(const char *name);

struct rollout {
	struct rollout_plan plan;
	enum rollout_state state;
	unsigned wave;  /* the current one, from 0 */
	unsigned looks; /* at how the nodes of this wave fare, so far */
	uint32_t reach; /* nodes whose place is below it have had their turn */
	bool approved;
	uint32_t forgiven_reach; /* nodes below had had their turn when an operator let it go on past a gate, */
	int64_t forgiven_ms;     /* then, wall clock; 0: never */
	int64_t created_ms;      /* wall clock */
	int64_t wave_ms;         /* when the wave began */
	int64_t soak_ms;         /* when the soak began, or began anew */
	int64_t changed_ms;
	char reason[GATE_SENTENCE_SIZE]; /* the last verdict, or who intervened */
	/* Of the plan's windows, not kept: NULL is UTC. */
	const struct tzif *zone, *apply_zone;
	bool zone_missing;
};

/* A rollout that was just ordered. */
void rollout_init(struct rollout *rollout, const struct rollout_plan *plan, struct moment now);

/* What the gateway has found out. */
struct rollout_facts {
	struct gate_tally tally;     /* of the nodes within reach */
	uint32_t concerned;          /* nodes that the plan is about */
	uint32_t lowest;             /* the lowest place of these with nothing in its way; WAVE_ALL: there are none */
	uint32_t forgiven;           /* within reach, but not in the tally, see rollout_turn_is_forgiven() */
	uint32_t excused[OBSTACLES]; /* within reach, but not in the tally, by what is in their way */
	bool first_lacks_stone;      /* a node that would be the first of a wave without any */
	char missing_stone[OBSTACLE_TEXT_SIZE]; /* which one, of one of the nodes that lack one */
	bool compared;                          /* rollout_wants_comparison() was true, and these are the outcome: */
	enum gate_verdict verdict;
	char sentence[GATE_SENTENCE_SIZE];
};

enum rollout_event { ROLLOUT_TICK, ROLLOUT_APPROVE, ROLLOUT_PAUSE, ROLLOUT_RESUME, ROLLOUT_ABORT, ROLLOUT_ROLL_BACK };

/* What a step asks of the caller. */
struct rollout_step {
	bool changed;  /* save, journal and log it */
	bool watch;    /* a soak began: what nodes do is compared from now on */
	bool withdraw; /* take back offers that nodes have not begun to follow */
	bool revert;   /* order the former images back */
};

/* What held nodes back is gone, as far as it depends on others than them: they have their time from now on. */
void rollout_grant_time(struct rollout *rollout, struct moment now);

/* The soak is over and nodes are to be compared before it can be judged. */
bool rollout_wants_comparison(const struct rollout *rollout, struct moment now);

/* Time has passed. */
struct rollout_step rollout_tick(struct rollout *rollout, const struct rollout_facts *facts, struct moment now);

/* An operator intervenes. 0 with the step; -EALREADY it is so already; -EINVAL not in this state. */
int rollout_intervene(
	struct rollout *rollout, enum rollout_event event, const char *by, struct moment now, struct rollout_step *out);

/* Nodes within reach are to get the image. */
bool rollout_is_offering(const struct rollout *rollout);
/* No node is to get the image: paused, tripped, rolled back or aborted. */
bool rollout_is_stopped(const struct rollout *rollout);
/* Neither complete nor stopped for good. */
bool rollout_is_open(const struct rollout *rollout);

#endif
