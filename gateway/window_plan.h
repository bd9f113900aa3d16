/*
 * window_plan: what a rule gathers into windows and says of each; shared by the rule and by its windows that are open.
 *
 * A plan holds copies of all its texts, so that windows are told as they were begun even when the rule has changed.
 */
#ifndef WAKEGATE_GATEWAY_WINDOW_PLAN_H
#define WAKEGATE_GATEWAY_WINDOW_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/rule_settings.h"
#include "protocols/reading.h"

struct window_output {
	enum window_function function;
	double percent;
	char name[READING_NAME_MAX + 1]; /* with {name} */
	char unit[READING_UNIT_MAX + 1]; /* "": that of the readings */
};

struct window_plan {
	unsigned users;
	bool retired;                 /* no rule has it any more: its windows are told now */
	char rule[RULE_NAME_MAX + 1]; /* the rule's name */
	int64_t width_ms, late_ms;
	bool held;    /* the readings themselves go no further */
	bool samples; /* an output is a percentile */
	size_t output_count;
	struct window_output outputs[]; /* RULE_OUTPUTS_MAX at most */
};

/* The plan of a rule that has a window; one user: the caller. NULL: no memory. */
struct window_plan *window_plan_new(const struct rule_settings *rule);

/* The plan of windows whose rule is gone: min, mean, max and count. */
struct window_plan *window_plan_new_orphan(struct span rule, int64_t width_ms, bool held);

/* Whether both do the same. */
bool window_plan_same(const struct window_plan *a, const struct window_plan *b);

/* One more user; returns the plan. */
struct window_plan *window_plan_share(struct window_plan *plan);

/* One user less; the last one frees. NULL is fine. */
void window_plan_release(struct window_plan *plan);

#endif
