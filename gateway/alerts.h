/*
 * alerts: what an operator should know of now: each trouble raised once however often it is found, and cleared once.
 *
 * A table without I/O. Whoever looks at a part of the gateway says of every trouble that it finds, alerts_find(), and
 * then that the look is over, alerts_end_look(): what was not found for the hold time is cleared. So an alert follows
 * the state of things, over restarts too, and a trouble that comes and goes is one that stands. A cleared alert is
 * remembered for ALERTS_MEMORY_MS, which is how "the seventh time today" is known, and until upstream was told of it.
 */
#ifndef WAKEGATE_GATEWAY_ALERTS_H
#define WAKEGATE_GATEWAY_ALERTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/alert_kind.h"
#include "gateway/moment.h"

#define ALERTS_MAX 256 /* standing or remembered; a finding that has no room is counted */
#define ALERTS_MEMORY_MS (INT64_C(24) * 3600 * 1000)
#define ALERT_SUBJECT_MAX 64
#define ALERT_TEXT_SIZE 193

struct alerts;
struct clock_jump;

struct alert {
	enum alert_kind kind;
	enum alert_severity severity;
	bool stands;
	char subject[ALERT_SUBJECT_MAX + 1]; /* of what it is; "": the gateway */
	char text[ALERT_TEXT_SIZE];          /* one sentence, as of when it was raised */
	uint32_t times;                      /* raised so often within memory */
	int64_t raised_ms;                   /* wall clock, the last time */
	int64_t changed_ms;                  /* raised, cleared, or of a higher severity */
	uint32_t changes;                    /* of it in this run, for alerts_told() */
	bool told;                           /* upstream has the last change */
};

/* What somebody found. Texts are cut to what an alert holds. */
struct alert_finding {
	enum alert_kind kind;
	enum alert_severity severity;
	const char *subject;
	const char *text;
};

/* `changed` is called for each change, with the alert borrowed; it must not change the table. -ENOMEM. */
int alerts_open(struct alerts **out, void (*changed)(void *context, const struct alert *alert, struct moment now),
	void *context);
/* NULL is fine. */
void alerts_close(struct alerts *alerts);

/* One that an earlier run left, before anything is found; `changed` is not called. -ENOBUFS, -ENOMEM. */
int alerts_restore(struct alerts *alerts, const struct alert *alert, struct moment now);

/* While an alert stands its severity may rise, which is a change, but not fall. */
void alerts_find(struct alerts *alerts, const struct alert_finding *finding, struct moment now);

/* Everything was looked at that tells of these kinds, a set of bits 1 << enum alert_kind. */
void alerts_end_look(struct alerts *alerts, uint32_t kinds, int64_t hold_ms, struct moment now);

/* NULL if it is neither standing nor remembered. */
const struct alert *alerts_get(const struct alerts *alerts, enum alert_kind kind, const char *subject);

/* All, standing or remembered, the latest change last: index 0 to alerts_count() - 1. */
size_t alerts_count(const struct alerts *alerts);
const struct alert *alerts_at(const struct alerts *alerts, size_t index);

/* How many stand, of each severity. */
void alerts_tally(const struct alerts *alerts, unsigned counts[ALERT_CRITICAL + 1]);

/* Findings that had no room, since open. */
uint64_t alerts_unlisted(const struct alerts *alerts);

/* Upstream has the change of that number; false if there has been another since. */
bool alerts_told(struct alerts *alerts, enum alert_kind kind, const char *subject, uint32_t changes);

/* The wall clock was set: times follow. */
void alerts_follow_clock(struct alerts *alerts, const struct clock_jump *jump);

#endif
