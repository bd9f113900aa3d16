#include "gateway/thin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/gaps.h"
#include "gateway/log.h"
#include "gateway/publish.h"
#include "gateway/publish_stored.h"
#include "gateway/telemetry.h"
#include "gateway/telemetry_settings.h"
#include "gateway/thin_group.h"
#include "store/segment_room.h"

#define MEASURE_MS 5000
#define AGAIN_MS 50               /* while somebody else is in the way */
#define FAILED_MS (10 * 1000)     /* after the store could not */
#define STEP_READINGS 2000        /* gathered in one step: a millisecond or two */
#define STEP_WINDOWS 500          /* likewise packed */
#define LOAD_BYTES (64 * 1024)    /* read at once */
#define GROUP_BYTES (1024 * 1024) /* in a group, then on to the end of its window, but no more than four times that */

enum thin_state {
	THIN_IDLE,
	THIN_MEASURING,
	THIN_TRIMMING,
	THIN_LOADING,
	THIN_GATHERING,
	THIN_PACKING,
	THIN_REPLACING,
};

/* A segment read and not yet looked at. */
struct raw_segment {
	struct raw_segment *next;
	struct stored_segment segment;
	uint8_t data[];
};

struct thin {
	struct thin_parts parts;
	enum thin_state state;
	int64_t due_ms;     /* of the next step, while idle */
	uint64_t target;    /* bytes in use at which thinning ends */
	uint64_t wanted;    /* bytes still to be freed */
	uint64_t dropped;   /* readings that telemetry had dropped when last looked */
	uint64_t from;      /* segments before were thinned or passed over */
	uint64_t next_from; /* the same when the group is replaced */
	struct thin_group *group;
	size_t most_segments; /* in this group, since it was too large; 0: any number */
	bool gathering, all_loaded, load_failed;
	bool told;      /* that thinning began */
	int64_t window; /* of the newest segment in the group */
	struct raw_segment *queue, **queue_end;
	uint64_t first; /* numbers of what replaces the group */
	uint32_t count;
	struct moment now;                  /* of the last event */
	struct thin_figures figures, begun; /* now, and when thinning began */
};

int thin_open(struct thin **out, const struct thin_parts *parts)
{
	struct thin *thin = calloc(1, sizeof(*thin));

	if (!thin)
		return -ENOMEM;
	thin->parts = *parts;
	thin->queue_end = &thin->queue;
	*out = thin;
	return 0;
}

static void clear_queue(struct thin *thin)
{
	while (thin->queue) {
		struct raw_segment *next = thin->queue->next;
		free(thin->queue);
		thin->queue = next;
	}
	thin->queue_end = &thin->queue;
}

static void close_group(struct thin *thin)
{
	clear_queue(thin);
	thin_group_close(thin->group);
	thin->group = NULL;
	thin->gathering = false;
}

void thin_close(struct thin *thin)
{
	if (!thin)
		return;
	close_group(thin);
	free(thin);
}

static void rest(struct thin *thin, int64_t duration_ms)
{
	thin->state = THIN_IDLE;
	thin->due_ms = thin->now.monotonic_ms + duration_ms;
}

/* The group is done with, one way or the other. */
static void leave_group(struct thin *thin, int64_t rest_ms)
{
	close_group(thin);
	publish_resume_backlog(thin->parts.publish);
	rest(thin, rest_ms);
}

static void begin(struct thin *thin, uint64_t target)
{
	thin->target = target;
	if (!thin->figures.active)
		thin->begun = thin->figures;
	thin->figures.active = true;
}

/* Said once there is something to thin, so that it is not said again and again where there is not. */
static void tell_begin(struct thin *thin)
{
	if (thin->told)
		return;
	thin->told = true;
	log_notice("telemetry.thinning wanted_bytes=%llu window_ms=%lld", (unsigned long long)thin->wanted,
		(long long)thin->parts.settings->thin_window_ms);
}

static void end(struct thin *thin)
{
	thin->figures.active = false;
	if (!thin->told)
		return;
	thin->told = false;
	log_notice("telemetry.thinned readings=%llu became=%llu replaced_bytes=%llu written_bytes=%llu",
		(unsigned long long)(thin->figures.readings - thin->begun.readings),
		(unsigned long long)(thin->figures.became - thin->begun.became),
		(unsigned long long)(thin->figures.replaced_bytes - thin->begun.replaced_bytes),
		(unsigned long long)(thin->figures.written_bytes - thin->begun.written_bytes));
}

/* The use above which thinning begins. */
static uint64_t limit_of(const struct thin *thin, const struct segment_usage *usage)
{
	uint64_t limit = usage->quota_bytes / 100 * (uint64_t)thin->parts.settings->thin_above;
	struct publish_figures sent;

	/* What the broker takes shrinks by itself. */
	publish_figures(thin->parts.publish, &sent);
	return sent.connected ? limit + (usage->quota_bytes - limit) / 2 : limit;
}

/* Whether the disk was full while the quota was not reached. */
static bool was_pressed(struct thin *thin)
{
	struct telemetry_figures taken;

	telemetry_figures(thin->parts.telemetry, &taken);
	bool pressed = taken.dropped > thin->dropped;
	thin->dropped = taken.dropped;
	return pressed;
}

static void on_dropped(void *context, uint64_t first, uint32_t count)
{
	struct thin *thin = context;

	log_info("telemetry.thinned_dropped first=%llu readings=%u", (unsigned long long)first, count);
	publish_on_evicted(thin->parts.publish, first, count);
}

static void on_trimmed(void *context, int result)
{
	rest(context, result < 0 ? FAILED_MS : 0);
}

/* Drops the oldest thinned readings, an eighth of the room more than needed so that it is not done at every turn. */
static void trim(struct thin *thin, uint64_t most)
{
	struct segment_eviction eviction = {
		.dropped = on_dropped,
		.done = on_trimmed,
		.context = thin,
		.thinned_bytes = most - most / 4,
	};

	thin->state = THIN_TRIMMING;
	if (store_segment_evict(thin->parts.store, 0, eviction) < 0)
		rest(thin, AGAIN_MS);
}

static void load(struct thin *thin);

static void open_group(struct thin *thin)
{
	const struct thin_parts *parts = &thin->parts;

	if (!publish_pause_backlog(parts->publish)) {
		rest(thin, AGAIN_MS);
		return;
	}
	if (thin_group_open(&thin->group, parts->settings->thin_window_ms * 1000, parts->seed) < 0) {
		leave_group(thin, FAILED_MS);
		return;
	}
	thin->next_from = thin->from;
	thin->all_loaded = false;
	load(thin);
}

static void on_usage(void *context, int result, const struct segment_usage *usage)
{
	struct thin *thin = context;
	uint64_t used = usage->used_bytes, limit = limit_of(thin, usage);

	if (result == 0)
		thin->figures.usage = *usage;
	rest(thin, MEASURE_MS);
	if (result < 0 || usage->quota_bytes == UINT64_MAX || thin->parts.settings->when_full != WHEN_FULL_THIN) {
		end(thin);
		return;
	}
	if (was_pressed(thin))
		begin(thin, (used < limit ? used : limit) / 8 * 7);
	if (used > limit)
		begin(thin, limit / 4 > usage->quota_bytes / 8 ? limit - usage->quota_bytes / 8 : limit / 4 * 3);
	if (!thin->figures.active)
		return;
	thin->wanted = used > thin->target ? used - thin->target : 0;
	if (thin->wanted == 0)
		end(thin);
	else if (usage->thinned_bytes > limit / 2)
		trim(thin, limit / 2);
	else
		open_group(thin);
}

static void measure(struct thin *thin)
{
	struct segment_usage_reader reader = { on_usage, thin };

	thin->state = THIN_MEASURING;
	if (store_segment_usage(thin->parts.store, reader) < 0)
		rest(thin, AGAIN_MS);
}

static void on_segment(void *context, const struct stored_segment *segment)
{
	struct thin *thin = context;
	struct raw_segment *raw = malloc(sizeof(*raw) + segment->size);

	if (!raw) {
		thin->load_failed = true;
		return;
	}
	raw->next = NULL;
	raw->segment = *segment;
	if (segment->size)
		memcpy(raw->data, segment->data, segment->size);
	raw->segment.data = raw->data;
	*thin->queue_end = raw;
	thin->queue_end = &raw->next;
}

static void on_loaded(void *context, int result)
{
	struct thin *thin = context;

	thin->all_loaded = !thin->queue;
	thin->state = THIN_GATHERING;
	if (result < 0 || thin->load_failed)
		leave_group(thin, FAILED_MS);
}

static void load(struct thin *thin)
{
	struct segment_reader reader = { on_segment, on_loaded, thin };

	thin->state = THIN_LOADING;
	thin->load_failed = false;
	if (store_segment_load_plain(thin->parts.store, thin->next_from, LOAD_BYTES, reader) < 0)
		leave_group(thin, AGAIN_MS);
}

static int64_t window_of(const struct thin *thin, int64_t wall_ms)
{
	return wall_ms / thin->parts.settings->thin_window_ms;
}

/* Whether the group is to end before this segment. The window after a segment's own must be over, so that hardly
 * anything comes for it any more. */
static bool ends_before(const struct thin *thin, const struct stored_segment *segment)
{
	int64_t window = window_of(thin, segment->kept_at_ms);
	struct thin_group_facts facts;

	thin_group_facts(thin->group, &facts);
	if (window + 2 > window_of(thin, thin->now.wall_ms))
		return true;
	if (facts.segments == 0)
		return false;
	if (segment->boot != facts.boot || facts.segments == SEGMENT_REPLACED_MAX ||
		facts.segments == thin->most_segments || facts.bytes >= 4 * GROUP_BYTES)
		return true;
	return window != thin->window && (facts.bytes >= GROUP_BYTES || facts.bytes >= thin->wanted);
}

static void drop_first(struct thin *thin)
{
	struct raw_segment *raw = thin->queue;

	thin->queue = raw->next;
	if (!thin->queue)
		thin->queue_end = &thin->queue;
	free(raw);
}

/* Takes up the next segment that can be thinned; false: the group is complete, or more must be read first. */
static bool take_next(struct thin *thin)
{
	while (thin->queue) {
		const struct stored_segment *segment = &thin->queue->segment;

		if (ends_before(thin, segment)) {
			thin->all_loaded = true;
			return false;
		}
		thin->next_from = segment->first + segment->count;
		bool sending = publish_is_sending(thin->parts.publish, segment->first);
		thin->gathering = !sending && thin_group_take(thin->group, segment) == 0;
		if (thin->gathering)
			thin->window = window_of(thin, segment->kept_at_ms);
		drop_first(thin);
		if (thin->gathering)
			return true;
	}
	return false;
}

/* The last segment has too many nodes and names for the group: the group begins anew and ends before it. One that is
 * too large by itself is passed over. */
static void begin_smaller(struct thin *thin)
{
	struct thin_group_facts facts;

	thin_group_facts(thin->group, &facts);
	thin->most_segments = facts.segments - 1;
	if (thin->most_segments == 0)
		thin->from = thin->next_from;
	leave_group(thin, 0);
}

static void close_gathering(struct thin *thin)
{
	struct thin_group_facts facts;

	thin_group_facts(thin->group, &facts);
	clear_queue(thin);
	thin->most_segments = 0;
	thin->state = THIN_PACKING;
	if (facts.segments > 0) {
		tell_begin(thin);
		return;
	}
	/* There is nothing left to thin. */
	thin->from = thin->next_from;
	leave_group(thin, MEASURE_MS);
	end(thin);
}

static void gather(struct thin *thin)
{
	if (!thin->gathering && !take_next(thin)) {
		if (thin->all_loaded)
			close_gathering(thin);
		else
			load(thin);
		return;
	}
	int result = thin_group_gather(thin->group, STEP_READINGS);
	if (result == -ENOBUFS)
		begin_smaller(thin);
	else if (result < 0)
		leave_group(thin, FAILED_MS);
	else
		thin->gathering = result == 1;
}

/* Neighbouring segments are one gap; what became of all of them is told with the first. */
static void tell_gaps(struct thin *thin)
{
	struct thin_group_facts facts;
	struct gap gap = { .reason = GAP_THINNED, .became = thin->count };

	thin_group_facts(thin->group, &facts);
	for (size_t i = 0; i < facts.segments; i++) {
		if (gap.lost > 0 && gap.last + 1 != facts.firsts[i]) {
			gaps_add(thin->parts.gaps, &gap);
			gap = (struct gap){ .reason = GAP_THINNED };
		}
		if (gap.lost == 0)
			gap.first = facts.firsts[i];
		gap.last = facts.firsts[i] + facts.counts[i] - 1;
		gap.lost += facts.counts[i];
	}
	gaps_add(thin->parts.gaps, &gap);
}

static uint64_t packed_bytes(struct thin *thin)
{
	size_t count;
	const struct stored_segment *segments = thin_group_packed(thin->group, &count);
	uint64_t bytes = 0;

	for (size_t i = 0; i < count; i++)
		bytes += segments[i].size;
	return bytes;
}

static void on_replaced(void *context, int result)
{
	struct thin *thin = context;
	struct thin_group_facts facts;

	telemetry_numbers_back(thin->parts.telemetry, thin->first, thin->count, result);
	if (result < 0) {
		log_warning("telemetry.thinning_failed error=%d", -result);
		leave_group(thin, FAILED_MS);
		return;
	}
	thin_group_facts(thin->group, &facts);
	thin->figures.readings += facts.readings;
	thin->figures.became += thin->count;
	thin->figures.replaced_bytes += facts.bytes;
	thin->figures.written_bytes += packed_bytes(thin);
	tell_gaps(thin);
	publish_on_thinned(thin->parts.publish, facts.readings, thin->first, thin->count);
	thin->from = thin->next_from;
	leave_group(thin, 0);
}

static void replace(struct thin *thin)
{
	struct segment_replacement replacement = { .remember_since_ms = thin->now.wall_ms - EXCHANGE_LIFE_MS };
	struct store_reply reply = { on_replaced, thin };
	struct thin_group_facts facts;
	struct stored_segment *segments = thin_group_packed(thin->group, &replacement.segment_count);
	uint32_t count = 0;

	thin_group_facts(thin->group, &facts);
	for (size_t i = 0; i < replacement.segment_count; i++)
		count += segments[i].count;
	/* Until then it stays packed and is asked for again. */
	if (telemetry_lend_numbers(thin->parts.telemetry, count, &thin->first) < 0)
		return;
	thin->count = count;
	for (size_t i = 0, given = 0; i < replacement.segment_count; given += segments[i++].count) {
		segments[i].first = thin->first + given;
		/* As late as its place, for whoever looks for the newest from the end on. */
		segments[i].kept_at_ms = thin->now.wall_ms;
	}
	replacement.firsts = facts.firsts;
	replacement.first_count = facts.segments;
	replacement.segments = segments;
	thin->state = THIN_REPLACING;
	int result = store_segment_replace(thin->parts.store, &replacement, reply);
	if (result < 0)
		on_replaced(thin, result);
}

static void pack(struct thin *thin)
{
	struct thin_group_facts facts;
	int result = thin_group_pack(thin->group, STEP_WINDOWS);

	if (result == 1)
		return;
	thin_group_facts(thin->group, &facts);
	if (result == -ENOMEM) {
		leave_group(thin, FAILED_MS);
	} else if (result < 0 || packed_bytes(thin) > facts.bytes / 2) {
		/* It is not worth the writing. */
		thin->from = thin->next_from;
		leave_group(thin, 0);
	} else {
		replace(thin);
	}
}

int64_t thin_tick(struct thin *thin, struct moment now)
{
	thin->now = now;
	if (thin->state == THIN_IDLE && now.monotonic_ms >= thin->due_ms)
		measure(thin);
	else if (thin->state == THIN_GATHERING)
		gather(thin);
	else if (thin->state == THIN_PACKING)
		pack(thin);
	if (thin->state == THIN_IDLE)
		return thin->due_ms > now.monotonic_ms ? thin->due_ms - now.monotonic_ms : 1;
	return thin->state == THIN_GATHERING || thin->state == THIN_PACKING ? 1 : MEASURE_MS;
}

void thin_figures(const struct thin *thin, struct thin_figures *out)
{
	*out = thin->figures;
}
