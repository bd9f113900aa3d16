/*
 * feed_replay: makes the open windows anew from what the store says they were fed.
 */
#ifndef WAKEGATE_GATEWAY_FEED_REPLAY_H
#define WAKEGATE_GATEWAY_FEED_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

struct feed_ledger;
struct feed_replay;
struct reading;
struct rules;
struct segment_report;
struct store;
struct windows;

/* Begins, into windows of which there are none yet; all outlive it, the store is closed before it is. -ENOMEM. */
int feed_replay_open(struct feed_replay **out, struct store *store, const struct rules *rules, struct windows *windows);

/* Asks for more; true when all was read, with the id of the newest row, or 0, in *newest. What was read is put into the
 * ledger with this limit. */
bool feed_replay_tick(struct feed_replay *replay, struct feed_ledger *ledger, uint64_t limit, uint64_t *newest);

/* Frees, when it is through or the store closed. NULL is fine. */
void feed_replay_close(struct feed_replay *replay);

/* The row of the feed that an entry is in. */
struct feed_place {
	uint64_t id;
	uint32_t boot;
};

/* One entry of a feed into its window. -ENOENT: no rule has such windows, -EBADMSG, -ENOMEM. */
int feed_replay_gather(const struct rules *rules, struct windows *windows, const struct reading *entry,
	const struct segment_report *report, struct feed_place place);

#endif
