/*
 * telemetry_state: what the two halves of telemetry share: telemetry_intake takes reports into the open commit,
 * telemetry brings closed commits to the store and the broker. For these two alone.
 */
#ifndef WAKEGATE_GATEWAY_TELEMETRY_STATE_H
#define WAKEGATE_GATEWAY_TELEMETRY_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/exchange_table.h"
#include "gateway/numbers.h"
#include "gateway/telemetry.h"
#include "protocols/segment.h"

#define BOUND_MOST_MS 1500 /* so that a CoAP node, which waits 2 s, gets its answer with the acknowledgement */

struct commit;
struct edge_yield;
struct runtime_memory;
struct segment_packer;

struct telemetry {
	struct telemetry_parts parts;
	struct commit *open;            /* NULL: none */
	struct commit *commits, **last; /* closed ones, in their order */
	unsigned commit_count, submitted;
	uint32_t serial;
	struct numbers numbers;
	struct runtime_memory *memory; /* NULL: none */
	bool evicting, closing, full;
	bool fed_failed; /* windows have taken what was not kept, see settle_windows() */
	unsigned evictions;
	uint64_t evicted; /* readings, by the eviction under way */
	int64_t refuse_until_ms, forget_at_ms;
	int64_t former_until_ms; /* reports may be known by what a former version called them */
	struct moment now;       /* of the last event */
	struct exchange_table exchanges;
	struct segment_packer *packer;
	const struct telemetry_observer *observers[TELEMETRY_OBSERVERS_MAX];
	struct telemetry_figures figures;
	struct segment_writer writer;
};

/* Gives a new or recovered commit its serial, by which repeated reports find it. */
void telemetry_begin_commit(struct telemetry *telemetry, struct commit *commit);

/* Closes the open commit, if there is one, and appends it to those that go on. */
void telemetry_close_open(struct telemetry *telemetry);

/* Offers closed commits to the broker or submits them to the store, in their order and as far as there is room. */
void telemetry_submit_closed(struct telemetry *telemetry);

/* Commits that are on their way to the broker and not to the store. */
unsigned telemetry_count_offered(const struct telemetry *telemetry);

/* How long a PUBACK is worth waiting for, in ms; 0: not at all. */
int64_t telemetry_patience_ms(const struct telemetry *telemetry);

/* For the rules (edge_make_room(), edge_tick()), context is the telemetry: takes what a window says. -EBUSY while
 * nothing is taken, else as commit_put(). */
int telemetry_put_window(void *context, const struct edge_yield *yield);

#endif
