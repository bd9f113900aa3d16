/*
 * senml_shape: what the packs of one firmware have in common: every byte but those of numbers and of the base name.
 *
 * A node sends the same pack over and over, with other numbers in it. Who has a shape reads the next one by looking at
 * where the numbers stand, a quarter of the work of reading it item by item; what it gives is the same. For CBOR alone,
 * where numbers of like size take as many bytes.
 */
#ifndef WAKEGATE_PROTOCOLS_SENML_SHAPE_H
#define WAKEGATE_PROTOCOLS_SENML_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/senml.h"
#include "protocols/senml_marks.h"

/* Larger packs, and those of more readings, have no shape. */
#define SENML_SHAPE_BYTES 320
#define SENML_SHAPE_READINGS 16

/* Where bytes of the pack stand. */
struct senml_place {
	uint16_t at, size;
};

enum senml_number_kind {
	SENML_INTEGER,
	SENML_DECIMAL, /* a decimal fraction; its exponent is part of the shape */
	SENML_ITEM,    /* anything else, read as such: a float */
};

/* Its place is that of the integer or the mantissa, head and argument; of a SENML_ITEM that of all. */
struct senml_number {
	enum senml_number_kind kind;
	int32_t exponent;
	struct senml_place place;
};

/* A reading without what the numbers say. Numbers are told by their index plus one, 0 for none. */
struct senml_outline {
	struct senml_place name, unit, text; /* the name without the base */
	uint8_t value, sum, time;
	bool has_base_name, has_base_time, boolean;
	enum reading_kind kind;
	uint32_t update_time_ms;
};

struct senml_shape {
	size_t size; /* of the packs in bytes, 0 of no shape */
	bool any_start;
	uint8_t base_time; /* as in an outline */
	uint8_t reading_count, number_count;
	uint16_t scratch_size;
	struct senml_place base_name;
	struct senml_outline outlines[SENML_SHAPE_READINGS];
	struct senml_number numbers[SENML_MARKS_MAX];
	uint8_t bytes[SENML_SHAPE_BYTES]; /* of the pack, 0 where it may differ */
	uint8_t mask[SENML_SHAPE_BYTES];  /* the bits in which packs agree */
};

/* Learns the shape of a pack that was parsed with these marks. False: it has none, and `shape` is untouched. */
bool senml_shape_learn(struct senml_shape *shape, const struct senml_pack *pack, const struct senml_source *source,
	const struct senml_marks *marks);

/*
 * Parses a pack of this shape as senml_parse() would. False: it is of another, or there is something about it that
 * senml_parse() has to look at; `pack` then has to be parsed anew.
 */
bool senml_shape_parse(const struct senml_shape *shape, struct senml_pack *pack, const struct senml_source *source);

#endif
