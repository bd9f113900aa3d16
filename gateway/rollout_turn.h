/*
 * rollout_turn: where one node stands in one rollout: whose turn it is, and what became of it.
 *
 * Functions of the plan, the registry's record and the node's update.
 */
#ifndef WAKEGATE_GATEWAY_ROLLOUT_TURN_H
#define WAKEGATE_GATEWAY_ROLLOUT_TURN_H

#include <stdint.h>

#include "gateway/moment.h"
#include "gateway/rollout.h"

struct node_record;
struct update;

enum rollout_turn {
	TURN_FOREIGN,   /* the plan is not about it */
	TURN_LATER,     /* its wave has not begun */
	TURN_DUE,       /* to be ordered at its next contact */
	TURN_UNDER_WAY, /* ordered */
	TURN_CONFIRMED, /* runs the image */
	TURN_FAILED,
	TURN_SILENT, /* due or under way for longer than the plan allows */
};

/* `update` is the node's current or last one, or NULL; `interval_ms` is from one wake to the next. `place` is set where
 * the plan is about the node. */
enum rollout_turn rollout_turn(const struct rollout *rollout, const struct node_record *node,
	const struct update *update, int64_t interval_ms, struct moment now, uint32_t *place);

#endif
