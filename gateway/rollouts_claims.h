/*
 * rollouts_claims: which of a gateway's rollouts has a right to a node, where the node stands in it, and when it may
 * follow.
 *
 * Nothing is changed by asking.
 */
#ifndef WAKEGATE_GATEWAY_ROLLOUTS_CLAIMS_H
#define WAKEGATE_GATEWAY_ROLLOUTS_CLAIMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/moment.h"
#include "gateway/obstacle.h"
#include "gateway/rollout_turn.h"

struct node;
struct node_record;
struct rollout;
struct rollout_plan;
struct rollouts;

/* The rollout that has a right to the node before this one, or NULL. */
const struct rollout *rollouts_taken_by(
	const struct rollouts *rollouts, const struct rollout *rollout, const struct node *node, struct moment now);

/* Where the node stands in that rollout, as rollout_turn(); one that another rollout has a right to is foreign. */
enum rollout_turn rollouts_turn(const struct rollouts *rollouts, const struct rollout *rollout, const struct node *node,
	struct moment now, uint32_t *place);

/* What is in the node's way, as rollout_obstacle(). */
enum obstacle rollouts_obstacle(const struct rollouts *rollouts, const struct rollout *rollout, const struct node *node,
	struct moment now, char *text);

/* Whether the windows of rollout and labels let the node fetch now. */
bool rollouts_is_window_open(
	const struct rollouts *rollouts, const struct rollout *rollout, const struct node *node, struct moment now);

/* Why the rollout at `index` can do nothing now, and until when: its windows, or the emergency stop. "": it can. */
void rollouts_explain_window(const struct rollouts *rollouts, size_t index, struct moment now, char *sentence);

/* Whether the time zones of the plan's windows are there; else -errno and a sentence. Reads files the first time. */
int rollouts_check_zones(const struct rollouts *rollouts, const struct rollout_plan *plan, char *why, size_t why_size);

/* When the node may fetch what this rollout would order, and activate it. It is no one of `rollouts`: it gets its time
 * zones, and outlives `out`. */
void rollouts_planned_hours(const struct rollouts *rollouts, struct rollout *planned, const struct node_record *node,
	struct moment now, struct update_hours *out);

/* When, from `at_ms` on, the node may fetch what this plan would order; `at_ms` itself where that is not known. */
int64_t rollouts_opens_ms(const struct rollouts *rollouts, const struct rollout_plan *plan,
	const struct node_record *node, struct moment now, int64_t at_ms);

#endif
