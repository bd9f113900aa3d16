/*
 * senml_shapes: the shapes of packs that were met lately, so that most packs are read at a quarter of the work.
 *
 * A pack of no known shape is parsed as any, and its shape is learned in place of the one that was of use the longest
 * ago. Where shapes come and go without ever being met again (texts or data that differ from pack to pack), fewer and
 * fewer are learned, until one is met again.
 */
#ifndef WAKEGATE_PROTOCOLS_SENML_SHAPES_H
#define WAKEGATE_PROTOCOLS_SENML_SHAPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/senml.h"
#include "protocols/senml_marks.h"
#include "protocols/senml_shape.h"

#define SENML_SHAPES_MAX 16
#define SENML_SHAPES_PAUSE_MAX 255 /* unknown packs in a row of which none is learned */

/* All zeros: none is known yet. */
struct senml_shapes {
	uint64_t clock;                     /* packs so far */
	uint64_t used_at[SENML_SHAPES_MAX]; /* when it was met again last, or learned */
	bool met[SENML_SHAPES_MAX];         /* since it was learned */
	size_t latest;                      /* the shape of the last pack that had a known one */
	uint32_t pause, pause_left;         /* unknown packs of which none is learned, and how many more */
	struct senml_shape shapes[SENML_SHAPES_MAX];
	struct senml_marks marks; /* of the pack that is being parsed */
};

/* As senml_parse(), in every respect but the time that it takes. */
int senml_shapes_parse(struct senml_shapes *shapes, struct senml_pack *pack, const struct senml_source *source);

#endif
