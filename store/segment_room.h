/*
 * segment_room: room for new segments: the oldest ones are replaced by what stands for them, or dropped.
 *
 * Both are noted as losses (loss_store.h) in the same commit, so that a power cut leaves either the one or the other.
 */
#ifndef WAKEGATE_STORE_SEGMENT_ROOM_H
#define WAKEGATE_STORE_SEGMENT_ROOM_H

#include <stddef.h>
#include <stdint.h>

#include "store/segment_store.h"

#define SEGMENT_REPLACED_MAX 8192
#define SEGMENT_REPLACING_MAX 64

/*
 * Drops the oldest segments until `bytes` more fit without the file growing, so that it helps against a quota and a
 * full disk alike. The oldest is the one whose readings begin first. `dropped` is called per segment, in the order of
 * their numbers, before `done`; where that fails, none was dropped.
 */
struct segment_eviction {
	void (*dropped)(void *context, uint64_t first, uint32_t count);
	void (*done)(void *context, int result);
	void *context;
	uint64_t alarm_bytes;   /* alarms go last while there are not more of them */
	uint64_t thinned_bytes; /* thinned ones beyond go in any case; 0: any number is fine */
};
/* `bytes` 0: nothing needs to fit. */
int store_segment_evict(struct store *store, uint64_t bytes, struct segment_eviction eviction);

/*
 * Replaces segments by others, with numbers of their own: all of it happens or nothing. Copies everything.
 * -ENOENT: one of `firsts` is not there; -EEXIST, -ENOSPC as for an append.
 */
struct segment_replacement {
	const uint64_t *firsts; /* rising */
	size_t first_count;     /* 1 to SEGMENT_REPLACED_MAX */
	const struct stored_segment *segments;
	size_t segment_count;      /* 1 to SEGMENT_REPLACING_MAX */
	int64_t remember_since_ms; /* as for store_segment_discard() */
};
int store_segment_replace(struct store *store, const struct segment_replacement *replacement, struct store_reply reply);

/* What of its quota the file uses. `result`: 0 or -EIO, from store_dispatch(). */
struct segment_usage {
	uint64_t quota_bytes; /* UINT64_MAX: none */
	uint64_t used_bytes;  /* pages, without free ones */
	uint64_t alarm_bytes, thinned_bytes;
};
struct segment_usage_reader {
	void (*done)(void *context, int result, const struct segment_usage *usage);
	void *context;
};
int store_segment_usage(struct store *store, struct segment_usage_reader reader);

#endif
