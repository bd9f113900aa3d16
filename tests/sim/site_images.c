#include "tests/sim/site_images.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/digest.h"
#include "gateway/random.h"
#include "protocols/hex.h"

static const char *const versions[] = {
	[SITE_FIRST] = "1.0.0",
	[SITE_RELEASE] = "1.1.0",
	[SITE_NEXT] = "1.2.0",
	[SITE_STONE] = "1.1.5",
};

enum site_level site_image_level(int image)
{
	return (enum site_level)(image / SITE_HARDWARE_MAX);
}

int site_image_at(int image, enum site_level level)
{
	return (int)level * SITE_HARDWARE_MAX + image % SITE_HARDWARE_MAX;
}

const char *site_image_requires(const struct site_plan *plan, int image)
{
	enum site_level level = site_image_level(image);

	if (!plan->stones || level == SITE_FIRST || level == SITE_RELEASE)
		return NULL;
	return versions[level == SITE_NEXT ? SITE_STONE : SITE_RELEASE];
}

/* These versions are in the order of their texts. */
bool site_image_suits(const struct site_plan *plan, int image, int runs)
{
	const char *least = site_image_requires(plan, image);

	return !least || strcmp(versions[site_image_level(runs)], least) >= 0;
}

static void make(struct site_image *image, int number, struct random *random)
{
	image->size = 1000 + (uint32_t)random_below(random, SITE_IMAGE_MOST - 1000);
	image->bytes = malloc(image->size);
	if (!image->bytes)
		abort();
	for (uint32_t i = 0; i < image->size; i++)
		image->bytes[i] = (uint8_t)random_next(random);
	digest_compute(DIGEST_SHA256, image->bytes, image->size, image->sha256);
	hex_print(image->hex, image->sha256, sizeof(image->sha256));
	snprintf(image->name, sizeof(image->name), "%.16s", image->hex);
	snprintf(image->version, sizeof(image->version), "%s", versions[site_image_level(number)]);
	snprintf(image->hardware, sizeof(image->hardware), "sim-%d", number % SITE_HARDWARE_MAX);
}

void site_images_open(struct site_images *images, const struct site_plan *plan)
{
	struct random random;

	random_init(&random, plan->seed ^ UINT64_C(0x696d61676573));
	for (int i = 0; i < SITE_IMAGES; i++)
		make(&images->list[i], i, &random);
}

void site_images_close(struct site_images *images)
{
	for (int i = 0; i < SITE_IMAGES; i++)
		free(images->list[i].bytes);
}

int site_images_find(const struct site_images *images, const uint8_t sha256[32])
{
	for (int i = 0; i < SITE_IMAGES; i++)
		if (memcmp(images->list[i].sha256, sha256, 32) == 0)
			return i;
	return -1;
}
