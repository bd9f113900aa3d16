#include "drivers/coap_commands.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void coap_commands_init(struct coap_commands *commands)
{
	id_map_init(&commands->by_node);
}

void coap_commands_finish(struct coap_commands *commands)
{
	for (size_t i = 0; i < commands->by_node.room; i++)
		free(commands->by_node.entries[i].value);
	id_map_finish(&commands->by_node);
}

static void discard(struct coap_commands *commands, struct coap_command *command)
{
	id_map_remove(&commands->by_node, command->node);
	free(command);
}

/* A removal moves others up, so that the same place is looked at again. */
static void discard_late(struct coap_commands *commands, int64_t now_ms)
{
	size_t i = 0;

	while (i < commands->by_node.room) {
		struct coap_command *command = commands->by_node.entries[i].value;

		if (command && command->until_ms <= now_ms)
			discard(commands, command);
		else
			i++;
	}
}

int coap_commands_put(struct coap_commands *commands, const struct driver_command *from, int64_t now_ms)
{
	struct coap_command *former = id_map_find(&commands->by_node, from->node);

	if (strlen(from->node) > NODE_ID_MAX || strlen(from->text) > NODE_COMMAND_MAX)
		return -EINVAL;
	if (former)
		discard(commands, former);
	discard_late(commands, now_ms);
	if (commands->by_node.count == COAP_COMMANDS_MAX)
		return -ENOBUFS;
	struct coap_command *command = malloc(sizeof(*command));
	if (!command)
		return -ENOMEM;
	command->id = from->id;
	command->until_ms = from->until_ms;
	strcpy(command->node, from->node);
	strcpy(command->text, from->text); /* both sizes were checked */
	int result = id_map_add(&commands->by_node, command->node, command);
	if (result < 0)
		free(command);
	return result;
}

const struct coap_command *coap_commands_find(const struct coap_commands *commands, const char *node, int64_t now_ms)
{
	const struct coap_command *command = commands->by_node.count > 0 ? id_map_find(&commands->by_node, node) : NULL;

	return command && command->until_ms > now_ms ? command : NULL;
}

void coap_commands_remove(struct coap_commands *commands, const char *node, uint32_t id)
{
	struct coap_command *command = id_map_find(&commands->by_node, node);

	if (command && command->id == id)
		discard(commands, command);
}
