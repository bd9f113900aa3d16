/*
 * stream: segments held in memory on their way upstream, and how far they have been put into batches.
 *
 * A segment stays until all of its readings are delivered; a batch takes readings of one segment or of several that
 * follow each other.
 */
#ifndef WAKEGATE_GATEWAY_STREAM_H
#define WAKEGATE_GATEWAY_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/segment.h"

struct batch;
struct batch_label;
struct boot_clock;

struct held_segment {
	struct held_segment *next;
	uint64_t first;
	uint32_t count;
	uint32_t boot;
	uint32_t undelivered; /* readings */
	bool evicted;         /* gone from the store */
	bool unstored;        /* not in the store yet, if ever */
	/* Who waits for an unstored one, see publish_offer(); NULL: nobody. */
	void (*settled)(void *context, int result);
	void *settled_context;
	size_t size;
	uint8_t *data; /* owned */
};

struct stream {
	struct held_segment *head, *tail;
	struct held_segment *at; /* whose readings go into the next batch; NULL: all are sent */
	uint32_t at_sent;        /* readings of `at` in batches so far */
	uint64_t waiting;        /* readings not in a batch yet */
	size_t bytes;            /* of all segments held */
	struct segment_walk walk;
};

void stream_init(struct stream *stream);

/* Takes the segment; its first number is above those of all held. */
void stream_push(struct stream *stream, struct held_segment *taken);

struct held_segment *stream_find(const struct stream *stream, uint64_t first);

/* Where a stream was before a batch was built from it. */
struct stream_place {
	struct held_segment *at;
	uint32_t at_sent;
	uint64_t waiting;
	struct segment_reader_state state;
};
struct stream_place stream_place(const struct stream *stream);
void stream_rewind(struct stream *stream, const struct stream_place *place);

/* What a batch is filled with. */
struct stream_filling {
	struct batch *batch;            /* was begun */
	size_t limit;                   /* readings */
	const struct boot_clock *clock; /* mends their times; NULL: they are as they are */
};

/* Fills a batch with readings of one boot that follow each other. */
void stream_fill(struct stream *stream, const struct stream_filling *filling, struct batch_label *label);

/* These readings are delivered. A segment that is delivered as a whole is handed to `gone`, who frees it. */
void stream_delivered(struct stream *stream, uint64_t first, uint64_t last,
	void (*gone)(void *context, struct held_segment *segment), void *context);

/* Takes the oldest segment out, to be freed; NULL if there is none. All that was put into batches counts as unsent. */
struct held_segment *stream_pop(struct stream *stream);

void held_segment_free(struct held_segment *segment);

#endif
