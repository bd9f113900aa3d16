#include "drivers/id_map.h"

#include <stdio.h>

#include "gateway/random.h"
#include "tests/unit/suite.h"

#define KEYS 2000

START_TEST(what_was_added_is_found_and_what_was_removed_is_not)
{
	static char keys[KEYS][16];
	static int present[KEYS];
	struct id_map map;
	struct random random;
	size_t count = 0;

	id_map_init(&map);
	random_init(&random, 7);
	for (int i = 0; i < KEYS; i++)
		snprintf(keys[i], sizeof(keys[i]), "node-%d", i);
	for (int step = 0; step < 50000; step++) {
		size_t i = (size_t)random_below(&random, KEYS);
		ck_assert_ptr_eq(id_map_find(&map, keys[i]), present[i] ? keys[i] : NULL);
		if (present[i])
			id_map_remove(&map, keys[i]);
		else
			ck_assert_int_eq(id_map_add(&map, keys[i], keys[i]), 0);
		present[i] = !present[i];
		count += present[i] ? 1 : (size_t)-1;
		ck_assert_uint_eq(map.count, count);
	}
	id_map_finish(&map);
}
END_TEST

START_TEST(an_empty_map_finds_nothing)
{
	struct id_map map;

	id_map_init(&map);
	ck_assert_ptr_null(id_map_find(&map, "node-1"));
	id_map_remove(&map, "node-1");
	id_map_finish(&map);
}
END_TEST

TEST_SUITE(id_map, what_was_added_is_found_and_what_was_removed_is_not, an_empty_map_finds_nothing)
