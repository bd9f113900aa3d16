#include "gateway/publish_stored.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/gaps.h"
#include "gateway/log.h"
#include "gateway/publish_state.h"
#include "gateway/segment_pack.h"
#include "gateway/telemetry.h"
#include "store/segment_store.h"

#define LOAD_BYTES (64 * 1024) /* of compressed backlog, read at once */
#define BACKLOG_LOW 1000       /* readings left to send when more are read */
#define DISCARDS_AT_ONCE 4096

void publish_lose(struct publish *publish, const struct gap *gap)
{
	publish->figures.lost += gap->lost;
	publish->figures.waiting -= gap->lost;
	gaps_add(publish->parts.gaps, gap);
}

void publish_mark_backlog(struct publish *publish, uint64_t first, uint64_t below)
{
	bool empty = publish->backlog_from == publish->backlog_below;

	/* A load under way may have passed by where it is now. */
	if (!empty && first < publish->backlog_below)
		publish->load_stale = publish->loading;
	if (empty || first < publish->backlog_from)
		publish->backlog_from = first;
	if (empty || below > publish->backlog_below)
		publish->backlog_below = below;
}

static struct held_segment *find_held(const struct publish *publish, uint64_t first)
{
	struct held_segment *segment = stream_find(&publish->live, first);

	return segment ? segment : stream_find(&publish->backlog, first);
}

void publish_note_gone(struct publish *publish, uint64_t first)
{
	if (publish->gone_count == publish->gone_room) {
		size_t room = publish->gone_room ? publish->gone_room * 2 : 64;
		uint64_t *grown = realloc(publish->gone, room * sizeof(*grown));
		if (!grown)
			return; /* it is published again after a restart, under the same numbers */
		publish->gone = grown;
		publish->gone_room = room;
	}
	publish->gone[publish->gone_count++] = first;
}

static bool is_gone(const struct publish *publish, uint64_t first)
{
	for (size_t i = 0; i < publish->gone_count; i++)
		if (publish->gone[i] == first)
			return true;
	return false;
}

void publish_on_evicted(struct publish *publish, uint64_t first, uint32_t count)
{
	struct held_segment *segment = find_held(publish, first);
	struct gap gap = { first, first + count - 1, count, GAP_QUOTA };

	if (segment)
		segment->evicted = true;
	else if (is_gone(publish, first))
		gaps_came(publish->parts.gaps, gap.first, gap.last);
	else
		publish_lose(publish, &gap);
}

bool publish_pause_backlog(struct publish *publish)
{
	publish->paused = !publish->loading;
	return publish->paused;
}

void publish_resume_backlog(struct publish *publish)
{
	publish->paused = false;
}

bool publish_is_sending(const struct publish *publish, uint64_t first)
{
	return find_held(publish, first) || is_gone(publish, first);
}

void publish_on_thinned(struct publish *publish, uint64_t readings, uint64_t first, uint32_t count)
{
	publish->figures.waiting += count;
	publish->figures.waiting -= readings;
	publish_mark_backlog(publish, first, first + count);
}

void publish_discard(struct publish *publish, uint64_t first)
{
	if (!is_gone(publish, first))
		publish_note_gone(publish, first);
}

static void on_discarded(void *context, int result)
{
	struct publish *publish = context;
	size_t done = result == 0 ? publish->discarding : 0;

	publish->discarding = 0;
	publish->gone_count -= done;
	memmove(publish->gone, publish->gone + done, publish->gone_count * sizeof(publish->gone[0]));
	if (result < 0)
		publish->discard_at_ms = publish->now.monotonic_ms + PUBLISH_RETRY_MS;
}

void publish_discard_gone(struct publish *publish)
{
	size_t count = publish->gone_count < DISCARDS_AT_ONCE ? publish->gone_count : DISCARDS_AT_ONCE;
	struct store_reply reply = { on_discarded, publish };

	if (count == 0 || publish->discarding > 0 || publish->now.monotonic_ms < publish->discard_at_ms)
		return;
	if (store_segment_discard(
		    publish->parts.store, publish->gone, count, publish->now.wall_ms - EXCHANGE_LIFE_MS, reply) == 0)
		publish->discarding = count;
}

static void lose_damaged(struct publish *publish, const struct stored_segment *stored, int error)
{
	struct gap gap = { stored->first, stored->first + stored->count - 1, stored->count, GAP_DAMAGED };

	log_error("telemetry.damaged first=%llu readings=%u error=%d", (unsigned long long)stored->first, stored->count,
		-error);
	publish_lose(publish, &gap);
	publish_note_gone(publish, stored->first);
}

static void on_segment(void *context, const struct stored_segment *stored)
{
	struct publish *publish = context;
	struct packed_segment packed = { stored->data, stored->size, stored->codec };
	struct kept_segment kept = { .first = stored->first, .count = stored->count, .boot = stored->boot };

	if (publish->load_stale)
		return;
	publish->loaded++;
	if (!find_held(publish, stored->first) && !is_gone(publish, stored->first)) {
		int result =
			stored->size == 0 ? -EBADMSG : segment_unpack(&packed, stored->count, &kept.data, &kept.size);
		struct held_segment *segment = result == 0 ? publish_hold(&kept) : NULL;

		if (result == -ENOMEM || (result == 0 && !segment)) {
			free(kept.data);
			publish->load_stale = true;
			return;
		}
		if (segment)
			stream_push(&publish->backlog, segment);
		else
			lose_damaged(publish, stored, result);
	}
	publish->backlog_from = stored->first + stored->count;
}

static void on_loaded(void *context, int result)
{
	struct publish *publish = context;
	bool stale = publish->load_stale;

	publish->loading = false;
	publish->load_stale = false;
	if (result < 0)
		publish->load_at_ms = publish->now.monotonic_ms + PUBLISH_RETRY_MS;
	else if (!stale && publish->loaded == 0)
		publish->backlog_from = publish->load_below;
}

bool publish_has_backlog_stored(const struct publish *publish)
{
	return publish->backlog_from < publish->backlog_below;
}

bool publish_backlog_is_readable(const struct publish *publish)
{
	const struct held_segment *newest = publish->backlog.tail;

	return publish_has_backlog_stored(publish) && !(newest && publish->backlog_from < newest->first);
}

void publish_load_backlog(struct publish *publish)
{
	struct segment_reader reader = { on_segment, on_loaded, publish };

	if (!publish->connected || publish->loading || publish->paused || !publish_backlog_is_readable(publish) ||
		publish->backlog.waiting >= BACKLOG_LOW || publish->backlog.bytes > PUBLISH_LIVE_BYTES_MAX ||
		publish->now.monotonic_ms < publish->load_at_ms)
		return;
	publish->loaded = 0;
	publish->load_below = publish->backlog_below;
	if (store_segment_load(
		    publish->parts.store, publish->backlog_from, publish->backlog_below, LOAD_BYTES, reader) == 0)
		publish->loading = true;
}
