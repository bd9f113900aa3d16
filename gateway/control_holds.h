/*
 * control_holds: the control commands that keep nodes from being updated: node.hold, .release, .holds, update.halt,
 * .go_on.
 */
#ifndef WAKEGATE_GATEWAY_CONTROL_HOLDS_H
#define WAKEGATE_GATEWAY_CONTROL_HOLDS_H

struct clock;
struct control;
struct holds;
struct nodes;
struct rollouts;
struct updates;

/* What the commands need; all of it outlives the dispatcher. */
struct control_holds {
	const struct clock *clock;
	struct holds *holds;
	struct nodes *nodes;
	struct updates *updates;
	struct rollouts *rollouts;
};

/* As control_register(). `parts` outlives the dispatcher. */
int control_holds_register(struct control *control, struct control_holds *parts);

#endif
