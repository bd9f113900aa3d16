/*
 * human: sizes, times and counts as people read them.
 *
 * Each writes a short text into the caller's buffer of HUMAN_SIZE bytes and returns it.
 */
#ifndef WAKEGATE_GATEWAY_CLI_HUMAN_H
#define WAKEGATE_GATEWAY_CLI_HUMAN_H

#include <stdint.h>

#define HUMAN_SIZE 24

/* "0 B", "999 B", "1.5 KB", "12 MB": powers of 1024, as in the config file. */
const char *human_size(char *out, uint64_t bytes);

/* "1.5 KB/s". */
const char *human_rate(char *out, double bytes_per_second);

/* "250 ms", "12 s", "3 min", "5 h", "2 d": the largest unit that has at least two of it, or one. Negative: "-12 s". */
const char *human_duration(char *out, int64_t milliseconds);

/* "12 s ago", "in 3 min", "now"; "never" where `at_ms` is 0. Both since 1970-01-01 UTC. */
const char *human_age(char *out, int64_t at_ms, int64_t now_ms);

/* "2026-11-21 09:30:05", in the local time zone; "-" where `at_ms` is 0. */
const char *human_time(char *out, int64_t at_ms);

/* "1234", "12.3 k", "4.5 M": a count in at most six columns. */
const char *human_count(char *out, uint64_t count);

#endif
