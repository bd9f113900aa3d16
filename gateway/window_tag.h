/*
 * window_tag: which window a reading is kept for, as a text that stands for its name while it is kept.
 *
 *     -RULE/NAME   the reading itself went no further
 *     +RULE/NAME   it went upstream too
 *
 * The reading's update time is the window's width. One without a value says instead that the window which begins at its
 * time was told.
 */
#ifndef WAKEGATE_GATEWAY_WINDOW_TAG_H
#define WAKEGATE_GATEWAY_WINDOW_TAG_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/rule_settings.h"
#include "protocols/reading.h"

#define WINDOW_TAG_MAX (2 + RULE_NAME_MAX + READING_NAME_MAX)

struct window_plan;

/* Writes the tag, its name cut to READING_NAME_MAX; its size. */
size_t window_tag_write(char out[WINDOW_TAG_MAX], const struct window_plan *plan, struct span name);

struct window_tag {
	bool held;
	struct span rule, name; /* parts of the tag */
};

/* -EBADMSG if it is none. */
int window_tag_parse(struct window_tag *out, struct span tag);

#endif
