#include "gateway/control_node_commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/driver.h"
#include "gateway/control_request.h"
#include "gateway/log.h"
#include "gateway/moment.h"
#include "gateway/node_commands.h"
#include "gateway/nodes.h"
#include "store/update_store.h"

#define TIMEOUT_S 60
#define TIMEOUT_MOST_S 86400

/* Somebody who waits for a node. */
struct asked {
	struct control_node_commands *parts;
	struct control_request *request; /* NULL: has left */
	char node[NODE_ID_MAX + 1];
	int64_t timeout_s;
};

/* Only the first word of a command is written down: what follows may be a secret. */
static void note(const struct control_node_commands *parts, const char *node, const char *event, const char *detail)
{
	struct journal_entry entry = { .at_ms = clock_moment(parts->clock).wall_ms };

	snprintf(entry.subject, sizeof(entry.subject), "%s", node);
	snprintf(entry.event, sizeof(entry.event), "%s", event);
	snprintf(entry.detail, sizeof(entry.detail), "%s", detail);
	(void)store_update_save(parts->store, NULL, &entry, (struct store_reply){ 0 });
	log_notice("%s node=%s %s", event, node, detail);
}

/* A text of a device goes to a terminal: without what would command that. */
static json_t *text_value(struct span text)
{
	char *copy = malloc(text.size + 1);
	json_t *value;

	if (!copy)
		return NULL;
	for (size_t i = 0; i < text.size; i++) {
		unsigned char c = (unsigned char)text.data[i];
		copy[i] = (char)((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f ? ' ' : c);
	}
	value = json_stringn(copy, text.size);
	free(copy);
	return value;
}

static void answer(struct control_request *request, const struct command_reply *reply)
{
	json_t *result = json_pack("{s:s, s:b}", "node", reply->node, "ok", (int)reply->ok);
	json_t *value = reply->is_json ? json_loadb(reply->result.data, reply->result.size, JSON_DECODE_ANY, NULL)
				       : text_value(reply->result);

	if (value)
		(void)json_object_set_new(result, "result", value);
	control_done(request, result);
}

static void on_done(void *context, int result, const struct command_reply *reply)
{
	struct asked *asked = context;

	if (reply)
		note(asked->parts, asked->node, "node.replied", reply->ok ? "ok=yes" : "ok=no");
	else if (result == -ETIMEDOUT)
		note(asked->parts, asked->node, "node.unanswered", "reason=timeout");
	if (asked->request && reply)
		answer(asked->request, reply);
	else if (asked->request)
		control_fail(asked->request, result, "%s did not reply within %lld s", asked->node,
			(long long)asked->timeout_s);
	free(asked);
}

static void on_cancelled(void *context)
{
	struct asked *asked = context;

	asked->request = NULL;
}

static void refuse(struct control_request *request, const char *node, int error)
{
	switch (error) {
	case -EINVAL:
		control_fail(request, error, "a command has 1 to %d bytes and no control characters", NODE_COMMAND_MAX);
		return;
	case -EBUSY:
		control_fail(request, error, "%.64s has not replied to the command before", node);
		return;
	case -ENOBUFS:
		control_fail(request, error, "too many commands are under way");
		return;
	case -ENODEV:
		control_fail(request, error, "the network of %.64s is not in the config", node);
		return;
	case -ENOTSUP:
		control_fail(request, error, "the network of %.64s carries no commands", node);
		return;
	default:
		control_fail(request, error, "the command cannot be passed on: %s", strerror(-error));
	}
}

static void handle_command(void *context, struct control_request *request)
{
	struct control_node_commands *parts = context;
	const char *node = control_text(request, "node"), *text = control_text(request, "text");
	int64_t timeout_s = control_integer(request, "timeout", TIMEOUT_S);
	char detail[193];

	if (!nodes_find(parts->nodes, node)) {
		control_fail(request, -ENOENT, "there is no node \"%.64s\"", node);
		return;
	}
	if (timeout_s < 1 || timeout_s > TIMEOUT_MOST_S) {
		control_fail(request, -EINVAL, "the timeout has 1 to %d seconds", TIMEOUT_MOST_S);
		return;
	}
	struct asked *asked = malloc(sizeof(*asked));
	if (!asked) {
		control_fail(request, -ENOMEM, "out of memory");
		return;
	}
	*asked = (struct asked){ .parts = parts, .request = request, .timeout_s = timeout_s };
	snprintf(asked->node, sizeof(asked->node), "%s", node);
	const struct node_order order = { node, text, timeout_s * 1000, on_done, asked };
	int result = node_commands_send(parts->commands, &order, clock_moment(parts->clock));
	if (result < 0) {
		free(asked);
		refuse(request, node, result);
		return;
	}
	snprintf(detail, sizeof(detail), "command=%.*s by=%s", (int)strcspn(text, " "), text,
		control_asker_name(request));
	note(parts, node, "node.command", detail);
	control_on_cancel(request, on_cancelled, asked);
}

static const struct control_argument arguments[] = {
	{ "node", CONTROL_TEXT, true, "the node's id" },
	{ "text", CONTROL_TEXT, true, "the command, as its maker defines it: at most 200 bytes", .secret = true },
	{ "timeout", CONTROL_INTEGER, false, "seconds to wait for the reply, 60 unless told, a day at most" },
	{ 0 },
};

static const struct control_command commands[] = {
	{ "node.command", "passes a command on to a node and waits for its reply", arguments, CONTROL_REMOTE,
		handle_command },
};

int control_node_commands_register(struct control *control, struct control_node_commands *parts)
{
	return control_register(control, commands, sizeof(commands) / sizeof(commands[0]), parts);
}
