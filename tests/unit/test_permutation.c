#include "gateway/permutation.h"

#include <math.h>
#include <string.h>

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

/* Of 40 nodes 10 are marked, 5 are updated and 4 of these are marked: (C(10,4) C(30,1) + C(10,5)) / C(40,5). */
START_TEST(marks_are_counted_exactly)
{
	ck_assert_double_eq_tol(permutation_of_marked(40, 10, 5, 4), (210.0 * 30 + 252) / 658008, 1e-9);
	ck_assert_double_eq_tol(permutation_of_marked(40, 10, 5, 0), 1, 1e-9);
	ck_assert_double_eq_tol(permutation_of_marked(10, 9, 5, 4), 1, 1e-9);
	ck_assert_double_gt(permutation_of_marked(100000, 50, 1000, 50), 0);
	ck_assert_double_eq_tol(permutation_of_marked(2, 0, 1, 0), 1, 1e-9);
}
END_TEST

static double uniform(struct random *random)
{
	return ((double)random_below(random, 1000000) + 0.5) / 1e6;
}

/* A thousand scores, few of them large, 150 of them in the sample; how far up the sample's sum lies is chosen. */
static void make_skewed(double *scores, struct random *random, double lift)
{
	for (size_t i = 0; i < 1000; i++) {
		double value = -log(uniform(random));
		scores[i] = value * value + (i < 150 ? lift : 0);
	}
}

START_TEST(large_groups_are_judged_as_draws_would)
{
	static double scores[1000], copy[1000];
	struct random random;

	for (unsigned seed = 1; seed <= 6; seed++) {
		random_init(&random, seed);
		make_skewed(scores, &random, 0.2 * seed);
		double seen = 0;
		for (size_t i = 0; i < 150; i++)
			seen += scores[i];
		memcpy(copy, scores, sizeof(copy));
		double computed = permutation_probability(copy, 1000, 150, &random);
		unsigned as_high = 0;
		for (unsigned draw = 0; draw < 20000; draw++) {
			double total = 0;
			for (size_t i = 0; i < 150; i++) {
				size_t other = i + (size_t)random_below(&random, 1000 - i);
				double chosen = scores[other];
				scores[other] = scores[i];
				scores[i] = chosen;
				total += chosen;
			}
			as_high += total >= seen;
		}
		double drawn = as_high / 20000.0;
		ck_assert_msg(fabs(computed - drawn) < 0.004 + 0.1 * drawn, "%g computed, %g drawn", computed, drawn);
	}
}
END_TEST

START_TEST(few_others_are_as_good_as_few_updated)
{
	double scores[200], turned[200];
	struct random random;

	/* Three nodes of 200 that were not updated score low: as probable as three updated ones that score high. */
	for (size_t i = 0; i < 200; i++) {
		scores[i] = i < 197 ? (double)(i % 7) : -5;
		turned[i] = i < 3 ? 5 : -(double)(i % 7);
	}
	random_init(&random, 4);
	ck_assert_double_lt(permutation_probability(scores, 200, 197, &random), 1e-4);
	ck_assert_double_lt(permutation_probability(turned, 200, 3, &random), 1e-4);
}
END_TEST

TEST_SUITE(permutation, marks_are_counted_exactly, large_groups_are_judged_as_draws_would,
	few_others_are_as_good_as_few_updated, it_comes_near_the_exact_value, equal_scores_prove_nothing,
	a_sample_of_none_or_all_proves_nothing, it_is_never_zero, the_same_seed_gives_the_same_value)
