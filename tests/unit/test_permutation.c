#include "gateway/permutation.h"

#include "gateway/random.h"
#include "tests/unit/suite.h"

static double probability(const double *scores, size_t count, size_t sample, uint64_t seed)
{
	double copy[64];
	struct random random;

	for (size_t i = 0; i < count; i++)
		copy[i] = scores[i];
	random_init(&random, seed);
	return permutation_probability(copy, count, sample, &random);
}

/* Of the 10 pairs among 0, 1, 2, 3, 4 these sum to as much as 3 + 4: one; as 2 + 4: two, by enumeration. */
START_TEST(it_comes_near_the_exact_value)
{
	static const double highest[] = { 3, 4, 0, 1, 2 };
	static const double second[] = { 2, 4, 0, 1, 3 };
	static const double lowest[] = { 0, 1, 2, 3, 4 };

	ck_assert_double_eq_tol(probability(highest, 5, 2, 1), 0.1, 0.01);
	ck_assert_double_eq_tol(probability(second, 5, 2, 2), 0.2, 0.01);
	ck_assert_double_eq(probability(lowest, 5, 2, 3), 1);
}
END_TEST

START_TEST(equal_scores_prove_nothing)
{
	static const double scores[10] = { 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1 };

	ck_assert_double_eq(probability(scores, 10, 3, 1), 1);
}
END_TEST

START_TEST(a_sample_of_none_or_all_proves_nothing)
{
	static const double scores[] = { 9, 1, 1 };

	ck_assert_double_eq(probability(scores, 3, 0, 1), 1);
	ck_assert_double_eq(probability(scores, 3, 3, 1), 1);
}
END_TEST

START_TEST(it_is_never_zero)
{
	double scores[64] = { 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000 };

	ck_assert_double_eq(probability(scores, 64, 8, 1), 1.0 / (PERMUTATION_DRAWS_MAX + 1));
}
END_TEST

START_TEST(the_same_seed_gives_the_same_value)
{
	static const double scores[] = { 5, 3, 9, 1, 2, 8, 7 };

	ck_assert_double_eq(probability(scores, 7, 3, 42), probability(scores, 7, 3, 42));
}
END_TEST

TEST_SUITE(permutation, it_comes_near_the_exact_value, equal_scores_prove_nothing,
	a_sample_of_none_or_all_proves_nothing, it_is_never_zero, the_same_seed_gives_the_same_value)
