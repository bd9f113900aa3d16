/*
 * image_heads: the digests of what nodes run, each kept once.
 *
 * Ten thousand nodes run a few images. A head lives as long as somebody holds it.
 */
#ifndef WAKEGATE_GATEWAY_IMAGE_HEADS_H
#define WAKEGATE_GATEWAY_IMAGE_HEADS_H

#include <stddef.h>
#include <stdint.h>

#include "drivers/id_map.h"

#define IMAGE_HEAD_MAX 32 /* bytes: a whole SHA-256 */

struct image_heads {
	struct id_map by_hex;
};

void image_heads_init(struct image_heads *heads);

/*
 * The first `size` bytes, 0 to IMAGE_HEAD_MAX, of a digest, followed by zeros up to IMAGE_HEAD_MAX; held until they are
 * released. Zeros alone are always there. NULL: no memory.
 */
const uint8_t *image_heads_hold(struct image_heads *heads, const uint8_t *head, size_t size);

/* Takes what image_heads_hold() gave. */
void image_heads_release(struct image_heads *heads, const uint8_t *held);

/* How many different ones are held. */
size_t image_heads_count(const struct image_heads *heads);

/* Frees all, also those still held. */
void image_heads_finish(struct image_heads *heads);

#endif
