#include "gateway/node_commands.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/driver.h"
#include "gateway/log.h"
#include "gateway/random.h"

#define TICK_MS 1000

struct waiting {
	char node[NODE_ID_MAX + 1];
	uint32_t id;
	int64_t until_ms; /* monotonic */
	void (*done)(void *context, int result, const struct command_reply *reply);
	void *context;
};

struct node_commands {
	struct node_commands_parts parts;
	uint32_t id; /* the latest given */
	struct waiting list[NODE_COMMANDS_MAX];
	size_t count;
};

int node_commands_open(struct node_commands **out, const struct node_commands_parts *parts)
{
	struct node_commands *commands = calloc(1, sizeof(*commands));

	if (!commands)
		return -ENOMEM;
	commands->parts = *parts;
	/* A node that remembers the last one it obeyed must not meet it again after a restart of the gateway. */
	commands->id = (uint32_t)random_next(parts->random);
	*out = commands;
	return 0;
}

static void end(struct node_commands *commands, size_t at, int result, const struct command_reply *reply)
{
	struct waiting ended = commands->list[at];

	commands->list[at] = commands->list[--commands->count];
	ended.done(ended.context, result, reply);
}

void node_commands_close(struct node_commands *commands)
{
	if (!commands)
		return;
	while (commands->count > 0)
		end(commands, commands->count - 1, -ECANCELED, NULL);
	free(commands);
}

/* It goes to small devices and into logs. */
static bool text_fits(const char *text)
{
	for (const unsigned char *at = (const unsigned char *)text; *at; at++)
		if (*at < 0x20 || *at == 0x7f)
			return false;
	return *text && strlen(text) <= NODE_COMMAND_MAX;
}

static size_t find(const struct node_commands *commands, const char *node)
{
	size_t at = 0;

	while (at < commands->count && strcmp(commands->list[at].node, node) != 0)
		at++;
	return at;
}

int node_commands_send(struct node_commands *commands, const struct node_order *order, struct moment now)
{
	struct waiting *waiting = &commands->list[commands->count];
	int64_t until_ms = now.monotonic_ms + order->timeout_ms;

	if (!text_fits(order->text) || strlen(order->node) > NODE_ID_MAX)
		return -EINVAL;
	if (find(commands, order->node) < commands->count)
		return -EBUSY;
	if (commands->count == NODE_COMMANDS_MAX)
		return -ENOBUFS;
	commands->id += commands->id + 1 ? 1 : 2; /* never 0 */
	const struct driver_command command = { order->node, commands->id, order->text, until_ms };
	int result = commands->parts.pass(commands->parts.context, &command);
	if (result < 0)
		return result;
	*waiting = (struct waiting){
		.id = command.id, .until_ms = until_ms, .done = order->done, .context = order->context
	};
	strcpy(waiting->node, order->node); /* its size was checked */
	commands->count++;
	return 0;
}

void node_commands_on_reply(struct node_commands *commands, const struct command_reply *reply)
{
	size_t at = find(commands, reply->node);

	if (at == commands->count || commands->list[at].id != reply->id) {
		log_info("command.reply_unasked node=%s id=%u", reply->node, reply->id);
		return;
	}
	end(commands, at, 0, reply);
}

int64_t node_commands_tick(void *context, struct moment now)
{
	struct node_commands *commands = context;

	for (size_t at = commands->count; at-- > 0;)
		if (commands->list[at].until_ms <= now.monotonic_ms)
			end(commands, at, -ETIMEDOUT, NULL);
	return TICK_MS;
}
