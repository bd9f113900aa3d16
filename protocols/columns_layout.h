/*
 * columns_layout: what the writer and the reader of columns have in common (private to them).
 */
#ifndef WAKEGATE_PROTOCOLS_COLUMNS_LAYOUT_H
#define WAKEGATE_PROTOCOLS_COLUMNS_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

#include "protocols/column_numbers.h"
#include "protocols/column_texts.h"
#include "protocols/columns.h"

#define COLUMNS_FIELDS_MAX 4096

/* What a field says beside its name and unit: the kind of its readings, and what else they have. */
#define FIELD_KIND 0x07
#define FIELD_DATED 0x10
#define FIELD_TIME 0x20
#define FIELD_SUM 0x40
#define FIELD_UPDATE_TIME 0x80
#define FIELD_FLAGS 0xf7

#define NO_ITEM UINT32_MAX

/* The numbers at the start of a message: how many there are of each. */
struct columns_head {
	size_t readings, runs, shapes, shape_fields, fields, labels, nodes, values, text_bytes;
};

void columns_head_write(struct writer *out, const struct columns_head *head);

/* Fails the reader on a head that no writer wrote; what it says is then within the limits. */
void columns_head_read(struct reader *in, struct columns_head *head);

/* A reading. */
struct column_item {
	int64_t value;   /* see column_numbers.h; a boolean; the number of a text */
	int64_t sum;     /* likewise */
	int64_t time_us; /* after the reading before it in its run that has a time, or after its receipt */
	uint32_t update_time_ms;
	uint32_t run;
	uint32_t next; /* of the same field, or NO_ITEM */
	uint16_t field;
	uint16_t value_code, sum_code;
};

/* Readings that are alike: columns are of one field each. */
struct column_field {
	uint32_t name, unit; /* numbers of labels; the unit's + 1, 0: none */
	uint8_t flags;
	uint8_t bound_each;   /* bytes that a reading takes at most, beside its texts */
	uint16_t next;        /* field that came after it last; a guess */
	uint32_t first, last; /* items, NO_ITEM: none yet */
	uint32_t count;
	uint64_t row_key; /* of readings in the rows that are added now, see segment.h; 0: not known */
};

/* Readings of one node that were received together; they have a shape, the run of their fields. */
struct column_run {
	int64_t received_ms;
	uint32_t first; /* item */
	uint32_t node;
	uint32_t shape;
};

/* The next `bytes` of a workspace, aligned; with a workspace that begins at NULL only the size is counted. */
void *columns_carve(uint8_t *base, size_t *used, size_t bytes);

/* Adds an item to the end of its field's list. */
void columns_link(struct column_field *field, struct column_item *items, uint32_t item);

#endif
