/*
 * control_node_commands: the control command that passes a command on to a node: node.command.
 */
#ifndef WAKEGATE_GATEWAY_CONTROL_NODE_COMMANDS_H
#define WAKEGATE_GATEWAY_CONTROL_NODE_COMMANDS_H

struct clock;
struct control;
struct node_commands;
struct nodes;
struct store;

/* All outlive the dispatcher; the store also outlives `commands`, whose end is noted there. */
struct control_node_commands {
	const struct clock *clock;
	struct store *store;
	struct nodes *nodes;
	struct node_commands *commands;
};

/* As control_register(). `parts` outlives the dispatcher and `commands`. */
int control_node_commands_register(struct control *control, struct control_node_commands *parts);

#endif
