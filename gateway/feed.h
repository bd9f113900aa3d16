/*
 * feed: what one commit feeds to windows, as it is written for the store.
 *
 * Entries are readings in the rows of a segment (protocols/segment.h). An entry with a value went into a window: its
 * name is the window's tag (window_tag.h), its update time the window's width. One without a value says that the window
 * which begins at its time was told.
 */
#ifndef WAKEGATE_GATEWAY_FEED_H
#define WAKEGATE_GATEWAY_FEED_H

#include <stddef.h>
#include <stdint.h>

#include "protocols/segment.h"

struct segment_packer;
struct stored_feed;

struct feed {
	uint64_t id, after, needless; /* see store/feed_store.h */
	uint32_t count;
	uint8_t *data;
	size_t size, room;
	struct segment_writer writer;
	void *packed; /* for the store */
	size_t packed_size;
};

/* NULL: no memory. */
struct feed *feed_new(uint64_t id);

/* NULL is fine. */
void feed_free(struct feed *feed);

/* Sees to it that feed_add() of this report will succeed. -ENOBUFS: the feed is full, -ENOMEM. */
int feed_make_room(struct feed *feed, const struct segment_report *report);

/* Fills in the row for the store, whose bytes are the feed's. -ENOMEM. */
int feed_pack(struct feed *feed, struct segment_packer *packer, struct stored_feed *row);

/* Adds entries for which there is room; none are fine. */
void feed_add(struct feed *feed, const struct segment_report *report);

#endif
