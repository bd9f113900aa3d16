#include "gateway/edge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/driver.h"
#include "gateway/boot_clock.h"
#include "gateway/feed.h"
#include "gateway/feed_ledger.h"
#include "gateway/feed_replay.h"
#include "gateway/label_cache.h"
#include "gateway/nodes.h"
#include "gateway/rule_settings.h"
#include "gateway/rules.h"
#include "gateway/telemetry.h"
#include "gateway/window_plan.h"
#include "gateway/window_tag.h"
#include "gateway/windows.h"
#include "protocols/segment.h"
#include "store/feed_store.h"

#define YIELD_MAX 4096 /* readings, of one report */
#define RETRY_MS 100

struct readings {
	struct reading *items;
	size_t count, room;
};

struct edge {
	struct edge_parts parts;
	struct rules *rules;
	struct windows *windows;
	struct feed_replay *replay; /* NULL: the windows are as they should be */
	bool restore_due;
	uint64_t next_id;
	uint64_t newest;   /* feed closed last; 0: none */
	uint64_t needless; /* rows below were needless when the last commit became durable */
	uint64_t oldest;   /* that a window needs, unless one was told since: */
	bool told_since;
	struct feed_ledger ledger;
	struct label_cache labels;
	struct readings passed, fed;
	bool urgent;
	edge_put *put; /* while windows are told */
	void *put_context;
	int64_t now_ms;
	uint64_t told, told_early;
};

static int start_replay(struct edge *edge)
{
	windows_clear(edge->windows);
	edge->restore_due = false;
	memset(&edge->ledger, 0, sizeof(edge->ledger));
	return feed_replay_open(&edge->replay, edge->parts.store, edge->rules, edge->windows);
}

static int open_parts(struct edge *edge)
{
	const struct edge_parts *parts = &edge->parts;
	int result = rules_open(&edge->rules, parts->rules, parts->labels, parts->seed);

	if (result == 0)
		result = windows_open(&edge->windows, (size_t)parts->rules->series, parts->seed);
	if (result == 0)
		result = store_feed_next(parts->store, &edge->next_id);
	if (result < 0)
		return result;
	bool empty = edge->next_id == 0;
	edge->next_id += empty;
	return empty ? 0 : start_replay(edge);
}

int edge_open(struct edge **out, const struct edge_parts *parts)
{
	struct edge *edge = calloc(1, sizeof(*edge));
	int result;

	if (!edge)
		return -ENOMEM;
	edge->parts = *parts;
	edge->told_since = true;
	label_cache_init(&edge->labels, parts->seed);
	result = open_parts(edge);
	if (result < 0) {
		edge_close(edge);
		return result;
	}
	*out = edge;
	return 0;
}

void edge_close(struct edge *edge)
{
	if (!edge)
		return;
	feed_replay_close(edge->replay);
	windows_close(edge->windows);
	rules_close(edge->rules);
	free(edge->passed.items);
	free(edge->fed.items);
	free(edge);
}

void edge_reload(struct edge *edge)
{
	label_cache_clear(&edge->labels);
	(void)rules_reload(edge->rules, edge->parts.rules, edge->parts.labels);
	windows_set_most(edge->windows, (size_t)edge->parts.rules->series);
	windows_hurry(edge->windows);
}

void edge_follow_clock(struct edge *edge)
{
	rules_forget(edge->rules);
}

bool edge_is_ready(const struct edge *edge)
{
	return !edge->replay && !edge->restore_due;
}

static int append(struct readings *list, const struct reading *reading)
{
	if (list->count == YIELD_MAX)
		return -ENOBUFS;
	if (list->count == list->room) {
		size_t room = list->room ? 2 * list->room : 64;
		struct reading *grown = realloc(list->items, room * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		list->items = grown;
		list->room = room;
	}
	list->items[list->count++] = *reading;
	return 0;
}

static int on_pass(void *context, const struct reading *reading)
{
	return append(&((struct edge *)context)->passed, reading);
}

static int on_alarm(void *context, const struct rules_alarm *alarm)
{
	struct edge *edge = context;
	int result = append(&edge->passed, alarm->state);

	edge->urgent |= alarm->urgent;
	return result < 0 ? result : append(&edge->passed, alarm->value);
}

static int on_gather(void *context, const struct rules_gathered *gathered)
{
	struct edge *edge = context;
	struct reading entry = *gathered->reading;

	entry.name = gathered->tag;
	entry.has_sum = false;
	entry.update_time_ms = (uint32_t)gathered->plan->width_ms;
	return append(&edge->fed, &entry);
}

static uint64_t labels_of(struct edge *edge, struct span node)
{
	struct span hardware = { "", 0 };
	char id[NODE_ID_MAX + 1];
	struct node *found = NULL;

	if (edge->parts.nodes && node.size <= NODE_ID_MAX) {
		memcpy(id, node.data, node.size);
		id[node.size] = '\0';
		found = nodes_find(edge->parts.nodes, id);
	}
	if (found)
		hardware = (struct span){ found->record.hardware, strlen(found->record.hardware) };
	return label_cache_find(&edge->labels, edge->parts.labels, node, hardware);
}

int edge_apply(struct edge *edge, const struct edge_yield *report, struct edge_yield *out)
{
	const struct rules_sink sink = { edge, on_pass, on_alarm, on_gather, NULL };
	struct rules_source source = { .node = report->node, .received_ms = report->received_ms };
	int result = 0;

	*out = *report;
	if (rules_count(edge->rules) == 0)
		return 0;
	source.labels = labels_of(edge, report->node);
	edge->passed.count = edge->fed.count = 0;
	edge->urgent = false;
	for (size_t i = 0; i < report->count && result == 0; i++)
		result = rules_apply(edge->rules, &source, &report->readings[i], &sink);
	if (result < 0) {
		rules_forget(edge->rules);
		return result;
	}
	out->readings = edge->passed.items;
	out->count = edge->passed.count;
	out->fed = edge->fed.items;
	out->fed_count = edge->fed.count;
	out->urgent |= edge->urgent;
	return 0;
}

void edge_forget(struct edge *edge)
{
	rules_forget(edge->rules);
}

/* A window that was begun before the clock was set, by that start of the gateway, gets its right time, now if that is
 * known, else on the way up; one of dates needs neither. */
static void mend(const struct edge *edge, uint32_t boot, struct reading *reading)
{
	struct segment_entry entry = { .received_ms = reading->time_us / 1000, .reading = *reading };

	if (!edge->parts.clock)
		return;
	reading->is_dated = entry.received_ms >= CLOCK_SET_LEAST_MS;
	if (edge->now_ms < CLOCK_SET_LEAST_MS)
		return;
	boot_clock_mend(edge->parts.clock, boot, &entry);
	*reading = entry.reading;
}

/* A window's outputs go on, and its feed says that they did. */
static bool tell(void *context, const struct window_told *told)
{
	struct edge *edge = context;
	char tag[WINDOW_TAG_MAX];
	const struct reading mark = {
		.name = { tag, window_tag_write(tag, told->plan, told->name) },
		.kind = READING_NOTHING,
		.has_time = true,
		.update_time_ms = (uint32_t)told->plan->width_ms,
		.time_us = told->start_us,
	};
	const struct edge_yield yield = {
		.node = told->node,
		.received_ms = edge->now_ms,
		.readings = told->readings,
		.count = told->count,
		.fed = &mark,
		.fed_count = 1,
	};

	for (size_t i = 0; i < told->count; i++)
		mend(edge, told->boot, &told->readings[i]);
	if (edge->put(edge->put_context, &yield) != 0)
		return false;
	edge->told++;
	edge->told_since = true;
	return true;
}

static void start_telling(struct edge *edge, int64_t now_ms, edge_put *put, void *context)
{
	edge->now_ms = now_ms;
	edge->put = put;
	edge->put_context = context;
}

int edge_make_room(struct edge *edge, const struct edge_yield *yield, edge_put *put, void *context)
{
	uint64_t before = edge->told;

	if (yield->fed_count == 0)
		return 0;
	start_telling(edge, yield->received_ms, put, context);
	bool made = windows_make_room(edge->windows, yield->fed_count, tell, edge);
	edge->told_early += edge->told - before;
	return made ? 0 : -EBUSY;
}

int edge_prepare(struct edge *edge, struct feed **feed, const struct edge_yield *yield)
{
	const struct segment_report report = { yield->node, yield->received_ms, yield->fed, yield->fed_count };

	if (yield->fed_count == 0)
		return 0;
	if (!*feed) {
		*feed = feed_new(edge->next_id);
		if (!*feed)
			return -ENOMEM;
		edge->next_id++;
	}
	return feed_make_room(*feed, &report);
}

void edge_keep(struct edge *edge, struct feed *feed, const struct edge_yield *yield)
{
	const struct segment_report report = { yield->node, yield->received_ms, yield->fed, yield->fed_count };
	const struct feed_place place = { feed ? feed->id : 0, edge->parts.boot };

	if (yield->fed_count == 0)
		return;
	feed_add(feed, &report);
	for (size_t i = 0; i < yield->fed_count; i++) {
		/* A mark is written while its window is being told, which then goes by itself. */
		if (yield->fed[i].kind == READING_NOTHING)
			continue;
		if (feed_replay_gather(edge->rules, edge->windows, &yield->fed[i], &report, place) < 0)
			edge->restore_due = true; /* it is in the feed, from which the windows can be made */
		if (feed->id < edge->oldest)
			edge->oldest = feed->id;
	}
}

void edge_close_feed(struct edge *edge, struct feed **feed)
{
	if (*feed && (*feed)->count == 0) {
		feed_free(*feed);
		*feed = NULL;
	}
	if (!*feed)
		return;
	(*feed)->after = edge->newest;
	edge->newest = (*feed)->id;
	if (edge->told_since)
		edge->oldest = windows_oldest(edge->windows);
	edge->told_since = false;
	(*feed)->needless = edge->oldest < edge->next_id ? edge->oldest : edge->next_id;
}

int edge_pack(
	struct edge *edge, struct feed *feed, struct segment_packer *packer, int64_t now_ms, struct stored_feed *row)
{
	int result = feed_pack(feed, packer, row);

	if (result < 0)
		return result;
	/* Not what this commit makes needless: that counts when it is durable. */
	row->needless = edge->needless;
	row->boot = edge->parts.boot;
	row->repeated_since_ms = now_ms - EXCHANGE_LIFE_MS;
	return 0;
}

void edge_kept(struct edge *edge, const struct feed *feed)
{
	feed_ledger_add(&edge->ledger, feed->id, feed->packed_size, (uint64_t)edge->parts.rules->window_bytes);
	if (feed->needless <= edge->needless)
		return;
	edge->needless = feed->needless;
	feed_ledger_drop(&edge->ledger, edge->needless);
}

void edge_restore(struct edge *edge)
{
	rules_forget(edge->rules);
	edge->restore_due = true;
}

/* Goes on with making the windows anew; whether they are. */
static bool restore(struct edge *edge)
{
	uint64_t limit = (uint64_t)edge->parts.rules->window_bytes;
	uint64_t newest;

	if (edge->restore_due && !edge->replay)
		(void)start_replay(edge);
	if (edge->replay && feed_replay_tick(edge->replay, &edge->ledger, limit, &newest)) {
		feed_replay_close(edge->replay);
		edge->replay = NULL;
		edge->told_since = true;
		edge->newest = newest;
		windows_hurry(edge->windows);
	}
	return edge_is_ready(edge);
}

int64_t edge_tick(struct edge *edge, int64_t now_ms, edge_put *put, void *context)
{
	uint64_t second = feed_ledger_second(&edge->ledger);

	if (!restore(edge))
		return RETRY_MS;
	start_telling(edge, now_ms, put, context);
	if (edge->ledger.bytes > (uint64_t)edge->parts.rules->window_bytes && second > 0) {
		uint64_t before = edge->told;
		(void)windows_tell_before(edge->windows, second, tell, edge);
		edge->told_early += edge->told - before;
	}
	return windows_tick(edge->windows, now_ms, tell, edge);
}

void edge_figures(const struct edge *edge, struct edge_figures *out)
{
	struct rules_figures rules;

	rules_figures(edge->rules, &rules);
	*out = (struct edge_figures){
		.windows = windows_count(edge->windows),
		.told = edge->told,
		.told_early = edge->told_early,
		.feed_bytes = edge->ledger.bytes,
		.series = rules.series,
		.forgotten = rules.forgotten,
	};
}

const struct rules *edge_rules(const struct edge *edge)
{
	return edge->rules;
}
