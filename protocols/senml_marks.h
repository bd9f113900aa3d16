/*
 * senml_marks: where in a pack its numbers and names stand; senml.c tells it to senml_shape.c, and nobody else asks.
 */
#ifndef WAKEGATE_PROTOCOLS_SENML_MARKS_H
#define WAKEGATE_PROTOCOLS_SENML_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/senml.h"

#define SENML_MARKS_MAX 48

enum senml_mark_kind {
	SENML_MARK_NONE, /* a field that is to be the same byte for byte */
	SENML_MARK_BASE_NAME,
	SENML_MARK_BASE_TIME,
	SENML_MARK_NAME,
	SENML_MARK_VALUE,
	SENML_MARK_SUM,
	SENML_MARK_TIME,
	SENML_MARK_UNLIKE, /* a field for whose sake no two packs are alike: base values and base sums */
};

/* Bytes of the pack: a number with its head, a name without. */
struct senml_mark {
	enum senml_mark_kind kind;
	uint16_t reading; /* its index, or that of the next one */
	uint16_t at, size;
};

struct senml_marks {
	size_t count;
	bool failed; /* too many, too far behind, SENML_MARK_UNLIKE, or a second base name or time */
	struct senml_mark marks[SENML_MARKS_MAX];
};

/* As senml_parse(), and tells where what it read stands. For CBOR. */
int senml_parse_marked(struct senml_pack *pack, const struct senml_source *source, struct senml_marks *marks);

/* Gives the reading the time that its fields say (section 4.5.3), none for 0. -ERANGE. */
int senml_resolve_time(struct reading *reading, const struct number *time, int64_t now_us);

/* Whether a name may begin so, unless it follows another (section 4.5.1; a leading '/' is OMA LwM2M's). */
bool senml_is_name_start(char c);

#endif
