#include "protocols/senml_shape.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

#include "protocols/number.h"

/* A decimal fraction with heads of the least size (RFC 8949 section 3.4.4). */
#define TAGGED_DECIMAL 0xc4
#define PAIR 0x82

#define MAJOR_BITS 0xe0
#define INFO_BITS 0x1f
#define INFO_ARGUMENT 24 /* from here on the argument, or its size, is not in the head */

/* The bytes of an item may differ, but not its kind nor its size. */
static void loosen(struct senml_shape *shape, struct senml_place place)
{
	shape->mask[place.at] = place.size > 1 ? 0xff : MAJOR_BITS;
	memset(shape->mask + place.at + 1, 0, place.size - 1u);
}

static bool is_integer(const uint8_t *item)
{
	return item[0] >> 5 <= 1;
}

static size_t size_of_integer(const uint8_t *item)
{
	unsigned info = item[0] & INFO_BITS;

	return info < INFO_ARGUMENT ? 1 : 1 + ((size_t)1 << (info - INFO_ARGUMENT));
}

static uint64_t argument_of(const uint8_t *item, size_t size)
{
	uint16_t two;
	uint32_t four;
	uint64_t eight;

	switch (size) {
	case 1:
		return item[0] & INFO_BITS;
	case 2:
		return item[1];
	case 3:
		memcpy(&two, item + 1, sizeof(two));
		return be16toh(two);
	case 5:
		memcpy(&four, item + 1, sizeof(four));
		return be32toh(four);
	default:
		memcpy(&eight, item + 1, sizeof(eight));
		return be64toh(eight);
	}
}

/* False: it is none of 63 bits, or of another size than its shape's. */
static bool read_integer(const uint8_t *item, size_t size, int64_t *out)
{
	uint64_t argument = argument_of(item, size);

	if (argument > INT64_MAX || (size == 1 && argument >= INFO_ARGUMENT))
		return false;
	*out = item[0] >> 5 ? -1 - (int64_t)argument : (int64_t)argument;
	return true;
}

static bool learn_decimal(const uint8_t *item, struct senml_place place, struct senml_number *number)
{
	if (place.size < 4 || item[0] != TAGGED_DECIMAL || item[1] != PAIR || !is_integer(item + 2))
		return false;
	size_t exponent_size = size_of_integer(item + 2), before = 2 + exponent_size;
	int64_t exponent = 0;

	if (!read_integer(item + 2, exponent_size, &exponent) || !is_integer(item + before))
		return false;
	*number = (struct senml_number){ SENML_DECIMAL, (int32_t)exponent,
		{ (uint16_t)(place.at + before), (uint16_t)(place.size - before) } };
	return true;
}

/* The index plus one. */
static uint8_t learn_number(struct senml_shape *shape, const uint8_t *data, struct senml_place place)
{
	struct senml_number *number = &shape->numbers[shape->number_count++];

	if (is_integer(data + place.at))
		*number = (struct senml_number){ SENML_INTEGER, 0, place };
	else if (!learn_decimal(data + place.at, place, number))
		*number = (struct senml_number){ SENML_ITEM, 0, place };
	loosen(shape, number->place);
	return shape->number_count;
}

static void learn_base_name(struct senml_shape *shape, const struct senml_mark *mark)
{
	shape->base_name = (struct senml_place){ mark->at, mark->size };
	memset(shape->mask + mark->at, 0, mark->size);
	for (size_t i = mark->reading; i < shape->reading_count; i++)
		shape->outlines[i].has_base_name = mark->size > 0;
}

static void learn_base_time(struct senml_shape *shape, const uint8_t *data, const struct senml_mark *mark)
{
	shape->base_time = learn_number(shape, data, (struct senml_place){ mark->at, mark->size });
	for (size_t i = mark->reading; i < shape->reading_count; i++)
		shape->outlines[i].has_base_time = true;
}

/* A base field counts from its record on. */
static void learn_mark(struct senml_shape *shape, const uint8_t *data, const struct senml_mark *mark)
{
	struct senml_place place = { mark->at, mark->size };
	struct senml_outline *outline = &shape->outlines[mark->reading];

	switch (mark->kind) {
	case SENML_MARK_BASE_NAME:
		learn_base_name(shape, mark);
		break;
	case SENML_MARK_BASE_TIME:
		learn_base_time(shape, data, mark);
		break;
	case SENML_MARK_NAME:
		outline->name = place;
		break;
	case SENML_MARK_VALUE:
		outline->value = learn_number(shape, data, place);
		break;
	case SENML_MARK_SUM:
		outline->sum = learn_number(shape, data, place);
		break;
	case SENML_MARK_TIME:
		outline->time = learn_number(shape, data, place);
		break;
	case SENML_MARK_NONE:
	case SENML_MARK_UNLIKE:
		assert(!"told only by marks that failed");
	}
}

/* Units and texts are borrowed from the pack, where it has any. */
static struct senml_place place_of(struct span text, const struct senml_source *source)
{
	if (text.size == 0)
		return (struct senml_place){ 0 };
	return (struct senml_place){ (uint16_t)(text.data - source->data.data), (uint16_t)text.size };
}

static void learn_reading(
	struct senml_outline *outline, const struct reading *reading, const struct senml_source *source)
{
	*outline = (struct senml_outline){
		.unit = place_of(reading->unit, source),
		.text = place_of(reading->text, source),
		.boolean = reading->boolean,
		.kind = reading->kind,
		.update_time_ms = reading->update_time_ms,
	};
}

static void finish_learning(struct senml_shape *shape)
{
	for (size_t i = 0; i < shape->size; i++)
		shape->bytes[i] &= shape->mask[i];
	for (size_t i = 0; i < shape->reading_count; i++)
		if (shape->outlines[i].has_base_name && shape->outlines[i].name.size > 0)
			shape->scratch_size += shape->outlines[i].name.size + shape->base_name.size;
}

bool senml_shape_learn(struct senml_shape *shape, const struct senml_pack *pack, const struct senml_source *source,
	const struct senml_marks *marks)
{
	if (marks->failed || source->format != FORMAT_CBOR || source->data.size < sizeof(uint64_t) ||
		source->data.size > SENML_SHAPE_BYTES || pack->count > SENML_SHAPE_READINGS)
		return false;
	shape->size = source->data.size;
	shape->any_start = source->any_start;
	shape->base_time = shape->number_count = 0;
	shape->reading_count = (uint8_t)pack->count;
	shape->scratch_size = 0;
	shape->base_name = (struct senml_place){ 0 };
	memcpy(shape->bytes, source->data.data, source->data.size);
	memset(shape->mask, 0xff, source->data.size);
	for (size_t i = 0; i < pack->count; i++)
		learn_reading(&shape->outlines[i], &pack->readings[i], source);
	for (size_t i = 0; i < marks->count; i++)
		learn_mark(shape, (const uint8_t *)source->data.data, &marks->marks[i]);
	finish_learning(shape);
	return true;
}

static bool agrees_at(const struct senml_shape *shape, const uint8_t *data, size_t at)
{
	uint64_t here, bytes, mask;

	memcpy(&here, data + at, sizeof(here));
	memcpy(&bytes, shape->bytes + at, sizeof(bytes));
	memcpy(&mask, shape->mask + at, sizeof(mask));
	return (here & mask) == bytes;
}

/* Eight bytes at a time; the last eight may be in part the same as those before. */
static bool has_shape(const struct senml_shape *shape, const uint8_t *data)
{
	for (size_t at = 0; at + sizeof(uint64_t) < shape->size; at += sizeof(uint64_t))
		if (!agrees_at(shape, data, at))
			return false;
	return agrees_at(shape, data, shape->size - sizeof(uint64_t));
}

static bool base_name_fits(const struct senml_shape *shape, const char *data)
{
	const char *name = data + shape->base_name.at;

	if (shape->base_name.size > 0 && !shape->any_start && !senml_is_name_start(name[0]))
		return false;
	for (size_t i = 0; i < shape->base_name.size; i++)
		if (!senml_is_name_character(name[i]))
			return false;
	return true;
}

static bool parse_item(struct span item, struct number *out)
{
	struct token_reader tokens;
	struct token token;

	tokens_init(&tokens, FORMAT_CBOR, item, NULL, 0);
	tokens_read(&tokens, &token);
	if (token.kind != TOKEN_NUMBER || tokens_offset(&tokens) != item.size)
		return false;
	*out = token.number;
	return true;
}

/* Number `told`, which is its index plus one. */
static bool parse_number(const struct senml_shape *shape, uint8_t told, const char *data, struct number *out)
{
	const struct senml_number *number = &shape->numbers[told - 1];
	const char *item = data + number->place.at;
	int64_t integer = 0;

	if (number->kind == SENML_ITEM)
		return parse_item((struct span){ item, number->place.size }, out);
	if (!read_integer((const uint8_t *)item, number->place.size, &integer))
		return false;
	if (number->kind == SENML_DECIMAL)
		return number_from_decimal(out, integer, number->exponent) == 0;
	*out = number_from_integer(integer);
	return true;
}

/* What the readings of one pack are made of. */
struct source {
	const char *data;
	struct writer scratch;
	int64_t now_us;
	struct number base_time;
	struct reading timed; /* it has the base time, and nothing else */
};

static struct span text_at(const struct source *source, struct senml_place place)
{
	return place.size > 0 ? (struct span){ source->data + place.at, place.size } : (struct span){ 0 };
}

static struct span name_of(const struct senml_shape *shape, const struct senml_outline *outline, struct source *source)
{
	struct span own = text_at(source, outline->name), base = text_at(source, shape->base_name);

	if (!outline->has_base_name)
		return own;
	if (own.size == 0)
		return base;
	struct span joined = { (const char *)source->scratch.at, base.size + own.size };
	write_bytes(&source->scratch, base.data, base.size);
	write_bytes(&source->scratch, own.data, own.size);
	return joined;
}

static bool parse_time(const struct senml_shape *shape, const struct senml_outline *outline,
	const struct source *source, struct reading *reading)
{
	struct number own, time;

	if (!outline->time) {
		reading->has_time = outline->has_base_time && source->timed.has_time;
		reading->is_dated = outline->has_base_time && source->timed.is_dated;
		reading->time_us = outline->has_base_time ? source->timed.time_us : 0;
		return true;
	}
	if (!parse_number(shape, outline->time, source->data, &own))
		return false;
	time = own;
	if (outline->has_base_time && number_add(&time, &source->base_time, &own) < 0)
		return false;
	return senml_resolve_time(reading, &time, source->now_us) == 0;
}

static bool parse_reading(const struct senml_shape *shape, const struct senml_outline *outline, struct source *source,
	struct reading *reading)
{
	*reading = (struct reading){
		.name = name_of(shape, outline, source),
		.unit = text_at(source, outline->unit),
		.kind = outline->kind,
		.has_sum = outline->sum,
		.boolean = outline->boolean,
		.text = text_at(source, outline->text),
		.update_time_ms = outline->update_time_ms,
	};
	return (!outline->value || parse_number(shape, outline->value, source->data, &reading->number)) &&
	       (!outline->sum || parse_number(shape, outline->sum, source->data, &reading->sum)) &&
	       parse_time(shape, outline, source, reading);
}

static bool parse_base_time(const struct senml_shape *shape, struct source *source)
{
	source->timed.has_time = source->timed.is_dated = false;
	source->timed.time_us = 0;
	return !shape->base_time ||
	       (parse_number(shape, shape->base_time, source->data, &source->base_time) &&
		       senml_resolve_time(&source->timed, &source->base_time, source->now_us) == 0);
}

/* Whether the pack has this shape, and there is room for what it says. */
static bool is_alike(const struct senml_shape *shape, const struct senml_pack *pack, const struct senml_source *source)
{
	return source->data.size == shape->size && shape->size > 0 && source->format == FORMAT_CBOR &&
	       source->any_start == shape->any_start && pack->capacity >= shape->reading_count &&
	       pack->scratch_size >= shape->scratch_size && has_shape(shape, (const uint8_t *)source->data.data) &&
	       base_name_fits(shape, source->data.data);
}

bool senml_shape_parse(const struct senml_shape *shape, struct senml_pack *pack, const struct senml_source *from)
{
	struct source source;

	if (!is_alike(shape, pack, from))
		return false;
	source.data = from->data.data;
	source.now_us = from->now_us;
	writer_init(&source.scratch, pack->scratch, pack->scratch_size);
	if (!parse_base_time(shape, &source))
		return false;
	for (size_t i = 0; i < shape->reading_count; i++)
		if (!parse_reading(shape, &shape->outlines[i], &source, &pack->readings[i]))
			return false;
	pack->count = shape->reading_count;
	return true;
}
