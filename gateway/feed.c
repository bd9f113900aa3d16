#include "gateway/feed.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/segment_pack.h"
#include "store/feed_store.h"

#define ROOM_LEAST 1024
#define REPORT_MOST 32 /* bytes of a report and of an entry, without their texts; see docs/segment-format.md */
#define ENTRY_MOST 64

struct feed *feed_new(uint64_t id)
{
	struct feed *feed = calloc(1, sizeof(*feed));

	if (!feed)
		return NULL;
	feed->data = malloc(ROOM_LEAST);
	if (!feed->data) {
		free(feed);
		return NULL;
	}
	feed->id = id;
	feed->room = ROOM_LEAST;
	segment_writer_init(&feed->writer, feed->data, feed->room);
	return feed;
}

void feed_free(struct feed *feed)
{
	if (!feed)
		return;
	free(feed->packed);
	free(feed->data);
	free(feed);
}

static size_t most_bytes(const struct segment_report *report)
{
	size_t bytes = REPORT_MOST + report->node.size;

	for (size_t i = 0; i < report->count; i++)
		bytes += ENTRY_MOST + report->readings[i].name.size + report->readings[i].unit.size;
	return bytes;
}

int feed_make_room(struct feed *feed, const struct segment_report *report)
{
	size_t wanted = feed->size + most_bytes(report);
	size_t room = feed->room;

	while (room < wanted)
		room *= 2;
	if (room > SEGMENT_BYTES_MAX)
		return -ENOBUFS;
	if (room == feed->room)
		return 0;
	uint8_t *grown = realloc(feed->data, room);
	if (!grown)
		return -ENOMEM;
	feed->data = grown;
	feed->room = room;
	segment_writer_move(&feed->writer, grown, room);
	return 0;
}

void feed_add(struct feed *feed, const struct segment_report *report)
{
	if (report->count == 0)
		return;
	int result = segment_write_report(&feed->writer, report);
	assert(result == 0);
	(void)result;
	feed->size = segment_writer_size(&feed->writer);
	feed->count += (uint32_t)report->count;
}

int feed_pack(struct feed *feed, struct segment_packer *packer, struct stored_feed *row)
{
	struct packed_segment packed;

	segment_pack(packer, feed->data, feed->size, feed->count, &packed);
	void *bytes = realloc(feed->packed, packed.size);
	if (!bytes)
		return -ENOMEM;
	memcpy(bytes, packed.data, packed.size);
	feed->packed = bytes;
	feed->packed_size = packed.size;
	*row = (struct stored_feed){
		.id = feed->id,
		.after = feed->after,
		.count = feed->count,
		.codec = packed.codec,
		.data = bytes,
		.size = packed.size,
	};
	return 0;
}
