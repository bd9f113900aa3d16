#include "gateway/commit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/driver.h"
#include "gateway/feed.h"
#include "gateway/segment_pack.h"
#include "protocols/segment.h"
#include "store/segment_store.h"

#define ROOM_LEAST 4096

struct commit *commit_new(struct segment_writer *writer)
{
	struct commit *commit = calloc(1, sizeof(*commit));

	if (!commit)
		return NULL;
	commit->data = malloc(ROOM_LEAST);
	if (!commit->data) {
		free(commit);
		return NULL;
	}
	commit->room = ROOM_LEAST;
	commit->oldest_us = INT64_MAX;
	commit->newest_us = INT64_MIN;
	segment_writer_init(writer, commit->data, commit->room);
	return commit;
}

static int recover_data(struct commit *commit, const struct stored_segment *segment)
{
	struct packed_segment packed = { segment->data, segment->size, segment->codec };
	int result = segment_unpack(&packed, segment->count, &commit->data, &commit->size);

	if (result < 0)
		return result;
	for (size_t i = 0; i < segment->exchange_count; i++) {
		if (commit_exchanges_make_room(&commit->exchanges) < 0)
			return -ENOMEM;
		commit_exchanges_add_alone(&commit->exchanges, segment->exchanges[i]);
	}
	return 0;
}

int commit_recover(struct commit **out, const struct stored_segment *segment)
{
	struct commit *commit = calloc(1, sizeof(*commit));

	if (!commit)
		return -ENOMEM;
	commit->state = COMMIT_CLOSED;
	commit->numbered = commit->recovered = commit->reworked = true;
	commit->first = segment->first;
	commit->count = segment->count;
	commit->boot = segment->boot;
	commit->oldest_us = segment->oldest_us;
	commit->newest_us = segment->newest_us;
	int result = recover_data(commit, segment);
	if (result < 0) {
		commit_free(commit);
		return result;
	}
	commit->room = commit->size;
	*out = commit;
	return 0;
}

void commit_free(struct commit *commit)
{
	if (!commit)
		return;
	free(commit->data);
	free(commit->waiters);
	commit_exchanges_finish(&commit->exchanges);
	feed_free(commit->feed);
	free(commit);
}

/* Room for one more in an array that doubles. */
static int make_room(void **list, size_t count, size_t *room, size_t item_size)
{
	if (count < *room)
		return 0;
	size_t wanted = *room ? *room * 2 : 16;
	void *grown = realloc(*list, wanted * item_size);
	if (!grown)
		return -ENOMEM;
	*list = grown;
	*room = wanted;
	return 0;
}

static int make_waiter_room(struct commit *commit)
{
	void *list = commit->waiters;
	int result = make_room(&list, commit->waiter_count, &commit->waiter_room, sizeof(commit->waiters[0]));

	commit->waiters = list;
	return result;
}

static int grow_data(struct commit *commit, struct segment_writer *writer)
{
	size_t room = commit->room * 2;

	if (room > SEGMENT_BYTES_MAX)
		return -ENOBUFS;
	uint8_t *grown = realloc(commit->data, room);
	if (!grown)
		return -ENOMEM;
	commit->data = grown;
	commit->room = room;
	segment_writer_move(writer, grown, room);
	return 0;
}

static int write_report(
	struct commit *commit, struct segment_writer *writer, const struct reading_report *report, int64_t received_ms)
{
	struct segment_report packed = { { report->node, strlen(report->node) }, received_ms, report->readings,
		report->count };
	int result;

	while ((result = segment_write_report(writer, &packed)) == -ENOBUFS)
		if ((result = grow_data(commit, writer)) < 0)
			return result;
	commit->size = segment_writer_size(writer);
	return result;
}

static void widen_range(struct commit *commit, const struct reading_report *report, int64_t received_ms)
{
	for (size_t i = 0; i < report->count; i++) {
		const struct reading *reading = &report->readings[i];
		int64_t time_us = reading->has_time ? reading->time_us : received_ms * 1000;

		if (time_us < commit->oldest_us)
			commit->oldest_us = time_us;
		if (time_us > commit->newest_us)
			commit->newest_us = time_us;
	}
}

int commit_attach(struct commit *commit, const struct commit_waiter *waiter)
{
	if (make_waiter_room(commit) < 0)
		return -ENOMEM;
	commit->waiters[commit->waiter_count++] = *waiter;
	return 0;
}

int commit_put(
	struct commit *commit, struct segment_writer *writer, const struct reading_report *report, struct moment now)
{
	int result = commit_exchanges_make_room(&commit->exchanges);

	if (result == 0 && report->count > 0)
		result = write_report(commit, writer, report, now.wall_ms);
	if (result < 0)
		return result;
	if (report->count > 0)
		commit_exchanges_add(&commit->exchanges, report, now.wall_ms);
	else
		commit_exchanges_add_alone(&commit->exchanges, report->exchange);
	widen_range(commit, report, now.wall_ms);
	commit->count += (uint32_t)report->count;
	return 0;
}

int commit_add(
	struct commit *commit, struct segment_writer *writer, const struct reading_report *report, struct moment now)
{
	struct commit_waiter waiter = { report->done, report->context };

	if (commit->exchanges.count == COMMIT_REPORTS_MAX)
		return -ENOBUFS;
	if (make_waiter_room(commit) < 0)
		return -ENOMEM;
	int result = commit_put(commit, writer, report, now);
	if (result < 0)
		return result;
	if (!report->fast)
		return commit_attach(commit, &waiter);
	commit->unheard++;
	return 0;
}

bool commit_is_empty(const struct commit *commit)
{
	return commit->count == 0 && (!commit->feed || commit->feed->count == 0);
}
