/*
 * rule: one rule, made ready from its settings.
 */
#ifndef WAKEGATE_GATEWAY_RULE_H
#define WAKEGATE_GATEWAY_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/rule_settings.h"
#include "protocols/reading.h"

enum rule_loss { RULE_DROPPED, RULE_IN_DEADBAND, RULE_TOO_SOON, RULE_IN_WINDOW, RULE_LOSSES };

struct labels_settings;
struct window_plan;

struct rule_alarm {
	const char *name; /* with {name} */
	bool has_above, has_below;
	struct number above, below;             /* beyond these it is raised */
	struct number clear_above, clear_below; /* back at these it is cleared */
	int64_t hold_us;
};

/* What became of the readings that the rule was for. */
struct rule_counts {
	uint64_t taken;
	uint64_t gone[RULE_LOSSES]; /* that went no further */
	uint64_t alarms;            /* changes of state told */
};

struct rule {
	const struct rule_settings *settings; /* borrowed, with its texts */
	struct rule_counts counts;
	uint64_t labels; /* that a node must have */
	uint64_t digest; /* of all that the rule's state depends on, the same after a restart */
	bool scales, shifts;
	struct number scale, offset;
	bool has_band, has_share; /* dead-band, absolute and as a part of the value */
	struct number band, share;
	struct window_plan *plan; /* NULL: no window */
	size_t alarm_count;
	struct rule_alarm alarms[RULE_ALARMS_MAX];
};

/* `rule` is the caller's memory; the settings outlive it. -ENOMEM. */
int rule_init(struct rule *rule, const struct rule_settings *settings, const struct labels_settings *labels);
void rule_finish(struct rule *rule);

/* Whether it is for the readings of that name of a node. */
bool rule_is_for(const struct rule *rule, struct span node, uint64_t labels, struct span name);

#endif
