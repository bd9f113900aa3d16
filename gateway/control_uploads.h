/*
 * control_uploads: the control commands that take a firmware image from this machine: image.upload, image.upload.data,
 * image.upload.finish, image.upload.cancel.
 *
 * An upload has one piece outstanding at a time: the answer to it is the flow control. One whose client left is
 * suspended; the next upload of the same image goes on where the stored bytes end.
 */
#ifndef WAKEGATE_GATEWAY_CONTROL_UPLOADS_H
#define WAKEGATE_GATEWAY_CONTROL_UPLOADS_H

#include <stdint.h>

#include "gateway/moment.h"

struct control;
struct control_uploads;
struct image_cache;
struct image_imports;
struct store;

#define CONTROL_UPLOADS_MAX 4
#define CONTROL_UPLOAD_PIECE_MAX (256 * 1024) /* bytes */
#define CONTROL_UPLOAD_SILENCE_MS 60000

/* What the commands need; all of it outlives them. */
struct control_uploads_parts {
	const struct clock *clock;
	struct store *store;
	struct image_cache *images;
	struct image_imports *imports;
};

/* Registers the commands. -ENOMEM, or as control_register(). */
int control_uploads_open(
	struct control_uploads **out, struct control *control, const struct control_uploads_parts *parts);

/* For the ticker: suspends uploads that went silent. Milliseconds until it wants to be called again. */
int64_t control_uploads_tick(void *uploads, struct moment now);

/* Suspends all uploads; call after control_close() and before image_imports_close(). NULL is fine. */
void control_uploads_close(struct control_uploads *uploads);

#endif
