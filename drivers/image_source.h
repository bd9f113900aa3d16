/*
 * image_source: a firmware image as a driver sees it: a size, a digest and bytes at an offset.
 *
 * Reference-counted and used on the loop thread only. A driver never learns where the bytes rest. Who is handed a
 * source borrows it for the call; who keeps it holds a reference of its own.
 */
#ifndef WAKEGATE_DRIVERS_IMAGE_SOURCE_H
#define WAKEGATE_DRIVERS_IMAGE_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#define IMAGE_NAME_SIZE 17 /* sixteen hex digits of the SHA-256's head and the terminator */

struct image_source;

struct image_source_ops {
	/* As image_source_read(). */
	int (*read)(struct image_source *source, uint32_t offset, void *buffer, size_t size);
	/* The last reference is gone. */
	void (*destroy)(struct image_source *source);
};

struct image_source {
	const struct image_source_ops *ops;
	unsigned references;
	uint32_t size_bytes;
	uint8_t sha256[32];
	char name[IMAGE_NAME_SIZE];
	char version[33]; /* "": not known, like the following */
	char hardware[33];
	char format[16];    /* "mcuboot", "esp-idf", "zigbee-ota", "raw" */
	char only_for[512]; /* for which nodes of that hardware, see protocols/zigbee_fit.h; "": all */
};

/*
 * Copies up to `size` bytes from `offset` and returns how many (fewer only at the end; 0 at or past it). Never blocks:
 * -EAGAIN says that the bytes are being fetched and that driver_ops.images_ready will be called; -EIO is final.
 */
static inline int image_source_read(struct image_source *source, uint32_t offset, void *buffer, size_t size)
{
	return source->ops->read(source, offset, buffer, size);
}

static inline struct image_source *image_source_hold(struct image_source *source)
{
	source->references++;
	return source;
}

/* Takes the caller's reference; NULL is fine. */
static inline void image_source_release(struct image_source **taken)
{
	struct image_source *source = *taken;

	*taken = NULL;
	if (source && --source->references == 0)
		source->ops->destroy(source);
}

#endif
