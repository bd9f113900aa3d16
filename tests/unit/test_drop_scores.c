#include "gateway/drop_scores.h"

#include <math.h>

#include "tests/unit/suite.h"

#define NODES 100

/* Nodes that drop twice a day, before and after. */
static void fill(struct drop_history *nodes)
{
	for (size_t i = 0; i < NODES; i++)
		nodes[i] = (struct drop_history){
			.before = 14, .days_before = 7, .after = i % 2 ? 1 : 3, .days_after = 1
		};
}

START_TEST(more_drops_than_before_speak_for_a_bad_release)
{
	struct drop_history nodes[NODES];
	double scores[NODES];

	fill(nodes);
	nodes[0].after = 8;
	drop_scores(nodes, NODES, scores);
	ck_assert_double_gt(scores[0], 1);
	for (size_t i = 1; i < NODES; i++)
		ck_assert_double_lt(scores[i], 0);
}
END_TEST

START_TEST(a_node_is_measured_by_its_own_past)
{
	struct drop_history nodes[NODES];
	double scores[NODES];

	fill(nodes);
	nodes[0] = (struct drop_history){ .before = 56, .days_before = 7, .after = 8, .days_after = 1 };
	nodes[1].after = 8;
	drop_scores(nodes, NODES, scores);
	ck_assert_double_lt(scores[0], 0);
	ck_assert_double_gt(scores[1], 1);
}
END_TEST

START_TEST(what_hits_all_nodes_is_expected_of_each)
{
	struct drop_history nodes[NODES];

	fill(nodes);
	ck_assert_double_eq_tol(drops_expected(nodes, NODES, 10), 20, 1);
	for (size_t i = 0; i < NODES; i++)
		nodes[i].after *= 5;
	ck_assert_double_eq_tol(drops_expected(nodes, NODES, 10), 100, 5);
}
END_TEST

START_TEST(nodes_without_a_past_or_without_drops_do_no_harm)
{
	struct drop_history nodes[3] = { { .after = 1, .days_after = 1 }, { .days_after = 1 }, { 0 } };
	double scores[3];

	drop_scores(nodes, 3, scores);
	for (size_t i = 0; i < 3; i++)
		ck_assert(isfinite(scores[i]));
	ck_assert_double_eq(scores[2], 0);
	nodes[0].after = 0;
	drop_scores(nodes, 3, scores);
	for (size_t i = 0; i < 3; i++)
		ck_assert(isfinite(scores[i]));
}
END_TEST

START_TEST(a_score_stays_finite_whatever_the_drops)
{
	struct drop_history nodes[NODES];
	double scores[NODES];

	fill(nodes);
	nodes[0].after = 1e9;
	nodes[1].before = 1e12;
	drop_scores(nodes, NODES, scores);
	for (size_t i = 0; i < NODES; i++)
		ck_assert(isfinite(scores[i]));
}
END_TEST

TEST_SUITE(drop_scores, more_drops_than_before_speak_for_a_bad_release, a_node_is_measured_by_its_own_past,
	what_hits_all_nodes_is_expected_of_each, nodes_without_a_past_or_without_drops_do_no_harm,
	a_score_stays_finite_whatever_the_drops)
