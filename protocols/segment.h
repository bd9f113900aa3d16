/*
 * segment: reports of nodes packed into few bytes, readings exactly as they were sent; format version 1, row by row.
 *
 * Texts (node ids, names, units) are written once per segment and referred to by number afterwards; times are
 * differences. docs/segment-format.md describes every byte. Columns (protocols/columns.h) are version 2, so whoever
 * keeps a segment keeps SEGMENT_ROWS beside it. Nothing allocates; the caller owns all memory.
 */
#ifndef WAKEGATE_PROTOCOLS_SEGMENT_H
#define WAKEGATE_PROTOCOLS_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/cursor.h"
#include "protocols/reading.h"

#define SEGMENT_ROWS 1         /* this format's version */
#define SEGMENT_TEXTS_MAX 8192 /* texts that can be referred to; later ones are written out each time */
#define SEGMENT_TEXT_MAX 128   /* bytes of a text worth referring to */

/* One message of a node. */
struct segment_report {
	struct span node;
	int64_t received_ms; /* gateway's wall clock */
	const struct reading *readings;
	size_t count;
};

struct segment_writer {
	struct writer out;
	int64_t received_ms; /* of the report before */
	size_t texts;
	uint16_t slots[2 * SEGMENT_TEXTS_MAX]; /* hash table: number of a text + 1, 0: free */
	uint32_t offsets[SEGMENT_TEXTS_MAX];   /* where text number i stands in the output */
	uint16_t next[SEGMENT_TEXTS_MAX];      /* the text + 1 that followed text number i last, 0: none did */
	uint16_t last;                         /* the text + 1 that was written last, 0: none */
};

/* Starts a segment in `size` bytes at `data`, which outlives the writer. */
void segment_writer_init(struct segment_writer *writer, void *data, size_t size);

/* The output moved to `data` with room for `size` bytes, at least what is written so far. */
void segment_writer_move(struct segment_writer *writer, void *data, size_t size);

/* Adds a report of at least one reading. -ENOBUFS: it does not fit, the segment is as it was. */
int segment_write_report(struct segment_writer *writer, const struct segment_report *report);

/* Bytes written so far. */
size_t segment_writer_size(const struct segment_writer *writer);

/* One reading as it stands in a segment; texts borrow from the segment. */
struct segment_entry {
	struct span node;
	int64_t received_ms;
	struct reading reading;
};

struct segment_reader_state {
	struct reader in;
	const uint8_t *start;
	int64_t received_ms;
	struct span node;
	uint64_t left; /* readings of the report that are still to come */
	size_t texts;
};

/* Goes through a segment; copy `state` to come back to a place. `offsets` stay valid for any earlier state. */
struct segment_walk {
	struct segment_reader_state state;
	uint32_t offsets[SEGMENT_TEXTS_MAX];
};

void segment_walk_init(struct segment_walk *walk, const void *data, size_t size);

/* The next reading: 1, 0 at the end, -EBADMSG on bytes that no writer wrote (and ever after). */
int segment_walk_next(struct segment_walk *walk, struct segment_entry *out);

/* What most readings are, a decimal with neither sum nor update time, in texts that came before: as its row tells it.
 */
struct segment_plain {
	uint64_t key; /* of kind, name and unit: readings with the same key have the same; never 0 */
	bool begins;  /* it is the first of its report */
	bool has_time;
	uint16_t number_code; /* as in column_numbers.h */
	int64_t mantissa;
	int64_t time_us;
	struct reader rest; /* what comes after it */
};

/*
 * Looks at the next reading and its report, which `walk->state` then tells. True: it is plain, and
 * segment_walk_accept() goes on behind it, if segment_walk_next() read one with this key before, which checked its
 * texts. Otherwise, and if it is not plain, segment_walk_next() reads it.
 */
bool segment_walk_peek(struct segment_walk *walk, struct segment_plain *out);
void segment_walk_accept(struct segment_walk *walk, const struct segment_plain *plain);

#endif
