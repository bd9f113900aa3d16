/*
 * telemetry_state: what the parts of telemetry share: telemetry_intake takes reports into the open commit, telemetry
 * brings closed commits to the store, telemetry_offers to the broker. For these alone.
 */
#ifndef WAKEGATE_GATEWAY_TELEMETRY_STATE_H
#define WAKEGATE_GATEWAY_TELEMETRY_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/exchange_table.h"
#include "gateway/numbers.h"
#include "gateway/telemetry.h"
#include "gateway/tellings.h"
#include "protocols/segment.h"
#include "store/segment_store.h"

#define BOUND_MOST_MS 1500 /* so that a CoAP node, which waits 2 s, gets its answer with the acknowledgement */

struct commit;
struct edge_yield;
struct runtime_memory;
struct segment_packer;

struct telemetry {
	struct telemetry_parts parts;
	struct commit *open;            /* NULL: none */
	struct commit *commits, **last; /* closed ones, in their order */
	struct tellings tellings;
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
	size_t observer_count;
	struct telemetry_figures figures;
	struct segment_writer writer;
};

/* Gives a new or recovered commit its serial, by which repeated reports find it. */
void telemetry_begin_commit(struct telemetry *telemetry, struct commit *commit);

/* Closes the open commit, if there is one, and appends it to those that go on. */
void telemetry_close_open(struct telemetry *telemetry);

/* Offers closed commits to the broker or submits them to the store, in their order and as far as there is room. */
void telemetry_submit_closed(struct telemetry *telemetry);

/* The commit as the store takes it, uncompressed; borrowed from it. */
struct stored_segment telemetry_describe(const struct telemetry *telemetry, const struct commit *commit);

/* Hands the commit to the store. -ENOBUFS, -ENOMEM: not now. */
int telemetry_submit(struct telemetry *telemetry, struct commit *commit);

/* It is durable: tells its nodes, once. */
void telemetry_acknowledge(struct telemetry *telemetry, struct commit *commit);

/* Takes it out and frees it; nobody waits for it any more. */
void telemetry_drop(struct telemetry *telemetry, struct commit *commit);

/* For the rules (edge_make_room(), edge_tick()), context is the telemetry: takes what a window says. -EBUSY while
 * nothing is taken, else as commit_put(). */
int telemetry_put_window(void *context, const struct edge_yield *yield);

#endif
