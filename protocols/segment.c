#include "protocols/segment.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "protocols/text_hash.h"
#include "protocols/text_same.h"

/*
 * The first byte of a reading: its kind in the low three bits, then what follows. Booleans use bit 3 for their value,
 * so one whose time is a date is a kind of its own.
 */
#define KIND_DATED_BOOLEAN (READING_DATA + 1)
#define FLAG_TRUE 0x08
#define FLAG_DATED 0x08
#define FLAG_UNIT 0x10
#define FLAG_TIME 0x20
#define FLAG_SUM 0x40
#define FLAG_UPDATE_TIME 0x80
#define KIND_MASK 0x07

/* A text: 0 and the text, which then gets the next number; 1 and the text, without a number; or its number + 2. */
#define TEXT_NEW 0
#define TEXT_PLAIN 1
#define TEXT_NUMBERED 2

/* A number: 0 and a double, or its exponent's zigzag + 1 and its mantissa's zigzag. */
#define NUMBER_DOUBLE 0

#define PROBES_MAX 32

static uint64_t zigzag(int64_t value)
{
	return (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);
}

static int64_t unzigzag(uint64_t value)
{
	return (int64_t)(value >> 1 ^ (0 - (value & 1)));
}

/* Differences wrap around, as unsigned numbers do, so that any two times have one. */
static uint64_t difference(int64_t now, int64_t before)
{
	return zigzag((int64_t)((uint64_t)now - (uint64_t)before));
}

static int64_t add_difference(int64_t before, uint64_t value)
{
	return (int64_t)((uint64_t)before + (uint64_t)unzigzag(value));
}

void segment_writer_init(struct segment_writer *writer, void *data, size_t size)
{
	writer_init(&writer->out, data, size);
	writer->received_ms = 0;
	writer->texts = writer->last = 0;
	memset(writer->slots, 0, sizeof(writer->slots));
}

void segment_writer_move(struct segment_writer *writer, void *data, size_t size)
{
	size_t used = segment_writer_size(writer);

	assert(size >= used);
	writer_init(&writer->out, data, size);
	writer->out.at += used;
}

size_t segment_writer_size(const struct segment_writer *writer)
{
	return writer_size(&writer->out);
}

static bool text_stands_at(const struct segment_writer *writer, uint32_t offset, struct span text)
{
	const uint8_t *at = writer->out.start + offset;

	/* SEGMENT_TEXT_MAX fits the two bytes of its length that are compared here, one for most texts. */
	size_t size = at[0] & 0x7f;
	size_t head = 1;
	if (at[0] & 0x80) {
		size |= (size_t)at[1] << 7;
		head = 2;
	}
	return text_same((struct span){ (const char *)at + head, size }, text);
}

/* The slot that holds the text, or the free one where it would go; NULL if it is to be written out. */
static uint16_t *find_slot(struct segment_writer *writer, struct span text)
{
	size_t mask = sizeof(writer->slots) / sizeof(writer->slots[0]) - 1;
	uint32_t hash = text_hash(text);

	if (text.size > SEGMENT_TEXT_MAX)
		return NULL;
	/* The bound keeps a node that chooses colliding names from making this slow. */
	for (size_t i = 0; i < PROBES_MAX; i++) {
		uint16_t *slot = &writer->slots[(hash + i) & mask];

		if (!*slot || text_stands_at(writer, writer->offsets[*slot - 1], text))
			return slot;
	}
	return NULL;
}

static void write_sized(struct writer *out, struct span text)
{
	write_varint(out, text.size);
	write_bytes(out, text.data, text.size);
}

/* Texts mostly follow each other as they did before: names of a report and their units. */
static bool follows(const struct segment_writer *writer, struct span text)
{
	uint16_t next = writer->last ? writer->next[writer->last - 1] : 0;

	return next && next <= writer->texts && text_stands_at(writer, writer->offsets[next - 1], text);
}

static void note_last(struct segment_writer *writer, uint16_t text)
{
	if (writer->last)
		writer->next[writer->last - 1] = text;
	writer->last = text;
}

static void write_text(struct segment_writer *writer, struct span text)
{
	if (follows(writer, text)) {
		writer->last = writer->next[writer->last - 1];
		write_varint(&writer->out, (uint64_t)(writer->last - 1) + TEXT_NUMBERED);
		return;
	}
	uint16_t *slot = find_slot(writer, text);
	if (slot && *slot) {
		note_last(writer, *slot);
		write_varint(&writer->out, (uint64_t)(*slot - 1) + TEXT_NUMBERED);
		return;
	}
	bool numbered = slot && writer->texts < SEGMENT_TEXTS_MAX;
	write_varint(&writer->out, numbered ? TEXT_NEW : TEXT_PLAIN);
	size_t offset = writer_size(&writer->out);
	write_sized(&writer->out, text);
	if (!numbered || writer->out.failed)
		return;
	writer->next[writer->texts] = 0;
	writer->offsets[writer->texts++] = (uint32_t)offset;
	*slot = (uint16_t)writer->texts;
	note_last(writer, *slot);
}

static void write_number(struct writer *out, const struct number *number)
{
	uint64_t bits = 0;

	if (!number->is_double) {
		write_varint(out, zigzag(number->exponent) + 1);
		write_varint(out, zigzag(number->mantissa));
		return;
	}
	memcpy(&bits, &number->real, sizeof(bits));
	write_varint(out, NUMBER_DOUBLE);
	write_le64(out, bits);
}

static uint8_t kind_byte(const struct reading *reading)
{
	bool is_dated = reading->has_time && reading->is_dated;

	if (reading->kind != READING_BOOLEAN)
		return (uint8_t)(reading->kind | (is_dated ? FLAG_DATED : 0));
	return (uint8_t)((is_dated ? KIND_DATED_BOOLEAN : READING_BOOLEAN) | (reading->boolean ? FLAG_TRUE : 0));
}

static void write_reading(struct segment_writer *writer, const struct reading *reading)
{
	struct writer *out = &writer->out;

	write_u8(out, (uint8_t)(kind_byte(reading) | (reading->unit.size ? FLAG_UNIT : 0) |
				(reading->has_time ? FLAG_TIME : 0) | (reading->has_sum ? FLAG_SUM : 0) |
				(reading->update_time_ms ? FLAG_UPDATE_TIME : 0)));
	write_text(writer, reading->name);
	if (reading->unit.size > 0)
		write_text(writer, reading->unit);
	if (reading->kind == READING_NUMBER)
		write_number(out, &reading->number);
	if (reading->kind == READING_STRING || reading->kind == READING_DATA)
		write_sized(out, reading->text);
	if (reading->has_sum)
		write_number(out, &reading->sum);
	if (reading->has_time)
		write_varint(out, difference(reading->time_us, (int64_t)((uint64_t)writer->received_ms * 1000)));
	if (reading->update_time_ms > 0)
		write_varint(out, reading->update_time_ms);
}

/* Takes back what was written after `out` and the texts numbered since. */
static void take_back(struct segment_writer *writer, const struct writer *out, size_t texts)
{
	size_t mask = sizeof(writer->slots) / sizeof(writer->slots[0]) - 1;

	/* In reverse order every slot to be freed is the last of its run. */
	while (writer->texts > texts) {
		const uint8_t *at = writer->out.start + writer->offsets[writer->texts - 1];
		struct span text = { (const char *)at + 1, at[0] & 0x7f };

		if (at[0] & 0x80)
			text = (struct span){ (const char *)at + 2, text.size | (size_t)at[1] << 7 };
		size_t i = text_hash(text) & mask;
		while (writer->slots[i] != writer->texts)
			i = (i + 1) & mask;
		writer->slots[i] = 0;
		writer->texts--;
	}
	writer->last = 0;
	writer->out = *out;
}

int segment_write_report(struct segment_writer *writer, const struct segment_report *report)
{
	struct writer before = writer->out;
	int64_t received_ms = writer->received_ms;
	size_t texts = writer->texts;

	assert(report->count > 0);
	write_varint(&writer->out, report->count);
	write_text(writer, report->node);
	write_varint(&writer->out, difference(report->received_ms, received_ms));
	writer->received_ms = report->received_ms;
	for (size_t i = 0; i < report->count; i++)
		write_reading(writer, &report->readings[i]);
	if (!writer->out.failed)
		return 0;
	take_back(writer, &before, texts);
	writer->received_ms = received_ms;
	return -ENOBUFS;
}

void segment_walk_init(struct segment_walk *walk, const void *data, size_t size)
{
	walk->state = (struct segment_reader_state){ 0 };
	reader_init(&walk->state.in, data, size);
	walk->state.start = walk->state.in.at;
}

static struct span read_sized(struct reader *in)
{
	uint64_t size = read_varint(in);
	const uint8_t *data = size <= reader_left(in) ? read_bytes(in, (size_t)size) : NULL;

	if (!data)
		in->failed = true;
	return data ? (struct span){ (const char *)data, (size_t)size } : (struct span){ 0 };
}

static struct span read_text(struct segment_walk *walk)
{
	struct reader *in = &walk->state.in;
	uint64_t code = read_varint(in);

	if (code == TEXT_NEW) {
		/* Beyond the bounds, or beyond 4 GiB, no writer numbers a text. */
		if (walk->state.texts == SEGMENT_TEXTS_MAX || in->at - walk->state.start > UINT32_MAX)
			in->failed = true;
		else
			walk->offsets[walk->state.texts++] = (uint32_t)(in->at - walk->state.start);
	} else if (code != TEXT_PLAIN) {
		struct reader earlier = { .at = walk->state.start, .end = in->end };

		if (code - TEXT_NUMBERED >= walk->state.texts || in->failed) {
			in->failed = true;
			return (struct span){ 0 };
		}
		earlier.at += walk->offsets[code - TEXT_NUMBERED];
		return read_sized(&earlier);
	}
	return read_sized(in);
}

static struct number read_number(struct reader *in)
{
	uint64_t code = read_varint(in);
	struct number number = { .is_double = code == NUMBER_DOUBLE };

	if (number.is_double) {
		uint64_t bits = read_le64(in);

		memcpy(&number.real, &bits, sizeof(bits));
		return number;
	}
	int64_t exponent = unzigzag(code - 1);
	if (exponent < INT8_MIN || exponent > INT8_MAX)
		in->failed = true;
	number.exponent = (int8_t)exponent;
	number.mantissa = unzigzag(read_varint(in));
	return number;
}

static void set_kind(struct reading *out, uint8_t flags)
{
	unsigned kind = flags & KIND_MASK;
	bool is_boolean = kind == READING_BOOLEAN || kind == KIND_DATED_BOOLEAN;

	out->kind = is_boolean ? READING_BOOLEAN : (enum reading_kind)kind;
	out->boolean = is_boolean && flags & FLAG_TRUE;
	out->is_dated = out->has_time && (is_boolean ? kind == KIND_DATED_BOOLEAN : flags & FLAG_DATED);
}

static void read_reading(struct segment_walk *walk, struct reading *out)
{
	struct reader *in = &walk->state.in;
	uint8_t flags = read_u8(in);

	*out = (struct reading){ .has_time = flags & FLAG_TIME, .has_sum = flags & FLAG_SUM };
	set_kind(out, flags);
	if ((flags & KIND_MASK) > KIND_DATED_BOOLEAN)
		in->failed = true;
	out->name = read_text(walk);
	if (flags & FLAG_UNIT)
		out->unit = read_text(walk);
	if (out->kind == READING_NUMBER)
		out->number = read_number(in);
	if (out->kind == READING_STRING || out->kind == READING_DATA)
		out->text = read_sized(in);
	if (out->has_sum)
		out->sum = read_number(in);
	if (out->has_time)
		out->time_us = add_difference((int64_t)((uint64_t)walk->state.received_ms * 1000), read_varint(in));
	if (flags & FLAG_UPDATE_TIME)
		out->update_time_ms = (uint32_t)read_varint(in);
}

static void read_report_head(struct segment_walk *walk)
{
	struct segment_reader_state *state = &walk->state;

	state->left = read_varint(&state->in);
	state->node = read_text(walk);
	state->received_ms = add_difference(state->received_ms, read_varint(&state->in));
	if (state->left == 0)
		state->in.failed = true;
}

/* Of the report that the next reading is in. False: there is none. */
static bool enter_report(struct segment_walk *walk)
{
	struct segment_reader_state *state = &walk->state;

	if (state->left == 0 && !state->in.failed && reader_left(&state->in) > 0)
		read_report_head(walk);
	return state->left > 0 && !state->in.failed;
}

bool segment_walk_peek(struct segment_walk *walk, struct segment_plain *out)
{
	out->begins = walk->state.left == 0;
	if (!enter_report(walk))
		return false;
	struct reader in = walk->state.in;
	uint8_t flags = read_u8(&in);
	if ((flags & (KIND_MASK | FLAG_SUM | FLAG_UPDATE_TIME)) != READING_NUMBER)
		return false;
	uint64_t name = read_varint(&in), unit = flags & FLAG_UNIT ? read_varint(&in) : TEXT_NUMBERED;
	uint64_t number = read_varint(&in);
	if (name < TEXT_NUMBERED || unit < TEXT_NUMBERED || (name | unit) >> 24 || number == NUMBER_DOUBLE ||
		number > UINT8_MAX + 1)
		return false;
	out->key = flags | UINT64_C(1) << 8 | name << 16 | unit << 40;
	out->number_code = (uint16_t)number;
	out->mantissa = unzigzag(read_varint(&in));
	out->has_time = flags & FLAG_TIME;
	if (out->has_time)
		out->time_us = add_difference((int64_t)((uint64_t)walk->state.received_ms * 1000), read_varint(&in));
	out->rest = in;
	return !in.failed;
}

void segment_walk_accept(struct segment_walk *walk, const struct segment_plain *plain)
{
	walk->state.in = plain->rest;
	walk->state.left--;
}

int segment_walk_next(struct segment_walk *walk, struct segment_entry *out)
{
	struct segment_reader_state *state = &walk->state;

	if (!enter_report(walk) && !state->in.failed)
		return 0;
	out->node = state->node;
	out->received_ms = state->received_ms;
	if (!state->in.failed)
		read_reading(walk, &out->reading);
	if (state->in.failed)
		return -EBADMSG;
	state->left--;
	return 1;
}
