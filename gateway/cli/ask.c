#include "gateway/cli/ask.h"

#include <errno.h>
#include <string.h>

#include "gateway/cli/cli.h"
#include "gateway/moment.h"

#define PAGE_SIZE 200

/* The daemon's codes that have an exit code of their own; the others are CLI_FAILED. */
static const struct {
	const char *code;
	enum cli_exit exit;
} exits[] = {
	{ "not_found", CLI_NOT_FOUND },
	{ "refused", CLI_REFUSED },
	{ "forbidden", CLI_REFUSED },
	{ "bad_request", CLI_USAGE },
};

static int fail_to_connect(const struct cli *cli, int error, const char *why)
{
	switch (error) {
	case -ENOENT:
	case -ECONNREFUSED:
		return cli_fail(cli, CLI_UNREACHABLE,
			"the daemon is not running, or listens elsewhere than at %s (--socket PATH, WAKEGATE_SOCKET)",
			cli->socket);
	case -EACCES:
		return cli_fail(cli, CLI_UNREACHABLE,
			"you may not write to %s: use sudo, or join the group that owns it", cli->socket);
	default:
		return cli_fail(cli, CLI_UNREACHABLE, "%s", why);
	}
}

int ask_connect(struct cli *cli)
{
	char why[256] = "out of memory";

	if (cli->connection)
		return CLI_OK;
	int result = connection_open(&cli->connection, cli->socket, why, sizeof(why));
	return result < 0 ? fail_to_connect(cli, result, why) : CLI_OK;
}

int ask_fail(const struct cli *cli, int error)
{
	switch (error) {
	case -ETIMEDOUT:
		return cli_fail(cli, CLI_UNREACHABLE, "the daemon does not answer");
	case -ECONNRESET:
		return cli_fail(cli, CLI_UNREACHABLE, "the daemon stopped before it answered");
	case -EPROTO:
		return cli_fail(cli, CLI_FAILED, "what listens at %s does not speak as wakegate does", cli->socket);
	default:
		return cli_fail(cli, CLI_FAILED, "no answer from the daemon: %s", strerror(-error));
	}
}

int ask_judge(const struct cli *cli, const json_t *reply)
{
	const json_t *error = json_object_get(reply, "error");
	const char *code = json_string_value(json_object_get(error, "code"));
	const char *message = json_string_value(json_object_get(error, "message"));

	if (json_is_true(json_object_get(reply, "ok")))
		return CLI_OK;
	for (size_t i = 0; code && i < sizeof(exits) / sizeof(exits[0]); i++)
		if (strcmp(exits[i].code, code) == 0)
			return cli_fail(cli, exits[i].exit, "%s", message ? message : code);
	return cli_fail(cli, CLI_FAILED, "%s", message ? message : code ? code : "the daemon gave no reason");
}

static int receive_answer(struct cli *cli, int id, int timeout_ms, json_t **reply)
{
	json_t *found;
	int found_id;

	for (;;) {
		int result = connection_receive(cli->connection, -1, timeout_ms, &found, &found_id);
		if (result == -EINTR)
			continue;
		if (result < 0)
			return ask_fail(cli, result);
		/* A refusal without an id is of a request that the daemon had no room to read. */
		if ((found_id == id || found_id == 0) && json_object_get(found, "ok")) {
			*reply = found;
			return CLI_OK;
		}
		json_decref(found);
	}
}

static int send_request(struct cli *cli, json_t *request, const struct control_bytes *bytes, int *id)
{
	int code = ask_connect(cli);
	int result = code == CLI_OK ? connection_send(cli->connection, request, bytes, id) : 0;

	json_decref(request);
	return result < 0 ? ask_fail(cli, result) : code;
}

int ask(struct cli *cli, json_t *request, json_t **result)
{
	return ask_with_bytes(cli, request, NULL, result);
}

/* The answer's result, if it is a success; `result` may be NULL. */
static int take_answer(struct cli *cli, int id, int timeout_ms, json_t **result)
{
	json_t *reply = NULL;
	int code = receive_answer(cli, id, timeout_ms, &reply);

	if (code != CLI_OK)
		return code;
	code = ask_judge(cli, reply);
	if (code == CLI_OK && result)
		*result = json_incref(json_object_get(reply, "result"));
	json_decref(reply);
	return code;
}

int ask_with_bytes(struct cli *cli, json_t *request, const struct control_bytes *bytes, json_t **result)
{
	int id;
	int code = send_request(cli, request, bytes, &id);

	return code == CLI_OK ? take_answer(cli, id, ASK_TIMEOUT_MS, result) : code;
}

int ask_for(struct cli *cli, json_t *request, int wait_ms, json_t **result)
{
	int id;
	int code = send_request(cli, request, NULL, &id);

	return code == CLI_OK ? take_answer(cli, id, ASK_TIMEOUT_MS + wait_ms, result) : code;
}

static int gather_pages(struct cli *cli, json_t *request, const char *name, json_t *list)
{
	json_t *page, *next = NULL;

	do {
		int code = ask(cli, json_incref(request), &page);
		if (code != CLI_OK)
			return code;
		(void)json_array_extend(list, json_object_get(page, name));
		next = json_object_get(page, "next");
		if (next)
			(void)json_object_set(request, "from", next);
		json_decref(page);
	} while (next);
	return CLI_OK;
}

int ask_pages(struct cli *cli, json_t *request, const char *name, json_t **list)
{
	json_t *gathered = json_array();

	(void)json_object_set_new(request, "limit", json_integer(PAGE_SIZE));
	int code = gather_pages(cli, request, name, gathered);
	json_decref(request);
	if (code == CLI_OK)
		*list = gathered;
	else
		json_decref(gathered);
	return code;
}

/* Hands on one reply of the stream; *ended after the last. */
static int take_reply(struct cli *cli, const struct ask_stream *stream, json_t *reply, bool *ended)
{
	const json_t *event = json_object_get(reply, "event");
	int code = CLI_OK;

	if (event)
		code = stream->event(stream->context, event);
	else
		code = ask_judge(cli, reply);
	*ended = !event || code != CLI_OK;
	json_decref(reply);
	return code;
}

static int ping(struct cli *cli, int64_t *due_ms)
{
	int64_t now_ms = clock_moment(&machine_clock).monotonic_ms;
	int id;

	if (now_ms < *due_ms)
		return 0;
	*due_ms = now_ms + ASK_PING_MS;
	json_t *request = json_pack("{s:s}", "command", "ping");
	int result = connection_send(cli->connection, request, NULL, &id);
	json_decref(request);
	return result;
}

int ask_stream(struct cli *cli, json_t *request, const struct ask_stream *stream)
{
	int64_t ping_due_ms = clock_moment(&machine_clock).monotonic_ms + ASK_PING_MS;
	int id, code = send_request(cli, request, NULL, &id);
	bool ended = false;

	while (code == CLI_OK && !ended) {
		json_t *reply = NULL;
		int reply_id = 0;
		int result = connection_receive(cli->connection, stream->other_fd, stream->idle_ms, &reply, &reply_id);
		bool quiet = result == -ETIMEDOUT || result == -EAGAIN || result == -EINTR;
		if (result == 0 && reply_id == id)
			code = take_reply(cli, stream, reply, &ended);
		else
			json_decref(reply);
		if (quiet || result == 0)
			result = ping(cli, &ping_due_ms);
		if (result < 0)
			return ask_fail(cli, result);
		if (quiet && stream->idle)
			code = stream->idle(stream->context);
	}
	return code == ASK_ENOUGH ? CLI_OK : code;
}
