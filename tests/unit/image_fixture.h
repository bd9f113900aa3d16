/*
 * image_fixture: images of a known pattern, put into a stepped store.
 */
#ifndef WAKEGATE_TESTS_IMAGE_FIXTURE_H
#define WAKEGATE_TESTS_IMAGE_FIXTURE_H

#include "store/image_store.h"
#include "tests/unit/stepped_store.h"

/* The byte of the image `key` at `offset`; differs between chunks. */
static inline uint8_t fixture_byte(uint8_t key, uint32_t offset)
{
	return (uint8_t)(key + offset * 7 + (offset >> 16) * 31);
}

static inline struct stored_image fixture_image(uint8_t key, uint32_t size)
{
	struct stored_image image = { .size_bytes = size,
		.name = "app.bin",
		.format = "raw",
		.version = "1.2.3",
		.hardware = "soil-1",
		.used_ms = key,
		.origin = "file" };

	for (size_t i = 0; i < sizeof(image.sha256); i++)
		image.sha256[i] = key;
	return image;
}

/* Stores the first `stored` bytes, and completes the image if that is all. */
static inline void fixture_store(struct stepped_store *stepped, struct stored_image image, uint32_t stored)
{
	static uint8_t piece[IMAGE_CHUNK_SIZE];
	struct outcome outcome;

	ck_assert_int_eq(store_image_begin(stepped->store, &image, outcome_reply(&outcome)), 0);
	ck_assert_int_eq(outcome_of(stepped, &outcome), 0);
	for (uint32_t at = 0; at < stored; at += sizeof(piece)) {
		uint32_t size = stored - at < sizeof(piece) ? stored - at : (uint32_t)sizeof(piece);
		for (uint32_t i = 0; i < size; i++)
			piece[i] = fixture_byte(image.sha256[0], at + i);
		ck_assert_int_eq(
			store_image_append(stepped->store, image.sha256, at, piece, size, outcome_reply(&outcome)), 0);
		ck_assert_int_eq(outcome_of(stepped, &outcome), 0);
	}
	if (stored < image.size_bytes)
		return;
	ck_assert_int_eq(store_image_complete(stepped->store, &image, outcome_reply(&outcome)), 0);
	ck_assert_int_eq(outcome_of(stepped, &outcome), 0);
}

#endif
