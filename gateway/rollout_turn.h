/*
 * rollout_turn: where one node stands in one rollout: whose turn it is, and what became of it.
 *
 * Functions of the plan, the registry's record and the node's update.
 */
#ifndef WAKEGATE_GATEWAY_ROLLOUT_TURN_H
#define WAKEGATE_GATEWAY_ROLLOUT_TURN_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/moment.h"
#include "gateway/obstacle.h"
#include "gateway/rollout.h"

struct holds;
struct labels_settings;
struct node_record;
struct update;

enum rollout_turn {
	TURN_FOREIGN,   /* the plan is not about it */
	TURN_LATER,     /* its wave has not begun */
	TURN_DUE,       /* to be ordered at its next contact */
	TURN_UNDER_WAY, /* ordered */
	TURN_CONFIRMED, /* runs the image */
	TURN_FAILED,
	TURN_EXCUSED, /* something else than the image is in its way, see obstacle_to() */
	TURN_SILENT,  /* due or under way for longer than the plan allows */
};

/* What is the same for all nodes. */
struct turn_scene {
	const struct labels_settings *labels; /* NULL: no node has any */
	const struct holds *holds;            /* NULL: no node is held */
	int64_t interval_ms;                  /* from one wake to the next */
	struct moment now;
};

/* `update` is the node's current or last one, or NULL. `place` is set where the plan is about the node. */
enum rollout_turn rollout_turn(const struct turn_scene *scene, const struct rollout *rollout,
	const struct node_record *node, const struct update *update, uint32_t *place);

/* What is in the node's way, as obstacle_to(). */
enum obstacle rollout_obstacle(const struct turn_scene *scene, const struct rollout *rollout,
	const struct node_record *node, const struct update *update, char *text);

/* Whether the plan is about the node: as its targets say, or it was ordered to update by this rollout. */
bool rollout_concerns(const struct turn_scene *scene, const struct rollout *rollout, const struct node_record *node,
	const struct update *update);

#endif
