/*
 * thin: when the store fills up, the oldest raw readings are replaced by what stands for them.
 *
 * Above a part of the quota groups of the oldest segments are read, gathered into windows (see thinned.h) and replaced
 * in one commit, until the store is an eighth of the quota below it. Alarms, what is on its way upstream and what would
 * not shrink to half its size are left alone; nothing is thinned twice. When more than half of the room is taken by
 * thinned readings the oldest of those are dropped. All that goes is told as gaps. Works in steps of a few
 * milliseconds.
 */
#ifndef WAKEGATE_GATEWAY_THIN_H
#define WAKEGATE_GATEWAY_THIN_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/moment.h"
#include "store/segment_room.h"

struct gaps;
struct publish;
struct store;
struct telemetry;
struct telemetry_settings;
struct thin;

/* All outlive the thinning. */
struct thin_parts {
	struct store *store;
	struct gaps *gaps;
	struct publish *publish;
	struct telemetry *telemetry;
	const struct telemetry_settings *settings;
	uint64_t seed; /* for hash tables */
};

/* -ENOMEM. */
int thin_open(struct thin **out, const struct thin_parts *parts);

/* Frees; after the store was closed. NULL is fine. */
void thin_close(struct thin *thin);

/* Does a step. Call it after each round of events; milliseconds until it wants to be called again. */
int64_t thin_tick(struct thin *thin, struct moment now);

/* Since open, but for `active` and `usage`. */
struct thin_figures {
	bool active;
	uint64_t readings;          /* replaced */
	uint64_t became;            /* readings that stand for them */
	uint64_t replaced_bytes;    /* of segments */
	uint64_t written_bytes;     /* of those that stand for them */
	struct segment_usage usage; /* as last measured, every few seconds; `quota_bytes` 0: not yet */
};
void thin_figures(const struct thin *thin, struct thin_figures *out);

#endif
