#include "drivers/name_slabs.h"

#include <stdint.h>
#include <string.h>

#include "drivers/driver.h"
#include "tests/unit/suite.h"

#define BEFORE 24

struct named {
	uint8_t before[BEFORE];
	char name[];
};

/* A name of so many bytes. */
static const char *name_of(size_t size)
{
	static char name[NODE_ID_MAX + 1];

	memset(name, 'n', size);
	name[size] = '\0';
	return name;
}

static struct named *take(struct name_slabs *slabs, size_t size)
{
	struct named *taken = name_slabs_take(slabs, name_of(size));

	ck_assert_ptr_nonnull(taken);
	memset(taken->before, 0xff, sizeof(taken->before));
	strcpy(taken->name, name_of(size));
	return taken;
}

START_TEST(a_name_of_any_size_has_room)
{
	struct named *taken[NODE_ID_MAX + 1];
	struct name_slabs slabs;

	name_slabs_init(&slabs, BEFORE);
	for (size_t size = 0; size <= NODE_ID_MAX; size++)
		taken[size] = take(&slabs, size);
	for (size_t size = 0; size <= NODE_ID_MAX; size++)
		ck_assert_str_eq(taken[size]->name, name_of(size));
	name_slabs_finish(&slabs);
}
END_TEST

START_TEST(what_is_given_back_is_for_names_of_the_like_size)
{
	struct name_slabs slabs;

	name_slabs_init(&slabs, BEFORE);
	struct named *was_short = take(&slabs, 15), *was_long = take(&slabs, 16);
	name_slabs_give_back(&slabs, name_of(15), was_short);
	name_slabs_give_back(&slabs, name_of(16), was_long);
	ck_assert_ptr_eq(name_slabs_take(&slabs, name_of(31)), was_long);
	ck_assert_ptr_eq(name_slabs_take(&slabs, name_of(1)), was_short);
	name_slabs_finish(&slabs);
}
END_TEST

START_TEST(short_names_cost_little)
{
	struct name_slabs slabs;

	name_slabs_init(&slabs, 0);
	const char *first = name_slabs_take(&slabs, "sensor-1"), *second = name_slabs_take(&slabs, "sensor-2");
	ck_assert_int_le(first > second ? first - second : second - first, 16);
	name_slabs_finish(&slabs);
}
END_TEST

TEST_SUITE("name_slabs", a_name_of_any_size_has_room, what_is_given_back_is_for_names_of_the_like_size,
	short_names_cost_little)
