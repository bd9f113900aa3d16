#include "gateway/text_pool.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/suite.h"

START_TEST(a_text_is_kept_once)
{
	struct text_pool pool;
	char same[] = "meter-2";

	text_pool_init(&pool);
	const char *held = text_pool_hold(&pool, "meter-2");
	ck_assert_str_eq(held, "meter-2");
	ck_assert_ptr_eq(text_pool_hold(&pool, same), held);
	ck_assert_ptr_ne(text_pool_hold(&pool, "meter-20"), held);
	ck_assert_uint_eq(text_pool_count(&pool), 2);
	text_pool_finish(&pool);
}
END_TEST

START_TEST(a_text_that_nobody_holds_is_forgotten)
{
	struct text_pool pool;

	text_pool_init(&pool);
	const char *held = text_pool_hold(&pool, "1.0.0");
	text_pool_hold(&pool, "1.0.0");
	text_pool_release(&pool, held);
	ck_assert_str_eq(held, "1.0.0");
	ck_assert_uint_eq(text_pool_count(&pool), 1);
	text_pool_release(&pool, held);
	ck_assert_uint_eq(text_pool_count(&pool), 0);
	text_pool_finish(&pool);
}
END_TEST

START_TEST(an_empty_text_needs_no_memory)
{
	struct text_pool pool;

	text_pool_init(&pool);
	const char *held = text_pool_hold(&pool, "");
	ck_assert_str_eq(held, "");
	ck_assert_uint_eq(text_pool_count(&pool), 0);
	text_pool_release(&pool, held);
	text_pool_finish(&pool);
}
END_TEST

START_TEST(a_thousand_texts_come_and_go)
{
	struct text_pool pool;
	char text[16];

	text_pool_init(&pool);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 1000; i++) {
			snprintf(text, sizeof(text), "%d", i);
			ck_assert_str_eq(text_pool_hold(&pool, text), text);
		}
		ck_assert_uint_eq(text_pool_count(&pool), 1000);
		for (int i = 0; i < 1000; i++) {
			snprintf(text, sizeof(text), "%d", i);
			text_pool_release(&pool, text);
		}
		ck_assert_uint_eq(text_pool_count(&pool), 0);
	}
	text_pool_finish(&pool);
}
END_TEST

TEST_SUITE(text_pool, a_text_is_kept_once, a_text_that_nobody_holds_is_forgotten, an_empty_text_needs_no_memory,
	a_thousand_texts_come_and_go)
