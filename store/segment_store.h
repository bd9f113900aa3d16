/*
 * segment_store: readings not yet upstream, packed: one row is one commit's worth.
 *
 * A segment holds `count` readings with the sequence numbers `first` to `first` + `count` - 1. Rows are append-only,
 * keyed by `first`, with no other index. Each carries a CRC-32C of its bytes; one that fails it is never served: it is
 * told as lost.
 */
#ifndef WAKEGATE_STORE_SEGMENT_STORE_H
#define WAKEGATE_STORE_SEGMENT_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

#define SEGMENT_SIZE_MAX (4 * 1024 * 1024)
#define SEGMENT_EXCHANGES_MAX 65536
#define SEGMENT_DISCARD_MAX 65536
#define SEGMENT_LOAD_MAX (8 * 1024 * 1024)

/* What may happen to it where room is short; kept beside the rows for all but the plain ones. */
enum segment_kind {
	SEGMENT_PLAIN,
	SEGMENT_ALARM,   /* goes last, as long as all of them are within their share */
	SEGMENT_THINNED, /* stands for plain ones that were replaced */
};

struct stored_feed;

struct stored_segment {
	uint64_t first;    /* 1 or more */
	uint32_t count;    /* 1 or more; 0: there is only a feed to append, and no segment */
	uint32_t boot;     /* which start of the gateway took them */
	int64_t oldest_us; /* time range of its readings, since 1970-01-01 UTC */
	int64_t newest_us;
	uint8_t codec; /* format version of `data` */
	const void *data;
	size_t size;
	const uint64_t *exchanges; /* fingerprints of the messages in it that its readings do not tell */
	size_t exchange_count;
	uint32_t told;                  /* and how many they do tell, see store.h */
	int64_t kept_at_ms;             /* wall clock at the append */
	enum segment_kind kind;         /* left out by the loads */
	const struct stored_feed *feed; /* what the same commit fed to windows, see feed_store.h; NULL: nothing */
	bool late;                      /* its numbers were given before some that the table knows already */
};

/*
 * Appends; copies everything. `first` must be above all sequence numbers ever given or, if it comes late, its numbers
 * must not be those of a segment that is there (-EEXIST). -ECANCELED: see feed_store.h.
 */
int store_segment_append(struct store *store, const struct stored_segment *segment, struct store_reply reply);

/* All sequence numbers below `next` count as given. */
int store_segment_skip(struct store *store, uint64_t next, struct store_reply reply);

/*
 * Loads in order the segments whose `first` is at least `from` and below `below`, at most `max_bytes` or
 * SEGMENT_LOAD_MAX of them (but at least one). Each is handed to `segment` (borrowed for the call, exchanges left out;
 * `data` NULL and `size` 0: its bytes were damaged, its readings are lost), then `done` is called: 0, or -EIO. All on
 * the loop thread, from store_dispatch().
 */
struct segment_reader {
	void (*segment)(void *context, const struct stored_segment *segment);
	void (*done)(void *context, int result);
	void *context;
};
int store_segment_load(
	struct store *store, uint64_t from, uint64_t below, size_t max_bytes, struct segment_reader reader);

/* The same of the plain ones alone, to the newest. */
int store_segment_load_plain(struct store *store, uint64_t from, size_t max_bytes, struct segment_reader reader);

/*
 * Forgets the segments with these first sequence numbers: they are upstream. The fingerprints of those kept after
 * `remember_since_ms` are remembered until store_exchanges_forget(). Unknown numbers are fine. Rides in the next
 * commit of anything else, at the latest a second later.
 */
int store_segment_discard(
	struct store *store, const uint64_t *firsts, size_t count, int64_t remember_since_ms, struct store_reply reply);

/* What is there, for start-up; blocks for milliseconds whatever the backlog. All zero where there is none. */
struct segment_summary {
	uint64_t first; /* of the oldest */
	uint64_t next;  /* one above the newest ever given, survives deletion */
	uint64_t readings;
	uint64_t segments;
};
int store_segment_summary(struct store *store, struct segment_summary *out);

#endif
