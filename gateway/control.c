#include "gateway/control.h"

#include <assert.h>
#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/control_arguments.h"
#include "gateway/control_request.h"

#define ID_MAX 64 /* bytes of a text that a client chose as id */
#define BY_MAX 64 /* bytes of who asks, as it says */
#define MESSAGE_SIZE 512

struct entry {
	const struct control_command *command;
	void *context;
};

struct control {
	struct entry entries[CONTROL_COMMANDS_MAX];
	size_t count;
	struct control_request *requests;
	size_t request_count;
	void (*acted)(void *context, const struct control_action *action);
	void *acted_context;
};

struct control_request {
	struct control *control;              /* NULL: closed */
	struct control_request *next, **self; /* its place in the list */
	struct control_asker asker;
	const struct control_command *command; /* once it is known */
	json_t *ask;
	struct control_bytes bytes;
	void (*cancelled)(void *context);
	void *cancelled_context;
	bool streams;
	bool handling; /* inside handle(): an answer must not free it yet */
	bool answered;
	bool gone;
	bool told; /* to who watches */
};

const char *control_code(int error)
{
	static const struct {
		int error;
		const char *code;
	} codes[] = {
		{ -EINVAL, "bad_request" },
		{ -ENOSYS, "unknown_command" },
		{ -ENOENT, "not_found" },
		{ -EEXIST, "exists" },
		{ -EALREADY, "already" },
		{ -EACCES, "refused" },
		{ -EPERM, "forbidden" },
		{ -EBADMSG, "malformed" },
		{ -EAGAIN, "busy" },
		{ -EBUSY, "busy" },
		{ -ENOBUFS, "limit" },
		{ -ENOSPC, "no_space" },
		{ -E2BIG, "too_large" },
		{ -EMSGSIZE, "too_large" },
		{ -EFBIG, "too_large" },
		{ -ENOTSUP, "unsupported" },
		{ -ENOTCONN, "not_connected" },
		{ -ETIMEDOUT, "timeout" },
		{ -ECANCELED, "cancelled" },
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i].error == error)
			return codes[i].code;
	return "failed";
}

static struct control_request *request_open(struct control *control, const struct control_asker *asker)
{
	struct control_request *request = calloc(1, sizeof(*request));

	if (!request)
		return NULL;
	request->control = control;
	request->asker = *asker;
	request->next = control->requests;
	request->self = &control->requests;
	if (request->next)
		request->next->self = &request->next;
	control->requests = request;
	control->request_count++;
	return request;
}

/* What came of the command, once. */
static void tell(struct control_request *request, int error, const char *why)
{
	const struct control *control = request->control;
	const char *by = json_string_value(json_object_get(request->ask, "by"));
	const struct control_action action = {
		.asker = &request->asker,
		.by = by ? by : "",
		.command = request->command,
		.ask = request->ask,
		.error = error,
		.why = why,
	};

	if (!control || !control->acted || !request->command || request->command->flags & CONTROL_READS ||
		request->told)
		return;
	request->told = true;
	control->acted(control->acted_context, &action);
}

/* It is no more the dispatcher's. */
static void request_leave(struct control_request *request)
{
	if (!request->control)
		return;
	tell(request, -ECANCELED, "the asker left before the answer");
	*request->self = request->next;
	if (request->next)
		request->next->self = request->self;
	request->control->request_count--;
	request->control = NULL;
}

static void request_close(struct control_request *request)
{
	request_leave(request);
	json_decref(request->ask);
	free(request);
}

/* Sends {"id": …} with `members` added; takes them. */
static int send_reply(const struct control_request *request, json_t *members, bool last)
{
	json_t *id = json_object_get(request->ask, "id");
	int result = -EHOSTUNREACH;

	if (id)
		(void)json_object_set(members, "id", id);
	if (!request->gone) {
		char *text = json_dumps(members, JSON_COMPACT | JSON_REAL_PRECISION(15));
		result = text ? request->asker.reply(request->asker.context, text, strlen(text), last) : -ENOMEM;
		free(text);
	}
	json_decref(members);
	return result;
}

static void answer(struct control_request *request, json_t *members)
{
	assert(!request->answered);
	(void)send_reply(request, members, true); /* there is no further way to tell an asker that is gone or slow */
	request->answered = true;
	if (!request->handling)
		request_close(request);
}

void control_done(struct control_request *request, json_t *result)
{
	tell(request, 0, "");
	answer(request, json_pack("{s:b, s:o}", "ok", 1, "result", result ? result : json_object()));
}

/* Text of a node or file may stand in the message; what is not UTF-8 would make the reply no JSON. */
static json_t *text_or_escape(char *text)
{
	json_t *string = json_string(text);

	if (string)
		return string;
	for (char *c = text; *c; c++)
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	return json_string(text);
}

void control_fail(struct control_request *request, int error, const char *format, ...)
{
	char message[MESSAGE_SIZE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	tell(request, error, message);
	answer(request, json_pack("{s:b, s:{s:s, s:o}}", "ok", 0, "error", "code", control_code(error), "message",
				text_or_escape(message)));
}

int control_event(struct control_request *request, json_t *event)
{
	return send_reply(request, json_pack("{s:o}", "event", event), false);
}

void control_on_cancel(struct control_request *request, void (*cancelled)(void *context), void *context)
{
	request->cancelled = cancelled;
	request->cancelled_context = context;
}

bool control_is_stream(const struct control_request *request)
{
	return request->streams;
}

void control_cancel(struct control_request *request)
{
	request->gone = true;
	if (!request->cancelled)
		return;
	request->cancelled(request->cancelled_context);
	request_close(request);
}

const char *control_text(const struct control_request *request, const char *name)
{
	return json_string_value(json_object_get(request->ask, name));
}

int64_t control_integer(const struct control_request *request, const char *name, int64_t otherwise)
{
	const json_t *value = json_object_get(request->ask, name);

	return value ? json_integer_value(value) : otherwise;
}

bool control_boolean(const struct control_request *request, const char *name)
{
	return json_is_true(json_object_get(request->ask, name));
}

const json_t *control_integers(const struct control_request *request, const char *name)
{
	return json_object_get(request->ask, name);
}

const json_t *control_list(const struct control_request *request, const char *name)
{
	return json_object_get(request->ask, name);
}

const json_t *control_object(const struct control_request *request, const char *name)
{
	return json_object_get(request->ask, name);
}

struct control_bytes control_request_bytes(const struct control_request *request)
{
	return request->bytes;
}

const char *control_asker_name(const struct control_request *request)
{
	return request->asker.name;
}

static const struct entry *find_entry(const struct control *control, const char *name)
{
	for (size_t i = 0; i < control->count; i++)
		if (strcmp(control->entries[i].command->name, name) == 0)
			return &control->entries[i];
	return NULL;
}

static bool id_fits(const json_t *id)
{
	return !id || json_is_integer(id) || (json_is_string(id) && json_string_length(id) <= ID_MAX);
}

/* Reads the request's JSON. What cannot be echoed as an id is taken out. */
static int parse_ask(struct control_request *request, const char *json, size_t size, char *why, size_t why_size)
{
	json_error_t fault;

	if (size > CONTROL_REQUEST_MAX || request->bytes.size > CONTROL_REQUEST_MAX) {
		snprintf(why, why_size, "a request has at most %d bytes", CONTROL_REQUEST_MAX);
		return -EMSGSIZE;
	}
	request->ask = json_loadb(json, size, JSON_REJECT_DUPLICATES, &fault);
	if (!request->ask) {
		snprintf(why, why_size, "not JSON: %s at byte %d", fault.text, fault.position);
		return -EINVAL;
	}
	if (!json_is_object(request->ask)) {
		snprintf(why, why_size, "a request is a JSON object");
		return -EINVAL;
	}
	if (!id_fits(json_object_get(request->ask, "id"))) {
		(void)json_object_del(request->ask, "id");
		snprintf(why, why_size, "\"id\" is an integer or a text of at most %d bytes", ID_MAX);
		return -EINVAL;
	}
	return 0;
}

static int check_by(const struct control_request *request, char *why, size_t why_size)
{
	const json_t *by = json_object_get(request->ask, "by");

	if (!by || (json_is_string(by) && json_string_length(by) <= BY_MAX))
		return 0;
	snprintf(why, why_size, "\"by\" is a text of at most %d bytes", BY_MAX);
	return -EINVAL;
}

static int find_command(struct control_request *request, const struct entry **out, char *why, size_t why_size)
{
	const char *name = control_text(request, "command");
	const struct entry *entry = name ? find_entry(request->control, name) : NULL;

	if (!name) {
		snprintf(why, why_size, "a request names its \"command\"");
		return -EINVAL;
	}
	if (!entry) {
		snprintf(why, why_size, "there is no command \"%.64s\"; \"commands\" lists them", name);
		return -ENOSYS;
	}
	request->command = entry->command;
	if (request->asker.may && !request->asker.may(request->asker.context, name)) {
		snprintf(why, why_size, "upstream.remote_commands does not allow this command");
		return -EPERM;
	}
	if (request->asker.remote &&
		(!(entry->command->flags & CONTROL_REMOTE) || entry->command->flags & CONTROL_STREAM)) {
		snprintf(why, why_size, "%s may only be asked at the gateway itself", name);
		return -EPERM;
	}
	if (request->bytes.size && !(entry->command->flags & CONTROL_BYTES)) {
		snprintf(why, why_size, "%s takes no bytes beside its JSON", name);
		return -EINVAL;
	}
	*out = entry;
	int result = check_by(request, why, why_size);
	return result < 0 ? result : control_arguments_check(entry->command, request->ask, why, why_size);
}

static void handle(struct control_request *request, const char *json, size_t size)
{
	const struct entry *entry = NULL;
	char why[MESSAGE_SIZE];
	int result = parse_ask(request, json, size, why, sizeof(why));

	if (result == 0 && request->control->request_count > CONTROL_REQUESTS_MAX) {
		snprintf(why, sizeof(why), "%d requests are being answered already", CONTROL_REQUESTS_MAX);
		result = -EBUSY;
	}
	if (result == 0)
		result = find_command(request, &entry, why, sizeof(why));
	if (result < 0)
		control_fail(request, result, "%s", why);
	if (result < 0)
		return;
	request->streams = entry->command->flags & CONTROL_STREAM;
	entry->command->handle(entry->context, request);
}

struct control_request *control_dispatch(struct control *control, const struct control_asker *asker, const char *json,
	size_t size, const struct control_bytes *bytes)
{
	struct control_request *request = request_open(control, asker);

	if (!request)
		return NULL;
	if (bytes)
		request->bytes = *bytes;
	request->handling = true;
	handle(request, json, size);
	request->handling = false;
	request->bytes = (struct control_bytes){ 0 };
	if (request->answered) {
		request_close(request);
		return NULL;
	}
	return request;
}

static void handle_ping(void *context, struct control_request *request)
{
	control_done(request, NULL);
}

static void handle_commands(void *context, struct control_request *request)
{
	const struct control *control = context;
	json_t *list = json_array();

	for (size_t i = 0; i < control->count; i++)
		(void)json_array_append_new(list, control_command_describe(control->entries[i].command));
	control_done(request, json_pack("{s:o}", "commands", list));
}

static const struct control_command own_commands[] = {
	{ "ping", "answers, which also keeps the streams of the asker alive", NULL, CONTROL_REMOTE | CONTROL_READS,
		handle_ping },
	{ "commands", "describes all commands", NULL, CONTROL_REMOTE | CONTROL_READS, handle_commands },
};

struct control *control_open(void)
{
	struct control *control = calloc(1, sizeof(*control));

	if (control)
		(void)control_register(control, own_commands, sizeof(own_commands) / sizeof(own_commands[0]), control);
	return control;
}

void control_watch(
	struct control *control, void (*acted)(void *context, const struct control_action *action), void *context)
{
	control->acted = acted;
	control->acted_context = context;
}

int control_register(struct control *control, const struct control_command *commands, size_t count, void *context)
{
	if (control->count + count > CONTROL_COMMANDS_MAX)
		return -ENOBUFS;
	for (size_t i = 0; i < count; i++)
		if (find_entry(control, commands[i].name))
			return -EEXIST;
	for (size_t i = 0; i < count; i++)
		control->entries[control->count++] = (struct entry){ &commands[i], context };
	return 0;
}

void control_close(struct control *control)
{
	if (!control)
		return;
	while (control->requests) {
		struct control_request *request = control->requests;
		request->gone = true;
		request_leave(request);
		if (!request->cancelled)
			continue;
		request->cancelled(request->cancelled_context);
		request_close(request);
	}
	free(control);
}
