/*
 * columns: readings of many nodes as columns, exactly as they were sent and in their order; format version 2.
 *
 * A message stands for itself: the ids of its nodes are in it. Like goes with like (all temperatures, all times), as
 * small differences in as few bytes as they need, laid out for a compressor that comes after.
 * docs/segment-format.md describes every byte. Nothing allocates: writer and reader live in memory of the caller,
 * which must be aligned as malloc() aligns.
 */
#ifndef WAKEGATE_PROTOCOLS_COLUMNS_H
#define WAKEGATE_PROTOCOLS_COLUMNS_H

#include <stddef.h>
#include <stdint.h>

#include "protocols/segment.h"

#define COLUMNS_VERSION 2                /* this format's version, and the first byte of a message */
#define COLUMNS_READINGS_MAX 32768       /* in a message */
#define COLUMNS_TEXT_BYTES_MAX (1 << 20) /* of all its different texts */

struct columns_limits {
	size_t readings;   /* at most COLUMNS_READINGS_MAX */
	size_t text_bytes; /* room for different texts, at most COLUMNS_TEXT_BYTES_MAX */
	size_t bytes;      /* of the message */
};

struct columns_writer;

/* Memory that a writer with these limits needs: about 200 bytes for each reading, and the texts. */
size_t columns_writer_memory(const struct columns_limits *limits);

/* A writer in `memory`, which the caller keeps as long as it is used and frees when done with it. */
struct columns_writer *columns_writer_init(void *memory, const struct columns_limits *limits);

/* Begins another message with the same limits. */
void columns_begin(struct columns_writer *writer);

/*
 * Adds a reading; its texts are copied. Readings that follow each other and have the same node and time of receipt are
 * taken as one report. -ENOBUFS: a limit would be passed, the writer is as it was.
 */
int columns_add(struct columns_writer *writer, const struct segment_entry *entry);

/*
 * Adds all readings from where the walk is to its end, as columns_add() would each, but in less time. 0, -EBADMSG as
 * segment_walk_next(), -ENOBUFS: a limit would be passed by one, those before it were added.
 */
int columns_add_rows(struct columns_writer *writer, struct segment_walk *walk);

/* Readings added. */
size_t columns_count(const struct columns_writer *writer);

/* Bytes that columns_write() writes at most; never above the limit. */
size_t columns_bound(const struct columns_writer *writer);

/* Writes the message of what was added; fails as `out` does. May be called again. */
void columns_write(struct columns_writer *writer, struct writer *out);

struct columns_reader;

/*
 * Memory that reading this message needs, found from its head: at most 3 MB. 0: no writer wrote it. `data` and what
 * it says are from anywhere.
 */
size_t columns_reader_memory(const void *data, size_t size);

/*
 * Reads all of the message, which may be gone afterwards, in time proportional to its readings. *out lives in
 * `memory`, of columns_reader_memory(). -EBADMSG.
 */
int columns_reader_init(struct columns_reader **out, void *memory, const void *data, size_t size);

/* The next reading in the order of adding, its texts borrowed from the reader: 1, or 0 at the end. */
int columns_next(struct columns_reader *reader, struct segment_entry *out);

/* Readings in the message. */
size_t columns_readings(const struct columns_reader *reader);

#endif
