/*
 * updates_port: what the updates of all nodes need of the rest of the gateway: images, offers, ways, hours, batteries.
 */
#ifndef WAKEGATE_GATEWAY_UPDATES_PORT_H
#define WAKEGATE_GATEWAY_UPDATES_PORT_H

#include <stdint.h>

#include "gateway/moment.h"
#include "gateway/update_hours.h"

struct driver_offer;
struct image_source;
struct node;
struct update;

#define UPDATE_WHY_SIZE 160

/* `context` goes first into every call; all on the loop thread, none blocks. */
struct updates_port {
	void *context;
	/* The image with this digest, borrowed, or NULL; and for which hardware it is ("" any). */
	struct image_source *(*image)(void *context, const uint8_t sha256[32], const char **hardware);
	/* Makes or renews, or ends, the offer to the node over its driver. */
	int (*offer)(void *context, const struct node *node, const struct driver_offer *offer);
	void (*withdraw)(void *context, const struct node *node);
	/* The image that the node needs next on its way to `goal`: that itself, or a stepping stone. 0; -ENOENT;
	 * -ENOLINK with a sentence in `why` (UPDATE_WHY_SIZE): what is in between is missing; -ENODATA likewise: it
	 * has said no version. NULL: always the goal. */
	int (*next)(void *context, const struct node *node, const uint8_t goal[32], uint8_t next[32], char *why);
	/* An update changed state; may be NULL. For watchers. */
	void (*changed)(void *context, const struct node *node, const struct update *update);
	/* When the node may follow its order; may be NULL: at any time. */
	struct update_times (*times)(
		void *context, const struct node *node, const struct update *update, struct moment now);
	/* The charge in percent below which this node begins no update; may be NULL: 0 for all. */
	int64_t (*battery)(void *context, const struct node *node);
};

#endif
