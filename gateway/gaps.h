/*
 * gaps: which sequence numbers will never come upstream and why, durable until upstream has been told.
 *
 * Neighbouring gaps of the same reason are joined. When GAPS_MAX are exceeded the two nearest of one reason become one,
 * or the two nearest at all, which then says how many of its numbers are lost: the list is bounded, the count stays
 * true, and no loss hides among numbers that were not used.
 */
#ifndef WAKEGATE_GATEWAY_GAPS_H
#define WAKEGATE_GATEWAY_GAPS_H

#include <stddef.h>
#include <stdint.h>

#define GAPS_MAX 64

struct gaps;
struct store;

enum gap_reason {
	GAP_QUOTA,         /* dropped for newer readings, at the quota or on a full disk */
	GAP_DAMAGED,       /* the stored bytes failed their checksum */
	GAP_TOO_LARGE,     /* the broker takes no message that large */
	GAP_UNUSED,        /* no reading ever had these numbers */
	GAP_DATABASE_LOST, /* telemetry.db was set aside or is gone */
	GAP_THINNED,       /* `became` readings with numbers of their own stand for them */
	GAP_REASONS,
};

struct gap {
	uint64_t first, last; /* sequence numbers */
	uint64_t lost;        /* how many of them; 0: not known */
	enum gap_reason reason;
	uint64_t became;
};

/* "quota", "damaged", "too_large", "unused", "database_lost", "thinned". */
const char *gap_reason_name(enum gap_reason reason);

/* Loads what was not yet told, and what the store dropped without this list knowing; blocks, for start-up. `store`
 * outlives it until store_close(). -ENOMEM, -EIO. */
int gaps_open(struct gaps **out, struct store *store);

/* Frees; after the store was closed, which calls the last replies. NULL is fine. */
void gaps_close(struct gaps *gaps);

/* Notes a gap; durable after the next tick. */
void gaps_add(struct gaps *gaps, const struct gap *gap);

/* The store dropped these readings, but upstream has them. */
void gaps_came(struct gaps *gaps, uint64_t first, uint64_t last);

/* What upstream has to be told, in order of `first`. */
size_t gaps_count(const struct gaps *gaps);
const struct gap *gaps_at(const struct gaps *gaps, size_t index);

/* Upstream has this one; what it grew by since stays. */
void gaps_forget(struct gaps *gaps, const struct gap *told);

/* Saves what changed; again where a full disk or queue kept it from being saved. telemetry_tick() calls it. */
int64_t gaps_tick(struct gaps *gaps);

#endif
