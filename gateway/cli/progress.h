/*
 * progress: shows how far long work is: a bar with rate and time left on a terminal, elsewhere a line per tenth, a
 * second apart.
 *
 * The caller owns the memory and gives the time (any monotonic clock, milliseconds).
 */
#ifndef WAKEGATE_GATEWAY_CLI_PROGRESS_H
#define WAKEGATE_GATEWAY_CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define PROGRESS_LINE_MAX 512 /* bytes */

struct progress {
	FILE *out;
	bool on_terminal;
	unsigned width;
	const char *label; /* outlives the progress */
	uint64_t total;    /* bytes */
	uint64_t begun_at; /* bytes that were done before */
	int64_t begun_ms, drawn_ms;
	unsigned tenths; /* told so far */
};

/* Starts showing on standard error. `done` bytes of `total` are there already. */
void progress_begin(struct progress *progress, const char *label, uint64_t done, uint64_t total, int64_t now_ms);

/* Shows `done` bytes; draws ten times a second at most. */
void progress_show(struct progress *progress, uint64_t done, int64_t now_ms);

/* Draws the last state and ends the line. */
void progress_end(struct progress *progress, uint64_t done, int64_t now_ms);

/*
 * The line itself: "LABEL [=====>     ]  45 %  1.2 MB/s  12 s left", exactly `width` columns at most (40 at least);
 * without the bar where `width` is 0.
 */
void progress_line(const struct progress *progress, uint64_t done, int64_t now_ms, char *line, size_t size);

#endif
