/*
 * rollout_plan: what a rollout is to do: which nodes get which image, in which waves, and what stops it.
 *
 * A plan is a value; as JSON it is what an operator or the fleet sends, what the store keeps and what is shown.
 */
#ifndef WAKEGATE_GATEWAY_ROLLOUT_PLAN_H
#define WAKEGATE_GATEWAY_ROLLOUT_PLAN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/rollout_targets.h"
#include "gateway/update_window.h"
#include "gateway/wave.h"

#define ROLLOUT_ID_MAX 32

enum rollout_on_failure { ROLLOUT_PAUSES, ROLLOUT_ROLLS_BACK };

/* A window as it was said, and what that means. */
struct plan_window {
	char text[UPDATE_WINDOW_TEXT_MAX + 1]; /* "": none was said */
	struct update_window window;
};

struct rollout_plan {
	char id[ROLLOUT_ID_MAX + 1];
	uint8_t sha256[32]; /* of the image */
	struct rollout_targets targets;
	int64_t priority;          /* of two rollouts that want a node, the higher one gets it */
	uint32_t waves[WAVES_MAX]; /* shares of the nodes in millionths, rising, the last WAVE_ALL */
	unsigned wave_count;
	bool fleet;                      /* waves are of a fleet of gateways; else the first has a node at least */
	int64_t start_ms;                /* wall clock, not before; 0: at once */
	struct plan_window window;       /* when nodes may fetch the image and activate it */
	struct plan_window apply_window; /* when they may activate it, if that is said apart */
	int64_t soak_ms[WAVES_MAX];      /* how long the nodes of each are watched before the next; 0 of the last */
	int64_t deadline_wakes;          /* intervals; a node that is not done so long after its wave began is silent */
	int64_t confirmed_percent;       /* of the nodes reached so far, at least, for the next wave */
	int64_t failed_percent;          /* of these, at most; silent ones are failures */
	int64_t failed_most;             /* and in all; 0: no such limit */
	int64_t battery_percent;         /* a node that says it has less is not offered the image; 0: no such gate */
	/* Comparisons of updated nodes with the others. */
	bool drops;                 /* how often they lose contact */
	bool online;                /* how many went away */
	int64_t traffic_percent;    /* so much more traffic is fine; 0: it is not compared */
	int64_t drain_percent;      /* the battery may go so much faster; 0: it is not compared */
	int64_t confidence_percent; /* that a rollout which changes nothing is not stopped by them */
	enum rollout_on_failure on_failure;
	bool approval; /* waits for an operator's word before it begins */
};

/* The members of a plan's JSON are these arguments; see docs/rollouts.md. Unknown members are left alone. 0; -EINVAL
 * with a sentence in `why` (ROLLOUT_SENTENCE_SIZE). */
int rollout_plan_parse(struct rollout_plan *out, const json_t *json, char *why);

/* The plan as JSON that parses to the same; NULL if there is no memory. */
json_t *rollout_plan_json(const struct rollout_plan *plan);

#endif
