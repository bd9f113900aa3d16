/*
 * control_request: what the handler of a command does with the request it was given.
 *
 * A handler reads its arguments, then answers: at once or later, with control_done() or control_fail() as the last
 * call. Loop thread only.
 */
#ifndef WAKEGATE_GATEWAY_CONTROL_REQUEST_H
#define WAKEGATE_GATEWAY_CONTROL_REQUEST_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "gateway/control.h"

/* Arguments, borrowed while the request lives; absent ones are NULL, `otherwise` or false. */
const char *control_text(const struct control_request *request, const char *name);
int64_t control_integer(const struct control_request *request, const char *name, int64_t otherwise);
bool control_boolean(const struct control_request *request, const char *name);
const json_t *control_integers(const struct control_request *request, const char *name);
const json_t *control_list(const struct control_request *request, const char *name);
const json_t *control_object(const struct control_request *request, const char *name);

/* The bytes beside the JSON, during handle() only; size 0 if there are none. */
struct control_bytes control_request_bytes(const struct control_request *request);

/* "operator", "cloud", …: for the journal. */
const char *control_asker_name(const struct control_request *request);

/*
 * `cancelled` is called once if the asker leaves before the last reply; the request is gone when it returns. A must for
 * streams, and for whatever should not go on unheard.
 */
void control_on_cancel(struct control_request *request, void (*cancelled)(void *context), void *context);

/* An interim reply; takes `event`. 0; -ENOBUFS: the asker reads too slowly, this event was dropped; -EHOSTUNREACH: the
 * asker is gone and `cancelled` will be called soon, not from within. */
int control_event(struct control_request *request, json_t *event);

/* The last reply; takes `result` (NULL: {}) and the request. */
void control_done(struct control_request *request, json_t *result);

/* The last reply: a negative errno, told as a stable code, and a sentence for a person. Takes the request. */
void control_fail(struct control_request *request, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The code that stands for a negative errno: "not_found" for -ENOENT, …; "failed" where there is no word of its own. */
const char *control_code(int error);

#endif
