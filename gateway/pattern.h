/*
 * pattern: names as people group and make them.
 *
 * In a pattern `*` stands for any bytes, `?` for one, everything else for itself. In the text of a new name `{name}`
 * stands for the former one.
 */
#ifndef WAKEGATE_GATEWAY_PATTERN_H
#define WAKEGATE_GATEWAY_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "protocols/reading.h"

#define PATTERN_NAME "{name}"

struct setting_list;

/* Whether the pattern stands for the whole text. Takes at most the product of both lengths in steps. */
bool pattern_matches(const char *pattern, struct span text);

/* Whether one of the list does; an empty list stands for any text. */
bool patterns_match(const struct setting_list *patterns, struct span text);

/* Writes the new name, cut to READING_NAME_MAX bytes; its size. */
size_t pattern_fill(char out[READING_NAME_MAX], const char *text, struct span name);

#endif
