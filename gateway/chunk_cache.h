/*
 * chunk_cache: chunks of stored images in memory, a bounded number, the least recently read going first.
 *
 * A chunk that is not there is fetched from the store; whoever asked is told to ask again. Loop thread only; nothing
 * blocks.
 */
#ifndef WAKEGATE_GATEWAY_CHUNK_CACHE_H
#define WAKEGATE_GATEWAY_CHUNK_CACHE_H

#include <stddef.h>
#include <stdint.h>

#define CHUNK_CACHE_LEAST 2 /* a read may span two chunks */
#define CHUNK_CACHE_MOST 256

struct chunk_cache;
struct store;

struct chunk_cache_options {
	struct store *store;
	unsigned limit;               /* chunks, CHUNK_CACHE_LEAST to CHUNK_CACHE_MOST */
	void (*ready)(void *context); /* a fetch has ended: ask again; from store_dispatch() */
	void *context;
};

int chunk_cache_open(struct chunk_cache **out, const struct chunk_cache_options *options);

/* Ends it: ready() is not called again. Its memory goes when the store's last reply has come. NULL is fine. */
void chunk_cache_close(struct chunk_cache *cache);

/*
 * Chunk `index` of an image: how many bytes it has, and *data borrowed until the next call. -EAGAIN: it is being
 * fetched, ready() follows; -EIO: it cannot be read (told once; the next call tries again).
 */
int chunk_cache_get(struct chunk_cache *cache, const uint8_t sha256[32], uint32_t index, const uint8_t **data);

/* Drops all chunks of an image. */
void chunk_cache_forget(struct chunk_cache *cache, const uint8_t sha256[32]);

#endif
