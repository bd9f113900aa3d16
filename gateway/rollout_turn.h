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
struct image_cache;
struct labels_settings;
struct node_record;
struct quiet_hours;
struct update;
struct update_hours;

enum rollout_turn {
	TURN_FOREIGN,   /* the plan is not about it */
	TURN_LATER,     /* its wave has not begun */
	TURN_DUE,       /* to be ordered at its next contact */
	TURN_UNDER_WAY, /* ordered */
	TURN_CONFIRMED, /* runs the image */
	TURN_FAILED,
	TURN_EXCUSED, /* something else than the image is in its way, see obstacle_to() */
	TURN_SILENT,  /* due or under way for longer than the plan allows, its windows' time only */
};

/* What is the same for all nodes. */
struct turn_scene {
	const struct labels_settings *labels; /* NULL: no node has any */
	const struct holds *holds;            /* NULL: no node is held */
	struct quiet_hours *quiet;            /* NULL: none */
	const struct image_cache *images;     /* NULL: no image requires another */
	int64_t interval_ms;                  /* from one wake to the next */
	int64_t battery_percent;              /* that every node must have, whatever the plan says; 0: none */
	int64_t opened_ms;                    /* monotonic: no node could come before; 0: not known */
	struct moment now;
};

/* `update` is the node's current or last one, or NULL. `place` is set where the plan is about the node. */
enum rollout_turn rollout_turn(const struct turn_scene *scene, const struct rollout *rollout,
	const struct node_record *node, const struct update *update, uint32_t *place);

/* Whether it counts neither as failed nor as silent nor as open: it had failed before an operator let the rollout go on
 * past a gate, or was silent then and has not come since. `update` as above. */
bool rollout_turn_is_forgiven(const struct turn_scene *scene, const struct rollout *rollout,
	const struct node_record *node, const struct update *update);

/* What is in the node's way, as obstacle_to(). */
enum obstacle rollout_obstacle(const struct turn_scene *scene, const struct rollout *rollout,
	const struct node_record *node, const struct update *update, char *text);

/* When the node may do what this rollout orders; `rollout` may be NULL: an order that is of none. */
void rollout_turn_hours(const struct turn_scene *scene, const struct rollout *rollout, const struct node_record *node,
	struct update_hours *out);

/* The node's update, if this rollout ordered it or it is another order of the same image since; else NULL. */
const struct update *rollout_turn_own(const struct rollout *rollout, const struct update *update);

/* What became of a node after a rollback: proven by what it says it runs. */
enum rollout_return {
	RETURN_NONE, /* it has never run the image, or has not been back in contact */
	RETURN_DONE,
	RETURN_UNDER_WAY,
	RETURN_REFUSED,    /* it does not take its former image: it stays where it is */
	RETURN_IMPOSSIBLE, /* that image is not here */
	RETURNS,
};
const char *rollout_return_name(enum rollout_return found);

/* Of a rollout that was rolled back; `update` as above. */
enum rollout_return rollout_return(
	const struct rollout *rollout, const struct node_record *node, const struct update *update);

/* Whether the plan is about the node: as its targets say, or it was ordered to update by this rollout. */
bool rollout_concerns(const struct turn_scene *scene, const struct rollout *rollout, const struct node_record *node,
	const struct update *update);

#endif
