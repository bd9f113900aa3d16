/*
 * line_host: a program's side of tests/harness/line_host.py: commands come as lines, answers go as lines of JSON.
 */
#ifndef WAKEGATE_TESTS_SIM_LINE_HOST_H
#define WAKEGATE_TESTS_SIM_LINE_HOST_H

#include <jansson.h>
#include <stddef.h>
#include <uv.h>

#define LINE_HOST_BYTES 4096 /* of one line */

/* Belongs to the caller. */
struct line_host {
	uv_pipe_t input;
	char line[LINE_HOST_BYTES];
	size_t size;
	void (*run)(void *context, char *line);
	void *context;
};

/* Calls `run` for each line of standard input; its end counts as the line "quit". */
void line_host_open(struct line_host *host, uv_loop_t *loop, void (*run)(void *context, char *line), void *context);

/* Reads no more; the loop gives the handle back. */
void line_host_close(struct line_host *host);

/* Prints a line and flushes. Takes the object. */
void line_host_say(json_t *object);

#endif
