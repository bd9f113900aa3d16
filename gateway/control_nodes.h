/*
 * control_nodes: the control commands about nodes: node.list, node.show, node.add, node.remove.
 */
#ifndef WAKEGATE_GATEWAY_CONTROL_NODES_H
#define WAKEGATE_GATEWAY_CONTROL_NODES_H

struct clock;
struct control;
struct holds;
struct labels_settings;
struct node_removals;
struct nodes;
struct schedule_settings;
struct store;
struct updates;

/* What the commands need; all of it outlives the dispatcher. `schedule` may be replaced by a reload. */
struct control_nodes {
	const struct clock *clock;
	struct store *store;
	struct nodes *nodes;
	struct updates *updates;
	struct node_removals *removals;
	const struct holds *holds;
	const struct schedule_settings *schedule;
	const struct labels_settings *labels;
};

/* As control_register(). `parts` outlives the dispatcher. */
int control_nodes_register(struct control *control, struct control_nodes *parts);

#endif
