#include "gateway/feed_replay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/feed_ledger.h"
#include "gateway/log.h"
#include "gateway/rules.h"
#include "gateway/segment_pack.h"
#include "gateway/window_plan.h"
#include "gateway/window_tag.h"
#include "gateway/windows.h"
#include "protocols/segment.h"
#include "store/feed_store.h"

#define PIECE_BYTES (1024 * 1024) /* asked for at once */

struct feed_replay {
	struct store *store;
	const struct rules *rules;
	struct windows *windows;
	struct feed_ledger *ledger; /* lent for a piece */
	uint64_t limit;
	uint64_t next; /* id of the next row */
	uint64_t rows; /* of this piece */
	uint64_t lost, gathered;
	bool asking, complete;
	struct window_plan *orphans[RULES_MAX]; /* of windows whose rules are gone */
	size_t orphan_count;
	struct segment_walk walk;
};

int feed_replay_open(struct feed_replay **out, struct store *store, const struct rules *rules, struct windows *windows)
{
	struct feed_replay *replay = calloc(1, sizeof(*replay));

	if (!replay)
		return -ENOMEM;
	replay->store = store;
	replay->rules = rules;
	replay->windows = windows;
	*out = replay;
	return 0;
}

void feed_replay_close(struct feed_replay *replay)
{
	if (!replay)
		return;
	for (size_t i = 0; i < replay->orphan_count; i++)
		window_plan_release(replay->orphans[i]);
	free(replay);
}

static bool is_of(const struct window_plan *plan, const struct window_tag *tag, int64_t width_ms)
{
	return plan->width_ms == width_ms && strlen(plan->rule) == tag->rule.size &&
	       memcmp(plan->rule, tag->rule.data, tag->rule.size) == 0;
}

/* NULL: there is no memory, or there were more rules than there can be. */
static struct window_plan *orphan_of(struct feed_replay *replay, const struct window_tag *tag, int64_t width_ms)
{
	for (size_t i = 0; i < replay->orphan_count; i++)
		if (is_of(replay->orphans[i], tag, width_ms))
			return replay->orphans[i];
	if (replay->orphan_count == RULES_MAX)
		return NULL;
	struct window_plan *plan = window_plan_new_orphan(tag->rule, width_ms, tag->held);
	if (plan)
		replay->orphans[replay->orphan_count++] = plan;
	return plan;
}

static int add(struct windows *windows, struct window_plan *plan, const struct window_tag *tag,
	const struct segment_report *report, struct feed_place place)
{
	const struct reading *entry = report->readings;

	return windows_add(windows, &(struct window_entry){
					    .plan = plan,
					    .node = report->node,
					    .name = tag->name,
					    .unit = entry->unit,
					    .value = entry->number,
					    .time_us = entry->time_us,
					    .received_ms = report->received_ms,
					    .origin = place.id,
					    .boot = place.boot,
				    });
}

int feed_replay_gather(const struct rules *rules, struct windows *windows, const struct reading *entry,
	const struct segment_report *report, struct feed_place place)
{
	const struct segment_report one = { report->node, report->received_ms, entry, 1 };
	struct window_tag tag;
	int result = window_tag_parse(&tag, entry->name);

	if (result < 0)
		return result;
	struct window_plan *plan = rules_plan(rules, tag.rule, entry->update_time_ms);
	return plan ? add(windows, plan, &tag, &one, place) : -ENOENT;
}

static int replay_entry(struct feed_replay *replay, const struct segment_entry *entry, struct feed_place place)
{
	const struct segment_report report = { entry->node, entry->received_ms, &entry->reading, 1 };
	int64_t width_ms = entry->reading.update_time_ms;
	struct window_tag tag;

	if (window_tag_parse(&tag, entry->reading.name) < 0 || width_ms == 0)
		return -EBADMSG;
	struct window_plan *plan = rules_plan(replay->rules, tag.rule, width_ms);
	if (!plan)
		plan = orphan_of(replay, &tag, width_ms);
	if (!plan)
		return -ENOMEM;
	if (entry->reading.kind == READING_NUMBER)
		return add(replay->windows, plan, &tag, &report, place);
	windows_forget(replay->windows,
		&(struct window_told){
			.plan = plan, .node = entry->node, .name = tag.name, .start_us = entry->reading.time_us });
	return 0;
}

static void replay_rows(struct feed_replay *replay, const struct stored_feed *feed, const uint8_t *data, size_t size)
{
	struct segment_entry entry;

	segment_walk_init(&replay->walk, data, size);
	while (segment_walk_next(&replay->walk, &entry) == 1) {
		if (replay_entry(replay, &entry, (struct feed_place){ feed->id, feed->boot }) < 0)
			replay->lost++;
		else
			replay->gathered++;
	}
}

static void on_row(void *context, const struct stored_feed *feed)
{
	struct feed_replay *replay = context;
	const struct packed_segment packed = { feed->data, feed->size, feed->codec };
	uint8_t *data = NULL;
	size_t size = 0;

	replay->rows++;
	replay->next = feed->id + 1;
	feed_ledger_add(replay->ledger, feed->id, feed->size, replay->limit);
	if (!feed->data || segment_unpack(&packed, feed->count, &data, &size) < 0) {
		replay->lost += feed->count;
		return;
	}
	replay_rows(replay, feed, data, size);
	free(data);
}

static void on_done(void *context, int result)
{
	struct feed_replay *replay = context;

	replay->asking = false;
	replay->complete = result == 0 && replay->rows == 0;
	replay->rows = 0;
	if (!replay->complete)
		return;
	if (replay->lost > 0)
		log_error("rules.feed_damaged readings=%llu", (unsigned long long)replay->lost);
	log_info("rules.windows_restored windows=%zu readings=%llu", windows_count(replay->windows),
		(unsigned long long)replay->gathered);
}

bool feed_replay_tick(struct feed_replay *replay, struct feed_ledger *ledger, uint64_t limit, uint64_t *newest)
{
	const struct feed_reader reader = { on_row, on_done, replay };

	replay->ledger = ledger;
	replay->limit = limit;
	if (!replay->complete && !replay->asking)
		replay->asking = store_feed_load(replay->store, replay->next, PIECE_BYTES, reader) == 0;
	*newest = replay->next > 0 ? replay->next - 1 : 0;
	return replay->complete;
}
