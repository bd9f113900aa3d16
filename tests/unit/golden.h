/*
 * golden: what tests/golden/make_images.py and make_segments.py made with independent software.
 */
#ifndef WAKEGATE_TESTS_GOLDEN_H
#define WAKEGATE_TESTS_GOLDEN_H

#include <check.h>
#include <stdint.h>
#include <stdio.h>

#define GOLDEN_MAX 16384

struct golden {
	uint8_t data[GOLDEN_MAX];
	size_t size;
};

/* Reads TESTS_FOLDER/golden/FILE. */
static inline void golden_read_file(struct golden *out, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/golden/%s", TESTS_FOLDER, name);
	FILE *file = fopen(path, "rb");
	ck_assert_msg(file != NULL, "cannot open %s", path);
	out->size = fread(out->data, 1, sizeof(out->data), file);
	fclose(file);
	ck_assert_uint_gt(out->size, 0);
}

/* Reads TESTS_FOLDER/golden/images/NAME.bin. */
static inline void golden_read(struct golden *out, const char *name)
{
	char file[256];

	snprintf(file, sizeof(file), "images/%s.bin", name);
	golden_read_file(out, file);
}

#endif
