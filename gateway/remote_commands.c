#include "gateway/remote_commands.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/uplink.h"
#include "gateway/control.h"
#include "gateway/control_request.h"
#include "gateway/log.h"
#include "gateway/moment.h"

/* A command until its last answer. */
struct command {
	struct command *next;
	struct remote_commands *owner;
	struct control_request *request;
	char *response_topic; /* NULL: the common one */
	void *correlation;
	size_t correlation_size;
};

struct remote_commands {
	struct remote_commands_parts parts;
	struct command *commands;
	size_t count;
};

static void command_free(struct command *command)
{
	struct command **link = &command->owner->commands;

	while (*link != command)
		link = &(*link)->next;
	*link = command->next;
	command->owner->count--;
	free(command->response_topic);
	free(command->correlation);
	free(command);
}

static int send_answer(const struct command *command, const char *json, size_t size)
{
	const struct remote_commands_parts *parts = &command->owner->parts;

	return parts->send(parts->context,
		&(struct uplink_message){ .topic = command->response_topic ? command->response_topic : parts->replies,
			.payload = json,
			.size = size,
			.content_type = "application/json",
			.correlation = command->correlation,
			.correlation_size = command->correlation_size,
			.quality = 1 });
}

static int on_reply(void *context, const char *json, size_t size, bool last)
{
	struct command *command = context;
	int result = send_answer(command, json, size);

	if (result < 0)
		log_warning("command.answer_lost reason=\"%s\"", strerror(-result));
	if (last)
		command_free(command);
	return result < 0 ? -ENOBUFS : 0;
}

/* "node.list", "node.*" and "*" let in node.list. */
static bool is_allowed(const struct setting_list *allowed, const char *name)
{
	for (size_t i = 0; i < allowed->count; i++) {
		const char *pattern = allowed->items[i];
		size_t size = strlen(pattern);
		bool open_end = size > 0 && pattern[size - 1] == '*';

		if (open_end ? strncmp(name, pattern, size - 1) == 0 : strcmp(name, pattern) == 0)
			return true;
	}
	return false;
}

static bool may(void *context, const char *name)
{
	const struct command *command = context;

	return is_allowed(command->owner->parts.allowed, name);
}

static void refuse(struct command *command, const json_t *id, int error, const char *why)
{
	json_t *answer = json_pack(
		"{s:O*,s:b,s:{s:s,s:s}}", "id", id, "ok", false, "error", "code", control_code(error), "message", why);
	char *text = answer ? json_dumps(answer, JSON_COMPACT) : NULL;

	if (text)
		(void)send_answer(command, text, strlen(text));
	free(text);
	json_decref(answer);
	command_free(command);
}

static struct command *command_create(struct remote_commands *commands, const struct uplink_message *message)
{
	struct command *command = calloc(1, sizeof(*command));

	if (!command)
		return NULL;
	command->owner = commands;
	command->next = commands->commands;
	commands->commands = command;
	commands->count++;
	/* A topic to publish to has no wildcards (MQTT 5 section 4.7.1). */
	if (message->response_topic && strlen(message->response_topic) < UPLINK_TOPIC_MAX &&
		!strpbrk(message->response_topic, "+#"))
		command->response_topic = strdup(message->response_topic);
	if (message->correlation_size && (command->correlation = malloc(message->correlation_size))) {
		memcpy(command->correlation, message->correlation, message->correlation_size);
		command->correlation_size = message->correlation_size;
	}
	return command;
}

static void dispatch(struct command *command, const char *text, size_t size)
{
	const struct control_asker asker = {
		.name = "cloud", .remote = true, .may = may, .reply = on_reply, .context = command
	};
	struct control_request *request = control_dispatch(command->owner->parts.control, &asker, text, size, NULL);

	if (request)
		command->request = request;
}

/* Without "until", which is ours: the rest is the dispatcher's to read. */
static void dispatch_in_time(struct command *command, json_t *document)
{
	json_int_t until_s = json_integer_value(json_object_get(document, "until"));

	if (until_s < clock_moment(command->owner->parts.clock).wall_ms / 1000) {
		refuse(command, json_object_get(document, "id"), -ETIMEDOUT, "the command comes too late");
		return;
	}
	(void)json_object_del(document, "until");
	char *text = json_dumps(document, JSON_COMPACT);
	if (text)
		dispatch(command, text, strlen(text));
	else
		refuse(command, json_object_get(document, "id"), -ENOMEM, "out of memory");
	free(text);
}

void remote_commands_on_message(struct remote_commands *commands, const struct uplink_message *message)
{
	if (message->retain) {
		log_warning("command.passed_over reason=retained");
		return;
	}
	struct command *command = command_create(commands, message);
	if (!command)
		return;
	if (message->size > REMOTE_COMMAND_MAX) {
		refuse(command, NULL, -EMSGSIZE, "the command is too long");
		return;
	}
	json_t *document = json_loadb(message->payload, message->size, JSON_REJECT_DUPLICATES, NULL);
	const json_t *id = json_object_get(document, "id");
	/* What is no command at all is for the dispatcher to answer. */
	if (commands->count > REMOTE_COMMANDS_MAX)
		refuse(command, id, -ENOBUFS, "too many commands are being answered");
	else if (json_is_integer(json_object_get(document, "until")))
		dispatch_in_time(command, document);
	else
		dispatch(command, message->payload, message->size);
	json_decref(document);
}

int remote_commands_open(struct remote_commands **out, const struct remote_commands_parts *parts)
{
	struct remote_commands *commands = calloc(1, sizeof(*commands));

	if (!commands)
		return -ENOMEM;
	commands->parts = *parts;
	*out = commands;
	return 0;
}

void remote_commands_close(struct remote_commands *commands)
{
	if (!commands)
		return;
	while (commands->commands) {
		struct command *command = commands->commands;

		if (command->request)
			control_cancel(command->request);
		command_free(command);
	}
	free(commands);
}
