/*
 * image_cache: the catalogue of firmware images, and their bytes as drivers read them.
 *
 * The catalogue is in memory; the bytes rest in the store, and a bounded number of 64 KiB chunks, the least recently
 * read going first, is kept in memory for the nodes that fetch just now. When the quota is hit, the least recently
 * used image goes, partial ones first, but never one that is needed or being imported. Loop thread only; nothing
 * blocks but image_cache_open().
 */
#ifndef WAKEGATE_GATEWAY_IMAGE_CACHE_H
#define WAKEGATE_GATEWAY_IMAGE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/image_source.h"
#include "store/image_store.h"

#define IMAGES_MAX 256

struct image_cache;

struct image_cache_options {
	struct store *store;    /* outlives the cache, or is closed before it: either will do */
	uint64_t quota_bytes;   /* of all images, partial ones with their full size */
	unsigned cached_chunks; /* as chunk_cache's limit */
	void *context;
	/* Whether a node runs it (its way back), is to get it, or an operator pinned it: then it is not evicted. */
	bool (*needed)(void *context, const uint8_t sha256[32]);
	/* Bytes for which a source said -EAGAIN may be there now: tell the drivers. */
	void (*ready)(void *context);
};

/* Loads the catalogue; blocks. -ENOMEM, -EIO. */
int image_cache_open(struct image_cache **out, const struct image_cache_options *options);

/* Ends the cache; its memory goes when the store's last reply and the last source have. NULL is fine. */
void image_cache_close(struct image_cache *cache);

/* The image of that digest, partial or complete, or NULL. Borrowed until the catalogue changes. */
const struct stored_image *image_cache_find(const struct image_cache *cache, const uint8_t sha256[32]);

/*
 * The complete image that `text` means: any head of its SHA-256 in hex, at least four digits; the name of its file; or
 * HARDWARE@VERSION. -ENOENT; -ENOTUNIQ if it means several.
 */
int image_cache_resolve(const struct image_cache *cache, const char *text, const struct stored_image **out);

/* Calls `each` for every image, partial ones too, in the order they were added; it must not change the catalogue. */
void image_cache_each(
	const struct image_cache *cache, void (*each)(void *context, const struct stored_image *image), void *context);

/* A complete image as a source, by digest or by name (IMAGE_NAME_SIZE), or NULL. Borrowed: hold it to keep it. The
 * bytes of a held source that is removed read as -EIO. */
struct image_source *image_cache_source(struct image_cache *cache, const uint8_t sha256[32]);
struct image_source *image_cache_source_named(struct image_cache *cache, const char *name);

/* Notes that it was used: the order of eviction. Written to the store at most once an hour per image. */
void image_cache_touch(struct image_cache *cache, const uint8_t sha256[32], int64_t wall_ms);

/* Removes an image, `reply` when it is gone from the disk. -ENOENT; -EBUSY: needed and not `forced`, or being
 * imported. */
int image_cache_remove(struct image_cache *cache, const uint8_t sha256[32], bool forced, struct store_reply reply);

/* Bytes of all images, as the quota counts them. */
uint64_t image_cache_bytes(const struct image_cache *cache);

/* Size of the image that was refused last because all others are needed; 0: none was, or there has been room since. */
uint32_t image_cache_refused_bytes(const struct image_cache *cache);

/* For image_import only: the catalogue's side of an import. `begin` evicts until `image` fits (-ENOSPC: the rest is
 * needed; -ENOBUFS: IMAGES_MAX are), or takes up the partial image of that digest; `end` with the final fields, or
 * with NULL: a partial image stays but is no longer being imported; `drop` forgets it. The store is the caller's. */
int image_cache_begin(struct image_cache *cache, const struct stored_image *image);
void image_cache_progress(struct image_cache *cache, const uint8_t sha256[32], uint32_t stored_bytes);
void image_cache_end(struct image_cache *cache, const uint8_t sha256[32], const struct stored_image *complete);
void image_cache_drop(struct image_cache *cache, const uint8_t sha256[32]);

#endif
