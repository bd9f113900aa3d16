#include "gateway/image_cache.h"

#include <errno.h>

#include "gateway/log.h"
#include "tests/unit/image_fixture.h"
#include "tests/unit/suite.h"

#define QUOTA 400000
#define HOUR_MS (60 * 60 * 1000)

static struct stepped_store stepped;
static struct image_cache *cache;
static uint8_t needed_key;
static unsigned ready_calls;

static bool is_needed(void *context, const uint8_t sha256[32])
{
	return sha256[0] == needed_key;
}

static void count_ready(void *context)
{
	ready_calls++;
}

static void open_cache(void)
{
	struct image_cache_options options = { .store = stepped.store,
		.quota_bytes = QUOTA,
		.cached_chunks = 2,
		.needed = is_needed,
		.ready = count_ready };

	log_set_level(LOG_LEVEL_ERROR);
	ck_assert_int_eq(image_cache_open(&cache, &options), 0);
}

static void close_all(void)
{
	image_cache_close(cache);
	stepped_close(&stepped);
}

static const uint8_t *digest(uint8_t key)
{
	static struct stored_image image;

	image = fixture_image(key, 1);
	return image.sha256;
}

static void count_image(void *context, const struct stored_image *image)
{
	++*(unsigned *)context;
}

/* Images in the store, not in the catalogue. */
static unsigned count_stored(void)
{
	unsigned count = 0;

	ck_assert_int_ge(store_images_load(stepped.store, count_image, &count), 0);
	return count;
}

START_TEST(the_catalogue_is_there_after_a_restart)
{
	unsigned count = 0;

	stepped_open(&stepped);
	fixture_store(&stepped, fixture_image(1, 100), 100);
	fixture_store(&stepped, fixture_image(2, 100), 50);
	open_cache();
	image_cache_each(cache, count_image, &count);
	ck_assert_uint_eq(count, 2);
	ck_assert(image_cache_find(cache, digest(1))->complete);
	ck_assert_uint_eq(image_cache_find(cache, digest(2))->stored_bytes, 50);
	ck_assert_ptr_null(image_cache_find(cache, digest(3)));
	ck_assert_uint_eq(image_cache_bytes(cache), 200);
	close_all();
}
END_TEST

START_TEST(an_image_is_found_by_what_people_type)
{
	const struct stored_image *found = NULL;
	struct stored_image other = fixture_image(0x02, 100);

	stepped_open(&stepped);
	fixture_store(&stepped, fixture_image(0x01, 100), 100);
	other.sha256[0] = 0x01; /* a digest with the same head */
	strcpy(other.version, "1.2.3+4");
	strcpy(other.name, "new app.bin");
	fixture_store(&stepped, other, 100);
	fixture_store(&stepped, fixture_image(0xab, 100), 50);
	open_cache();
	ck_assert_int_eq(image_cache_resolve(cache, "0101010101010101", &found), 0);
	ck_assert_mem_eq(found->sha256, digest(1), 32);
	ck_assert_int_eq(image_cache_resolve(cache, "0102", &found), 0);
	ck_assert_str_eq(found->version, "1.2.3+4");
	ck_assert_int_eq(image_cache_resolve(cache, "soil-1@1.2.3+4", &found), 0);
	ck_assert_int_eq(image_cache_resolve(cache, "app.bin", &found), 0);
	ck_assert_mem_eq(found->sha256, digest(1), 32);
	ck_assert_int_eq(image_cache_resolve(cache, "soil-1@1.2", &found), -ENOENT);
	ck_assert_int_eq(image_cache_resolve(cache, "", &found), -ENOENT);
	ck_assert_int_eq(image_cache_resolve(cache, "@", &found), -ENOENT);
	ck_assert_int_eq(image_cache_resolve(cache, "soil@1.2.3", &found), -ENOENT);
	ck_assert_int_eq(image_cache_resolve(cache, "01", &found), -ENOENT);
	ck_assert_int_eq(image_cache_resolve(cache, "xyzw", &found), -ENOENT);
	ck_assert_int_eq(image_cache_resolve(cache, "ABAB", &found), -ENOENT); /* partial */
	close_all();
}
END_TEST

START_TEST(a_text_that_means_several_images_is_told)
{
	const struct stored_image *found = NULL;
	struct stored_image other = fixture_image(1, 100);

	stepped_open(&stepped);
	fixture_store(&stepped, fixture_image(1, 100), 100);
	other.sha256[31] = 2;
	fixture_store(&stepped, other, 100);
	open_cache();
	ck_assert_int_eq(image_cache_resolve(cache, "0101", &found), -ENOTUNIQ);
	ck_assert_int_eq(image_cache_resolve(cache, "soil-1@1.2.3", &found), -ENOTUNIQ);
	close_all();
}
END_TEST

/* Reads all of a source in pieces, waiting for the store where it must. */
static void read_all(struct image_source *source, uint8_t key, size_t piece)
{
	uint8_t buffer[4096];

	for (uint32_t at = 0; at < source->size_bytes;) {
		int result = image_source_read(source, at, buffer, piece);
		if (result == -EAGAIN) {
			store_dispatch(stepped.store);
			continue;
		}
		ck_assert_int_gt(result, 0);
		for (int i = 0; i < result; i++)
			ck_assert_uint_eq(buffer[i], fixture_byte(key, at + (uint32_t)i));
		at += (uint32_t)result;
	}
}

START_TEST(a_source_reads_every_byte_across_chunks)
{
	const uint32_t size = 2 * IMAGE_CHUNK_SIZE + 77;
	uint8_t byte = 0;

	stepped_open(&stepped);
	fixture_store(&stepped, fixture_image(3, size), size);
	open_cache();
	struct image_source *source = image_cache_source(cache, digest(3));
	ck_assert_ptr_nonnull(source);
	ck_assert_str_eq(source->name, "0303030303030303");
	ck_assert_str_eq(source->version, "1.2.3");
	read_all(source, 3, 1000);
	ck_assert_uint_gt(ready_calls, 0);
	ck_assert_int_eq(image_source_read(source, size, &byte, 1), 0);
	ck_assert_int_eq(image_source_read(source, UINT32_MAX, &byte, 1), 0);
	close_all();
}
END_TEST

START_TEST(sources_are_shared_and_named)
{
	stepped_open(&stepped);
	fixture_store(&stepped, fixture_image(3, 10), 10);
	fixture_store(&stepped, fixture_image(4, 10), 5);
	open_cache();
	struct image_source *source = image_cache_source(cache, digest(3));
	ck_assert_ptr_eq(image_cache_source_named(cache, "0303030303030303"), source);
	ck_assert_ptr_null(image_cache_source_named(cache, "03030303030303"));
	ck_assert_ptr_null(image_cache_source_named(cache, "0303030303030304"));
	ck_assert_ptr_null(image_cache_source_named(cache, "0404040404040404")); /* partial */
	close_all();
}
END_TEST

START_TEST(a_held_source_outlives_its_image_and_reads_nothing)
{
	uint8_t byte = 0;

	stepped_open(&stepped);
	fixture_store(&stepped, fixture_image(3, 10), 10);
	fixture_store(&stepped, fixture_image(4, 10), 10);
	open_cache();
	struct image_source *removed = image_source_hold(image_cache_source(cache, digest(3)));
	struct image_source *closed = image_source_hold(image_cache_source(cache, digest(4)));
	ck_assert_int_eq(image_cache_remove(cache, digest(3), false, (struct store_reply){ 0 }), 0);
	ck_assert_int_eq(image_source_read(removed, 0, &byte, 1), -EIO);
	close_all();
	ck_assert_int_eq(image_source_read(closed, 0, &byte, 1), -EIO);
	image_source_release(&removed);
	image_source_release(&closed);
}
END_TEST

START_TEST(a_needed_image_is_removed_only_by_force)
{
	struct outcome outcome;

	stepped_open(&stepped);
	fixture_store(&stepped, fixture_image(3, 10), 10);
	open_cache();
	needed_key = 3;
	ck_assert_int_eq(image_cache_remove(cache, digest(3), false, outcome_reply(&outcome)), -EBUSY);
	ck_assert_int_eq(image_cache_remove(cache, digest(9), true, outcome_reply(&outcome)), -ENOENT);
	ck_assert_int_eq(image_cache_remove(cache, digest(3), true, outcome_reply(&outcome)), 0);
	ck_assert_int_eq(outcome_of(&stepped, &outcome), 0);
	ck_assert_ptr_null(image_cache_find(cache, digest(3)));
	ck_assert_uint_eq(count_stored(), 0);
	close_all();
}
END_TEST

START_TEST(the_least_recently_used_image_makes_room)
{
	struct stored_image new_image = fixture_image(9, 150000);

	stepped_open(&stepped);
	for (uint8_t key = 1; key <= 3; key++)
		fixture_store(&stepped, fixture_image(key, 120000), 120000);
	open_cache();
	image_cache_touch(cache, digest(1), 100);
	ck_assert_int_eq(image_cache_begin(cache, &new_image), 0);
	ck_assert_ptr_nonnull(image_cache_find(cache, digest(1)));
	ck_assert_ptr_null(image_cache_find(cache, digest(2)));
	ck_assert_ptr_nonnull(image_cache_find(cache, digest(3)));
	store_dispatch(stepped.store);
	ck_assert_uint_eq(count_stored(), 2);
	close_all();
}
END_TEST

START_TEST(a_partial_image_goes_before_a_whole_one)
{
	struct stored_image new_image = fixture_image(9, 150000);

	stepped_open(&stepped);
	fixture_store(&stepped, fixture_image(1, 200000), 200000);
	fixture_store(&stepped, fixture_image(2, 100000), 1000);
	open_cache();
	ck_assert_int_eq(image_cache_begin(cache, &new_image), 0);
	ck_assert_ptr_nonnull(image_cache_find(cache, digest(1)));
	ck_assert_ptr_null(image_cache_find(cache, digest(2)));
	close_all();
}
END_TEST

START_TEST(nothing_is_evicted_in_vain)
{
	struct stored_image new_image = fixture_image(9, 350000);

	stepped_open(&stepped);
	fixture_store(&stepped, fixture_image(1, 100000), 100000);
	fixture_store(&stepped, fixture_image(2, 100000), 100000);
	open_cache();
	needed_key = 2;
	ck_assert_int_eq(image_cache_begin(cache, &new_image), -ENOSPC);
	ck_assert_ptr_nonnull(image_cache_find(cache, digest(1)));
	ck_assert_ptr_nonnull(image_cache_find(cache, digest(2)));
	close_all();
}
END_TEST

START_TEST(an_image_being_imported_is_neither_evicted_nor_removed)
{
	struct stored_image first = fixture_image(8, 300000);
	struct stored_image second = fixture_image(9, 300000);

	stepped_open(&stepped);
	open_cache();
	ck_assert_int_eq(image_cache_begin(cache, &first), 0);
	ck_assert_int_eq(image_cache_begin(cache, &second), -ENOSPC);
	ck_assert_int_eq(image_cache_remove(cache, digest(8), true, (struct store_reply){ 0 }), -EBUSY);
	image_cache_end(cache, digest(8), NULL);
	ck_assert_int_eq(image_cache_begin(cache, &second), 0);
	ck_assert_ptr_null(image_cache_find(cache, digest(8)));
	close_all();
}
END_TEST

static void keep_used(void *context, const struct stored_image *image)
{
	*(int64_t *)context = image->used_ms;
}

START_TEST(the_last_use_is_written_once_an_hour)
{
	int64_t used_ms = 0;

	stepped_open(&stepped);
	fixture_store(&stepped, fixture_image(1, 10), 10);
	open_cache();
	image_cache_touch(cache, digest(1), 5000);
	image_cache_touch(cache, digest(1), HOUR_MS + 1);
	image_cache_touch(cache, digest(1), HOUR_MS + 5000);
	ck_assert_int_eq(image_cache_find(cache, digest(1))->used_ms, HOUR_MS + 5000);
	store_dispatch(stepped.store);
	ck_assert_int_ge(store_images_load(stepped.store, keep_used, &used_ms), 0);
	ck_assert_int_eq(used_ms, HOUR_MS + 1);
	close_all();
}
END_TEST

TEST_SUITE(image_cache, the_catalogue_is_there_after_a_restart, an_image_is_found_by_what_people_type,
	a_text_that_means_several_images_is_told, a_source_reads_every_byte_across_chunks, sources_are_shared_and_named,
	a_held_source_outlives_its_image_and_reads_nothing, a_needed_image_is_removed_only_by_force,
	the_least_recently_used_image_makes_room, a_partial_image_goes_before_a_whole_one, nothing_is_evicted_in_vain,
	an_image_being_imported_is_neither_evicted_nor_removed, the_last_use_is_written_once_an_hour)
