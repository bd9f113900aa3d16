/*
 * log: lines of a stable event word followed by facts, to standard output or the journal.
 *
 *     log_notice("update.confirmed node=%s image=%s", …);
 *
 * Under systemd each line carries its priority as <N> (sd-daemon(3)); elsewhere a UTC time and the level's name. One
 * line is at most 1,024 bytes; control characters are shown as \xNN, so that a node cannot forge a line.
 */
#ifndef WAKEGATE_GATEWAY_LOG_H
#define WAKEGATE_GATEWAY_LOG_H

#include <stdbool.h>
#include <stddef.h>

#define LOG_QUOTED_SIZE 512

struct clock;

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_NOTICE, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

void log_set_level(enum log_level level);
enum log_level log_get_level(void);

/* The level of that name ("error" … "debug"), or -EINVAL. */
int log_level_parse(const char *name);
const char *log_level_name(enum log_level level);

/* Whose wall clock dates the lines from now on, borrowed; NULL: the machine's. */
void log_set_clock(const struct clock *clock);

/* The text between quotation marks, with a backslash before those in it and before backslashes: the value of one fact,
 * whatever it says. Cut to `size`, which is at least 4. Returns `out`. */
const char *log_quote(char *out, size_t size, const char *text);

void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...) log_line(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
