/*
 * siphash: a keyed 64-bit hash of bytes (SipHash-2-4, Aumasson and Bernstein 2012).
 *
 * With a random key nobody who chooses the bytes can make a table slow; with a fixed key it names bytes the same after
 * a restart. It is no signature.
 */
#ifndef WAKEGATE_PROTOCOLS_SIPHASH_H
#define WAKEGATE_PROTOCOLS_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct siphash_key {
	uint64_t low, high; /* the key's first and last eight bytes, little-endian */
};

uint64_t siphash(const struct siphash_key *key, const void *data, size_t size);

/* SipHash-1-3, which takes half as long: for tables in memory, with a random key. */
uint64_t siphash_for_table(const struct siphash_key *key, const void *data, size_t size);

/* SipHash-1-3 of what comes piece by piece, in whole words: each is eight bytes, little-endian. */
struct siphash_words {
	uint64_t v0, v1, v2, v3;
	uint64_t count;
};

void siphash_words_begin(struct siphash_words *state, const struct siphash_key *key);
void siphash_words_add(struct siphash_words *state, const uint64_t *words, size_t count);

/* Of the words so far; more may follow. */
uint64_t siphash_words_end(const struct siphash_words *state);

#endif
