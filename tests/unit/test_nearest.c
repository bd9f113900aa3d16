#include "config/nearest.h"

#include "tests/unit/suite.h"

START_TEST(the_distance_counts_changes_and_swaps)
{
	ck_assert_uint_eq(nearest_distance("", ""), 0);
	ck_assert_uint_eq(nearest_distance("port", "port"), 0);
	ck_assert_uint_eq(nearest_distance("prot", "port"), 1);
	ck_assert_uint_eq(nearest_distance("prt", "port"), 1);
	ck_assert_uint_eq(nearest_distance("pport", "port"), 1);
	ck_assert_uint_eq(nearest_distance("part", "port"), 1);
	ck_assert_uint_eq(nearest_distance("kitten", "sitting"), 3);
	ck_assert_uint_eq(nearest_distance("", "port"), 4);
}
END_TEST

START_TEST(a_slip_is_a_typo_and_another_word_is_not)
{
	ck_assert(nearest_is_typo("brokres", "brokers"));
	ck_assert(nearest_is_typo("broker", "brokers"));
	ck_assert(nearest_is_typo("port_number", "port"));
	ck_assert(nearest_is_typo("ip", "id"));
	ck_assert(!nearest_is_typo("to", "id"));
	ck_assert(!nearest_is_typo("colour", "port"));
}
END_TEST

START_TEST(a_name_without_end_is_near_to_nothing)
{
	char name[200];

	for (size_t i = 0; i < sizeof(name); i++)
		name[i] = 'a';
	name[sizeof(name) - 1] = '\0';
	ck_assert_uint_eq(nearest_distance(name, "a"), NEAREST_NAME_MAX + 1);
	ck_assert(!nearest_is_typo(name, "port"));
}
END_TEST

TEST_SUITE(nearest, the_distance_counts_changes_and_swaps, a_slip_is_a_typo_and_another_word_is_not,
	a_name_without_end_is_near_to_nothing)
