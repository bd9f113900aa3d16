/*
 * drop_scores: how much each node's drops since the wave began look like those of a bad release.
 *
 * A bad release hits some of its nodes hard rather than all of them a little, so a score is the likelihood ratio of
 * "a share DROP_BAD_SHARE of the nodes drops DROP_BAD_RATIO times as often" against "as before". What a node did before
 * is its own measure: its rate is estimated from its history and from how much nodes differ (gamma prior by moments),
 * so a node that always dropped a lot scores no higher than a calm one.
 */
#ifndef WAKEGATE_GATEWAY_DROP_SCORES_H
#define WAKEGATE_GATEWAY_DROP_SCORES_H

#include <stddef.h>
#include <stdint.h>

#define DROP_BAD_SHARE 0.3
#define DROP_BAD_RATIO 4.0

/* A node's drops. Days are of being watched; fractions are fine. */
struct drop_history {
	double before;
	double days_before;
	double after;
	double days_after;
};

/* One score a node into `scores`: above 0 speaks for a bad release. Nodes with no days_after score 0. */
void drop_scores(const struct drop_history *nodes, size_t count, double *scores);

/* Drops that nodes like these would have had since the wave began, had nothing changed. */
double drops_expected(const struct drop_history *nodes, size_t count, size_t sample);

#endif
