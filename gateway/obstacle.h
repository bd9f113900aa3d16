/*
 * obstacle: what keeps a node from being updated by a rollout, though its turn has come.
 *
 * Such a node counts neither as failed nor as silent: it is none of the image's fault. When the obstacle is gone it
 * gets its turn.
 */
#ifndef WAKEGATE_GATEWAY_OBSTACLE_H
#define WAKEGATE_GATEWAY_OBSTACLE_H

#define OBSTACLE_TEXT_SIZE 160

struct node_record;
struct rollout_plan;
struct turn_scene;
struct update;

enum obstacle { OBSTACLE_NONE, OBSTACLE_HELD, OBSTACLE_BATTERY, OBSTACLE_STONE, OBSTACLE_UNFIT, OBSTACLES };

/* A word for counts: "held", "battery", "stone", "unfit". */
const char *obstacle_name(enum obstacle obstacle);

/* For a person, after "the node": "is held". */
const char *obstacle_sentence(enum obstacle obstacle);

/* For a person, after a count: "held", "with a low battery". */
const char *obstacle_counted(enum obstacle obstacle);

/* `update` is the one that this rollout ordered, or NULL. `text` (OBSTACLE_TEXT_SIZE) gets the details; may be NULL. */
enum obstacle obstacle_to(const struct turn_scene *scene, const struct rollout_plan *plan,
	const struct node_record *node, const struct update *update, char *text);

#endif
