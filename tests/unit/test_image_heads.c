#include "gateway/image_heads.h"

#include <string.h>

#include "tests/unit/suite.h"

static const uint8_t digest[IMAGE_HEAD_MAX] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };

START_TEST(a_head_is_kept_once_with_zeros_behind_it)
{
	struct image_heads heads;
	uint8_t expected[IMAGE_HEAD_MAX] = { 1, 2, 3, 4, 5, 6, 7, 8 };

	image_heads_init(&heads);
	const uint8_t *held = image_heads_hold(&heads, digest, 8);
	ck_assert_mem_eq(held, expected, sizeof(expected));
	ck_assert_ptr_eq(image_heads_hold(&heads, expected, 8), held);
	ck_assert_ptr_ne(image_heads_hold(&heads, digest, sizeof(digest)), held);
	ck_assert_uint_eq(image_heads_count(&heads), 2);
	image_heads_finish(&heads);
}
END_TEST

START_TEST(a_head_that_nobody_holds_is_forgotten)
{
	struct image_heads heads;

	image_heads_init(&heads);
	const uint8_t *held = image_heads_hold(&heads, digest, 8);
	image_heads_hold(&heads, digest, 8);
	image_heads_release(&heads, held);
	ck_assert_uint_eq(image_heads_count(&heads), 1);
	image_heads_release(&heads, held);
	ck_assert_uint_eq(image_heads_count(&heads), 0);
	image_heads_finish(&heads);
}
END_TEST

START_TEST(nothing_needs_no_memory)
{
	struct image_heads heads;
	const uint8_t zeros[IMAGE_HEAD_MAX] = { 0 };

	image_heads_init(&heads);
	const uint8_t *held = image_heads_hold(&heads, digest, 0);
	ck_assert_mem_eq(held, zeros, sizeof(zeros));
	ck_assert_ptr_eq(image_heads_hold(&heads, zeros, 32), held);
	ck_assert_uint_eq(image_heads_count(&heads), 0);
	image_heads_release(&heads, held);
	image_heads_finish(&heads);
}
END_TEST

TEST_SUITE(image_heads, a_head_is_kept_once_with_zeros_behind_it, a_head_that_nobody_holds_is_forgotten,
	nothing_needs_no_memory)
