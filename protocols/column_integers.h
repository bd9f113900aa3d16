/*
 * column_integers: a run of integers in as few bytes as their differences need.
 *
 * The run is told by its first numbers, how often differences are taken (0 to 2 times), the least difference and, for
 * each, what it is above that: all lowest bytes first, then all next ones, for a compressor that comes after. All
 * arithmetic is modulo 2^64, so any integers can be said. docs/segment-format.md, "integers".
 */
#ifndef WAKEGATE_PROTOCOLS_COLUMN_INTEGERS_H
#define WAKEGATE_PROTOCOLS_COLUMN_INTEGERS_H

#include <stddef.h>
#include <stdint.h>

#include "protocols/cursor.h"

#define INTEGERS_BOUND(count) ((count)*8 + 32) /* bytes that `count` integers take at most */

/* Writes `count` integers; nothing if there are none. `values` is used up: it holds something else afterwards. */
void integers_write(struct writer *out, int64_t *values, size_t count);

/* Reads `count` integers. Fails the reader on bytes that no writer wrote. */
void integers_read(struct reader *in, int64_t *values, size_t count);

uint64_t zigzag(int64_t value);
int64_t unzigzag(uint64_t value);

#endif
