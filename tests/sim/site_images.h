/*
 * site_images: the firmware of a simulated site: bytes that follow from the seed and the number of the image.
 *
 * Image number i is for hardware i % SITE_HARDWARE_MAX; the first SITE_HARDWARE_MAX are what the nodes begin with.
 */
#ifndef WAKEGATE_TESTS_SITE_IMAGES_H
#define WAKEGATE_TESTS_SITE_IMAGES_H

#include <stdint.h>

#include "tests/sim/site_plan.h"

struct site_image {
	uint8_t *bytes;
	uint32_t size;
	uint8_t sha256[32];
	char hex[65];
	char name[24]; /* as the gateway and its drivers call it, image_source.name */
	char version[16];
	char hardware[16];
};

struct site_images {
	struct site_image list[SITE_IMAGES];
};

void site_images_open(struct site_images *images, const struct site_plan *plan);
void site_images_close(struct site_images *images);

/* The number of the image with this digest; -1: none of these. */
int site_images_find(const struct site_images *images, const uint8_t sha256[32]);

#endif
