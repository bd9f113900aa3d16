#include "protocols/columns_layout.h"

#include <stdalign.h>
#include <stdbool.h>

void columns_head_write(struct writer *out, const struct columns_head *head)
{
	const size_t counts[] = { head->readings, head->runs, head->shapes, head->shape_fields, head->fields,
		head->labels, head->nodes, head->values, head->text_bytes };

	write_u8(out, COLUMNS_VERSION);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		write_varint(out, counts[i]);
}

static size_t read_count(struct reader *in, size_t most)
{
	uint64_t count = read_varint(in);

	if (count > most)
		in->failed = true;
	return in->failed ? 0 : (size_t)count;
}

void columns_head_read(struct reader *in, struct columns_head *head)
{
	if (read_u8(in) != COLUMNS_VERSION)
		in->failed = true;
	/* There is none of anything without a reading that has it. */
	head->readings = read_count(in, COLUMNS_READINGS_MAX);
	head->runs = read_count(in, head->readings);
	head->shapes = read_count(in, head->runs);
	head->shape_fields = read_count(in, head->readings);
	head->fields =
		read_count(in, head->shape_fields < COLUMNS_FIELDS_MAX ? head->shape_fields : COLUMNS_FIELDS_MAX);
	head->labels = read_count(in, 2 * head->fields);
	head->nodes = read_count(in, head->runs);
	head->values = read_count(in, head->readings);
	head->text_bytes = read_count(in, COLUMNS_TEXT_BYTES_MAX);
}

void *columns_carve(uint8_t *base, size_t *used, size_t bytes)
{
	size_t at = *used;
	size_t align = alignof(max_align_t);

	*used = (at + bytes + align - 1) / align * align;
	return base ? base + at : NULL;
}

void columns_link(struct column_field *field, struct column_item *items, uint32_t item)
{
	items[item].next = NO_ITEM;
	if (field->count++ == 0)
		field->first = item;
	else
		items[field->last].next = item;
	field->last = item;
}
