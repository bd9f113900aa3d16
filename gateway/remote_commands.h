/*
 * remote_commands: the commands that come from upstream: which are let in, and where their answers go.
 */
#ifndef WAKEGATE_GATEWAY_REMOTE_COMMANDS_H
#define WAKEGATE_GATEWAY_REMOTE_COMMANDS_H

#include "config/settings.h"

#define REMOTE_COMMANDS_MAX 16   /* being answered at once */
#define REMOTE_COMMAND_MAX 65536 /* bytes of one */

struct clock;
struct control;
struct remote_commands;
struct uplink_message;

/* All outlive it. */
struct remote_commands_parts {
	struct control *control;
	const struct clock *clock;
	const struct setting_list *allowed; /* names, "image.*" or "*"; control lets in only what is marked as remote */
	const char *replies;                /* topic of answers to those who name none */
	/* Publishes an answer; copies. */
	int (*send)(void *context, const struct uplink_message *message);
	void *context;
};

/* -ENOMEM. */
int remote_commands_open(struct remote_commands **out, const struct remote_commands_parts *parts);

/*
 * A message on the topic of commands. It is answered on its response topic, or on `replies`, with its correlation data.
 * A retained one is passed over: it would be carried out at every connect. "until", seconds since 1970, is not an
 * argument: a command that comes later is refused.
 */
void remote_commands_on_message(struct remote_commands *commands, const struct uplink_message *message);

/* Cancels those not answered. Before the dispatcher is closed. NULL is fine. */
void remote_commands_close(struct remote_commands *commands);

#endif
