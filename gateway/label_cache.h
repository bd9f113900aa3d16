/*
 * label_cache: the labels of nodes as they were found last, because matching all patterns for each report is slow.
 *
 * Of a fixed size: where two nodes share a place, the later one has it.
 */
#ifndef WAKEGATE_GATEWAY_LABEL_CACHE_H
#define WAKEGATE_GATEWAY_LABEL_CACHE_H

#include <stdint.h>

#include "protocols/reading.h"
#include "protocols/siphash.h"

#define LABEL_CACHE_PLACES 4096 /* a power of two */

struct labels_settings;

struct label_cache {
	struct siphash_key key;
	struct {
		uint64_t hash; /* of node and hardware; 0: nothing */
		uint64_t labels;
	} places[LABEL_CACHE_PLACES];
};

/* In zeroed memory, of which nothing is touched before it is needed. */
void label_cache_init(struct label_cache *cache, uint64_t seed);

/* The settings changed. */
void label_cache_clear(struct label_cache *cache);

/* What labels_of_node() says. */
uint64_t label_cache_find(
	struct label_cache *cache, const struct labels_settings *settings, struct span node, struct span hardware);

#endif
