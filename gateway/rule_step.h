/*
 * rule_step: one rule applied to one reading of a series.
 */
#ifndef WAKEGATE_GATEWAY_RULE_STEP_H
#define WAKEGATE_GATEWAY_RULE_STEP_H

#include <stdbool.h>
#include <stdint.h>

struct reading;
struct rule_step;
struct rules_sink;
struct series;

/* When a reading is. */
struct step_time {
	int64_t time_us;     /* the reading's own, else when it was received */
	int64_t received_us; /* gateway's wall clock */
	bool in_order;       /* not older than a reading before */
};

/*
 * Applies the step's rule to `reading`, which is changed to what goes on. In this order: scale, offset and unit;
 * alarms; window; drop; dead-band and interval; new name. 1: it goes on, 0: it does not, or an error of the sink.
 */
int rule_step_apply(struct series *series, struct rule_step *step, struct reading *reading,
	const struct step_time *time, const struct rules_sink *sink);

#endif
