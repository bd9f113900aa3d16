/*
 * coap_commands: commands for nodes that sleep: one a node, told with every answer until it replies or it is too late.
 */
#ifndef WAKEGATE_DRIVERS_COAP_COMMANDS_H
#define WAKEGATE_DRIVERS_COAP_COMMANDS_H

#include "drivers/driver.h"
#include "drivers/id_map.h"

#define COAP_COMMANDS_MAX 1024

struct coap_command {
	char node[NODE_ID_MAX + 1];
	uint32_t id;
	int64_t until_ms;
	char text[NODE_COMMAND_MAX + 1];
};

struct coap_commands {
	struct id_map by_node;
};

void coap_commands_init(struct coap_commands *commands);
void coap_commands_finish(struct coap_commands *commands);

/* Copies; replaces a former one to the node. -EINVAL: a text or an identity too long; -ENOBUFS, -ENOMEM. */
int coap_commands_put(struct coap_commands *commands, const struct driver_command *command, int64_t now_ms);

/* What the node is to be told now, or NULL; valid until the next change. */
const struct coap_command *coap_commands_find(const struct coap_commands *commands, const char *node, int64_t now_ms);

/* The node has replied; another id means nothing. */
void coap_commands_remove(struct coap_commands *commands, const char *node, uint32_t id);

#endif
