/*
 * stick_line: what the protocol of a stick needs of the world: bytes out, a clock with an alarm, and a fresh start.
 *
 * A protocol machine owns a line and is told through stick_line_user; it asks no clock and opens nothing itself, so
 * that a test can be its world. stick_line_open() makes the real one: a serial port and the loop's clock.
 */
#ifndef WAKEGATE_DRIVERS_STICK_LINE_H
#define WAKEGATE_DRIVERS_STICK_LINE_H

#include <stddef.h>
#include <stdint.h>

struct serial_port_config;
struct stick_line;
struct uv_loop_s;

/* What the line tells; none may close it. */
struct stick_line_user {
	void *context;
	void (*up)(void *context); /* bytes can be sent and come */
	/* They cannot: a sentence for a person. The line comes up again by itself. */
	void (*down)(void *context, const char *why);
	void (*bytes)(void *context, const void *data, size_t size);
	void (*alarm)(void *context);
};

struct stick_line_ops {
	int64_t (*now_ms)(struct stick_line *line);
	/* Never calls back from within. */
	void (*write)(struct stick_line *line, const void *data, size_t size);
	/* One alarm, at `at_ms` of now_ms(); INT64_MAX: none. Replaces the one before. */
	void (*set_alarm)(struct stick_line *line, int64_t at_ms);
	/* Takes the line down, with down(), and up again after a pause. */
	void (*reopen)(struct stick_line *line, const char *why);
	void (*close)(struct stick_line *line);
};

struct stick_line {
	const struct stick_line_ops *ops;
};

/* As serial_port_open(). */
int stick_line_open(struct stick_line **out, struct uv_loop_s *loop, const struct serial_port_config *config,
	const struct stick_line_user *user, char *why, size_t why_size);

#endif
