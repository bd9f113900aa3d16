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
	word = 0;
	if (text.size > 0)
		memcpy(&word, text.data, text.size);
	hash = (hash ^ word) * odd;
	return (uint32_t)(hash >> 32);
}

#endif
