/*
 * firmware: the images of this gateway put together: which are trusted, the cache, and the ways in from file and cloud.
 */
#ifndef WAKEGATE_GATEWAY_FIRMWARE_H
#define WAKEGATE_GATEWAY_FIRMWARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/moment.h"

struct block_settings;
struct control;
struct download_settings;
struct firmware;
struct image_cache;
struct image_imports;
struct image_settings;
struct image_source;
struct random;
struct store;
struct topics;
struct upstream;
struct uv_loop_s;

/* All outlive the firmware. */
struct firmware_parts {
	struct store *store;
	const struct image_settings *settings;
	void *context;
	/* Whether the image must stay in the cache: a node runs it, may fall back to it or is to get it. */
	bool (*needed)(void *context, const uint8_t sha256[32]);
	/* Bytes that were not in memory may be now. */
	void (*ready)(void *context);
};

/* Reads the trusted keys and the catalogue; blocks, for start-up. `why` has a sentence. */
int firmware_open(struct firmware **out, const struct firmware_parts *parts, char *why, size_t why_size);

/* What fetches from upstream; all outlive the firmware but the upstream, which is closed before it. */
struct firmware_upstream {
	struct uv_loop_s *loop;
	const struct download_settings *downloads;
	const struct block_settings *blocks;
	const struct topics *topics;
	struct upstream *upstream;
	struct random *random;
	struct control *control; /* gets the commands about downloads */
};

/* From now on manifests of the cloud are followed, and firmware_tick() is to be called. -ENOMEM, -EIO. */
int firmware_attach(struct firmware *firmware, const struct firmware_upstream *upstream, struct moment now);
/* As ota_take_manifest(). -ENOTCONN: there is no upstream. */
int firmware_take_manifest(struct firmware *firmware, const char *text, struct moment now, char *why, size_t why_size);
int64_t firmware_tick(struct firmware *firmware, struct moment now);

/* Reads the trusted keys again, for they may have been replaced under the same names. On failure, -errno and `why`, the
 * former ones stay trusted. */
int firmware_reload(struct firmware *firmware, char *why, size_t why_size);

struct image_cache *firmware_images(const struct firmware *firmware);
struct image_imports *firmware_imports(const struct firmware *firmware);

/* For the updates: the complete image, and the hardware it is for; NULL if it is not here. */
struct image_source *firmware_find(struct firmware *firmware, const uint8_t sha256[32], const char **hardware);

/* Ends downloads and imports and stores what they have; before store_close(). NULL is fine. */
void firmware_flush(struct firmware *firmware);

/* Frees; after the store was closed. NULL is fine. */
void firmware_close(struct firmware *firmware);

#endif
