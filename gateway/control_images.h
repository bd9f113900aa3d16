/*
 * control_images: the control commands about firmware images: image.list, image.show, image.remove, and the upload of
 * one from this machine: image.upload, image.upload.data, image.upload.finish, image.upload.cancel.
 *
 * An upload has one piece outstanding at a time: the answer to it is the flow control. One whose client left is
 * suspended; the next upload of the same image goes on where the stored bytes end.
 */
#ifndef WAKEGATE_GATEWAY_CONTROL_IMAGES_H
#define WAKEGATE_GATEWAY_CONTROL_IMAGES_H

#include <stdint.h>

#include "gateway/moment.h"

struct control;
struct control_images;
struct image_cache;
struct image_imports;
struct nodes;
struct store;
struct updates;

#define CONTROL_UPLOADS_MAX 4
#define CONTROL_UPLOAD_PIECE_MAX (256 * 1024) /* bytes */
#define CONTROL_UPLOAD_SILENCE_MS 60000

/* What the commands need; all of it outlives them. */
struct control_images_parts {
	const struct clock *clock;
	struct store *store;
	struct image_cache *images;
	struct image_imports *imports;
	struct nodes *nodes;
	struct updates *updates;
};

/* Registers the commands. -ENOMEM, or as control_register(). */
int control_images_open(struct control_images **out, struct control *control, const struct control_images_parts *parts);

/* For the ticker: suspends uploads that went silent. Milliseconds until it wants to be called again. */
int64_t control_images_tick(void *images, struct moment now);

/* Suspends all uploads; call after control_close() and before image_imports_close(). NULL is fine. */
void control_images_close(struct control_images *images);

#endif
