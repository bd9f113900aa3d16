#include "gateway/stone_path.h"

#include <errno.h>
#include <string.h>

#include "gateway/random.h"
#include "tests/unit/suite.h"

static struct version version(const char *text)
{
	struct version out;

	ck_assert_int_eq(version_parse(&out, text), 0);
	return out;
}

static struct stone stone(const char *of, const char *least, uint32_t size_bytes)
{
	struct stone out = { .version = version(of), .has_least = least != NULL, .size_bytes = size_bytes };

	if (least)
		out.least = version(least);
	return out;
}

#define CHOICE(stones, index)                                       \
	&(struct stone_choice)                                      \
	{                                                           \
		stones, sizeof(stones) / sizeof((stones)[0]), index \
	}

START_TEST(a_node_that_is_new_enough_gets_the_goal_at_once)
{
	const struct stone stones[] = { stone("1.0", NULL, 10), stone("2.0", NULL, 10), stone("3.0", "2.0", 10) };
	struct version from = version("2.0");
	struct stone_path path;
	struct stone_gap gap;

	ck_assert_int_eq(stone_path_find(CHOICE(stones, 2), &from, &path, &gap), 0);
	ck_assert_uint_eq(path.count, 1);
	ck_assert_uint_eq(path.steps[0], 2);
}
END_TEST

START_TEST(a_node_that_slept_for_two_years_goes_over_stones)
{
	const struct stone stones[] = { stone("5.0", "4.0", 10), stone("2.0", NULL, 10), stone("4.2", "3.1", 10),
		stone("3.1", "2.0", 10), stone("3.0", "2.0", 10) };
	struct version from = version("1.0");
	struct stone_path path;
	struct stone_gap gap;

	ck_assert_int_eq(stone_path_find(CHOICE(stones, 0), &from, &path, &gap), 0);
	ck_assert_uint_eq(path.count, 4);
	ck_assert_uint_eq(path.steps[0], 1);
	ck_assert_uint_eq(path.steps[1], 3);
	ck_assert_uint_eq(path.steps[2], 2);
	ck_assert_uint_eq(path.steps[3], 0);
	ck_assert_uint_eq(path.bytes, 40);
}
END_TEST

START_TEST(fewer_images_go_before_fewer_bytes)
{
	const struct stone stones[] = { stone("4.0", "3.0", 10), stone("2.0", NULL, 1), stone("3.0", "2.0", 1),
		stone("3.5", NULL, 1000), stone("3.4", NULL, 999) };
	struct version from = version("1.0");
	struct stone_path path;
	struct stone_gap gap;

	ck_assert_int_eq(stone_path_find(CHOICE(stones, 0), &from, &path, &gap), 0);
	ck_assert_uint_eq(path.count, 2);
	ck_assert_uint_eq(path.steps[0], 4);
}
END_TEST

START_TEST(nothing_newer_than_the_goal_is_a_stone)
{
	const struct stone stones[] = { stone("3.0", "2.0", 10), stone("4.0", NULL, 10) };
	struct version from = version("1.0");
	struct stone_path path;
	struct stone_gap gap;

	ck_assert_int_eq(stone_path_find(CHOICE(stones, 0), &from, &path, &gap), -ENOLINK);
	ck_assert_uint_eq(gap.reached, STONE_NONE);
	ck_assert_uint_eq(gap.before, 0);
}
END_TEST

START_TEST(a_missing_stone_is_named_by_what_it_must_be)
{
	/* 1.0 gets to 2.0; 4.0 leads on to the goal but requires 3.0: an image from 3.0 on, for 2.0, is missing. */
	const struct stone stones[] = { stone("5.0", "4.0", 10), stone("4.0", "3.0", 10), stone("2.0", "1.0", 10) };
	struct version from = version("1.0");
	struct stone_path path;
	struct stone_gap gap;

	ck_assert_int_eq(stone_path_find(CHOICE(stones, 0), &from, &path, &gap), -ENOLINK);
	ck_assert_uint_eq(gap.reached, 2);
	ck_assert_uint_eq(gap.before, 1);
}
END_TEST

/* Every way, by trying all: the best is kept in `best`. */
struct trial {
	const struct stone_choice *choice;
	size_t images;
	uint64_t bytes;
};

static void try_all(struct trial *best, const struct version *at, size_t images, uint64_t bytes)
{
	const struct stone_choice *choice = best->choice;
	const struct stone *goal = &choice->stones[choice->goal];

	for (size_t i = 0; i < choice->count; i++) {
		const struct stone *next = &choice->stones[i];
		uint64_t total = bytes + next->size_bytes;
		if (next->has_least && version_compare(at, &next->least) < 0)
			continue;
		if (i == choice->goal) {
			if (images + 1 < best->images || (images + 1 == best->images && total < best->bytes)) {
				best->images = images + 1;
				best->bytes = total;
			}
		} else if (version_compare(&next->version, at) > 0 &&
			   version_compare(&next->version, &goal->version) < 0) {
			try_all(best, &next->version, images + 1, total);
		}
	}
}

/* Versions 1 to 12; what is required is older than what requires it. */
static size_t some_stones(struct random *random, struct stone *stones)
{
	size_t count = 1 + random_below(random, 8);

	for (size_t i = 0; i < count; i++) {
		uint32_t number = 2 + (uint32_t)random_below(random, 11);
		stones[i] = (struct stone){
			.version.numbers[0] = number,
			.has_least = random_below(random, 4) > 0,
			.least.numbers[0] = 1 + (uint32_t)random_below(random, number - 1),
			.size_bytes = 1 + (uint32_t)random_below(random, 5),
		};
	}
	return count;
}

/* The way can be gone: each image is allowed where the node then is, and they add up. */
static void ck_walkable(const struct stone_choice *choice, struct version at, const struct stone_path *path)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < path->count; i++) {
		const struct stone *step = &choice->stones[path->steps[i]];
		ck_assert(!step->has_least || version_compare(&at, &step->least) >= 0);
		at = step->version;
		bytes += step->size_bytes;
	}
	ck_assert_uint_eq(bytes, path->bytes);
	ck_assert_uint_eq(path->steps[path->count - 1], choice->goal);
}

START_TEST(the_way_is_the_best_of_all)
{
	struct random random;
	unsigned found = 0, missing = 0;

	random_init(&random, 4711);
	for (int i = 0; i < 20000; i++) {
		struct stone stones[9];
		struct stone_choice choice = { stones, some_stones(&random, stones), 0 };
		struct version from = { .numbers[0] = 1 + (uint32_t)random_below(&random, 12) };
		struct trial best = { .choice = &choice, .images = SIZE_MAX };
		struct stone_path path;
		struct stone_gap gap;
		try_all(&best, &from, 0, 0);
		int error = stone_path_find(&choice, &from, &path, &gap);
		ck_assert_int_eq(error, best.images == SIZE_MAX ? -ENOLINK : 0);
		found += !error;
		missing += error != 0;
		if (error)
			continue;
		ck_assert_uint_eq(path.count, best.images);
		ck_assert_uint_eq(path.bytes, best.bytes);
		ck_walkable(&choice, from, &path);
	}
	ck_assert_uint_gt(found, 1000);
	ck_assert_uint_gt(missing, 1000);
}
END_TEST

START_TEST(the_stone_that_is_missing_makes_a_way)
{
	struct random random;
	unsigned mended = 0;

	random_init(&random, 815);
	for (int i = 0; i < 20000; i++) {
		struct stone stones[10];
		struct stone_choice choice = { stones, some_stones(&random, stones), 0 };
		struct version from = { .numbers[0] = 1 + (uint32_t)random_below(&random, 12) };
		struct stone_path path;
		struct stone_gap gap;
		if (stone_path_find(&choice, &from, &path, &gap) == 0)
			continue;
		stones[choice.count++] = (struct stone){
			.version = stones[gap.before].least,
			.has_least = true,
			.least = gap.reached == STONE_NONE ? from : stones[gap.reached].version,
		};
		ck_assert_int_eq(stone_path_find(&choice, &from, &path, &gap), 0);
		mended++;
	}
	ck_assert_uint_gt(mended, 1000);
}
END_TEST

TEST_SUITE(stone_path, a_node_that_is_new_enough_gets_the_goal_at_once,
	a_node_that_slept_for_two_years_goes_over_stones, fewer_images_go_before_fewer_bytes,
	nothing_newer_than_the_goal_is_a_stone, a_missing_stone_is_named_by_what_it_must_be, the_way_is_the_best_of_all,
	the_stone_that_is_missing_makes_a_way)
