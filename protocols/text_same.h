/*
 * text_same: whether two short texts are the same, eight bytes at a time: names and units, which are compared often.
 */
#ifndef WAKEGATE_PROTOCOLS_TEXT_SAME_H
#define WAKEGATE_PROTOCOLS_TEXT_SAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "protocols/reading.h"

/* The eight bytes at `at` of either, as long as they have as many. */
static inline bool text_same_word(const char *a, const char *b, size_t at)
{
	uint64_t left, right;

	memcpy(&left, a + at, sizeof(left));
	memcpy(&right, b + at, sizeof(right));
	return left == right;
}

/* Fewer than eight bytes; the loads may overlap. */
static inline bool text_same_rest(const char *a, const char *b, size_t size)
{
	uint32_t left[2], right[2];

	if (size < sizeof(left[0]))
		return size == 0 || (a[0] == b[0] && a[size / 2] == b[size / 2] && a[size - 1] == b[size - 1]);
	memcpy(&left[0], a, sizeof(left[0]));
	memcpy(&left[1], a + size - sizeof(left[1]), sizeof(left[1]));
	memcpy(&right[0], b, sizeof(right[0]));
	memcpy(&right[1], b + size - sizeof(right[1]), sizeof(right[1]));
	return left[0] == right[0] && left[1] == right[1];
}

static inline bool text_same(struct span a, struct span b)
{
	if (a.size != b.size)
		return false;
	if (a.size < sizeof(uint64_t))
		return text_same_rest(a.data, b.data, a.size);
	for (size_t at = 0; at + sizeof(uint64_t) < a.size; at += sizeof(uint64_t))
		if (!text_same_word(a.data, b.data, at))
			return false;
	return text_same_word(a.data, b.data, a.size - sizeof(uint64_t));
}

#endif
