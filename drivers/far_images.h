/*
 * far_images: the images of the gateway as a driver in another process sees them: bytes come when they are asked for,
 * and what follows them is asked for ahead.
 *
 * A pool of chunks serves all images. Reading what is not there says -EAGAIN and asks for it; the owner is told when it
 * came. Nothing is asked for twice at a time.
 */
#ifndef WAKEGATE_DRIVERS_FAR_IMAGES_H
#define WAKEGATE_DRIVERS_FAR_IMAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/id_map.h"
#include "drivers/image_source.h"
#include "protocols/reading.h"

#define FAR_CHUNK_BYTES 4096
#define FAR_CHUNKS 128 /* in all: 512 KiB, allocated as they are needed */

struct driver_message;

enum far_chunk_state { FAR_CHUNK_EMPTY, FAR_CHUNK_ASKED, FAR_CHUNK_HERE, FAR_CHUNK_FAILED };

struct far_chunk {
	enum far_chunk_state state;
	bool wanted; /* somebody was told to wait for it and has not read it yet */
	char name[IMAGE_NAME_SIZE];
	uint32_t offset, size;
	uint64_t used; /* the larger the later */
	uint8_t *data;
};

struct far_images {
	/* Sends the request. Negative: it was not sent. */
	int (*ask)(void *context, const char *name, uint32_t offset, uint32_t size);
	void *context;
	struct id_map by_name; /* of those that are held by anybody */
	struct far_chunk chunks[FAR_CHUNKS];
	uint64_t clock;
};

void far_images_init(struct far_images *images);

/* No source may be held any more. */
void far_images_finish(struct far_images *images);

/* The image that an offer or an answer describes: a reference of the caller's own. NULL: out of memory. */
struct image_source *far_images_hold(struct far_images *images, const struct driver_message *message);

/* Likewise the image of that name, if anybody holds it; else NULL. */
struct image_source *far_images_held(const struct far_images *images, const char *name);

/* Bytes came, or the word that there are none. Whether anybody waited for them. */
bool far_images_take(struct far_images *images, const struct driver_message *message, struct span data);

#endif
