/*
 * segment_columns: turns the rows of a segment into columns, and back.
 */
#ifndef WAKEGATE_GATEWAY_SEGMENT_COLUMNS_H
#define WAKEGATE_GATEWAY_SEGMENT_COLUMNS_H

#include <stddef.h>
#include <stdint.h>

#include "protocols/cursor.h"

struct segment_walk;

/* Memory that grows to what the largest segment needs, and is used again for the next. Zero is none. */
struct columns_room {
	struct segment_walk *walk;
	void *writer;
	size_t writer_bytes;
	uint8_t *data;
	size_t data_bytes;
};

/*
 * The `count` readings of a segment of version SEGMENT_ROWS as one message of columns: *out, in the room until its next
 * use. -ENOBUFS: more readings or texts than columns take, -EBADMSG, -ENOMEM.
 */
int segment_to_columns(struct columns_room *room, const struct bytes *rows, size_t count, struct bytes *out);

/* Frees what is in the room, which can be used again. */
void columns_room_clear(struct columns_room *room);

/* The same readings as rows: *out, for free(), of at most SEGMENT_BYTES_MAX. -EBADMSG, -ENOMEM. */
int segment_from_columns(const void *columns, size_t size, uint8_t **out, size_t *out_size);

#endif
