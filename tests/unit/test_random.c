#include "gateway/random.h"
#include "tests/unit/suite.h"

START_TEST(the_same_seed_gives_the_same_run)
{
	struct random a, b, other;

	random_init(&a, 42);
	random_init(&b, 42);
	random_init(&other, 43);
	ck_assert_uint_ne(random_next(&other), random_next(&a));
	random_next(&b);
	for (int i = 0; i < 1000; i++)
		ck_assert_uint_eq(random_next(&a), random_next(&b));
}
END_TEST

START_TEST(numbers_below_a_limit_are_even)
{
	struct random random;
	int seen[10] = { 0 };

	random_init(&random, 1);
	ck_assert_uint_eq(random_below(&random, 0), 0);
	for (int i = 0; i < 100000; i++)
		seen[random_below(&random, 10)]++;
	for (int i = 0; i < 10; i++)
		ck_assert_int_lt(abs(seen[i] - 10000), 500);
}
END_TEST

TEST_SUITE(random, the_same_seed_gives_the_same_run, numbers_below_a_limit_are_even)
