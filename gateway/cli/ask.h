/*
 * ask: questions to the daemon, with every failure turned into a sentence and an exit code.
 */
#ifndef WAKEGATE_GATEWAY_CLI_ASK_H
#define WAKEGATE_GATEWAY_CLI_ASK_H

#include <jansson.h>

#include "gateway/cli/connection.h"

struct cli;
struct control_bytes;

#define ASK_TIMEOUT_MS 15000
#define ASK_PING_MS 4000 /* how often to ping while a stream is open */

/*
 * Sends the request and waits for its answer; takes `request`. CLI_OK with *result yours to release (`result` may be
 * NULL), or what cli_fail() returned.
 */
int ask(struct cli *cli, json_t *request, json_t **result);

/* As ask(), for an answer that may take as long as `wait_ms` beyond what the daemon needs. */
int ask_for(struct cli *cli, json_t *request, int wait_ms, json_t **result);

/* As ask(), with bytes beside the request (NULL: none). */
int ask_with_bytes(struct cli *cli, json_t *request, const struct control_bytes *bytes, json_t **result);

/*
 * Asks page by page and gathers the lists called `name` into one; takes `request`. CLI_OK with *list yours to release.
 */
int ask_pages(struct cli *cli, json_t *request, const char *name, json_t **list);

/* Connects if there is no connection yet. CLI_OK, or CLI_UNREACHABLE having said why. */
int ask_connect(struct cli *cli);

/* Says what is wrong if a final reply is no success: CLI_OK, or an exit code. */
int ask_judge(const struct cli *cli, const json_t *reply);

/* Says what a negative errno of connection_send() or connection_receive() means; returns an exit code. */
int ask_fail(const struct cli *cli, int error);

#define ASK_ENOUGH (-1)

/*
 * Sends a request that streams, then calls `event` for each event, until that returns an exit code other than CLI_OK,
 * or ASK_ENOUGH to end well, or the daemon ends the stream; takes `request`. Between events `idle` (may be NULL) is
 * called at least every `idle_ms`, and at once when `other_fd` (-1: none) is readable; it may end the stream likewise.
 */
struct ask_stream {
	int (*event)(void *context, const json_t *event);
	int (*idle)(void *context);
	void *context;
	int other_fd;
	int idle_ms;
};
int ask_stream(struct cli *cli, json_t *request, const struct ask_stream *stream);

#endif
