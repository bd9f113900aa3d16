#include "store/image_store.h"

#include <errno.h>

#include "tests/unit/stepped_store.h"
#include "tests/unit/suite.h"

#define SIZE (3 * IMAGE_CHUNK_SIZE + 1000)

static uint8_t byte_at(uint32_t offset)
{
	return (uint8_t)((offset >> 12) * 31 + offset * 7);
}

static struct stored_image make_image(uint8_t key, uint32_t size)
{
	struct stored_image image = { .size_bytes = size,
		.name = "app.bin",
		.format = "mcuboot",
		.version = "1.2.3",
		.hardware = "nrf52",
		.added_ms = 5,
		.used_ms = 6,
		.origin = "http",
		.manifest = "{\"uri\":\"x\"}" };

	image.sha256[0] = key;
	image.sha256[31] = 9;
	return image;
}

static int begin(struct stepped_store *stepped, uint8_t key, uint32_t size)
{
	struct stored_image image = make_image(key, size);
	struct outcome outcome;

	ck_assert_int_eq(store_image_begin(stepped->store, &image, outcome_reply(&outcome)), 0);
	return outcome_of(stepped, &outcome);
}

static int append(struct stepped_store *stepped, uint8_t key, uint32_t offset, uint32_t size)
{
	struct stored_image image = make_image(key, 0);
	struct outcome outcome;
	uint8_t *data = malloc(size);

	for (uint32_t i = 0; i < size; i++)
		data[i] = byte_at(offset + i);
	int result = store_image_append(stepped->store, image.sha256, offset, data, size, outcome_reply(&outcome));
	free(data);
	return result < 0 ? result : outcome_of(stepped, &outcome);
}

/* Appends from `from` to `to` in pieces of `piece` bytes. */
static void append_in_pieces(struct stepped_store *stepped, uint32_t from, uint32_t to, uint32_t piece)
{
	while (from < to) {
		uint32_t size = to - from < piece ? to - from : piece;
		ck_assert_int_eq(append(stepped, 1, from, size), 0);
		from += size;
	}
}

struct chunk {
	uint32_t index;
	struct outcome outcome;
};

static void see_chunk(void *context, int result, const void *data)
{
	struct chunk *chunk = context;
	int wrong = 0;

	outcome_done(&chunk->outcome, result);
	for (int i = 0; i < result; i++)
		wrong += ((const uint8_t *)data)[i] != byte_at(chunk->index * IMAGE_CHUNK_SIZE + (uint32_t)i);
	ck_assert_int_eq(wrong, 0);
}

static int read_chunk(struct stepped_store *stepped, uint8_t key, uint32_t index)
{
	struct stored_image image = make_image(key, 0);
	struct chunk chunk = { .index = index };

	ck_assert_int_eq(
		store_image_read(stepped->store, image.sha256, index, (struct chunk_reader){ see_chunk, &chunk }), 0);
	return outcome_of(stepped, &chunk.outcome);
}

static int complete(struct stepped_store *stepped, uint8_t key)
{
	struct stored_image image = make_image(key, SIZE);
	struct outcome outcome;

	image.sha1[0] = 77;
	image.manifest[0] = '\0';
	strcpy(image.signer, "release");
	ck_assert_int_eq(store_image_complete(stepped->store, &image, outcome_reply(&outcome)), 0);
	return outcome_of(stepped, &outcome);
}

static int remove_image(struct stepped_store *stepped, uint8_t key)
{
	struct stored_image image = make_image(key, 0);
	struct outcome outcome;

	ck_assert_int_eq(store_image_remove(stepped->store, image.sha256, outcome_reply(&outcome)), 0);
	return outcome_of(stepped, &outcome);
}

struct listing {
	int count;
	struct stored_image last;
};

static void see_image(void *context, const struct stored_image *image)
{
	struct listing *listing = context;

	listing->count++;
	listing->last = *image;
}

static struct listing list(struct stepped_store *stepped)
{
	struct listing listing = { 0 };

	ck_assert_int_eq(store_images_load(stepped->store, see_image, &listing), 0);
	return listing;
}

static void assert_readable(struct stepped_store *stepped)
{
	for (uint32_t index = 0; index < 3; index++)
		ck_assert_int_eq(read_chunk(stepped, 1, index), IMAGE_CHUNK_SIZE);
	ck_assert_int_eq(read_chunk(stepped, 1, 3), 1000);
	ck_assert_int_eq(read_chunk(stepped, 1, 4), -ENOENT);
}

START_TEST(an_image_comes_back_as_it_was_stored)
{
	struct stepped_store stepped;

	stepped_open(&stepped);
	ck_assert_int_eq(begin(&stepped, 1, SIZE), 0);
	append_in_pieces(&stepped, 0, SIZE, IMAGE_CHUNK_SIZE);
	ck_assert_int_eq(complete(&stepped, 1), 0);
	stepped_reopen(&stepped);
	struct listing listing = list(&stepped);
	ck_assert_int_eq(listing.count, 1);
	ck_assert(listing.last.complete);
	ck_assert_uint_eq(listing.last.sha256[31], 9);
	ck_assert_uint_eq(listing.last.sha1[0], 77);
	ck_assert_uint_eq(listing.last.stored_bytes, SIZE);
	ck_assert_str_eq(listing.last.signer, "release");
	ck_assert_str_eq(listing.last.origin, "http");
	ck_assert_str_eq(listing.last.manifest, "");
	assert_readable(&stepped);
	stepped_close(&stepped);
}
END_TEST

START_TEST(any_size_of_piece_makes_the_same_image)
{
	static const uint32_t pieces[] = { 1000, 4096, 5000, 65535, 65536, 40000 };

	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct stepped_store stepped;
		stepped_open(&stepped);
		ck_assert_int_eq(begin(&stepped, 1, SIZE), 0);
		append_in_pieces(&stepped, 0, SIZE, pieces[i]);
		assert_readable(&stepped);
		stepped_close(&stepped);
	}
}
END_TEST

START_TEST(a_partial_image_resumes_at_its_byte)
{
	struct stepped_store stepped;

	stepped_open(&stepped);
	ck_assert_int_eq(begin(&stepped, 1, SIZE), 0);
	append_in_pieces(&stepped, 0, 70001, 9999);
	stepped_reopen(&stepped);
	struct listing listing = list(&stepped);
	ck_assert(!listing.last.complete);
	ck_assert_uint_eq(listing.last.stored_bytes, 70001);
	ck_assert_str_eq(listing.last.manifest, "{\"uri\":\"x\"}");
	ck_assert_int_eq(read_chunk(&stepped, 1, 0), IMAGE_CHUNK_SIZE);
	ck_assert_int_eq(read_chunk(&stepped, 1, 1), 70001 - IMAGE_CHUNK_SIZE);
	ck_assert_int_eq(read_chunk(&stepped, 1, 2), -ENOENT);
	ck_assert_int_eq(complete(&stepped, 1), -EINVAL);
	append_in_pieces(&stepped, 70001, SIZE, IMAGE_CHUNK_SIZE);
	ck_assert_int_eq(complete(&stepped, 1), 0);
	assert_readable(&stepped);
	stepped_close(&stepped);
}
END_TEST

START_TEST(bytes_in_the_wrong_place_are_refused)
{
	struct stepped_store stepped;

	stepped_open(&stepped);
	ck_assert_int_eq(append(&stepped, 1, 0, 10), -ENOENT);
	ck_assert_int_eq(begin(&stepped, 1, SIZE), 0);
	ck_assert_int_eq(begin(&stepped, 1, SIZE), -EEXIST);
	ck_assert_int_eq(append(&stepped, 1, 10, 10), -EINVAL);
	append_in_pieces(&stepped, 0, SIZE - 10, IMAGE_CHUNK_SIZE);
	ck_assert_int_eq(append(&stepped, 1, SIZE - 10, 11), -EINVAL);
	ck_assert_int_eq(append(&stepped, 1, SIZE - 10, 0), -EINVAL);
	ck_assert_int_eq(append(&stepped, 1, SIZE - 10, IMAGE_CHUNK_SIZE + 1), -EINVAL);
	ck_assert_int_eq(append(&stepped, 1, SIZE - 10, 10), 0);
	ck_assert_int_eq(complete(&stepped, 1), 0);
	ck_assert_int_eq(complete(&stepped, 2), -ENOENT);
	stepped_close(&stepped);
}
END_TEST

START_TEST(a_removed_image_gives_its_space_back)
{
	struct stepped_store stepped;
	struct store_figures figures;

	stepped_open(&stepped);
	for (uint8_t key = 1; key <= 3; key++) {
		ck_assert_int_eq(begin(&stepped, key, 3000000), 0);
		for (uint32_t at = 0; at < 3000000; at += 60000)
			ck_assert_int_eq(append(&stepped, key, at, 60000), 0);
	}
	ck_assert_int_eq(remove_image(&stepped, 2), 0);
	ck_assert_int_eq(remove_image(&stepped, 2), -ENOENT);
	ck_assert_int_eq(read_chunk(&stepped, 2, 0), -ENOENT);
	stepped_reopen(&stepped);
	store_figures(stepped.store, &figures);
	ck_assert_uint_lt(figures.images_bytes, 7000000);
	ck_assert_uint_gt(figures.images_bytes, 6000000);
	for (uint32_t index = 0; index < 45; index++)
		ck_assert_int_eq(read_chunk(&stepped, 3, index), IMAGE_CHUNK_SIZE);
	stepped_close(&stepped);
}
END_TEST

START_TEST(an_image_beyond_the_quota_is_refused_at_once)
{
	struct stepped_store stepped;

	stepped_make_directory(&stepped);
	stepped.options.images_quota_bytes = 2 * 1024 * 1024;
	ck_assert_int_eq(stepped_try_open(&stepped), 0);
	ck_assert_int_eq(begin(&stepped, 1, 3 * 1024 * 1024), -ENOSPC);
	ck_assert_int_eq(list(&stepped).count, 0);
	ck_assert_int_eq(begin(&stepped, 1, 1024 * 1024), 0);
	stepped_close(&stepped);
}
END_TEST

START_TEST(use_is_noted)
{
	struct stepped_store stepped;
	struct stored_image image = make_image(1, SIZE);
	struct outcome outcome;

	stepped_open(&stepped);
	ck_assert_int_eq(begin(&stepped, 1, SIZE), 0);
	ck_assert_int_eq(store_image_touch(stepped.store, image.sha256, 123456789, outcome_reply(&outcome)), 0);
	ck_assert_int_eq(outcome_of(&stepped, &outcome), 0);
	ck_assert_int_eq(list(&stepped).last.used_ms, 123456789);
	stepped_close(&stepped);
}
END_TEST

START_TEST(a_damaged_chunk_is_not_served)
{
	struct stepped_store stepped;
	uint8_t page[4096];
	int flipped = 0;

	stepped_open(&stepped);
	ck_assert_int_eq(begin(&stepped, 1, SIZE), 0);
	append_in_pieces(&stepped, 0, SIZE, IMAGE_CHUNK_SIZE);
	stepped_shut(&stepped);
	FILE *file = fopen(stepped_path(&stepped, "images.db"), "r+b");
	/* An overflow page in the middle of chunk 1: flip a bit of it. */
	for (long at = 0; fread(page, sizeof(page), 1, file) == 1 && !flipped; at++) {
		if (at != 30)
			continue;
		page[3000] ^= 4;
		ck_assert_int_eq(fseek(file, -(long)sizeof(page), SEEK_CUR), 0);
		flipped = (int)fwrite(page, sizeof(page), 1, file);
	}
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(flipped, 1);
	ck_assert_int_eq(stepped_try_open(&stepped), 0);
	ck_assert_int_eq(read_chunk(&stepped, 1, 0), IMAGE_CHUNK_SIZE);
	ck_assert_int_eq(read_chunk(&stepped, 1, 1), -EIO);
	ck_assert_int_eq(read_chunk(&stepped, 1, 2), IMAGE_CHUNK_SIZE);
	stepped_close(&stepped);
}
END_TEST

TEST_SUITE(image_store, an_image_comes_back_as_it_was_stored, any_size_of_piece_makes_the_same_image,
	a_partial_image_resumes_at_its_byte, bytes_in_the_wrong_place_are_refused, a_removed_image_gives_its_space_back,
	an_image_beyond_the_quota_is_refused_at_once, use_is_noted, a_damaged_chunk_is_not_served)
