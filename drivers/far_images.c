#include "drivers/far_images.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/driver_message.h"

struct far_image {
	struct image_source source;
	struct far_images *images;
};

void far_images_init(struct far_images *images)
{
	memset(images, 0, sizeof(*images));
	id_map_init(&images->by_name);
}

void far_images_finish(struct far_images *images)
{
	for (size_t i = 0; i < FAR_CHUNKS; i++)
		free(images->chunks[i].data);
	id_map_finish(&images->by_name);
}

static struct far_chunk *find_chunk(struct far_images *images, const char *name, uint32_t offset)
{
	for (size_t i = 0; i < FAR_CHUNKS; i++) {
		struct far_chunk *chunk = &images->chunks[i];
		if (chunk->state != FAR_CHUNK_EMPTY && chunk->offset == offset && strcmp(chunk->name, name) == 0)
			return chunk;
	}
	return NULL;
}

/* The one that was not used for longest; of those that somebody waits for only if `must`. NULL: all are asked for. */
static struct far_chunk *oldest_chunk(struct far_images *images, bool must)
{
	struct far_chunk *oldest = NULL;

	for (size_t i = 0; i < FAR_CHUNKS; i++) {
		struct far_chunk *chunk = &images->chunks[i];
		if (chunk->state == FAR_CHUNK_EMPTY)
			return chunk;
		if (chunk->state != FAR_CHUNK_ASKED && (must || !chunk->wanted) &&
			(!oldest || chunk->used < oldest->used))
			oldest = chunk;
	}
	return oldest;
}

static void ask_for(struct far_images *images, const struct image_source *source, uint32_t offset, bool wanted)
{
	struct far_chunk *chunk = find_chunk(images, source->name, offset);

	if (chunk || offset >= source->size_bytes)
		return;
	chunk = oldest_chunk(images, false);
	if (!chunk && wanted)
		chunk = oldest_chunk(images, true);
	if (!chunk)
		return;
	if (!chunk->data)
		chunk->data = malloc(FAR_CHUNK_BYTES);
	if (!chunk->data)
		return;
	uint32_t left = source->size_bytes - offset;
	chunk->state = FAR_CHUNK_ASKED;
	chunk->wanted = wanted;
	chunk->offset = offset;
	chunk->size = left < FAR_CHUNK_BYTES ? left : FAR_CHUNK_BYTES;
	chunk->used = ++images->clock;
	memcpy(chunk->name, source->name, sizeof(chunk->name));
	/* Nobody answers what was not sent: whoever wants it asks anew. */
	if (images->ask(images->context, chunk->name, chunk->offset, chunk->size) < 0)
		chunk->state = FAR_CHUNK_EMPTY;
}

/* Copies what one chunk has of it; how many bytes, or -EAGAIN, -EIO. */
static int read_chunk(
	struct far_images *images, const struct image_source *source, uint32_t offset, uint8_t *out, size_t size)
{
	uint32_t start = offset - offset % FAR_CHUNK_BYTES;
	struct far_chunk *chunk = find_chunk(images, source->name, start);

	if (!chunk) {
		ask_for(images, source, start, true);
		return -EAGAIN;
	}
	if (chunk->state == FAR_CHUNK_FAILED) {
		chunk->state = FAR_CHUNK_EMPTY;
		return -EIO;
	}
	if (chunk->state == FAR_CHUNK_ASKED) {
		chunk->wanted = true;
		return -EAGAIN;
	}
	size_t there = chunk->size - (offset - start);
	size = size < there ? size : there;
	memcpy(out, chunk->data + (offset - start), size);
	chunk->used = ++images->clock;
	chunk->wanted = false;
	return (int)size;
}

static int read_far(struct image_source *source, uint32_t offset, void *buffer, size_t size)
{
	struct far_images *images = ((struct far_image *)source)->images;
	size_t left = offset < source->size_bytes ? source->size_bytes - offset : 0, done = 0;

	size = size < left ? size : left;
	while (done < size) {
		uint32_t at = offset + (uint32_t)done;
		int got = read_chunk(images, source, at, (uint8_t *)buffer + done, size - done);
		if (got < 0)
			return got;
		done += (size_t)got;
		ask_for(images, source, at - at % FAR_CHUNK_BYTES + FAR_CHUNK_BYTES, false);
	}
	return (int)size;
}

static void destroy(struct image_source *source)
{
	struct far_image *image = (struct far_image *)source;

	id_map_remove(&image->images->by_name, source->name);
	free(image);
}

struct image_source *far_images_held(const struct far_images *images, const char *name)
{
	struct far_image *image = id_map_find(&images->by_name, name);

	return image ? image_source_hold(&image->source) : NULL;
}

struct image_source *far_images_hold(struct far_images *images, const struct driver_message *message)
{
	static const struct image_source_ops ops = { read_far, destroy };
	struct far_image *image = id_map_find(&images->by_name, message->name);

	if (image)
		return image_source_hold(&image->source);
	image = calloc(1, sizeof(*image));
	if (!image)
		return NULL;
	image->images = images;
	image->source = (struct image_source){ .ops = &ops, .references = 1, .size_bytes = message->size };
	memcpy(image->source.sha256, message->digest, sizeof(image->source.sha256));
	snprintf(image->source.name, sizeof(image->source.name), "%.*s", IMAGE_NAME_SIZE - 1, message->name);
	snprintf(image->source.version, sizeof(image->source.version), "%s", message->version);
	snprintf(image->source.hardware, sizeof(image->source.hardware), "%s", message->hardware);
	snprintf(image->source.format, sizeof(image->source.format), "%s", message->format);
	snprintf(image->source.only_for, sizeof(image->source.only_for), "%s", message->only_for);
	if (id_map_add(&images->by_name, image->source.name, image) < 0) {
		free(image);
		return NULL;
	}
	return &image->source;
}

bool far_images_take(struct far_images *images, const struct driver_message *message, struct span data)
{
	struct far_chunk *chunk = find_chunk(images, message->name, message->offset);

	if (!chunk || chunk->state != FAR_CHUNK_ASKED)
		return false;
	bool good = message->result == 0 && data.size == chunk->size;
	if (good)
		memcpy(chunk->data, data.data, data.size);
	chunk->state = good ? FAR_CHUNK_HERE : FAR_CHUNK_FAILED;
	return chunk->wanted;
}
