#include "gateway/stream.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/batch.h"
#include "gateway/boot_clock.h"

void stream_init(struct stream *stream)
{
	stream->head = stream->tail = stream->at = NULL;
	stream->at_sent = 0;
	stream->waiting = 0;
	stream->bytes = 0;
}

static void begin_segment(struct stream *stream, struct held_segment *segment)
{
	stream->at = segment;
	stream->at_sent = 0;
	if (segment)
		segment_walk_init(&stream->walk, segment->data, segment->size);
}

void stream_push(struct stream *stream, struct held_segment *taken)
{
	assert(!stream->tail || stream->tail->first < taken->first);
	taken->next = NULL;
	if (stream->tail)
		stream->tail->next = taken;
	else
		stream->head = taken;
	stream->tail = taken;
	stream->waiting += taken->count;
	stream->bytes += taken->size;
	if (!stream->at)
		begin_segment(stream, taken);
}

struct held_segment *stream_find(const struct stream *stream, uint64_t first)
{
	struct held_segment *segment = stream->head;

	while (segment && segment->first < first)
		segment = segment->next;
	return segment && segment->first == first ? segment : NULL;
}

struct stream_place stream_place(const struct stream *stream)
{
	return (struct stream_place){ stream->at, stream->at_sent, stream->waiting, stream->walk.state };
}

void stream_rewind(struct stream *stream, const struct stream_place *place)
{
	/* The numbered texts of a segment are those of its walk; another segment has been walked since. */
	bool same = stream->at == place->at;

	stream->at = place->at;
	stream->at_sent = place->at_sent;
	stream->waiting = place->waiting;
	if (same || !place->at) {
		stream->walk.state = place->state;
		return;
	}
	struct segment_entry entry;
	segment_walk_init(&stream->walk, place->at->data, place->at->size);
	for (uint32_t i = 0; i < place->at_sent; i++)
		(void)segment_walk_next(&stream->walk, &entry);
}

/* Puts the next reading into the batch; false if it does not fit. */
static bool fill_one(struct stream *stream, const struct stream_filling *filling)
{
	struct segment_reader_state before = stream->walk.state;
	struct segment_entry entry;
	int result = segment_walk_next(&stream->walk, &entry);

	assert(result == 1);
	(void)result;
	if (filling->clock)
		boot_clock_mend(filling->clock, stream->at->boot, &entry);
	if (batch_add(filling->batch, &entry) < 0) {
		stream->walk.state = before;
		return false;
	}
	stream->at_sent++;
	stream->waiting--;
	if (stream->at_sent == stream->at->count)
		begin_segment(stream, stream->at->next);
	return true;
}

void stream_fill(struct stream *stream, const struct stream_filling *filling, struct batch_label *label)
{
	assert(stream->at);
	label->boot = stream->at->boot;
	label->first = stream->at->first + stream->at_sent;
	while (stream->at && batch_count(filling->batch) < filling->limit) {
		uint64_t number = stream->at->first + stream->at_sent;

		if (stream->at->boot != label->boot || number != label->first + batch_count(filling->batch))
			return;
		if (!fill_one(stream, filling))
			return;
	}
}

static uint32_t overlap(const struct held_segment *segment, uint64_t first, uint64_t last)
{
	uint64_t segment_last = segment->first + segment->count - 1;
	uint64_t from = first > segment->first ? first : segment->first;
	uint64_t to = last < segment_last ? last : segment_last;

	return from <= to ? (uint32_t)(to - from + 1) : 0;
}

static void unlink_segment(struct stream *stream, struct held_segment *before, struct held_segment *segment)
{
	if (before)
		before->next = segment->next;
	else
		stream->head = segment->next;
	if (stream->tail == segment)
		stream->tail = before;
	stream->bytes -= segment->size;
}

void stream_delivered(struct stream *stream, uint64_t first, uint64_t last,
	void (*gone)(void *context, struct held_segment *segment), void *context)
{
	struct held_segment *before = NULL;
	struct held_segment *next = NULL;

	for (struct held_segment *segment = stream->head; segment && segment->first <= last; segment = next) {
		next = segment->next;
		segment->undelivered -= overlap(segment, first, last);
		if (segment->undelivered > 0) {
			before = segment;
			continue;
		}
		assert(segment != stream->at);
		unlink_segment(stream, before, segment);
		gone(context, segment);
	}
}

struct held_segment *stream_pop(struct stream *stream)
{
	struct held_segment *segment = stream->head;

	if (!segment) {
		stream_init(stream);
		return NULL;
	}
	unlink_segment(stream, NULL, segment);
	begin_segment(stream, NULL);
	return segment;
}

void held_segment_free(struct held_segment *segment)
{
	if (!segment)
		return;
	free(segment->data);
	free(segment);
}
