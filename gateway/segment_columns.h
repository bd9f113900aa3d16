/*
 * segment_columns: turns the rows of a segment into columns, and back.
 */
#ifndef WAKEGATE_GATEWAY_SEGMENT_COLUMNS_H
#define WAKEGATE_GATEWAY_SEGMENT_COLUMNS_H

#include <stddef.h>
#include <stdint.h>

/*
 * The `count` readings of a segment of version SEGMENT_ROWS as one message of columns: *out, for free(). -ENOBUFS: more
 * readings or texts than columns take, -EBADMSG, -ENOMEM.
 */
int segment_to_columns(const void *rows, size_t size, size_t count, uint8_t **out, size_t *out_size);

/* The same readings as rows: *out, for free(), of at most SEGMENT_BYTES_MAX. -EBADMSG, -ENOMEM. */
int segment_from_columns(const void *columns, size_t size, uint8_t **out, size_t *out_size);

#endif
