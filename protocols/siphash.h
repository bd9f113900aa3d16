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

#endif
