/*
 * site_images: the firmware of a simulated site: bytes that follow from the seed and the number of the image.
 *
 * Image number i is for hardware i % SITE_HARDWARE_MAX and of enum site_level i / SITE_HARDWARE_MAX.
 */
#ifndef WAKEGATE_TESTS_SITE_IMAGES_H
#define WAKEGATE_TESTS_SITE_IMAGES_H

#include <stdbool.h>
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

enum site_level site_image_level(int image);

/* The image of that level for the same hardware. */
int site_image_at(int image, enum site_level level);

/* The version that a node must run before it gets the image, NULL: any; and whether one that runs `runs` may. */
const char *site_image_requires(const struct site_plan *plan, int image);
bool site_image_suits(const struct site_plan *plan, int image, int runs);

/* The number of the image with this digest; -1: none of these. */
int site_images_find(const struct site_images *images, const uint8_t sha256[32]);

#endif
