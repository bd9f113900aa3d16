/*
 * stones: the images of the cache as stepping stones of nodes: what comes next on a node's way, and what is missing.
 */
#ifndef WAKEGATE_GATEWAY_STONES_H
#define WAKEGATE_GATEWAY_STONES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/stone_path.h"

#define STONES_WHY_SIZE 160

struct image_cache;
struct node_record;
struct nodes;
struct stored_image;

/* Borrowed from the cache until its catalogue changes. */
struct stone_route {
	size_t count;
	const struct stored_image *images[STONES_MAX]; /* the goal last */
};

/*
 * The way of a node that runs what it says, or what the cache knows of the image that it runs. 0; -ENOENT there is no
 * such image; -ENOLINK an image on the way is missing, and `why` (STONES_WHY_SIZE) says from which version on, and for
 * which; -ENODATA likewise: the node's version is not known.
 */
int stones_route(const struct image_cache *images, const struct node_record *node, const uint8_t goal[32],
	struct stone_route *out, char *why);

/* The first image of the way. The same errors. */
int stones_next(const struct image_cache *images, const struct node_record *node, const uint8_t goal[32],
	uint8_t next[32], char *why);

/* Whether the way of that node leads over the image. */
bool stones_lead_over(const struct image_cache *images, const struct node_record *node, const uint8_t goal[32],
	const uint8_t sha256[32]);

/* Whether a node needs the image on its way to that goal. Costs a look at every node where it may be so. */
bool stones_need(
	const struct image_cache *images, const struct nodes *nodes, const uint8_t goal[32], const uint8_t sha256[32]);

#endif
