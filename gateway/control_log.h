/*
 * control_log: the control commands about what happened: journal, and log.level.
 */
#ifndef WAKEGATE_GATEWAY_CONTROL_LOG_H
#define WAKEGATE_GATEWAY_CONTROL_LOG_H

#include <jansson.h>

#include "gateway/moment.h"

struct control;
struct control_request;
struct store;

/* What the commands need; outlives the dispatcher. */
struct control_log {
	struct store *store;
};

/* As control_register(). `parts` outlives the dispatcher. */
int control_log_register(struct control *control, struct control_log *parts);

/* Answers with `result` (taken), to which the newest `limit` entries about `subject` (NULL: all) are added. */
void control_answer_with_journal(
	struct control_request *request, json_t *result, struct store *store, const char *subject, unsigned limit);

/* Notes what was asked for, in the journal and the log: `event` about `subject` (a node, an image), by `asker`. */
void control_note(struct store *store, struct moment now, const char *event, const char *subject, const char *asker);

#endif
