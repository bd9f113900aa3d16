/*
 * thinned: readings gathered by node, name and window, and what stands for them when they have to make room.
 *
 * For more than THINNED_KEPT numbers in a window NAME/min, NAME/mean, NAME/max and NAME/count stand, dated at the
 * window's start; up to so many stay as they are. Of other values, and of numbers with a sum or an update time, the
 * last one stays, as NAME/last, and their NAME/count. A window of one reading is that reading. Windows are told apart
 * by unit and kind of value too, and by whether the node dated its readings.
 */
#ifndef WAKEGATE_GATEWAY_THINNED_H
#define WAKEGATE_GATEWAY_THINNED_H

#include <stddef.h>
#include <stdint.h>

#include "protocols/reading.h"

#define THINNED_KEPT 3
#define THINNED_WINDOWS_MAX 16384
#define THINNED_TEXT_MAX (2 * 1024 * 1024) /* bytes of all names, units and texts */

struct segment_entry;
struct segment_report;
struct thinned;

/* `seed` is for the hash table. -ENOMEM. */
int thinned_open(struct thinned **out, int64_t window_us, uint64_t seed);

/* Frees. NULL is fine. */
void thinned_close(struct thinned *thinned);

/* Copies what it needs. -ENOBUFS: it is full, -ENOMEM; then it is as it was. */
int thinned_add(struct thinned *thinned, const struct segment_entry *entry);

/* Windows so far. */
size_t thinned_windows(const struct thinned *thinned);

/* What stands for one window. */
struct thinned_report {
	struct span node;
	int64_t received_ms; /* of its last reading */
	struct reading readings[5];
	size_t count;
	char names[5][READING_NAME_MAX + 8]; /* which the readings borrow */
};

/* Of the window with that number, in the order of their coming. */
void thinned_report(const struct thinned *thinned, size_t index, struct thinned_report *out);

#endif
