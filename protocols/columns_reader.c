#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "protocols/columns.h"
#include "protocols/columns_layout.h"

struct shape {
	uint32_t first, count; /* in `shape_fields` */
};

struct columns_reader {
	struct columns_head head;
	size_t at; /* the next reading to be handed out */
	struct text_arena arena;
	struct text_table labels, nodes, values;
	struct column_item *items;
	struct column_field *fields;
	struct column_run *runs;
	struct shape *shapes;
	uint16_t *shape_fields;
	int64_t *integers; /* four times as many as readings: what the columns are read into */
	uint32_t *column_nodes;
	struct column_scratch scratch;
};

static void lay_out_table(struct text_table *table, struct text_arena *arena, size_t most, uint8_t *base, size_t *used)
{
	table->arena = arena;
	table->most = most;
	table->count = 0;
	table->places = columns_carve(base, used, most * sizeof(table->places[0]));
	table->slots = NULL;
	table->slot_mask = 0;
}

/* Gives each part of the reader its place behind it, and returns the size of all; `base` NULL: only that. */
static size_t lay_out(struct columns_reader *reader, const struct columns_head *head, uint8_t *base)
{
	size_t used = 0;

	(void)columns_carve(base, &used, sizeof(*reader));
	reader->head = *head;
	lay_out_table(&reader->labels, &reader->arena, head->labels, base, &used);
	lay_out_table(&reader->nodes, &reader->arena, head->nodes, base, &used);
	lay_out_table(&reader->values, &reader->arena, head->values, base, &used);
	reader->items = columns_carve(base, &used, head->readings * sizeof(reader->items[0]));
	reader->fields = columns_carve(base, &used, head->fields * sizeof(reader->fields[0]));
	reader->runs = columns_carve(base, &used, head->runs * sizeof(reader->runs[0]));
	reader->shapes = columns_carve(base, &used, head->shapes * sizeof(reader->shapes[0]));
	reader->shape_fields = columns_carve(base, &used, head->shape_fields * sizeof(reader->shape_fields[0]));
	reader->integers = columns_carve(base, &used, 4 * head->readings * sizeof(reader->integers[0]));
	reader->column_nodes = columns_carve(base, &used, head->readings * sizeof(reader->column_nodes[0]));
	reader->scratch.last = columns_carve(base, &used, head->nodes * sizeof(reader->scratch.last[0]));
	reader->scratch.passes = columns_carve(base, &used, head->nodes * sizeof(reader->scratch.passes[0]));
	reader->arena.bytes = columns_carve(base, &used, head->text_bytes);
	reader->arena.room = head->text_bytes;
	return used;
}

size_t columns_reader_memory(const void *data, size_t size)
{
	struct columns_head head;
	struct columns_reader layout;
	struct reader in;

	reader_init(&in, data, size);
	columns_head_read(&in, &head);
	return in.failed ? 0 : lay_out(&layout, &head, NULL);
}

/* A varint below `end`. */
static uint32_t read_number_below(struct reader *in, size_t end)
{
	uint64_t number = read_varint(in);

	if (number >= end)
		in->failed = true;
	return in->failed ? 0 : (uint32_t)number;
}

static void read_fields(struct columns_reader *reader, struct reader *in)
{
	for (size_t i = 0; i < reader->head.fields && !in->failed; i++) {
		struct column_field *field = &reader->fields[i];

		*field = (struct column_field){ .flags = read_u8(in), .first = NO_ITEM };
		if (field->flags & ~FIELD_FLAGS || (field->flags & FIELD_KIND) > READING_DATA)
			in->failed = true;
		field->name = read_number_below(in, reader->labels.count);
		field->unit = read_number_below(in, reader->labels.count + 1);
	}
}

static void read_shapes(struct columns_reader *reader, struct reader *in)
{
	uint32_t used = 0;

	for (size_t i = 0; i < reader->head.shapes && !in->failed; i++) {
		uint32_t count = read_number_below(in, reader->head.shape_fields - used + 1);

		reader->shapes[i] = (struct shape){ used, count };
		for (uint32_t j = 0; j < count; j++)
			reader->shape_fields[used++] = (uint16_t)read_number_below(in, reader->head.fields);
	}
	if (used != reader->head.shape_fields)
		in->failed = true;
}

static void read_nodes(struct columns_reader *reader, struct reader *in)
{
	uint32_t nodes = 0;

	integers_read(in, reader->integers, reader->head.runs);
	for (size_t i = 0; i < reader->head.runs && !in->failed; i++) {
		uint64_t code = (uint64_t)reader->integers[i];
		uint64_t node = code == 0 ? nodes++ : code - 1;

		if (node >= nodes || node >= reader->head.nodes)
			in->failed = true;
		reader->runs[i].node = (uint32_t)node;
	}
}

/* Gives the run its readings. */
static void fill_run(struct columns_reader *reader, struct reader *in, uint32_t number, size_t *used)
{
	struct column_run *run = &reader->runs[number];
	struct shape shape = reader->shapes[run->shape];

	if (shape.count == 0 || shape.count > reader->head.readings - *used) {
		in->failed = true;
		return;
	}
	run->first = (uint32_t)*used;
	for (uint32_t i = 0; i < shape.count; i++, ++*used) {
		uint16_t field = reader->shape_fields[shape.first + i];

		reader->items[*used] = (struct column_item){ .run = number, .field = field };
		columns_link(&reader->fields[field], reader->items, (uint32_t)*used);
	}
}

static void read_runs(struct columns_reader *reader, struct reader *in)
{
	size_t used = 0;

	integers_read(in, reader->integers, reader->head.runs);
	for (size_t i = 0; i < reader->head.runs && !in->failed; i++) {
		if ((uint64_t)reader->integers[i] >= reader->head.shapes)
			in->failed = true;
		reader->runs[i].shape = (uint32_t)reader->integers[i];
	}
	read_nodes(reader, in);
	integers_read(in, reader->integers, reader->head.runs);
	for (size_t i = 0; i < reader->head.runs && !in->failed; i++) {
		reader->runs[i].received_ms = reader->integers[i];
		fill_run(reader, in, (uint32_t)i, &used);
	}
	if (used != reader->head.readings)
		in->failed = true;
}

static void read_values(struct columns_reader *reader, struct reader *in, const struct column_field *field)
{
	uint64_t end = (field->flags & FIELD_KIND) == READING_BOOLEAN ? 2 : reader->values.count;
	uint32_t item = field->first;

	integers_read(in, reader->integers, field->count);
	for (uint32_t i = 0; i < field->count && !in->failed; i++, item = reader->items[item].next) {
		if ((uint64_t)reader->integers[i] >= end)
			in->failed = true;
		reader->items[item].value = reader->integers[i];
	}
}

static void read_numbers(struct columns_reader *reader, struct reader *in, const struct column_field *field, bool sums)
{
	struct column_numbers numbers = { field->count, reader->integers, reader->integers + reader->head.readings,
		reader->column_nodes };
	uint32_t item = field->first;

	for (uint32_t i = 0; i < field->count; i++, item = reader->items[item].next)
		reader->column_nodes[i] = reader->runs[reader->items[item].run].node;
	numbers_read(in, &numbers, &reader->scratch);
	item = field->first;
	for (uint32_t i = 0; i < field->count && !in->failed; i++, item = reader->items[item].next) {
		struct column_item *out = &reader->items[item];

		*(sums ? &out->sum : &out->value) = numbers.values[i];
		*(sums ? &out->sum_code : &out->value_code) = (uint16_t)numbers.codes[i];
	}
}

static void read_times(struct columns_reader *reader, struct reader *in, const struct column_field *field)
{
	uint32_t item = field->first;

	integers_read(in, reader->integers, field->count);
	for (uint32_t i = 0; i < field->count; i++, item = reader->items[item].next)
		reader->items[item].time_us = reader->integers[i];
}

static void read_update_times(struct columns_reader *reader, struct reader *in, const struct column_field *field)
{
	uint32_t item = field->first;

	integers_read(in, reader->integers, field->count);
	for (uint32_t i = 0; i < field->count && !in->failed; i++, item = reader->items[item].next) {
		if (reader->integers[i] <= 0 || reader->integers[i] > UINT32_MAX)
			in->failed = true;
		reader->items[item].update_time_ms = (uint32_t)reader->integers[i];
	}
}

static void read_columns(struct columns_reader *reader, struct reader *in)
{
	for (size_t i = 0; i < reader->head.fields && !in->failed; i++) {
		const struct column_field *field = &reader->fields[i];
		uint8_t kind = field->flags & FIELD_KIND;

		if (kind == READING_NUMBER)
			read_numbers(reader, in, field, false);
		else if (kind != READING_NOTHING)
			read_values(reader, in, field);
		if (field->flags & FIELD_SUM)
			read_numbers(reader, in, field, true);
		if (field->flags & FIELD_TIME)
			read_times(reader, in, field);
		if (field->flags & FIELD_UPDATE_TIME)
			read_update_times(reader, in, field);
	}
}

/* Times were told from one to the next within a run. */
static void sum_up_times(struct columns_reader *reader)
{
	int64_t time_us = 0;

	for (size_t i = 0; i < reader->head.readings; i++) {
		struct column_item *item = &reader->items[i];
		const struct column_run *run = &reader->runs[item->run];

		if (run->first == i)
			time_us = (int64_t)((uint64_t)run->received_ms * 1000);
		if (reader->fields[item->field].flags & FIELD_TIME)
			time_us = item->time_us = (int64_t)((uint64_t)time_us + (uint64_t)item->time_us);
	}
}

int columns_reader_init(struct columns_reader **out, void *memory, const void *data, size_t size)
{
	struct columns_reader *reader = memory;
	struct columns_head head;
	struct reader in;

	reader_init(&in, data, size);
	columns_head_read(&in, &head);
	assert(!in.failed);
	(void)lay_out(reader, &head, memory);
	reader->at = 0;
	reader->arena.used = 0;
	reader->scratch.pass = 0;
	reader->scratch.firsts = reader->integers + 2 * head.readings;
	reader->scratch.repeats = reader->integers + 3 * head.readings;
	memset(reader->scratch.passes, 0, head.nodes * sizeof(reader->scratch.passes[0]));
	texts_read(&in, &reader->labels, head.labels, reader->integers);
	texts_read(&in, &reader->nodes, head.nodes, reader->integers);
	texts_read(&in, &reader->values, head.values, reader->integers);
	read_fields(reader, &in);
	read_shapes(reader, &in);
	read_runs(reader, &in);
	read_columns(reader, &in);
	if (in.failed || reader_left(&in) > 0 || reader->arena.used != head.text_bytes)
		return -EBADMSG;
	sum_up_times(reader);
	*out = reader;
	return 0;
}

size_t columns_readings(const struct columns_reader *reader)
{
	return reader->head.readings;
}

static struct reading reading_of(const struct columns_reader *reader, const struct column_item *item)
{
	const struct column_field *field = &reader->fields[item->field];
	struct reading reading = {
		.name = texts_get(&reader->labels, field->name),
		.kind = (enum reading_kind)(field->flags & FIELD_KIND),
		.has_time = field->flags & FIELD_TIME,
		.is_dated = field->flags & FIELD_DATED,
		.has_sum = field->flags & FIELD_SUM,
		.time_us = item->time_us,
		.update_time_ms = item->update_time_ms,
	};

	if (field->unit > 0)
		reading.unit = texts_get(&reader->labels, field->unit - 1);
	if (reading.kind == READING_NUMBER)
		reading.number = number_from_column(item->value, item->value_code);
	reading.boolean = reading.kind == READING_BOOLEAN && item->value;
	if (reading.kind == READING_STRING || reading.kind == READING_DATA)
		reading.text = texts_get(&reader->values, (size_t)item->value);
	if (reading.has_sum)
		reading.sum = number_from_column(item->sum, item->sum_code);
	return reading;
}

int columns_next(struct columns_reader *reader, struct segment_entry *out)
{
	if (reader->at == reader->head.readings)
		return 0;
	const struct column_item *item = &reader->items[reader->at++];
	const struct column_run *run = &reader->runs[item->run];

	out->node = texts_get(&reader->nodes, run->node);
	out->received_ms = run->received_ms;
	out->reading = reading_of(reader, item);
	return 1;
}
