/*
 * top_view: the picture that `wakegate top` shows, made of two looks at the gateway.
 */
#ifndef WAKEGATE_GATEWAY_CLI_TOP_VIEW_H
#define WAKEGATE_GATEWAY_CLI_TOP_VIEW_H

#include <jansson.h>
#include <stdio.h>

struct terminal;

/* One look: what the daemon answered. */
struct top_look {
	json_t *status;  /* of "status" */
	json_t *nodes;   /* of "node.recent" */
	json_t *updates; /* of "update.summary" */
};

/* Releases the answers; fine with an empty look. */
void top_look_finish(struct top_look *look);

/*
 * Prints the picture, at most `terminal->height` - 1 lines of at most `terminal->width` columns, over what was there:
 * it begins at the top left corner. Rates are what changed since `before`, whose status may be NULL: then they are 0.
 */
void top_view_print(
	const struct top_look *now, const struct top_look *before, const struct terminal *terminal, FILE *out);

#endif
