#include "gateway/pattern.h"

#include <string.h>

#include "config/settings.h"
#include "tests/unit/suite.h"

static bool matches(const char *pattern, const char *text)
{
	return pattern_matches(pattern, (struct span){ text, strlen(text) });
}

START_TEST(a_pattern_stands_for_whole_texts)
{
	ck_assert(matches("meter-*", "meter-12"));
	ck_assert(matches("meter-*", "meter-"));
	ck_assert(!matches("meter-*", "a-meter-1"));
	ck_assert(matches("n?", "n1"));
	ck_assert(!matches("n?", "n"));
	ck_assert(!matches("n?", "n12"));
	ck_assert(matches("*/temperature", "a/b/temperature"));
	ck_assert(!matches("*/temperature", "temperature"));
	ck_assert(matches("", ""));
	ck_assert(!matches("", "a"));
	ck_assert(matches("*", ""));
	ck_assert(matches("**a**b*", "xxaab"));
	ck_assert(!matches("*a*b", "ba"));
}
END_TEST

START_TEST(many_stars_do_not_take_for_ever)
{
	char text[READING_NAME_MAX];

	memset(text, 'a', sizeof(text));
	ck_assert(!pattern_matches("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", (struct span){ text, sizeof(text) }));
}
END_TEST

START_TEST(no_pattern_is_any_text)
{
	const char *const items[] = { "a*", "b" };
	const struct setting_list list = { items, 2 };

	ck_assert(patterns_match(&(struct setting_list){ 0 }, (struct span){ "x", 1 }));
	ck_assert(patterns_match(&list, (struct span){ "b", 1 }));
	ck_assert(!patterns_match(&list, (struct span){ "c", 1 }));
}
END_TEST

START_TEST(a_new_name_may_hold_the_former_one)
{
	char out[READING_NAME_MAX];
	size_t size = pattern_fill(out, "a/{name}/{name}-{nam}", (struct span){ "xy", 2 });

	ck_assert_uint_eq(size, strlen("a/xy/xy-{nam}"));
	ck_assert_mem_eq(out, "a/xy/xy-{nam}", size);
}
END_TEST

TEST_SUITE(pattern, a_pattern_stands_for_whole_texts, many_stars_do_not_take_for_ever, no_pattern_is_any_text,
	a_new_name_may_hold_the_former_one)
