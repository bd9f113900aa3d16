/*
 * terminal: what the operator looks at: its size, whether it takes colour, and tones that mean the same everywhere.
 */
#ifndef WAKEGATE_GATEWAY_CLI_TERMINAL_H
#define WAKEGATE_GATEWAY_CLI_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

/* What a text means; how that looks is decided here. */
enum tone { TONE_PLAIN, TONE_GOOD, TONE_BAD, TONE_BUSY, TONE_QUIET, TONE_TITLE };

struct terminal {
	bool is_terminal;
	bool colour;    /* NO_COLOR and TERM=dumb are honoured */
	unsigned width; /* columns; 0: no limit, it is no terminal */
	unsigned height;
};

/* Looks at the stream, and at COLUMNS where it is no terminal. */
struct terminal terminal_of(FILE *stream);

/* The escape sequences that begin a tone and end it; "" without colour. */
const char *tone_begin(enum tone tone, bool colour);
const char *tone_end(enum tone tone, bool colour);

#endif
