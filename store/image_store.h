/*
 * image_store: firmware images in chunks keyed by SHA-256.
 *
 * An image is begun with its expected size and digest, appended to in order, and completed once it was verified; until
 * then it is partial and survives a crash up to the last durable append, so that a download resumes at that byte.
 */
#ifndef WAKEGATE_STORE_IMAGE_STORE_H
#define WAKEGATE_STORE_IMAGE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

#define IMAGE_CHUNK_SIZE 65536

struct stored_image {
	uint8_t sha256[32];
	uint8_t sha1[20]; /* known once complete */
	uint32_t size_bytes;
	uint32_t stored_bytes; /* durable so far */
	bool complete;
	char name[65];   /* as imported: a file's name */
	char format[16]; /* "mcuboot", "esp-idf", "zigbee-ota", "raw" */
	char version[33];
	char hardware[33];
	char requires[33];  /* version that a node must run at least before; "": any */
	char only_for[512]; /* for which nodes of the hardware type it is, as the network's driver reads it; "": all */
	char signer[65];    /* name of the trusted key, "" where unsigned was allowed */
	int64_t added_ms;   /* wall clock */
	int64_t used_ms;
	char origin[16];     /* "file", "http", "mqtt" */
	char manifest[4096]; /* the JSON of the manifest a partial download came from, to resume it; "" otherwise */
};

/* Calls `each` for every image, partial ones too; blocks, for start-up. */
int store_images_load(
	struct store *store, void (*each)(void *context, const struct stored_image *image), void *context);

/* Begins a partial image. -EEXIST if the digest is there already; -ENOSPC if the quota leaves no room for all of it. */
int store_image_begin(struct store *store, const struct stored_image *image, struct store_reply reply);

/*
 * Appends `size` bytes at `offset`, which must be where the last append ended (-EINVAL); copies. Any size from 1 to
 * IMAGE_CHUNK_SIZE; the store cuts into chunks itself. Whole chunks wear the card least. -ENOENT.
 */
int store_image_append(struct store *store, const uint8_t sha256[32], uint32_t offset, const void *data, size_t size,
	struct store_reply reply);

/* Marks complete and updates all descriptive fields. -ENOENT; -EINVAL if bytes are missing. */
int store_image_complete(struct store *store, const struct stored_image *image, struct store_reply reply);

/* Notes that it was used; unknown digests are fine. Rides in the next commit, at the latest a second later. */
int store_image_touch(struct store *store, const uint8_t sha256[32], int64_t used_ms, struct store_reply reply);

/* Removes it, whole or partial; its pages are given back to the file system. -ENOENT. */
int store_image_remove(struct store *store, const uint8_t sha256[32], struct store_reply reply);

/*
 * Reads chunk `index` (bytes from index * IMAGE_CHUNK_SIZE). `chunk` is called once from store_dispatch(): `data` is
 * borrowed for the call; result is the bytes read (of a partial image those that are there), -ENOENT (no such image or
 * nothing of it there yet) or -EIO (also if the bytes fail their checksum).
 */
struct chunk_reader {
	void (*chunk)(void *context, int result, const void *data);
	void *context;
};
int store_image_read(struct store *store, const uint8_t sha256[32], uint32_t index, struct chunk_reader reader);

#endif
