/*
 * control_images: the control commands about the firmware images here: image.list, image.show, image.remove.
 */
#ifndef WAKEGATE_GATEWAY_CONTROL_IMAGES_H
#define WAKEGATE_GATEWAY_CONTROL_IMAGES_H

struct clock;
struct control;
struct image_cache;
struct nodes;
struct store;
struct updates;

/* What the commands need; all of it outlives the dispatcher. */
struct control_images {
	const struct clock *clock;
	struct store *store;
	struct image_cache *images;
	struct nodes *nodes;
	struct updates *updates;
};

/* As control_register(). `parts` outlives the dispatcher. */
int control_images_register(struct control *control, struct control_images *parts);

#endif
