#include "gateway/chunk_cache.h"

#include <errno.h>

#include "tests/unit/image_fixture.h"
#include "tests/unit/suite.h"

#define SIZE (3 * IMAGE_CHUNK_SIZE + 10)

static struct stepped_store stepped;
static struct stored_image image;
static struct chunk_cache *cache;
static unsigned ready_calls;

static void count_ready(void *context)
{
	ready_calls++;
}

static void open_cache(unsigned limit)
{
	stepped_open(&stepped);
	image = fixture_image(7, SIZE);
	fixture_store(&stepped, image, SIZE);
	struct chunk_cache_options options = { .store = stepped.store, .limit = limit, .ready = count_ready };
	ck_assert_int_eq(chunk_cache_open(&cache, &options), 0);
}

static void close_cache(void)
{
	chunk_cache_close(cache);
	stepped_close(&stepped);
}

/* Asks until it is there. */
static int fetch(uint32_t index, const uint8_t **data)
{
	int result = chunk_cache_get(cache, image.sha256, index, data);

	if (result != -EAGAIN)
		return result;
	store_dispatch(stepped.store);
	return chunk_cache_get(cache, image.sha256, index, data);
}

START_TEST(a_miss_is_fetched_and_told)
{
	const uint8_t *data = NULL;

	open_cache(4);
	ck_assert_int_eq(chunk_cache_get(cache, image.sha256, 3, &data), -EAGAIN);
	ck_assert_int_eq(chunk_cache_get(cache, image.sha256, 3, &data), -EAGAIN);
	store_dispatch(stepped.store);
	ck_assert_uint_eq(ready_calls, 1);
	ck_assert_int_eq(chunk_cache_get(cache, image.sha256, 3, &data), 10);
	ck_assert_uint_eq(data[9], fixture_byte(7, 3 * IMAGE_CHUNK_SIZE + 9));
	close_cache();
}
END_TEST

START_TEST(the_least_recently_used_goes_first)
{
	const uint8_t *data = NULL;

	open_cache(2);
	ck_assert_int_gt(fetch(0, &data), 0);
	ck_assert_int_gt(fetch(1, &data), 0);
	ck_assert_int_gt(fetch(0, &data), 0);
	ck_assert_int_gt(fetch(2, &data), 0);
	ck_assert_int_gt(chunk_cache_get(cache, image.sha256, 0, &data), 0);
	ck_assert_int_eq(chunk_cache_get(cache, image.sha256, 1, &data), -EAGAIN);
	close_cache();
}
END_TEST

START_TEST(a_chunk_being_fetched_is_not_evicted)
{
	const uint8_t *data = NULL;

	open_cache(2);
	for (uint32_t i = 0; i < 4; i++)
		ck_assert_int_eq(chunk_cache_get(cache, image.sha256, i, &data), -EAGAIN);
	store_dispatch(stepped.store);
	ck_assert_uint_eq(ready_calls, 2);
	ck_assert_int_gt(chunk_cache_get(cache, image.sha256, 0, &data), 0);
	ck_assert_int_gt(chunk_cache_get(cache, image.sha256, 1, &data), 0);
	close_cache();
}
END_TEST

START_TEST(a_failure_is_told_once_and_tried_again)
{
	const uint8_t *data = NULL;

	open_cache(2);
	ck_assert_int_eq(fetch(9, &data), -EIO);
	ck_assert_int_eq(chunk_cache_get(cache, image.sha256, 9, &data), -EAGAIN);
	close_cache();
}
END_TEST

START_TEST(a_forgotten_image_leaves_nothing)
{
	const uint8_t *data = NULL;

	open_cache(4);
	ck_assert_int_gt(fetch(0, &data), 0);
	ck_assert_int_eq(chunk_cache_get(cache, image.sha256, 1, &data), -EAGAIN);
	chunk_cache_forget(cache, image.sha256);
	store_dispatch(stepped.store);
	ck_assert_int_eq(chunk_cache_get(cache, image.sha256, 0, &data), -EAGAIN);
	ck_assert_int_eq(chunk_cache_get(cache, image.sha256, 1, &data), -EAGAIN);
	close_cache();
}
END_TEST

START_TEST(closing_with_a_fetch_under_way_is_safe)
{
	const uint8_t *data = NULL;

	open_cache(4);
	ck_assert_int_gt(fetch(0, &data), 0);
	ck_assert_int_eq(chunk_cache_get(cache, image.sha256, 1, &data), -EAGAIN);
	ready_calls = 0;
	close_cache();
	ck_assert_uint_eq(ready_calls, 0);
}
END_TEST

TEST_SUITE(chunk_cache, a_miss_is_fetched_and_told, the_least_recently_used_goes_first,
	a_chunk_being_fetched_is_not_evicted, a_failure_is_told_once_and_tried_again, a_forgotten_image_leaves_nothing,
	closing_with_a_fetch_under_way_is_safe)
