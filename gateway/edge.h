/*
 * edge: the rules on the way of the readings: what they make of a report, and the windows that they gather.
 *
 * Windows are the sum of what commits fed to them (feed.h), in their order: in memory what was taken, in the store what
 * is durable. A reading that went into a window is acknowledged when its commit is, and is kept in the store until the
 * commit that has what the window said is durable too. After a start, and after a commit that failed, the windows
 * are made anew from the store; until then edge_is_ready() says no and no report may be taken.
 */
#ifndef WAKEGATE_GATEWAY_EDGE_H
#define WAKEGATE_GATEWAY_EDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/edge_yield.h"
#include "protocols/reading.h"

struct boot_clock;
struct edge;
struct feed;
struct labels_settings;
struct nodes;
struct rules;
struct rules_settings;
struct segment_packer;
struct store;
struct stored_feed;

/* All outlive the edge. */
struct edge_parts {
	struct store *store;
	const struct rules_settings *rules;
	const struct labels_settings *labels;
	struct nodes *nodes;            /* to know their hardware; may be NULL */
	uint64_t seed;                  /* of the hash tables */
	const struct boot_clock *clock; /* NULL: it was always set */
	uint32_t boot;
};

/* Begins to load the windows. Blocks for milliseconds; for start-up. -ENOMEM, -EIO. */
int edge_open(struct edge **out, const struct edge_parts *parts);

/* Frees; after the store was closed. NULL is fine. */
void edge_close(struct edge *edge);

/* The settings have changed. */
void edge_reload(struct edge *edge);

/* The wall clock was set, as parts.clock knows by now: dead-bands, intervals and alarms begin anew, or they would take
 * the jump for time that has passed. */
void edge_follow_clock(struct edge *edge);

bool edge_is_ready(const struct edge *edge);

/* Applies the rules. *out is valid until the next call of this. -ENOMEM, -ENOBUFS: the rules make too much of it. */
int edge_apply(struct edge *edge, const struct edge_yield *report, struct edge_yield *out);

/* Has windows told until there is room for this yield. -EBUSY: it did not succeed. */
int edge_make_room(struct edge *edge, const struct edge_yield *yield, edge_put *put, void *context);

/* Sees to it that the feed of a commit, *feed, is there and has room for the yield's. -ENOBUFS, -ENOMEM. */
int edge_prepare(struct edge *edge, struct feed **feed, const struct edge_yield *yield);

/* The yield is in the commit: writes its feed and gathers. */
void edge_keep(struct edge *edge, struct feed *feed, const struct edge_yield *yield);

/* What was made of the last report was not kept. */
void edge_forget(struct edge *edge);

/* The commit is closed: nothing more goes into its feed, *feed, which is taken if it is empty. */
void edge_close_feed(struct edge *edge, struct feed **feed);

/* The feed's row for the store, its bytes are the feed's. -ENOMEM. */
int edge_pack(
	struct edge *edge, struct feed *feed, struct segment_packer *packer, int64_t now_ms, struct stored_feed *row);

/* The commit with this feed is durable. */
void edge_kept(struct edge *edge, const struct feed *feed);

/* A commit with a feed failed, and no other one is under way: makes the windows anew. */
void edge_restore(struct edge *edge);

/* Has windows told that have ended. Milliseconds until it wants to be called again. */
int64_t edge_tick(struct edge *edge, int64_t now_ms, edge_put *put, void *context);

struct edge_figures {
	uint64_t windows;    /* open now */
	uint64_t told;       /* windows, since open */
	uint64_t told_early; /* of these, for want of room */
	uint64_t feed_bytes; /* in the store, about */
	uint64_t series, forgotten;
};
void edge_figures(const struct edge *edge, struct edge_figures *out);

/* The rules, to read their counts. */
const struct rules *edge_rules(const struct edge *edge);

#endif
