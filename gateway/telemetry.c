#include "gateway/telemetry_state.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/driver.h"
#include "gateway/commit.h"
#include "gateway/edge.h"
#include "gateway/exchange_table.h"
#include "gateway/feed.h"
#include "gateway/gaps.h"
#include "gateway/governor.h"
#include "gateway/log.h"
#include "gateway/numbers.h"
#include "gateway/publish.h"
#include "gateway/publish_offers.h"
#include "gateway/publish_stored.h"
#include "gateway/runtime_memory.h"
#include "gateway/segment_pack.h"
#include "gateway/telemetry_offers.h"
#include "gateway/telemetry_settings.h"
#include "protocols/fingerprint.h"
#include "protocols/segment.h"
#include "store/exchange_store.h"
#include "store/feed_store.h"
#include "store/segment_room.h"
#include "store/segment_store.h"
#include "store/store.h"

#define SUBMIT_RETRY_MS 20
#define EVICT_LEAST (256 * 1024)
#define EVICTIONS_MAX 3 /* for one commit, before it is refused */
#define FORGET_INTERVAL_MS (60 * 1000)

static uint32_t retry_s(const struct telemetry *telemetry)
{
	return (uint32_t)(telemetry->parts.settings->retry_after_ms / 1000);
}

static void load_exchange(void *context, uint64_t exchange, int64_t kept_at_ms)
{
	struct telemetry *telemetry = context;
	int64_t age_ms = telemetry->now.wall_ms - kept_at_ms;

	/* A wall clock that was set back must not make a message older than it can be. */
	if (age_ms < 0 || fingerprint_lasts(exchange))
		age_ms = 0;
	if (age_ms <= EXCHANGE_LIFE_MS && !exchange_find(&telemetry->exchanges, exchange))
		exchange_add(&telemetry->exchanges, exchange, telemetry->now.monotonic_ms - age_ms, EXCHANGE_DURABLE);
}

static void append_commit(struct telemetry *telemetry, struct commit *commit)
{
	commit->next = NULL;
	*telemetry->last = commit;
	telemetry->last = &commit->next;
	telemetry->commit_count++;
}

static void unlink_commit(struct telemetry *telemetry, struct commit *commit)
{
	struct commit **link = &telemetry->commits;

	while (*link != commit)
		link = &(*link)->next;
	*link = commit->next;
	if (!*link)
		telemetry->last = link;
	telemetry->commit_count--;
}

static void recall_exchange(void *context, uint64_t exchange, int64_t kept_at_ms)
{
	struct telemetry *telemetry = context;

	if (fingerprint_lasts(exchange))
		kept_at_ms = telemetry->now.monotonic_ms;
	if (kept_at_ms + EXCHANGE_LIFE_MS >= telemetry->now.monotonic_ms &&
		!exchange_find(&telemetry->exchanges, exchange))
		exchange_add(&telemetry->exchanges, exchange, kept_at_ms, EXCHANGE_DURABLE);
}

void telemetry_begin_commit(struct telemetry *telemetry, struct commit *commit)
{
	commit->owner = telemetry;
	telemetry->serial += telemetry->serial + 1 == EXCHANGE_DURABLE ? 2 : 1;
	commit->serial = telemetry->serial;
	commit->opened_ms = telemetry->now.monotonic_ms;
}

/* The broker may have got it, so it keeps its numbers; a node that repeats what is in it waits with it. */
static void recall_offer(void *context, const struct stored_segment *segment)
{
	struct telemetry *telemetry = context;
	struct commit *commit;
	int result = commit_recover(&commit, segment);

	if (result < 0) {
		log_error("telemetry.offer_lost first=%llu error=%d", (unsigned long long)segment->first, -result);
		return;
	}
	telemetry_begin_commit(telemetry, commit);
	for (size_t i = 0; i < commit->exchanges.count; i++) {
		if (!exchange_find(&telemetry->exchanges, commit->exchanges.all[i]))
			exchange_add(&telemetry->exchanges, commit->exchanges.all[i], telemetry->now.monotonic_ms,
				commit->serial);
	}
	append_commit(telemetry, commit);
}

/* Opens what a former process may have left. Without it the disk alone acknowledges. */
static void open_memory(struct telemetry *telemetry, uint64_t *known)
{
	struct runtime_memory_place place = { telemetry->parts.runtime_directory, telemetry->numbers.journal,
		telemetry->numbers.session };
	struct runtime_memory_finder finder = { recall_exchange, recall_offer, telemetry };
	int result = place.path ? runtime_memory_open(&telemetry->memory, &place, &finder, known) : 0;

	if (result < 0)
		log_error("telemetry.runtime_directory path=%s error=%d acknowledge=disk", place.path, -result);
	else if (!place.path && telemetry->parts.settings->acknowledge == ACKNOWLEDGE_EITHER)
		log_notice("telemetry.acknowledge by=disk reason=no_runtime_directory");
}

static int start_numbers(struct telemetry *telemetry)
{
	struct numbers *numbers = &telemetry->numbers;
	struct numbers_found found;
	uint64_t known = 0;
	int result = numbers_load(numbers, telemetry->parts.store, telemetry->parts.journal_name, &found);

	if (result < 0)
		return result;
	open_memory(telemetry, &known);
	numbers->early = telemetry->memory && telemetry->parts.settings->acknowledge == ACKNOWLEDGE_EITHER;
	numbers_start(numbers, &found, known, telemetry->parts.gaps);
	if (telemetry->memory)
		(void)runtime_memory_begin(
			telemetry->memory, numbers->session, numbers->next, telemetry->now.monotonic_ms);
	return 0;
}

int telemetry_open(struct telemetry **out, const struct telemetry_parts *parts, struct moment now)
{
	struct telemetry *telemetry = calloc(1, sizeof(*telemetry));
	int result;

	if (!telemetry)
		return -ENOMEM;
	telemetry->parts = *parts;
	telemetry->last = &telemetry->commits;
	tellings_init(&telemetry->tellings);
	telemetry->now = now;
	telemetry->forget_at_ms = telemetry->former_until_ms = now.monotonic_ms + EXCHANGE_LIFE_MS;
	exchange_table_init(&telemetry->exchanges);
	result = segment_packer_open(&telemetry->packer);
	if (result == 0)
		result = start_numbers(telemetry);
	if (result == 0)
		result = store_exchanges_load(parts->store, now.wall_ms, EXCHANGE_LIFE_MS, load_exchange, telemetry);
	if (telemetry->exchanges.count == 0)
		telemetry->former_until_ms = now.monotonic_ms;
	*out = telemetry;
	return result;
}

void telemetry_close_open(struct telemetry *telemetry)
{
	if (!telemetry->open)
		return;
	if (commit_is_empty(telemetry->open)) {
		commit_free(telemetry->open);
		telemetry->open = NULL;
		return;
	}
	if (telemetry->parts.edge)
		edge_close_feed(telemetry->parts.edge, &telemetry->open->feed);
	telemetry->open->state = COMMIT_CLOSED;
	append_commit(telemetry, telemetry->open);
	telemetry->open = NULL;
}

static void note_unused(struct telemetry *telemetry, const struct commit *commit, uint32_t lost)
{
	struct gap gap = { commit->first, commit->first + commit->count - 1, lost, GAP_UNUSED };

	if (commit->count > 0)
		gaps_add(telemetry->parts.gaps, &gap);
}

void telemetry_drop(struct telemetry *telemetry, struct commit *commit)
{
	unlink_commit(telemetry, commit);
	commit_free(commit);
}

void telemetry_acknowledge(struct telemetry *telemetry, struct commit *commit)
{
	if (commit->acknowledged)
		return;
	commit->acknowledged = true;
	telemetry->figures.pending -= commit->waiter_count;
	telemetry->figures.readings += commit->count;
	*(commit->delivered ? &telemetry->figures.by_broker : &telemetry->figures.by_disk) += commit->count;
	tellings_add(&telemetry->tellings, commit, 0, 0);
}

/* The nodes keep what is in it and come again. */
static void refuse(struct telemetry *telemetry, struct commit *commit, int result)
{
	telemetry->figures.pending -= commit->waiter_count;
	telemetry->figures.refused += commit->waiter_count;
	tellings_add(&telemetry->tellings, commit, result, retry_s(telemetry));
}

/* Nobody has it, and its reports are unknown when they come again. */
static void forget_commit(struct telemetry *telemetry, struct commit *commit, int result)
{
	telemetry->fed_failed |= commit->feed != NULL;
	for (size_t i = 0; i < commit->exchanges.count; i++)
		exchange_remove(&telemetry->exchanges, commit->exchanges.all[i]);
	telemetry->figures.refused += commit->unheard;
	if (commit->unheard > 0)
		log_warning("telemetry.fast_lost reports=%u error=%d", commit->unheard, -result);
	unlink_commit(telemetry, commit);
	refuse(telemetry, commit, result);
	commit_free(commit);
}

/* The store does not take it. */
static void fail_commit(struct telemetry *telemetry, struct commit *commit, int result)
{
	if (commit->delivered) {
		telemetry_acknowledge(telemetry, commit);
		telemetry_drop(telemetry, commit);
		return;
	}
	if (telemetry->parts.edge)
		edge_forget(telemetry->parts.edge);
	if (!commit->numbered) {
		forget_commit(telemetry, commit, result);
		return;
	}
	telemetry_hold(telemetry, commit);
	refuse(telemetry, commit, result);
}

/* The store has it; now the broker is to have it. */
static void hand_over(struct telemetry *telemetry, struct commit *commit)
{
	struct kept_segment kept = { commit->first, commit->count, commit->boot, commit->data, commit->size };
	struct publish *publish = telemetry->parts.publish;

	if (!publish || commit->count == 0)
		return;
	if (commit->delivered) {
		publish_discard(publish, commit->first);
		return;
	}
	if (commit->numbered && publish_on_stored(publish, commit->first))
		return;
	publish_on_kept(publish, &kept, telemetry->now);
	commit->data = kept.data;
}

static void keep_commit(struct telemetry *telemetry, struct commit *commit)
{
	telemetry_acknowledge(telemetry, commit);
	telemetry->figures.segments++;
	telemetry->evictions = 0;
	if (telemetry->full)
		log_notice("telemetry.room");
	telemetry->full = false;
	if (commit->feed)
		edge_kept(telemetry->parts.edge, commit->feed);
	hand_over(telemetry, commit);
	if (commit->numbered)
		runtime_memory_forget(telemetry->memory, commit->first);
	telemetry_drop(telemetry, commit);
}

/* There was no room, or not for one before it without which it means nothing. */
static bool was_undone(int result)
{
	return result == -ENOSPC || result == -ECANCELED;
}

static void on_append_failed(struct telemetry *telemetry, struct commit *commit, int result)
{
	if (!was_undone(result) && !commit->refused)
		log_error("telemetry.append_failed first=%llu error=%d", (unsigned long long)commit->first, -result);
	if (!was_undone(result) && !commit->numbered)
		note_unused(telemetry, commit, commit->count);
	fail_commit(telemetry, commit, -ENOSPC);
}

static void on_appended(void *context, int result)
{
	struct commit *commit = context;
	struct telemetry *telemetry = commit->owner;

	telemetry->submitted--;
	if (was_undone(result) && !telemetry->closing && !commit->delivered && !commit->refused) {
		commit->state = COMMIT_NO_ROOM;
		return;
	}
	/* Unless it was undone the store may know the numbers, even where it failed. */
	if (!was_undone(result))
		numbers_seen(&telemetry->numbers, commit->first + commit->count);
	if (result == 0) {
		keep_commit(telemetry, commit);
	} else if (result == -EEXIST && commit->recovered) {
		/* It was stored just before the process was killed, and is backlog since the start. */
		telemetry_acknowledge(telemetry, commit);
		runtime_memory_forget(telemetry->memory, commit->first);
		telemetry_drop(telemetry, commit);
	} else {
		on_append_failed(telemetry, commit, result);
	}
}

struct stored_segment telemetry_describe(const struct telemetry *telemetry, const struct commit *commit)
{
	return (struct stored_segment){
		.first = commit->first,
		.count = commit->count,
		.boot = commit->boot,
		.oldest_us = commit->oldest_us,
		.newest_us = commit->newest_us,
		.codec = SEGMENT_ROWS,
		.data = commit->data,
		.size = commit->size,
		.exchanges = commit->exchanges.all,
		.exchange_count = commit->exchanges.count,
		.kept_at_ms = telemetry->now.wall_ms,
		.late = commit->numbered,
		.kind = commit->urgent ? SEGMENT_ALARM : SEGMENT_PLAIN,
	};
}

/* Fingerprints that the readings tell are not stored beside them. */
static void leave_out_told(const struct commit *commit, struct stored_segment *segment)
{
	const struct commit_exchanges *exchanges = &commit->exchanges;

	if (commit->reworked)
		return;
	segment->exchanges = exchanges->beside;
	segment->exchange_count = exchanges->beside_count;
	segment->told = (uint32_t)(exchanges->count - exchanges->beside_count);
}

int telemetry_submit(struct telemetry *telemetry, struct commit *commit)
{
	struct packed_segment packed = { .codec = SEGMENT_ROWS };
	struct stored_feed row;
	struct store_reply reply = { .done = on_appended, .context = commit };

	if (commit->feed &&
		edge_pack(telemetry->parts.edge, commit->feed, telemetry->packer, telemetry->now.wall_ms, &row) < 0)
		return -ENOMEM;
	if (commit->count > 0)
		segment_pack(telemetry->packer, commit->data, commit->size, commit->count, &packed);
	if (!commit->numbered)
		commit->first = telemetry->numbers.next;
	struct stored_segment segment = telemetry_describe(telemetry, commit);
	segment.codec = packed.codec;
	segment.data = packed.data;
	segment.size = packed.size;
	segment.feed = commit->feed ? &row : NULL;
	leave_out_told(commit, &segment);
	int result = store_segment_append(telemetry->parts.store, &segment, reply);
	if (result < 0)
		return result;
	commit->state = COMMIT_SUBMITTED;
	telemetry->submitted++;
	if (!commit->numbered)
		(void)numbers_give(&telemetry->numbers, commit->count);
	telemetry->figures.segment_bytes += packed.size;
	return 0;
}

static bool lacks_room(const struct telemetry *telemetry)
{
	const struct commit *commit = telemetry->commits;

	while (commit && commit->state != COMMIT_NO_ROOM)
		commit = commit->next;
	return commit || telemetry->evicting;
}

/* Counts as a commit under way: numbers are not taken back before it is answered. */
int telemetry_lend_numbers(struct telemetry *telemetry, uint32_t count, uint64_t *first)
{
	if (telemetry->closing || lacks_room(telemetry))
		return -EAGAIN;
	telemetry->submitted++;
	*first = numbers_give(&telemetry->numbers, count);
	return 0;
}

void telemetry_numbers_back(struct telemetry *telemetry, uint64_t first, uint32_t count, int result)
{
	struct gap gap = { first, first + count - 1, count, GAP_UNUSED };

	telemetry->submitted--;
	numbers_seen(&telemetry->numbers, first + count);
	if (result < 0 && !telemetry->closing)
		gaps_add(telemetry->parts.gaps, &gap);
}

/* In their order, and only while none came back for want of room. */
void telemetry_submit_closed(struct telemetry *telemetry)
{
	for (struct commit *commit = telemetry->commits; commit; commit = commit->next) {
		if (commit->state == COMMIT_SUBMITTED || commit->state == COMMIT_OFFERED)
			continue;
		if (commit->state == COMMIT_NO_ROOM)
			return;
		if (commit->state == COMMIT_HELD && !telemetry_retry(telemetry, commit))
			continue;
		if (telemetry_offer(telemetry, commit) && !commit->urgent)
			continue;
		if (telemetry_submit(telemetry, commit) < 0)
			return;
	}
}

static void on_dropped(void *context, uint64_t first, uint32_t count)
{
	struct telemetry *telemetry = context;
	struct gap gap = { first, first + count - 1, count, GAP_QUOTA };

	telemetry->evicted += count;
	telemetry->figures.dropped += count;
	if (telemetry->parts.publish)
		publish_on_evicted(telemetry->parts.publish, first, count);
	else
		gaps_add(telemetry->parts.gaps, &gap);
}

static void refuse_all(struct telemetry *telemetry)
{
	if (!telemetry->full)
		log_error("telemetry.full refused_s=%u", retry_s(telemetry));
	telemetry->full = true;
	telemetry->evictions = 0;
	telemetry->refuse_until_ms = telemetry->now.monotonic_ms + telemetry->parts.settings->retry_after_ms;
	for (struct commit *next, *commit = telemetry->commits; commit; commit = next) {
		next = commit->next;
		if (commit->state == COMMIT_NO_ROOM || commit->state == COMMIT_CLOSED)
			fail_commit(telemetry, commit, -ENOSPC);
	}
}

static void on_evicted(void *context, int result)
{
	struct telemetry *telemetry = context;

	telemetry->evicting = false;
	if (telemetry->evicted > 0)
		log_warning("telemetry.dropped readings=%llu reason=quota", (unsigned long long)telemetry->evicted);
	if (result < 0 || telemetry->closing) {
		refuse_all(telemetry);
		return;
	}
	for (struct commit *commit = telemetry->commits; commit; commit = commit->next)
		if (commit->state == COMMIT_NO_ROOM)
			commit->state = COMMIT_CLOSED;
}

static void evict(struct telemetry *telemetry)
{
	const struct telemetry_settings *settings = telemetry->parts.settings;
	struct segment_eviction eviction = {
		.dropped = on_dropped,
		.done = on_evicted,
		.context = telemetry,
		.alarm_bytes = (uint64_t)(settings->quota_bytes / 100 * settings->alarm_share),
	};
	uint64_t wanted = EVICT_LEAST;

	for (const struct commit *commit = telemetry->commits; commit; commit = commit->next)
		wanted += 2 * commit->size;
	telemetry->evicted = 0;
	if (store_segment_evict(telemetry->parts.store, wanted, eviction) < 0)
		return;
	telemetry->evicting = true;
	telemetry->evictions++;
}

/* The commit's numbers are free again, unless the store or the broker may know a higher one. */
static void give_back(struct telemetry *telemetry, struct commit *commit)
{
	if (commit->numbered)
		return;
	if (commit->first > 0 && commit->first < telemetry->numbers.seen)
		note_unused(telemetry, commit, commit->count);
	commit->first = 0;
}

/* Decides about commits that had no room, once the store has answered for all. */
static void settle(struct telemetry *telemetry)
{
	struct commit *commit = telemetry->commits;

	while (commit && commit->state != COMMIT_NO_ROOM)
		commit = commit->next;
	if (!commit || telemetry->submitted > 0 || telemetry->evicting)
		return;
	for (; commit; commit = commit->next)
		give_back(telemetry, commit);
	numbers_take_back(&telemetry->numbers);
	if (telemetry->parts.settings->when_full == WHEN_FULL_REFUSE || telemetry->evictions == EVICTIONS_MAX)
		refuse_all(telemetry);
	else
		evict(telemetry);
}

/* Windows took what was not kept: once the store has answered for all, what was made of that goes too. */
static void settle_windows(struct telemetry *telemetry)
{
	struct commit *next;

	if (!telemetry->fed_failed || telemetry->submitted > 0 || telemetry->evicting)
		return;
	telemetry_close_open(telemetry);
	for (struct commit *commit = telemetry->commits; commit; commit = next) {
		next = commit->next;
		if (commit->feed)
			fail_commit(telemetry, commit, -ENOSPC);
	}
	telemetry->fed_failed = false;
	edge_restore(telemetry->parts.edge);
}

static void forget_exchanges(struct telemetry *telemetry)
{
	if (telemetry->now.monotonic_ms < telemetry->forget_at_ms)
		return;
	telemetry->forget_at_ms = telemetry->now.monotonic_ms + FORGET_INTERVAL_MS;
	segment_packer_rest(telemetry->packer);
	if (telemetry->exchanges.count == 0)
		return;
	telemetry_keep_held_in_mind(telemetry);
	exchange_forget_before(&telemetry->exchanges, telemetry->now.monotonic_ms - EXCHANGE_LIFE_MS);
	(void)store_exchanges_forget(
		telemetry->parts.store, telemetry->now.wall_ms - EXCHANGE_LIFE_MS, (struct store_reply){ 0 });
}

static bool work_waits(const struct telemetry *telemetry)
{
	const struct commit *commit = telemetry->commits;

	while (commit &&
		(commit->state == COMMIT_SUBMITTED || commit->state == COMMIT_OFFERED || commit->state == COMMIT_HELD))
		commit = commit->next;
	return commit != NULL;
}

/* Until the open segment is to be closed, an offer has been waited for long enough, or a held one is tried again. */
static int64_t next_due_ms(const struct telemetry *telemetry)
{
	int64_t due_ms = telemetry->open ? telemetry->open->due_ms : INT64_MAX;

	for (const struct commit *commit = telemetry->commits; commit; commit = commit->next)
		if ((commit->state == COMMIT_OFFERED || commit->state == COMMIT_HELD) && commit->due_ms < due_ms)
			due_ms = commit->due_ms;
	return due_ms - telemetry->now.monotonic_ms;
}

int64_t telemetry_tick(struct telemetry *telemetry, struct moment now)
{
	int64_t edge_ms = INT64_MAX;

	telemetry->now = now;
	tellings_go_on(&telemetry->tellings);
	forget_exchanges(telemetry);
	settle_windows(telemetry);
	settle(telemetry);
	if (telemetry->parts.edge)
		edge_ms = edge_tick(telemetry->parts.edge, now.wall_ms, telemetry_put_window, telemetry);
	telemetry_withdraw_late(telemetry);
	if (telemetry->open && now.monotonic_ms >= telemetry->open->due_ms)
		telemetry_close_open(telemetry);
	if (!telemetry->evicting)
		telemetry_submit_closed(telemetry);
	int64_t next_ms = gaps_tick(telemetry->parts.gaps);
	if (edge_ms < next_ms)
		next_ms = edge_ms;
	if (next_due_ms(telemetry) < next_ms)
		next_ms = next_due_ms(telemetry);
	if (tellings_wait(&telemetry->tellings))
		return 0;
	return work_waits(telemetry) && next_ms > SUBMIT_RETRY_MS ? SUBMIT_RETRY_MS : next_ms;
}

/* Waits until the store has said of all that was submitted whether it has it. */
static void await_answers(struct telemetry *telemetry)
{
	struct segment_summary summary;

	(void)store_segment_summary(telemetry->parts.store, &summary);
	store_dispatch(telemetry->parts.store);
}

/* The broker may have what the store does not: after a power cut nothing but the reserved numbers tells of it. */
static bool numbers_are_stored(const struct telemetry *telemetry)
{
	const struct commit *commit = telemetry->commits;

	while (commit && !commit->numbered)
		commit = commit->next;
	return !commit;
}

void telemetry_flush(struct telemetry *telemetry, struct moment now)
{
	telemetry->now = now;
	telemetry->closing = true;
	telemetry_close_open(telemetry);
	for (struct commit *commit = telemetry->commits; commit; commit = commit->next)
		if (commit->state == COMMIT_OFFERED || commit->state == COMMIT_HELD)
			commit->state = COMMIT_CLOSED;
	if (!telemetry->evicting)
		telemetry_submit_closed(telemetry);
	await_answers(telemetry);
	tellings_finish(&telemetry->tellings);
	(void)gaps_tick(telemetry->parts.gaps);
	if (numbers_are_stored(telemetry))
		numbers_stop(&telemetry->numbers);
}

/* What the broker may have stays in the runtime folder, where the next start finds it. */
static void end_commit(struct telemetry *telemetry, struct commit *commit)
{
	if (commit->numbered && telemetry->parts.publish)
		publish_abandon(telemetry->parts.publish, commit->first);
	if (commit->delivered)
		fail_commit(telemetry, commit, -ENOBUFS);
	else
		forget_commit(telemetry, commit, -ENOBUFS);
}

void telemetry_close(struct telemetry *telemetry)
{
	if (!telemetry)
		return;
	telemetry_close_open(telemetry);
	while (telemetry->commits)
		end_commit(telemetry, telemetry->commits);
	tellings_finish(&telemetry->tellings);
	runtime_memory_close(telemetry->memory);
	exchange_table_finish(&telemetry->exchanges);
	segment_packer_close(telemetry->packer);
	free(telemetry);
}

int telemetry_observe(struct telemetry *telemetry, const struct telemetry_observer *observer)
{
	if (telemetry->observer_count == TELEMETRY_OBSERVERS_MAX)
		return -ENOBUFS;
	telemetry->observers[telemetry->observer_count++] = observer;
	return 0;
}

void telemetry_unobserve(struct telemetry *telemetry, const struct telemetry_observer *observer)
{
	for (size_t i = telemetry->observer_count; i > 0; i--)
		if (telemetry->observers[i - 1] == observer)
			telemetry->observers[i - 1] = telemetry->observers[--telemetry->observer_count];
}

void telemetry_figures(const struct telemetry *telemetry, struct telemetry_figures *out)
{
	*out = telemetry->figures;
	out->next = telemetry->numbers.next;
	out->offers = telemetry->numbers.early && runtime_memory_works(telemetry->memory);
}
