/*
 * rule_series: the readings of one name of one node: which rules are for them, and what is known of those before.
 */
#ifndef WAKEGATE_GATEWAY_RULE_SERIES_H
#define WAKEGATE_GATEWAY_RULE_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/reading.h"

#define ALARM_PREFIX "alarm/"
#define ALARM_SUFFIX "/value"

struct rule;

/* A text of a series. */
struct series_text {
	uint32_t at;
	uint16_t size;
};

enum alarm_known { ALARM_UNKNOWN, ALARM_CLEAR, ALARM_RAISED };

struct alarm_state {
	enum alarm_known known;
	bool beyond; /* the values since then are beyond the threshold: */
	int64_t since_us;
	struct series_text name; /* alarm/NAME/value */
};

/* What a dead-band and an interval know of the reading that went on last. */
struct gate_state {
	bool known, has_value;
	struct number value;
	int64_t time_us;
};

/* A rule that is for the series. */
struct rule_step {
	struct rule *rule;
	uint64_t digest;         /* of the rule, to know it again */
	struct series_text name; /* with which readings leave the rule */
	struct series_text tag;  /* see window_tag.h; empty: no window */
	uint32_t first_alarm;    /* of `alarms`, as many as the rule has */
	struct gate_state gate;
};

struct series {
	struct series *next_in_bucket;
	struct series *older, *newer; /* by when it was last heard of */
	uint64_t hash;
	uint64_t labels;     /* of the node, for which the steps were worked out */
	unsigned generation; /* of the rules */
	unsigned epoch;      /* of what is known */
	int64_t newest_us;   /* latest time of a reading, never after its receipt */
	uint16_t node_size, name_size;
	uint32_t step_count, alarm_count;
	struct rule_step *steps;
	struct alarm_state *alarms;
	char *texts; /* begin with the node and the name */
};

/* Whose series it is. */
struct series_key {
	struct span node, name;
	uint64_t labels;
	uint64_t hash;
};

/* One allocation, for free(). `former`, which may be NULL, hands on what rules that are still the same know. NULL: no
 * memory. */
struct series *series_new(struct rule *rules, size_t count, const struct series_key *key, const struct series *former);

static inline struct span series_span(const struct series *series, struct series_text text)
{
	return (struct span){ series->texts + text.at, text.size };
}

/* What is known is forgotten. */
void series_forget(struct series *series);

#endif
