/*
 * feed_store: what open windows were fed: readings that went into a window and are kept until it was told.
 *
 * A row is what one commit fed, and belongs to that commit: it is written by store_segment_append() in the transaction
 * that holds the commit's segment, so a power cut leaves both or neither. That fails with -ECANCELED where the row is
 * not there after which this one was made: what windows say depends on all that they were fed. Rows are keyed by `id`,
 * which rises, and carry a CRC-32C. The newest row is never forgotten.
 */
#ifndef WAKEGATE_STORE_FEED_STORE_H
#define WAKEGATE_STORE_FEED_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

struct database;
struct stored_segment;

#define FEED_SIZE_MAX (4 * 1024 * 1024)

struct stored_feed {
	uint64_t id;       /* above all before */
	uint64_t after;    /* id of the newest row before, without which this one may not be; 0: any or none */
	uint32_t count;    /* entries */
	uint8_t codec;     /* format version of `data` */
	uint32_t boot;     /* start of the gateway that wrote it; 0: not known */
	const void *data;  /* NULL in what is loaded: its bytes were damaged, its entries are lost */
	size_t size;       /* bytes */
	uint64_t needless; /* rows below this id are forgotten, once no message in them can be repeated any more */
	int64_t repeated_since_ms; /* by the wall clock: messages kept before are not repeated */
};

/*
 * Loads in order the rows from `from` on, at most `max_bytes` of them (but at least one). Each is handed to `row`
 * (borrowed for the call), then `done` is called: 0, or -EIO. All on the loop thread, from store_dispatch().
 */
struct feed_reader {
	void (*row)(void *context, const struct stored_feed *feed);
	void (*done)(void *context, int result);
	void *context;
};
int store_feed_load(struct store *store, uint64_t from, size_t max_bytes, struct feed_reader reader);

/* One above the newest id; 0 in *next: there are no rows. Blocks, for start-up. */
int store_feed_next(struct store *store, uint64_t *next);

/* Within an operation of the store: writes the feed of a segment, and forgets. */
int feed_write(struct database *database, const struct stored_feed *feed, const struct stored_segment *segment);

#endif
