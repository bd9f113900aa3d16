#include "drivers/slab.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "tests/unit/suite.h"

#define ITEMS 5000

struct item {
	uint64_t number;
	char rest[48];
};

static bool is_zero(const struct item *item)
{
	static const struct item zero;

	return memcmp(item, &zero, sizeof(zero)) == 0;
}

START_TEST(items_begin_as_zeros_and_stay_where_they_are)
{
	static struct item *items[ITEMS];
	struct slab slab;

	slab_init(&slab, sizeof(struct item));
	for (uint64_t i = 0; i < ITEMS; i++) {
		items[i] = slab_take(&slab);
		ck_assert(is_zero(items[i]));
		memset(items[i], 0xff, sizeof(*items[i]));
		items[i]->number = i;
	}
	for (uint64_t i = 0; i < ITEMS; i++)
		ck_assert_uint_eq(items[i]->number, i);
	slab_finish(&slab);
}
END_TEST

START_TEST(what_is_given_back_is_taken_again)
{
	static struct item *items[ITEMS];
	struct slab slab;

	slab_init(&slab, sizeof(struct item));
	for (size_t i = 0; i < ITEMS; i++)
		items[i] = slab_take(&slab);
	struct slab_block *newest = slab.blocks;
	size_t unused = slab.unused;
	for (size_t round = 0; round < 3; round++) {
		for (size_t i = 0; i < ITEMS; i++) {
			memset(items[i], 0xff, sizeof(*items[i]));
			slab_give_back(&slab, items[i]);
		}
		for (size_t i = 0; i < ITEMS; i++) {
			items[i] = slab_take(&slab);
			ck_assert(is_zero(items[i]));
		}
	}
	ck_assert_ptr_eq(slab.blocks, newest);
	ck_assert_uint_eq(slab.unused, unused);
	slab_finish(&slab);
}
END_TEST

START_TEST(a_finished_slab_can_be_used_again)
{
	struct slab slab;

	slab_init(&slab, sizeof(struct item));
	ck_assert_ptr_nonnull(slab_take(&slab));
	slab_finish(&slab);
	ck_assert_ptr_null(slab.blocks);
	ck_assert(is_zero(slab_take(&slab)));
	slab_finish(&slab);
}
END_TEST

TEST_SUITE(slab, items_begin_as_zeros_and_stay_where_they_are, what_is_given_back_is_taken_again,
	a_finished_slab_can_be_used_again)
