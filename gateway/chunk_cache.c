#include "gateway/chunk_cache.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "store/image_store.h"

enum chunk_state { CHUNK_LOADING, CHUNK_LOADED, CHUNK_FAILED };

struct chunk {
	struct chunk_cache *cache;
	uint8_t sha256[32];
	uint32_t index;
	enum chunk_state state;
	bool forgotten; /* dropped as soon as its fetch ends */
	uint64_t used;  /* order of use */
	size_t size;
	uint8_t *data;
};

struct chunk_cache {
	struct chunk_cache_options options;
	struct chunk *chunks[CHUNK_CACHE_MOST];
	unsigned count;
	unsigned loading;
	uint64_t uses;
	bool closed;
};

int chunk_cache_open(struct chunk_cache **out, const struct chunk_cache_options *options)
{
	struct chunk_cache *cache = calloc(1, sizeof(*cache));

	if (!cache)
		return -ENOMEM;
	assert(options->limit >= CHUNK_CACHE_LEAST && options->limit <= CHUNK_CACHE_MOST);
	cache->options = *options;
	*out = cache;
	return 0;
}

static void drop(struct chunk_cache *cache, unsigned at)
{
	struct chunk *chunk = cache->chunks[at];

	cache->chunks[at] = cache->chunks[--cache->count];
	free(chunk->data);
	free(chunk);
}

static void drop_idle(struct chunk_cache *cache)
{
	for (unsigned i = cache->count; i > 0; i--)
		if (cache->chunks[i - 1]->state != CHUNK_LOADING)
			drop(cache, i - 1);
}

static void free_when_idle(struct chunk_cache *cache)
{
	if (!cache->closed || cache->loading > 0)
		return;
	drop_idle(cache);
	free(cache);
}

void chunk_cache_close(struct chunk_cache *cache)
{
	if (!cache)
		return;
	cache->closed = true;
	free_when_idle(cache);
}

/* Frees the least recently used chunk that is not being fetched; false if there is none. */
static bool evict(struct chunk_cache *cache)
{
	unsigned oldest = cache->count;

	for (unsigned i = 0; i < cache->count; i++) {
		if (cache->chunks[i]->state == CHUNK_LOADING)
			continue;
		if (oldest == cache->count || cache->chunks[i]->used < cache->chunks[oldest]->used)
			oldest = i;
	}
	if (oldest == cache->count)
		return false;
	drop(cache, oldest);
	return true;
}

static unsigned find(const struct chunk_cache *cache, const uint8_t sha256[32], uint32_t index)
{
	for (unsigned i = 0; i < cache->count; i++)
		if (cache->chunks[i]->index == index && memcmp(cache->chunks[i]->sha256, sha256, 32) == 0)
			return i;
	return cache->count;
}

static unsigned position(const struct chunk_cache *cache, const struct chunk *chunk)
{
	unsigned i = 0;

	while (cache->chunks[i] != chunk)
		i++;
	return i;
}

static void on_chunk(void *context, int result, const void *data)
{
	struct chunk *chunk = context;
	struct chunk_cache *cache = chunk->cache;

	cache->loading--;
	chunk->state = CHUNK_FAILED;
	if (result > 0) {
		chunk->data = malloc((size_t)result);
		chunk->size = (size_t)result;
		if (chunk->data) {
			memcpy(chunk->data, data, chunk->size);
			chunk->state = CHUNK_LOADED;
		}
	}
	if (chunk->forgotten)
		drop(cache, position(cache, chunk));
	if (cache->closed)
		free_when_idle(cache);
	else
		cache->options.ready(cache->options.context);
}

/* -EAGAIN: ready() will be called. */
static int fetch(struct chunk_cache *cache, const uint8_t sha256[32], uint32_t index)
{
	if (cache->count >= cache->options.limit && !evict(cache))
		return -EAGAIN;
	struct chunk *chunk = calloc(1, sizeof(*chunk));
	if (!chunk)
		return -EIO;
	*chunk = (struct chunk){ .cache = cache, .index = index, .state = CHUNK_LOADING, .used = ++cache->uses };
	memcpy(chunk->sha256, sha256, sizeof(chunk->sha256));
	struct chunk_reader reader = { .chunk = on_chunk, .context = chunk };
	if (store_image_read(cache->options.store, sha256, index, reader) < 0) {
		free(chunk);
		return cache->loading > 0 ? -EAGAIN : -EIO;
	}
	cache->chunks[cache->count++] = chunk;
	cache->loading++;
	return -EAGAIN;
}

int chunk_cache_get(struct chunk_cache *cache, const uint8_t sha256[32], uint32_t index, const uint8_t **data)
{
	unsigned at = find(cache, sha256, index);

	if (at == cache->count)
		return fetch(cache, sha256, index);
	struct chunk *chunk = cache->chunks[at];
	if (chunk->state == CHUNK_LOADING)
		return -EAGAIN;
	if (chunk->state == CHUNK_FAILED) {
		drop(cache, at);
		return -EIO;
	}
	chunk->used = ++cache->uses;
	*data = chunk->data;
	return (int)chunk->size;
}

void chunk_cache_forget(struct chunk_cache *cache, const uint8_t sha256[32])
{
	for (unsigned i = cache->count; i > 0; i--) {
		struct chunk *chunk = cache->chunks[i - 1];
		if (memcmp(chunk->sha256, sha256, 32) != 0)
			continue;
		if (chunk->state == CHUNK_LOADING)
			chunk->forgotten = true;
		else
			drop(cache, i - 1);
	}
}
