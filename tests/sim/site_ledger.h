/*
 * site_ledger: every reading of a simulated site: who made it, whether it was acknowledged, and under which sequence
 * number it reached the broker.
 *
 * A reading is (node, number), numbers counted from 1. Invariants, checked as readings come: a sequence number means
 * one reading for ever; a reading has one sequence number, unless its node repeated it later than a repetition is
 * recognised; what comes is what was made. At the end: every acknowledged reading is there, or a gap tells of it.
 */
#ifndef WAKEGATE_TESTS_SITE_LEDGER_H
#define WAKEGATE_TESTS_SITE_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct site_clock;
struct site_world;

struct site_reading {
	uint64_t sequence; /* 0: it has not come */
	int64_t time_us;
	bool repeated_late;
};

/* Of the site's time. */
struct site_sending {
	int64_t first_ms, last_ms;
};

struct site_account {
	struct site_reading *readings; /* the reading number n at n - 1 */
	struct site_sending *sent;     /* likewise, where clocks are wrong; else NULL */
	uint32_t made, acknowledged, room;
};

struct site_ledger {
	struct site_world *world;
	struct site_account *accounts;
	size_t nodes;
	const struct site_clock *clock; /* to be set before the site runs */
	uint64_t *owners;               /* by sequence number: node << 32 | number; 0: has not come */
	uint64_t owner_room;
	uint64_t received, repeated; /* readings, new ones and ones that came before */
	uint64_t told_lost;          /* readings, in gaps */
	bool told_unknown;           /* a gap that does not say how many */
};

void site_ledger_open(struct site_ledger *ledger, struct site_world *world, size_t nodes);
void site_ledger_close(struct site_ledger *ledger);

/* The node made another reading, of that time; its number. */
uint32_t site_ledger_make(struct site_ledger *ledger, uint32_t node, int64_t time_us);

/* Whether a reading of that number bears no date of its own: it says how old it is, and the gateway times it. */
bool site_ledger_is_undated(const struct site_ledger *ledger, uint32_t number);

/* The node sends these. */
void site_ledger_send(struct site_ledger *ledger, uint32_t node, uint32_t first, uint32_t last);

/* The node repeats these so late that they may be taken for news. */
void site_ledger_excuse(struct site_ledger *ledger, uint32_t node, uint32_t first, uint32_t last);

/* The gateway told the node that all up to this one are durable. */
void site_ledger_acknowledge(struct site_ledger *ledger, uint32_t node, uint32_t last);

/* The broker has a reading. */
void site_ledger_receive(
	struct site_ledger *ledger, uint64_t sequence, uint32_t node, uint32_t number, int64_t time_us);

/* The broker has a gap; `lost` 0: not known how many, unless `unused`. */
void site_ledger_lose(struct site_ledger *ledger, uint64_t lost, bool unused);

/* The end: whatever is acknowledged has come. */
void site_ledger_judge(struct site_ledger *ledger);

#endif
