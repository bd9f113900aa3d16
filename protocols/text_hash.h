/*
 * text_hash: a hash of short texts for tables that live in memory and bound their probes: eight bytes at a time.
 *
 * It has no key: whoever can choose the texts can make them collide.
 */
#ifndef WAKEGATE_PROTOCOLS_TEXT_HASH_H
#define WAKEGATE_PROTOCOLS_TEXT_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "protocols/cursor.h"

/* Up to seven bytes in one word, another one for each other text of that size; the loads may overlap. */
static inline uint64_t text_hash_rest(const char *data, size_t size)
{
	const uint8_t *bytes = (const uint8_t *)data;
	uint32_t first, last;

	if (size == 0)
		return 0;
	if (size < sizeof(first))
		return (uint64_t)bytes[0] | (uint64_t)bytes[size / 2] << 8 | (uint64_t)bytes[size - 1] << 16;
	memcpy(&first, data, sizeof(first));
	memcpy(&last, data + size - sizeof(last), sizeof(last));
	return first | (uint64_t)last << 32;
}

static inline uint32_t text_hash(struct span text)
{
	const uint64_t odd = 0x9e3779b97f4a7c15;
	uint64_t hash = text.size * odd;
	uint64_t word;

	for (; text.size >= sizeof(word); text.size -= sizeof(word), text.data += sizeof(word)) {
		memcpy(&word, text.data, sizeof(word));
		hash = (hash ^ word) * odd;
		hash ^= hash >> 32;
	}
	hash = (hash ^ text_hash_rest(text.data, text.size)) * odd;
	return (uint32_t)(hash >> 32);
}

#endif
