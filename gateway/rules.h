/*
 * rules: what the config's rules make of each reading: a function of what was seen before, the reading and its time.
 *
 * Rules apply in their order, each to the reading as those before it left it, until one drops it or is final. What
 * becomes of a reading is told through a `rules_sink`. For each node and name it is worked out once which rules are for
 * it; that and the state of dead-bands, intervals and alarms is a series. Bounded: where there are more series than the
 * config allows, the one longest not heard of is forgotten; what is forgotten lets the next reading pass and tells its
 * alarms anew. Nothing here is kept on disk, and windows are gathered elsewhere: see windows.h.
 */
#ifndef WAKEGATE_GATEWAY_RULES_H
#define WAKEGATE_GATEWAY_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/rule.h"
#include "protocols/reading.h"

struct labels_settings;
struct rules;
struct rules_settings;
struct window_plan;

/* The settings are borrowed until the next rules_reload(). `seed` is for the hash table. -ENOMEM. */
int rules_open(
	struct rules **out, const struct rules_settings *settings, const struct labels_settings *labels, uint64_t seed);

/* Takes over changed settings. Rules that did not change keep their state and counts; plans that no rule has any more
 * are marked as retired. -ENOMEM: there are no rules any more. */
int rules_reload(struct rules *rules, const struct rules_settings *settings, const struct labels_settings *labels);

/* Frees. NULL is fine. */
void rules_close(struct rules *rules);

/* A reading for a window: named as it came to the rule, with a time, numbers and booleans only. */
struct rules_gathered {
	struct window_plan *plan;
	struct span tag; /* see window_tag.h; owned by the rules */
	const struct reading *reading;
};

/* An alarm that has another state than the one told last. */
struct rules_alarm {
	const char *rule;
	const struct reading *state; /* alarm/NAME, a boolean: whether it is raised */
	const struct reading *value; /* alarm/NAME/value: the reading that made it so */
	bool urgent;                 /* it is raised, or was until now */
};

/* What becomes of a reading; each returns 0 or an error that ends it. Readings are borrowed for the call, the names of
 * those that rules made live on until RULES_SERIES_LEAST - 1 others were applied. */
struct rules_sink {
	void *context;
	int (*pass)(void *context, const struct reading *reading);
	int (*alarm)(void *context, const struct rules_alarm *alarm);
	int (*gather)(void *context, const struct rules_gathered *gathered);
	/* It went no further than this rule; may be NULL. */
	void (*gone)(void *context, const char *rule, enum rule_loss loss);
};

/* Where a reading comes from. */
struct rules_source {
	struct span node;
	uint64_t labels;     /* of the node, see labels.h */
	int64_t received_ms; /* gateway's wall clock */
};

/* Applies all rules. 0, -ENOMEM or an error of the sink. Does not allocate where the series is known. */
int rules_apply(struct rules *rules, const struct rules_source *source, const struct reading *reading,
	const struct rules_sink *sink);

/* Nothing is known any more of what went before: what was told may not have been kept. */
void rules_forget(struct rules *rules);

/* The plan of the rule with that name and width, or NULL. */
struct window_plan *rules_plan(const struct rules *rules, struct span rule, int64_t width_ms);

/* How many rules there are, and what rule number `index` counted since it is the same rule; its name lives until the
 * next rules_reload(). */
size_t rules_count(const struct rules *rules);
const char *rules_name(const struct rules *rules, size_t index);
const struct rule_counts *rules_counts(const struct rules *rules, size_t index);

struct rules_figures {
	uint64_t series;    /* known now */
	uint64_t forgotten; /* series that gave way to others, since open */
};
void rules_figures(const struct rules *rules, struct rules_figures *out);

#endif
