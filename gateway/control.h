/*
 * control: the commands of the gateway, whoever asks: the operator over a socket or the cloud over MQTT.
 *
 * A request is JSON, {"command": NAME, "id": any, ARGUMENT: …}, perhaps with bytes beside it. It is answered by zero or
 * more {"id": …, "event": {…}} and then exactly one {"id": …, "ok": true, "result": {…}} or {"id": …, "ok": false,
 * "error": {"code": …, "message": …}}. Modules register their commands as tables and answer them with the calls of
 * control_request.h; transports dispatch. Loop thread only; nothing blocks. docs/control.md is for people.
 */
#ifndef WAKEGATE_GATEWAY_CONTROL_H
#define WAKEGATE_GATEWAY_CONTROL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/control_command.h"

#define CONTROL_REQUEST_MAX (1024 * 1024) /* bytes of a request's JSON, and of the bytes beside it */
#define CONTROL_COMMANDS_MAX 64
#define CONTROL_REQUESTS_MAX 64 /* being answered at once, streams among them */

struct control;
struct control_request;

/* Borrowed. */
struct control_bytes {
	const void *data;
	size_t size;
};

/* Who asks. Copied; `name` and `context` outlive the request. */
struct control_asker {
	const char *name; /* for journal and log: "operator", "cloud" */
	bool remote;      /* gets CONTROL_REMOTE commands only, and no streams */
	/*
	 * Sends a reply, borrowed for the call; after `last` the request is gone. 0; -ENOBUFS: the asker reads too
	 * slowly, this reply was dropped; -EHOSTUNREACH: the asker is gone, control_cancel() will follow. Must not
	 * call control_cancel() itself.
	 */
	int (*reply)(void *context, const char *json, size_t size, bool last);
	void *context;
	bool uid_known; /* the kernel says whose process it is: */
	uint32_t uid;
	int32_t pid;
	/* Whether it may give a command of that name at all; NULL: any. */
	bool (*may)(void *context, const char *command);
};

/* A command that somebody gave, with what came of it. */
struct control_action {
	const struct control_asker *asker;
	const char *by; /* who asks, as the asker says: "by" of the request; "": it does not */
	const struct control_command *command;
	const json_t *ask; /* may have members that are no arguments */
	int error;         /* 0, or as of control_fail() */
	const char *why;   /* the sentence; "" */
};

/* NULL if there is no memory. The commands "ping" and "commands" (all of them, described) are there from the start. */
struct control *control_open(void);

/* Adds a table, which outlives the dispatcher; `context` goes into each handle(). -ENOBUFS: too many; -EEXIST. */
int control_register(struct control *control, const struct control_command *commands, size_t count, void *context);

/*
 * `acted` is called with every command that is answered, or whose asker left before, also with those that were refused
 * but for CONTROL_READS; all borrowed for the call. One may watch.
 */
void control_watch(
	struct control *control, void (*acted)(void *context, const struct control_action *action), void *context);

/*
 * Handles one request; faults in it are answered like any other. `bytes` beside it are NULL if there are none. Returns
 * the request while it is not answered, for control_cancel(), or NULL if the last reply was sent already.
 */
struct control_request *control_dispatch(struct control *control, const struct control_asker *asker, const char *json,
	size_t size, const struct control_bytes *bytes);

/* Whether it goes on until the asker leaves. */
bool control_is_stream(const struct control_request *request);

/* The asker is gone: its reply() is not called again. A command that cannot be cancelled runs to its end unheard. */
void control_cancel(struct control_request *request);

/* Cancels all requests and frees. What cannot be cancelled is to be answered all the same, which frees it; nobody hears
 * that. NULL is fine. */
void control_close(struct control *control);

#endif
