/*
 * node_commands: commands for nodes, from the order to the node's reply or until it is too late for one.
 *
 * One a node is under way at a time. They are not stored: a gateway that restarts forgets them, and whoever asked is
 * told by the connection that breaks. Loop thread only.
 */
#ifndef WAKEGATE_GATEWAY_NODE_COMMANDS_H
#define WAKEGATE_GATEWAY_NODE_COMMANDS_H

#include <stdint.h>

#include "gateway/moment.h"

#define NODE_COMMANDS_MAX 64 /* under way */

struct command_reply;
struct driver_command;
struct node_commands;
struct random;

struct node_commands_parts {
	struct random *random;
	void *context;
	/* To the driver of the node: as driver_ops.command; -ENODEV: it is not open; -ENOTSUP: it takes none. */
	int (*pass)(void *context, const struct driver_command *command);
};

/* What is to be done at a node. Texts are copied. */
struct node_order {
	const char *node;
	const char *text; /* 1 to NODE_COMMAND_MAX bytes without control characters */
	int64_t timeout_ms;
	/* Called once, not from within node_commands_send(), unless it failed: with the reply (0), or without one:
	 * -ETIMEDOUT, -ECANCELED. */
	void (*done)(void *context, int result, const struct command_reply *reply);
	void *context;
};

/* -ENOMEM. */
int node_commands_open(struct node_commands **out, const struct node_commands_parts *parts);

/* Ends all with -ECANCELED and frees. NULL is fine. */
void node_commands_close(struct node_commands *commands);

/* -EINVAL: the text; -EBUSY: the node has one under way; -ENOBUFS: too many are; or what `pass` says. */
int node_commands_send(struct node_commands *commands, const struct node_order *order, struct moment now);

/* A node says what came of a command; one that is not under way (any more) means nothing. */
void node_commands_on_reply(struct node_commands *commands, const struct command_reply *reply);

/* Ends those that are too late; milliseconds until it wants to be called again. For the ticker. */
int64_t node_commands_tick(void *commands, struct moment now);

#endif
