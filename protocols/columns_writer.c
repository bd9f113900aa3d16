#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "protocols/columns.h"
#include "protocols/columns_layout.h"
#include "protocols/text_same.h"

#define PROBES_MAX 32
#define FIELD_SLOTS (2 * COLUMNS_FIELDS_MAX)

/* Bytes at most: of the head with its tables and runs, of a run and of a reading beside its columns. */
#define BOUND_FIXED (64 + 3 * TEXTS_BOUND_FIXED + 3 * INTEGERS_BOUND(0))
#define BOUND_RUN (4 + 4 + 8 + 3)
#define BOUND_READING 3
#define BOUND_FIELD 8
#define BOUND_INDEX 4 /* of a text */

/* A run of fields that was seen; where it stands first. */
struct shape {
	uint32_t first, count;
};

struct columns_writer {
	struct columns_limits limits;
	size_t count, field_count, run_count, shape_count, shape_fields;
	size_t bound;
	int64_t time_us; /* that the next one in the run is told from */
	uint16_t guess;  /* field that a run begins with */
	struct text_arena arena;
	struct text_table labels, nodes, values;
	struct column_item *items;
	struct column_field *fields;
	struct column_run *runs;
	struct shape *shapes;
	uint32_t *shape_slots; /* hash table of numbers + 1 */
	size_t shape_mask;
	int64_t *integers; /* four times as many as readings: what the columns are written from */
	uint32_t *column_nodes;
	struct column_scratch scratch;
	uint16_t field_slots[FIELD_SLOTS]; /* hash table of numbers + 1 */
};

static size_t slot_count(size_t entries)
{
	size_t slots = 16;

	while (slots < 2 * entries)
		slots *= 2;
	return slots;
}

static void lay_out_table(struct text_table *table, struct text_arena *arena, size_t most, uint8_t *base, size_t *used)
{
	table->arena = arena;
	table->most = most;
	table->places = columns_carve(base, used, most * sizeof(table->places[0]));
	table->slot_mask = slot_count(most) - 1;
	table->slots = columns_carve(base, used, (table->slot_mask + 1) * sizeof(table->slots[0]));
}

/* Gives each part of the writer its place behind it, and returns the size of all; `base` NULL: only that. */
static size_t lay_out(struct columns_writer *writer, const struct columns_limits *limits, uint8_t *base)
{
	size_t most = limits->readings;
	size_t used = 0;

	(void)columns_carve(base, &used, sizeof(*writer));
	writer->limits = *limits;
	lay_out_table(&writer->labels, &writer->arena, 2 * (most < COLUMNS_FIELDS_MAX ? most : COLUMNS_FIELDS_MAX),
		base, &used);
	lay_out_table(&writer->nodes, &writer->arena, most, base, &used);
	lay_out_table(&writer->values, &writer->arena, most, base, &used);
	writer->items = columns_carve(base, &used, most * sizeof(writer->items[0]));
	writer->fields = columns_carve(base, &used, COLUMNS_FIELDS_MAX * sizeof(writer->fields[0]));
	writer->runs = columns_carve(base, &used, most * sizeof(writer->runs[0]));
	writer->shapes = columns_carve(base, &used, most * sizeof(writer->shapes[0]));
	writer->shape_mask = slot_count(most) - 1;
	writer->shape_slots = columns_carve(base, &used, (writer->shape_mask + 1) * sizeof(writer->shape_slots[0]));
	writer->integers = columns_carve(base, &used, 4 * most * sizeof(writer->integers[0]));
	writer->column_nodes = columns_carve(base, &used, most * sizeof(writer->column_nodes[0]));
	writer->scratch.last = columns_carve(base, &used, most * sizeof(writer->scratch.last[0]));
	writer->scratch.passes = columns_carve(base, &used, most * sizeof(writer->scratch.passes[0]));
	writer->arena.bytes = columns_carve(base, &used, limits->text_bytes);
	writer->arena.room = limits->text_bytes;
	return used;
}

size_t columns_writer_memory(const struct columns_limits *limits)
{
	struct columns_writer writer;

	return lay_out(&writer, limits, NULL);
}

struct columns_writer *columns_writer_init(void *memory, const struct columns_limits *limits)
{
	struct columns_writer *writer = memory;

	assert(limits->readings <= COLUMNS_READINGS_MAX && limits->text_bytes <= COLUMNS_TEXT_BYTES_MAX);
	(void)lay_out(writer, limits, memory);
	writer->scratch.firsts = writer->integers + 2 * limits->readings;
	writer->scratch.repeats = writer->integers + 3 * limits->readings;
	columns_begin(writer);
	return writer;
}

void columns_begin(struct columns_writer *writer)
{
	writer->count = writer->field_count = writer->run_count = 0;
	writer->bound = BOUND_FIXED;
	writer->guess = 0;
	writer->arena.used = 0;
	texts_clear(&writer->labels);
	texts_clear(&writer->nodes);
	texts_clear(&writer->values);
	memset(writer->field_slots, 0, sizeof(writer->field_slots));
}

size_t columns_count(const struct columns_writer *writer)
{
	return writer->count;
}

size_t columns_bound(const struct columns_writer *writer)
{
	return writer->bound;
}

static uint8_t flags_of(const struct reading *reading)
{
	return (uint8_t)(reading->kind | (reading->has_time ? FIELD_TIME : 0) |
			 (reading->has_time && reading->is_dated ? FIELD_DATED : 0) |
			 (reading->has_sum ? FIELD_SUM : 0) | (reading->update_time_ms ? FIELD_UPDATE_TIME : 0));
}

static bool field_fits(const struct columns_writer *writer, size_t number, const struct reading *reading, uint8_t flags)
{
	const struct column_field *field = &writer->fields[number];

	return number < writer->field_count && field->flags == flags && (field->unit > 0) == (reading->unit.size > 0) &&
	       text_same(texts_get(&writer->labels, field->name), reading->name) &&
	       (field->unit == 0 || text_same(texts_get(&writer->labels, field->unit - 1), reading->unit));
}

static bool is_field(const struct column_field *a, const struct column_field *b)
{
	return a->name == b->name && a->unit == b->unit && a->flags == b->flags;
}

/* Bytes of a field's columns with `count` readings, at most. */
static size_t bound_columns(uint8_t flags, size_t count)
{
	uint8_t kind = flags & FIELD_KIND;
	size_t bound = 0;

	if (kind == READING_NUMBER)
		bound += NUMBERS_BOUND(count);
	if (kind != READING_NUMBER && kind != READING_NOTHING)
		bound += INTEGERS_BOUND(0) + BOUND_INDEX * count;
	if (flags & FIELD_SUM)
		bound += NUMBERS_BOUND(count);
	if (flags & FIELD_TIME)
		bound += INTEGERS_BOUND(count);
	if (flags & FIELD_UPDATE_TIME)
		bound += INTEGERS_BOUND(count);
	return bound;
}

static int add_field(struct columns_writer *writer, const struct column_field *field, uint16_t *slot)
{
	if (writer->field_count == COLUMNS_FIELDS_MAX)
		return -ENOBUFS;
	writer->bound += BOUND_FIELD + bound_columns(field->flags, 0);
	writer->fields[writer->field_count] = *field;
	writer->fields[writer->field_count++].bound_each =
		(uint8_t)(BOUND_READING + bound_columns(field->flags, 1) - bound_columns(field->flags, 0));
	if (slot)
		*slot = (uint16_t)writer->field_count;
	return (int)writer->field_count - 1;
}

/* The number of the field, which is added if it is new. */
static int find_field(struct columns_writer *writer, const struct reading *reading, uint8_t flags)
{
	struct column_field field = { .flags = flags };
	int name = texts_find(&writer->labels, reading->name);
	int unit = reading->unit.size > 0 ? texts_find(&writer->labels, reading->unit) : -1;

	if (name < 0 || (unit < 0 && reading->unit.size > 0))
		return -ENOBUFS;
	field.name = (uint32_t)name;
	field.unit = (uint32_t)(unit + 1);
	uint32_t hash = ((field.name * 2654435761u + field.unit) * 2654435761u + field.flags) * 2654435761u >> 8;
	for (size_t i = 0; i < PROBES_MAX; i++) {
		uint16_t *slot = &writer->field_slots[(hash + i) % FIELD_SLOTS];

		if (!*slot)
			return add_field(writer, &field, slot);
		if (is_field(&writer->fields[*slot - 1], &field))
			return *slot - 1;
	}
	return add_field(writer, &field, NULL);
}

/* What there is of everything, to come back to. */
struct mark {
	size_t labels, nodes, values, fields, runs, used, bound;
	int64_t time_us;
};

static struct mark set_mark(const struct columns_writer *writer)
{
	return (struct mark){ writer->labels.count, writer->nodes.count, writer->values.count, writer->field_count,
		writer->run_count, writer->arena.used, writer->bound, writer->time_us };
}

static void come_back(struct columns_writer *writer, const struct mark *mark)
{
	texts_take_back(&writer->labels, mark->labels, mark->used);
	texts_take_back(&writer->nodes, mark->nodes, mark->used);
	texts_take_back(&writer->values, mark->values, mark->used);
	for (size_t i = 0; i < FIELD_SLOTS && writer->field_count > mark->fields; i++)
		if (writer->field_slots[i] > mark->fields)
			writer->field_slots[i] = 0;
	writer->field_count = mark->fields;
	writer->run_count = mark->runs;
	writer->bound = mark->bound;
	writer->time_us = mark->time_us;
}

/* The run that the reading belongs to becomes the last one. */
static int find_run(struct columns_writer *writer, struct span node_id, int64_t received_ms)
{
	const struct column_run *last = writer->run_count > 0 ? &writer->runs[writer->run_count - 1] : NULL;

	if (last && last->received_ms == received_ms && text_same(texts_get(&writer->nodes, last->node), node_id))
		return 0;
	int node = texts_find(&writer->nodes, node_id);
	if (node < 0)
		return node;
	writer->runs[writer->run_count++] = (struct column_run){
		.received_ms = received_ms, .first = (uint32_t)writer->count, .node = (uint32_t)node
	};
	writer->bound += BOUND_RUN;
	writer->time_us = (int64_t)((uint64_t)received_ms * 1000);
	return 0;
}

static int fill_value(struct columns_writer *writer, struct column_item *item, const struct reading *reading)
{
	int64_t code = 0;

	if (reading->kind == READING_NUMBER)
		number_to_column(&reading->number, &item->value, &code);
	item->value_code = (uint16_t)code;
	if (reading->kind == READING_BOOLEAN)
		item->value = reading->boolean;
	if (reading->kind == READING_STRING || reading->kind == READING_DATA) {
		int text = texts_find(&writer->values, reading->text);

		if (text < 0)
			return text;
		item->value = text;
	}
	if (reading->has_sum)
		number_to_column(&reading->sum, &item->sum, &code);
	item->sum_code = (uint16_t)code;
	return 0;
}

static void fill_time(struct columns_writer *writer, struct column_item *item, const struct reading *reading)
{
	item->update_time_ms = reading->update_time_ms;
	if (!reading->has_time)
		return;
	item->time_us = (int64_t)((uint64_t)reading->time_us - (uint64_t)writer->time_us);
	writer->time_us = reading->time_us;
}

/* The place where the guess of what comes next is kept: with the field before in the run, or for the run's start. */
static uint16_t *guess_for(struct columns_writer *writer)
{
	const struct column_run *run = &writer->runs[writer->run_count - 1];

	return run->first == writer->count ? &writer->guess
					   : &writer->fields[writer->items[writer->count - 1].field].next;
}

static int fill_item(struct columns_writer *writer, struct column_item *item, const struct segment_entry *entry)
{
	int result = find_run(writer, entry->node, entry->received_ms);

	if (result < 0)
		return result;
	uint16_t *guess = guess_for(writer);
	uint8_t flags = flags_of(&entry->reading);
	if (!field_fits(writer, *guess, &entry->reading, flags)) {
		int field = find_field(writer, &entry->reading, flags);
		if (field < 0)
			return field;
		*guess = (uint16_t)field;
	}
	item->field = *guess;
	item->run = (uint32_t)writer->run_count - 1;
	fill_time(writer, item, &entry->reading);
	return fill_value(writer, item, &entry->reading);
}

/* What the texts that were added since the mark take. */
static size_t bound_texts(const struct columns_writer *writer, const struct mark *mark)
{
	size_t before = mark->labels + mark->nodes + mark->values;
	size_t now = writer->labels.count + writer->nodes.count + writer->values.count;

	return writer->arena.used - mark->used + (now - before) * TEXTS_BOUND_EACH;
}

int columns_add(struct columns_writer *writer, const struct segment_entry *entry)
{
	struct mark mark = set_mark(writer);

	if (writer->count == writer->limits.readings)
		return -ENOBUFS;
	struct column_item *item = &writer->items[writer->count];
	*item = (struct column_item){ 0 };
	int result = fill_item(writer, item, entry);
	if (result == 0)
		writer->bound += writer->fields[item->field].bound_each + bound_texts(writer, &mark);
	if (result < 0 || writer->bound > writer->limits.bytes) {
		come_back(writer, &mark);
		return -ENOBUFS;
	}
	columns_link(&writer->fields[item->field], writer->items, (uint32_t)writer->count);
	writer->count++;
	return 0;
}

/* Makes room for a reading of a field in the run that it belongs to. NULL: a limit would be passed. */
static struct column_item *add_item(
	struct columns_writer *writer, const struct segment_reader_state *report, bool begins, uint16_t field)
{
	struct mark mark = set_mark(writer);

	if (begins && find_run(writer, report->node, report->received_ms) < 0) {
		come_back(writer, &mark);
		return NULL;
	}
	writer->bound += writer->fields[field].bound_each + bound_texts(writer, &mark);
	if (writer->bound > writer->limits.bytes) {
		come_back(writer, &mark);
		return NULL;
	}
	struct column_item *item = &writer->items[writer->count];
	*item = (struct column_item){ .run = (uint32_t)writer->run_count - 1, .field = field };
	columns_link(&writer->fields[field], writer->items, (uint32_t)writer->count++);
	return item;
}

/* A reading of the field that came here before, which its row's key tells. False: it is to be added as any other. */
static bool add_plain(
	struct columns_writer *writer, const struct segment_reader_state *report, const struct segment_plain *plain)
{
	uint16_t field = plain->begins ? writer->guess : *guess_for(writer);

	if (writer->count == writer->limits.readings || field >= writer->field_count ||
		writer->fields[field].row_key != plain->key)
		return false;
	struct column_item *item = add_item(writer, report, plain->begins, field);
	if (!item)
		return false;
	item->value = plain->mantissa;
	item->value_code = plain->number_code;
	if (plain->has_time) {
		item->time_us = (int64_t)((uint64_t)plain->time_us - (uint64_t)writer->time_us);
		writer->time_us = plain->time_us;
	}
	return true;
}

int columns_add_rows(struct columns_writer *writer, struct segment_walk *walk)
{
	struct segment_plain plain;
	struct segment_entry entry;
	int result;

	for (size_t i = 0; i < writer->field_count; i++)
		writer->fields[i].row_key = 0;
	for (bool is_first = true;; is_first = false) {
		bool is_plain = segment_walk_peek(walk, &plain);

		plain.begins = plain.begins || is_first; /* the walk may be within a report */
		if (is_plain && add_plain(writer, &walk->state, &plain)) {
			segment_walk_accept(walk, &plain);
			continue;
		}
		if ((result = segment_walk_next(walk, &entry)) != 1 || (result = columns_add(writer, &entry)) < 0)
			return result;
		if (is_plain)
			writer->fields[writer->items[writer->count - 1].field].row_key = plain.key;
	}
}

static struct shape shape_of(const struct columns_writer *writer, size_t run)
{
	size_t end = run + 1 < writer->run_count ? writer->runs[run + 1].first : writer->count;

	return (struct shape){ writer->runs[run].first, (uint32_t)(end - writer->runs[run].first) };
}

static bool same_shape(const struct columns_writer *writer, struct shape a, struct shape b)
{
	for (size_t i = 0; i < a.count && a.count == b.count; i++)
		if (writer->items[a.first + i].field != writer->items[b.first + i].field)
			return false;
	return a.count == b.count;
}

static uint32_t add_shape(struct columns_writer *writer, struct shape shape)
{
	writer->shapes[writer->shape_count++] = shape;
	writer->shape_fields += shape.count;
	return (uint32_t)writer->shape_count - 1;
}

static uint32_t find_shape(struct columns_writer *writer, struct shape shape)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < shape.count; i++)
		hash = (hash ^ writer->items[shape.first + i].field) * 16777619u;
	hash ^= hash >> 15;
	for (size_t i = 0; i < PROBES_MAX; i++) {
		uint32_t *slot = &writer->shape_slots[(hash + i) & writer->shape_mask];

		if (*slot && same_shape(writer, writer->shapes[*slot - 1], shape))
			return *slot - 1;
		if (!*slot)
			return (*slot = add_shape(writer, shape) + 1) - 1;
	}
	return add_shape(writer, shape);
}

static void number_shapes(struct columns_writer *writer)
{
	writer->shape_count = writer->shape_fields = 0;
	memset(writer->shape_slots, 0, (writer->shape_mask + 1) * sizeof(writer->shape_slots[0]));
	for (size_t i = 0; i < writer->run_count; i++)
		writer->runs[i].shape = find_shape(writer, shape_of(writer, i));
}

static void write_fields(const struct columns_writer *writer, struct writer *out)
{
	for (size_t i = 0; i < writer->field_count; i++) {
		write_u8(out, writer->fields[i].flags);
		write_varint(out, writer->fields[i].name);
		write_varint(out, writer->fields[i].unit);
	}
}

static void write_shapes(const struct columns_writer *writer, struct writer *out)
{
	for (size_t i = 0; i < writer->shape_count; i++) {
		struct shape shape = writer->shapes[i];

		write_varint(out, shape.count);
		for (size_t j = 0; j < shape.count; j++)
			write_varint(out, writer->items[shape.first + j].field);
	}
}

static void write_runs(struct columns_writer *writer, struct writer *out)
{
	int64_t *integers = writer->integers;
	uint32_t nodes = 0;

	for (size_t i = 0; i < writer->run_count; i++)
		integers[i] = writer->runs[i].shape;
	integers_write(out, integers, writer->run_count);
	/* A node that comes for the first time is the next one of the table. */
	for (size_t i = 0; i < writer->run_count; i++) {
		bool first = writer->runs[i].node == nodes;

		nodes += first;
		integers[i] = first ? 0 : (int64_t)writer->runs[i].node + 1;
	}
	integers_write(out, integers, writer->run_count);
	for (size_t i = 0; i < writer->run_count; i++)
		integers[i] = writer->runs[i].received_ms;
	integers_write(out, integers, writer->run_count);
}

enum column { COLUMN_VALUE, COLUMN_SUM, COLUMN_TIME, COLUMN_UPDATE_TIME };

static int64_t item_integer(const struct column_item *item, enum column column)
{
	switch (column) {
	case COLUMN_SUM:
		return item->sum;
	case COLUMN_TIME:
		return item->time_us;
	case COLUMN_UPDATE_TIME:
		return item->update_time_ms;
	default:
		return item->value;
	}
}

static void write_integers_of(
	struct columns_writer *writer, struct writer *out, const struct column_field *field, enum column column)
{
	size_t count = 0;

	for (uint32_t i = field->first; count < field->count; i = writer->items[i].next)
		writer->integers[count++] = item_integer(&writer->items[i], column);
	integers_write(out, writer->integers, count);
}

static void write_numbers_of(
	struct columns_writer *writer, struct writer *out, const struct column_field *field, enum column column)
{
	struct column_numbers numbers = { 0, writer->integers, writer->integers + writer->limits.readings,
		writer->column_nodes };

	for (uint32_t i = field->first; numbers.count < field->count; i = writer->items[i].next) {
		const struct column_item *item = &writer->items[i];

		numbers.values[numbers.count] = item_integer(item, column);
		numbers.codes[numbers.count] = column == COLUMN_SUM ? item->sum_code : item->value_code;
		writer->column_nodes[numbers.count++] = writer->runs[item->run].node;
	}
	numbers_write(out, &numbers, &writer->scratch);
}

static void write_columns_of(struct columns_writer *writer, struct writer *out, const struct column_field *field)
{
	uint8_t kind = field->flags & FIELD_KIND;

	if (kind == READING_NUMBER)
		write_numbers_of(writer, out, field, COLUMN_VALUE);
	else if (kind != READING_NOTHING)
		write_integers_of(writer, out, field, COLUMN_VALUE);
	if (field->flags & FIELD_SUM)
		write_numbers_of(writer, out, field, COLUMN_SUM);
	if (field->flags & FIELD_TIME)
		write_integers_of(writer, out, field, COLUMN_TIME);
	if (field->flags & FIELD_UPDATE_TIME)
		write_integers_of(writer, out, field, COLUMN_UPDATE_TIME);
}

void columns_write(struct columns_writer *writer, struct writer *out)
{
	number_shapes(writer);
	struct columns_head head = { writer->count, writer->run_count, writer->shape_count, writer->shape_fields,
		writer->field_count, writer->labels.count, writer->nodes.count, writer->values.count,
		writer->arena.used };

	columns_head_write(out, &head);
	texts_write(out, &writer->labels, writer->integers);
	texts_write(out, &writer->nodes, writer->integers);
	texts_write(out, &writer->values, writer->integers);
	write_fields(writer, out);
	write_shapes(writer, out);
	write_runs(writer, out);
	writer->scratch.pass = 0;
	memset(writer->scratch.passes, 0, writer->nodes.count * sizeof(writer->scratch.passes[0]));
	for (size_t i = 0; i < writer->field_count; i++)
		write_columns_of(writer, out, &writer->fields[i]);
}
