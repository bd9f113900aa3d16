#include "gateway/thin_group.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/segment_pack.h"
#include "gateway/thinned.h"
#include "protocols/segment.h"

#define PACKED_BYTES (128 * 1024) /* of rows, in one segment */

struct thin_group {
	struct thinned *thinned;
	uint64_t firsts[SEGMENT_REPLACED_MAX];
	uint32_t counts[SEGMENT_REPLACED_MAX];
	size_t segments;
	uint64_t readings, bytes;
	uint32_t boot;
	/* The segment taken up, as rows. */
	uint8_t *rows;
	struct segment_walk walk;
	/* What replaces them. */
	struct segment_packer *packer;
	struct segment_writer writer;
	uint8_t *buffer;  /* PACKED_BYTES, of the segment being written */
	size_t reported;  /* windows */
	uint32_t written; /* readings in the segment being written */
	int64_t oldest_us, newest_us;
	struct stored_segment packed[SEGMENT_REPLACING_MAX];
	size_t packed_count;
};

int thin_group_open(struct thin_group **out, int64_t window_us, uint64_t seed)
{
	struct thin_group *group = calloc(1, sizeof(*group));

	if (!group)
		return -ENOMEM;
	group->buffer = malloc(PACKED_BYTES);
	if (!group->buffer || thinned_open(&group->thinned, window_us, seed) < 0 ||
		segment_packer_open(&group->packer) < 0) {
		thin_group_close(group);
		return -ENOMEM;
	}
	*out = group;
	return 0;
}

void thin_group_close(struct thin_group *group)
{
	if (!group)
		return;
	thinned_close(group->thinned);
	segment_packer_close(group->packer);
	for (size_t i = 0; i < group->packed_count; i++)
		free((void *)group->packed[i].data);
	free(group->buffer);
	free(group->rows);
	free(group);
}

int thin_group_take(struct thin_group *group, const struct stored_segment *segment)
{
	struct packed_segment packed = { segment->data, segment->size, segment->codec };
	size_t size = 0;

	if (group->segments == SEGMENT_REPLACED_MAX || (group->segments > 0 && segment->boot != group->boot) ||
		segment->size == 0)
		return -ENOTSUP;
	free(group->rows);
	group->rows = NULL;
	int result = segment_unpack(&packed, segment->count, &group->rows, &size);
	if (result < 0)
		return result == -ENOMEM ? result : -ENOTSUP;
	segment_walk_init(&group->walk, group->rows, size);
	group->boot = segment->boot;
	group->firsts[group->segments] = segment->first;
	group->counts[group->segments] = segment->count;
	group->segments++;
	group->readings += segment->count;
	group->bytes += segment->size;
	return 0;
}

int thin_group_gather(struct thin_group *group, size_t most)
{
	struct segment_entry entry;

	for (size_t i = 0; i < most; i++) {
		if (segment_walk_next(&group->walk, &entry) != 1)
			return 0;
		int result = thinned_add(group->thinned, &entry);
		if (result < 0)
			return result;
	}
	return 1;
}

void thin_group_facts(const struct thin_group *group, struct thin_group_facts *out)
{
	*out = (struct thin_group_facts){ group->firsts, group->counts, group->segments, group->readings, group->bytes,
		group->boot };
}

static void begin_segment(struct thin_group *group)
{
	segment_writer_init(&group->writer, group->buffer, PACKED_BYTES);
	group->written = 0;
	group->oldest_us = INT64_MAX;
	group->newest_us = INT64_MIN;
}

static int finish_segment(struct thin_group *group)
{
	struct packed_segment packed;

	if (group->written == 0)
		return 0;
	if (group->packed_count == SEGMENT_REPLACING_MAX)
		return -ENOBUFS;
	segment_pack(group->packer, group->buffer, segment_writer_size(&group->writer), group->written, &packed);
	void *copy = malloc(packed.size);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, packed.data, packed.size);
	group->packed[group->packed_count++] = (struct stored_segment){
		.count = group->written,
		.boot = group->boot,
		.oldest_us = group->oldest_us,
		.newest_us = group->newest_us,
		.codec = packed.codec,
		.data = copy,
		.size = packed.size,
		.kind = SEGMENT_THINNED,
		.late = true,
	};
	begin_segment(group);
	return 0;
}

static void note_times(struct thin_group *group, const struct thinned_report *report)
{
	for (size_t i = 0; i < report->count; i++) {
		int64_t time_us = report->readings[i].time_us;

		group->oldest_us = time_us < group->oldest_us ? time_us : group->oldest_us;
		group->newest_us = time_us > group->newest_us ? time_us : group->newest_us;
	}
}

static int write_window(struct thin_group *group, size_t index)
{
	struct thinned_report report;

	thinned_report(group->thinned, index, &report);
	struct segment_report rows = { report.node, report.received_ms, report.readings, report.count };
	int result = segment_write_report(&group->writer, &rows);
	if (result == -ENOBUFS && group->written > 0) {
		result = finish_segment(group);
		if (result == 0)
			result = segment_write_report(&group->writer, &rows);
	}
	if (result < 0)
		return result;
	group->written += (uint32_t)report.count;
	note_times(group, &report);
	return 0;
}

int thin_group_pack(struct thin_group *group, size_t most)
{
	size_t windows = thinned_windows(group->thinned);

	if (group->reported == 0)
		begin_segment(group);
	for (size_t i = 0; i < most && group->reported < windows; i++) {
		int result = write_window(group, group->reported);
		if (result < 0)
			return result;
		group->reported++;
	}
	return group->reported < windows ? 1 : finish_segment(group);
}

struct stored_segment *thin_group_packed(struct thin_group *group, size_t *count)
{
	*count = group->packed_count;
	return group->packed;
}
