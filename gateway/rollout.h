/*
 * rollout: one image on its way to many nodes: the states, and what moves it from one to the next.
 *
 * A function of (rollout, event, facts, moment) without I/O. A wave is rolled out, watched for its soak time and
 * judged:
 *
 *   waiting -> rolling -> soaking -> rolling -> … -> complete
 *                 \          \-> tripped (a gate said no) -> rolled_back
 *                  \-> paused, aborted (an operator said so)
 */
#ifndef WAKEGATE_GATEWAY_ROLLOUT_H
#define WAKEGATE_GATEWAY_ROLLOUT_H

#include <stdbool.h>
#include <stddef.h>
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
int rollout_state_parse(const char *name); /* -EINVAL: there is no such state */
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

/* What the gateway has found out. */
struct rollout_facts {
	bool counted;                /* since the start; false: nothing is known yet */
	struct gate_tally tally;     /* of the nodes within reach */
	uint32_t concerned;          /* nodes that the plan is about */
	uint32_t lowest;             /* the lowest place of these with nothing in its way; WAVE_ALL: there are none */
	uint32_t forgiven;           /* within reach, but not in the tally, see rollout_turn_is_forgiven() */
	uint32_t excused[OBSTACLES]; /* within reach, but not in the tally, by what is in their way */
	uint32_t barred[OBSTACLES];  /* the same of all nodes; whole where `lowest` is WAVE_ALL */
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

/* A rollout that was just ordered. */
void rollout_init(struct rollout *rollout, const struct rollout_plan *plan, struct moment now);
/* What held nodes back is gone, as far as it depends on others than them: they have their time from now on. */
void rollout_grant_time(struct rollout *rollout, struct moment now);
/* No node can have the image, and so it stands still until one can or joins. */
bool rollout_is_barred(const struct rollout *rollout, const struct rollout_facts *facts);
/* Why, where it is: "no node can have the image now: 3 held, 9 that it is not for". */
void rollout_explain_barred(const struct rollout_facts *facts, char *out, size_t size);
int64_t rollout_judged_ms(const struct rollout *rollout); /* while it soaks: when its wave is judged, wall clock */
/* The soak is over and nodes are to be compared before rollout_tick() can judge it. */
bool rollout_wants_comparison(const struct rollout *rollout, struct moment now);
struct rollout_step rollout_tick(struct rollout *rollout, const struct rollout_facts *facts, struct moment now);
/* An operator intervenes. 0 with the step; -EALREADY it is so already; -EINVAL not in this state. */
int rollout_intervene(
	struct rollout *rollout, enum rollout_event event, const char *by, struct moment now, struct rollout_step *out);

bool rollout_is_offering(const struct rollout *rollout); /* nodes within reach are to get the image */
bool rollout_is_stopped(const struct rollout *rollout);  /* no node is: paused, tripped, rolled back or aborted */
bool rollout_is_open(const struct rollout *rollout);     /* neither complete nor stopped for good */

#endif
