#include "gateway/publish.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/uplink.h"
#include "gateway/batch.h"
#include "gateway/boot_clock.h"
#include "gateway/bucket.h"
#include "gateway/drain_window.h"
#include "gateway/gaps.h"
#include "gateway/log.h"
#include "gateway/puback_pace.h"
#include "gateway/segment_pack.h"
#include "gateway/sparkplug_edge.h"
#include "gateway/stream.h"
#include "gateway/telemetry.h"
#include "gateway/telemetry_settings.h"
#include "store/segment_store.h"

#define LIVE_BYTES_MAX                                                                                     \
	(2 * 1024 * 1024)      /* held for an uplink that is slower than the nodes; more goes to the store \
				*/
#define LOAD_BYTES (64 * 1024) /* of compressed backlog, read at once */
#define BACKLOG_LOW 1000       /* readings left to send when more are read */
#define DISCARDS_AT_ONCE 4096
#define RETRY_MS 1000
#define CLOCK_PATIENCE_MS (5 * 60 * 1000) /* for the clock to be set, once there is a network to ask for the time */
#define REFUSED_RETRY_MS (10 * 1000)
#define NEVER (INT64_MAX / 2)

enum cap { CAP_READINGS, CAP_BYTES, CAP_MESSAGES, CAP_COUNT };

/* A batch that the broker has not acknowledged. */
struct flight {
	uint64_t ticket;
	uint64_t first, last; /* readings; 0: gaps */
	size_t bytes;
	int64_t sent_ms;
	bool historic; /* of the backlog */
};

struct publish {
	struct publish_parts parts;
	struct batch *batch;
	struct stream live, backlog;
	/* What is only in the store: segments from `backlog_from` and below `backlog_below`, but for those held and
	 * those being discarded. */
	uint64_t backlog_from, backlog_below;
	bool loading, load_stale, paused;
	uint64_t loaded, load_below; /* of the load under way: segments so far, and where it ends */
	int64_t load_at_ms;

	bool connected, reset_due;
	unsigned window;
	size_t limit; /* readings in a batch that the broker takes, as far as known */
	int64_t hold_until_ms;
	int64_t clock_until_ms;        /* a clock that was never set is waited for so long */
	int64_t live_since_ms;         /* when the first live reading began to wait */
	struct bucket caps[CAP_COUNT]; /* of the backlog */
	struct drain_window drain;
	struct puback_pace pace;
	uint64_t ticket;
	struct flight *flights; /* UPLINK_WINDOW_MAX */
	size_t flight_count, historic_count;
	struct gap told[GAPS_MAX]; /* gaps in flight */
	size_t told_count;

	/* Delivered segments that the store still has; the first `discarding` of them it is about to forget. */
	uint64_t *gone;
	size_t gone_count, gone_room, discarding;
	int64_t discard_at_ms;
	struct moment now; /* of the last event */
	struct publish_figures figures;
};

int publish_open(struct publish **out, const struct publish_parts *parts)
{
	const struct telemetry_settings *settings = parts->settings;
	struct batch_options options = { parts->gateway, settings->format, settings->compression,
		(size_t)settings->batch_bytes, parts->edge };
	struct segment_summary summary;
	int result = store_segment_summary(parts->store, &summary);

	if (result < 0)
		return result;
	struct publish *publish = calloc(1, sizeof(*publish));
	if (!publish)
		return -ENOMEM;
	publish->parts = *parts;
	stream_init(&publish->live);
	stream_init(&publish->backlog);
	publish->backlog_from = summary.first;
	publish->backlog_below = summary.readings > 0 ? summary.next : summary.first;
	publish->figures.waiting = summary.readings;
	publish->flights = calloc(UPLINK_WINDOW_MAX, sizeof(publish->flights[0]));
	if (!publish->flights || batch_open(&publish->batch, &options) < 0) {
		publish_close(publish);
		return -ENOMEM;
	}
	*out = publish;
	return 0;
}

static void lose(struct publish *publish, const struct gap *gap)
{
	publish->figures.lost += gap->lost;
	publish->figures.waiting -= gap->lost;
	gaps_add(publish->parts.gaps, gap);
}

static void mark_backlog(struct publish *publish, uint64_t first, uint64_t below)
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

/* The store does not have it: who offered it must store it. */
static void let_go_of_offer(struct publish *publish, const struct held_segment *segment)
{
	publish->figures.waiting -= segment->undelivered;
	if (segment->settled)
		segment->settled(segment->settled_context, -ENOTCONN);
}

static void let_go_of_one(struct publish *publish, const struct held_segment *segment)
{
	uint64_t last = segment->first + segment->count - 1;
	struct gap gap = { segment->first, last, segment->undelivered, GAP_QUOTA };

	if (segment->unstored) {
		let_go_of_offer(publish, segment);
		return;
	}
	if (segment->evicted) {
		lose(publish, &gap);
		return;
	}
	mark_backlog(publish, segment->first, last + 1);
	publish->figures.waiting += segment->count - segment->undelivered;
}

/* Forgets what is in memory: it is in the store and will be read again, but for what the store does not have. */
static void let_go(struct publish *publish, struct stream *stream)
{
	struct held_segment *segment;

	while ((segment = stream_pop(stream))) {
		let_go_of_one(publish, segment);
		held_segment_free(segment);
	}
}

/* All that is not delivered goes again, under the same numbers. */
static void reset(struct publish *publish)
{
	publish->reset_due = false;
	publish->load_stale = publish->loading;
	publish->flight_count = publish->historic_count = 0;
	publish->told_count = 0;
	let_go(publish, &publish->live);
	let_go(publish, &publish->backlog);
}

void publish_close(struct publish *publish)
{
	struct held_segment *segment;

	if (!publish)
		return;
	while ((segment = stream_pop(&publish->live)) || (segment = stream_pop(&publish->backlog)))
		held_segment_free(segment);
	batch_close(publish->batch);
	free(publish->flights);
	free(publish->gone);
	free(publish);
}

/* NULL: no memory; it stays in the store only. */
static struct held_segment *hold(const struct kept_segment *kept)
{
	struct held_segment *segment = calloc(1, sizeof(*segment));

	if (!segment)
		return NULL;
	segment->first = kept->first;
	segment->count = segment->undelivered = kept->count;
	segment->boot = kept->boot;
	segment->data = kept->data;
	segment->size = kept->size;
	return segment;
}

/* Holds it among the live ones, if there is room and it is newer than all of them. */
static struct held_segment *push_live(struct publish *publish, struct kept_segment *taken)
{
	const struct held_segment *newest = publish->live.tail;
	bool room = publish->connected && publish->live.bytes + taken->size <= LIVE_BYTES_MAX &&
		    !(newest && newest->first > taken->first);
	struct held_segment *segment = room ? hold(taken) : NULL;

	if (!segment)
		return NULL;
	taken->data = NULL;
	if (publish->live.waiting == 0)
		publish->live_since_ms = publish->now.monotonic_ms;
	stream_push(&publish->live, segment);
	publish->figures.waiting += taken->count;
	return segment;
}

void publish_on_kept(struct publish *publish, struct kept_segment *taken, struct moment now)
{
	publish->now = now;
	if (push_live(publish, taken))
		return;
	publish->figures.waiting += taken->count;
	mark_backlog(publish, taken->first, taken->first + taken->count);
}

/* Readings without the right time wait: it will be known as soon as the clock is set, if it ever is. */
static bool awaits_clock(const struct publish *publish)
{
	return publish->parts.clock && boot_clock_is_unset(publish->now) &&
	       publish->now.monotonic_ms < publish->clock_until_ms;
}

/* Whether a PUBACK would say that the broker has it, and one may be expected. */
static bool takes_offers(const struct publish *publish)
{
	if (!publish->connected || publish->reset_due || publish->now.monotonic_ms < publish->hold_until_ms ||
		awaits_clock(publish))
		return false;
	/* At QoS 0 that a message was delivered means that it was sent. */
	return !publish->parts.edge || sparkplug_edge_is_acknowledged(publish->parts.edge);
}

int publish_offer(
	struct publish *publish, struct kept_segment *taken, const struct segment_offer *offer, struct moment now)
{
	publish->now = now;
	struct held_segment *segment = takes_offers(publish) ? push_live(publish, taken) : NULL;
	if (!segment)
		return -EAGAIN;
	segment->unstored = true;
	segment->settled = offer->settled;
	segment->settled_context = offer->context;
	return 0;
}

int64_t publish_patience_ms(const struct publish *publish)
{
	return takes_offers(publish) ? puback_pace_patience_ms(&publish->pace) : 0;
}

void publish_was_slow(struct publish *publish)
{
	puback_pace_miss(&publish->pace);
}

static struct held_segment *find_offer(const struct publish *publish, uint64_t first)
{
	struct held_segment *segment = stream_find(&publish->live, first);

	return segment && segment->unstored ? segment : NULL;
}

bool publish_on_stored(struct publish *publish, uint64_t first)
{
	struct held_segment *segment = find_offer(publish, first);

	if (!segment)
		return false;
	segment->unstored = false;
	segment->settled = NULL;
	return true;
}

void publish_abandon(struct publish *publish, uint64_t first)
{
	struct held_segment *segment = find_offer(publish, first);

	if (segment)
		segment->settled = NULL;
}

static struct held_segment *find_held(const struct publish *publish, uint64_t first)
{
	struct held_segment *segment = stream_find(&publish->live, first);

	return segment ? segment : stream_find(&publish->backlog, first);
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
		lose(publish, &gap);
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
	mark_backlog(publish, first, first + count);
}

void publish_on_connected(struct publish *publish, unsigned window, struct moment now)
{
	publish->now = now;
	publish->connected = true;
	publish->window = window > 0 ? window : 1;
	publish->limit = SIZE_MAX;
	publish->hold_until_ms = 0;
	publish->clock_until_ms = now.monotonic_ms + CLOCK_PATIENCE_MS;
	puback_pace_init(&publish->pace);
	drain_window_init(&publish->drain);
	for (int i = 0; i < CAP_COUNT; i++)
		bucket_init(&publish->caps[i], now.monotonic_ms);
}

void publish_on_disconnected(struct publish *publish, struct moment now)
{
	publish->now = now;
	publish->connected = false;
	reset(publish);
}

static void note_gone(struct publish *publish, uint64_t first)
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

static void on_gone(void *context, struct held_segment *segment)
{
	struct publish *publish = context;

	if (segment->evicted)
		gaps_came(publish->parts.gaps, segment->first, segment->first + segment->count - 1);
	if (!segment->unstored)
		note_gone(publish, segment->first);
	else if (segment->settled)
		segment->settled(segment->settled_context, 0);
	held_segment_free(segment);
}

void publish_discard(struct publish *publish, uint64_t first)
{
	if (!is_gone(publish, first))
		note_gone(publish, first);
}

static void on_discarded(void *context, int result)
{
	struct publish *publish = context;
	size_t done = result == 0 ? publish->discarding : 0;

	publish->discarding = 0;
	publish->gone_count -= done;
	memmove(publish->gone, publish->gone + done, publish->gone_count * sizeof(publish->gone[0]));
	if (result < 0)
		publish->discard_at_ms = publish->now.monotonic_ms + RETRY_MS;
}

static void discard_gone(struct publish *publish)
{
	size_t count = publish->gone_count < DISCARDS_AT_ONCE ? publish->gone_count : DISCARDS_AT_ONCE;
	struct store_reply reply = { on_discarded, publish };

	if (count == 0 || publish->discarding > 0 || publish->now.monotonic_ms < publish->discard_at_ms)
		return;
	if (store_segment_discard(
		    publish->parts.store, publish->gone, count, publish->now.wall_ms - EXCHANGE_LIFE_MS, reply) == 0)
		publish->discarding = count;
}

void publish_flush(struct publish *publish, struct moment now)
{
	publish->now = now;
	publish->connected = false;
	publish->discard_at_ms = 0;
	discard_gone(publish);
}

static void lose_damaged(struct publish *publish, const struct stored_segment *stored, int error)
{
	struct gap gap = { stored->first, stored->first + stored->count - 1, stored->count, GAP_DAMAGED };

	log_error("telemetry.damaged first=%llu readings=%u error=%d", (unsigned long long)stored->first, stored->count,
		-error);
	lose(publish, &gap);
	note_gone(publish, stored->first);
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
		struct held_segment *segment = result == 0 ? hold(&kept) : NULL;

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
		publish->load_at_ms = publish->now.monotonic_ms + RETRY_MS;
	else if (!stale && publish->loaded == 0)
		publish->backlog_from = publish->load_below;
}

static bool backlog_in_store(const struct publish *publish)
{
	return publish->backlog_from < publish->backlog_below;
}

/* What came late has to wait until the newer ones that are held have gone. */
static bool backlog_is_readable(const struct publish *publish)
{
	const struct held_segment *newest = publish->backlog.tail;

	return backlog_in_store(publish) && !(newest && publish->backlog_from < newest->first);
}

static void load_backlog(struct publish *publish)
{
	struct segment_reader reader = { on_segment, on_loaded, publish };

	if (!publish->connected || publish->loading || publish->paused || !backlog_is_readable(publish) ||
		publish->backlog.waiting >= BACKLOG_LOW || publish->backlog.bytes > LIVE_BYTES_MAX ||
		publish->now.monotonic_ms < publish->load_at_ms)
		return;
	publish->loaded = 0;
	publish->load_below = publish->backlog_below;
	if (store_segment_load(
		    publish->parts.store, publish->backlog_from, publish->backlog_below, LOAD_BYTES, reader) == 0)
		publish->loading = true;
}

static size_t batch_limit(const struct publish *publish)
{
	size_t set = (size_t)publish->parts.settings->batch_count;

	return set < publish->limit ? set : publish->limit;
}

static int send(struct publish *publish, struct uplink_message *message, uint64_t first, uint64_t last)
{
	struct flight flight = { PUBLISH_TICKETS | publish->ticket, first, last, message->size,
		publish->now.monotonic_ms };

	if (!message->topic) {
		message->topic = publish->parts.topic;
		message->quality = 1;
	}
	int result = publish->parts.send(publish->parts.context, message, flight.ticket);
	if (result < 0)
		return result;
	publish->ticket++;
	publish->flights[publish->flight_count++] = flight;
	return 0;
}

static void on_delivered_range(struct publish *publish, uint64_t first, uint64_t last)
{
	stream_delivered(&publish->live, first, last, on_gone, publish);
	stream_delivered(&publish->backlog, first, last, on_gone, publish);
}

static bool is_in_offer(const struct publish *publish, uint64_t number)
{
	const struct held_segment *segment = publish->live.head;

	while (segment && segment->first + segment->count <= number)
		segment = segment->next;
	return segment && segment->first <= number && segment->unstored;
}

/* The broker takes no message of this size: a smaller one next time or, if it cannot be smaller, a gap. */
static bool give_up_size(struct publish *publish, uint64_t first, uint64_t last)
{
	struct gap gap = { first, last, 1, GAP_TOO_LARGE };

	if (last > first) {
		publish->limit = (size_t)(last - first + 1) / 2;
		return false;
	}
	if (is_in_offer(publish, first)) {
		/* What nobody but its node has is not given up: it is stored, then sent and given up from there. */
		publish->reset_due = true;
		return false;
	}
	log_error("telemetry.too_large reading=%llu", (unsigned long long)first);
	lose(publish, &gap);
	on_delivered_range(publish, first, last);
	return true;
}

static void wait_for_broker(struct publish *publish, int result)
{
	log_warning("telemetry.refused error=%d retry_s=%d", -result, REFUSED_RETRY_MS / 1000);
	publish->hold_until_ms = publish->now.monotonic_ms + REFUSED_RETRY_MS;
}

static void fill_caps(struct publish *publish)
{
	const struct telemetry_settings *settings = publish->parts.settings;
	const int64_t rates[CAP_COUNT] = { settings->backlog_rate, settings->backlog_bytes,
		settings->backlog_messages };

	for (int i = 0; i < CAP_COUNT; i++)
		bucket_fill(&publish->caps[i], rates[i], publish->now.monotonic_ms);
}

/* The batch that was sent last is of the backlog. */
static void note_historic(struct publish *publish, size_t readings, size_t bytes)
{
	publish->flights[publish->flight_count - 1].historic = true;
	publish->historic_count++;
	bucket_take(&publish->caps[CAP_READINGS], (int64_t)readings);
	bucket_take(&publish->caps[CAP_BYTES], (int64_t)bytes);
	bucket_take(&publish->caps[CAP_MESSAGES], 1);
}

/* Until the backlog's caps let another batch through; 0: now. */
static int64_t caps_wait_ms(const struct publish *publish)
{
	int64_t wait_ms = 0;

	for (int i = 0; i < CAP_COUNT; i++)
		if (bucket_wait_ms(&publish->caps[i]) > wait_ms)
			wait_ms = bucket_wait_ms(&publish->caps[i]);
	return wait_ms;
}

/* Sends one batch of the stream; false if nothing went out, and nothing will before something else happens. */
static bool send_batch(struct publish *publish, struct stream *stream)
{
	struct stream_place place = stream_place(stream);
	struct uplink_message message = { 0 };
	struct batch_label label;

	batch_begin(publish->batch);
	if (stream == &publish->backlog)
		batch_mark_historical(publish->batch);
	stream_fill(
		stream, &(struct stream_filling){ publish->batch, batch_limit(publish), publish->parts.clock }, &label);
	size_t count = batch_count(publish->batch);
	if (count == 0)
		return false; /* no memory: the next tick tries again */
	uint64_t last = label.first + count - 1;
	int result = batch_announce(publish->batch);
	if (result == 0) {
		batch_finish(publish->batch, &label, &message);
		result = send(publish, &message, label.first, last);
	}
	if (result == 0) {
		batch_sent(publish->batch);
		if (stream == &publish->backlog)
			note_historic(publish, count, message.size);
		else if (publish->live.waiting == 0 || publish->parts.settings->format != BATCH_SPARKPLUG)
			publish->live_since_ms = publish->now.monotonic_ms; /* what waits has come since */
		return true;
	}
	if (result == -EMSGSIZE && give_up_size(publish, label.first, last))
		return true;
	stream_rewind(stream, &place);
	if (result != -EMSGSIZE && result != -ENOTCONN && result != -ENOBUFS)
		wait_for_broker(publish, result);
	return result == -EMSGSIZE && !publish->reset_due;
}

static bool send_gaps(struct publish *publish)
{
	struct uplink_message message = { 0 };
	size_t count = gaps_count(publish->parts.gaps);

	if (count == 0 || publish->told_count > 0)
		return false;
	for (size_t i = 0; i < count; i++)
		publish->told[i] = *gaps_at(publish->parts.gaps, i);
	batch_write_gaps(publish->batch, publish->told, count, &message);
	if (send(publish, &message, 0, 0) < 0)
		return false;
	publish->told_count = count;
	return true;
}

static bool live_is_due(const struct publish *publish)
{
	int64_t age_ms = publish->now.monotonic_ms - publish->live_since_ms;

	if (publish->live.waiting == 0)
		return false;
	return publish->live.waiting >= batch_limit(publish) || publish->live.bytes > LIVE_BYTES_MAX / 2 ||
	       publish->live.tail->unstored || age_ms >= publish->parts.settings->batch_age_ms;
}

/* One place in the window is left to live readings. */
static bool backlog_is_due(const struct publish *publish, size_t window)
{
	bool full = publish->backlog.waiting >= batch_limit(publish);
	bool more_comes = publish->loading || backlog_is_readable(publish);

	if (publish->backlog.waiting == 0 || (!full && more_comes))
		return false;
	if (window > 1 && publish->flight_count + 1 >= window)
		return false;
	if (publish->historic_count >= publish->drain.size)
		return false;
	return caps_wait_ms(publish) == 0;
}

static void send_due(struct publish *publish)
{
	size_t window = (size_t)publish->parts.settings->window;
	bool more = true;

	if (window > publish->window)
		window = publish->window;
	while (more && publish->flight_count < window) {
		if (live_is_due(publish))
			more = send_batch(publish, &publish->live);
		else if (!send_gaps(publish))
			more = backlog_is_due(publish, window) && send_batch(publish, &publish->backlog);
	}
}

static int64_t next_tick_ms(const struct publish *publish)
{
	const struct telemetry_settings *settings = publish->parts.settings;
	int64_t now_ms = publish->now.monotonic_ms;
	int64_t next_ms = NEVER;

	if (publish->reset_due)
		return 1;
	if (publish->gone_count > 0 && publish->discarding == 0)
		next_ms = RETRY_MS;
	if (!publish->connected)
		return next_ms;
	if (awaits_clock(publish))
		return next_ms < RETRY_MS ? next_ms : RETRY_MS;
	if (publish->hold_until_ms > now_ms)
		return publish->hold_until_ms - now_ms < next_ms ? publish->hold_until_ms - now_ms : next_ms;
	if (publish->live.waiting > 0 && publish->live_since_ms + settings->batch_age_ms - now_ms < next_ms)
		next_ms = publish->live_since_ms + settings->batch_age_ms - now_ms;
	if (publish->backlog.waiting > 0 && caps_wait_ms(publish) > 0 && caps_wait_ms(publish) < next_ms)
		next_ms = caps_wait_ms(publish);
	if (!publish->loading && backlog_in_store(publish) && next_ms > RETRY_MS)
		next_ms = RETRY_MS;
	return next_ms > 0 ? next_ms : 1;
}

int64_t publish_tick(struct publish *publish, struct moment now)
{
	publish->now = now;
	if (publish->reset_due)
		reset(publish);
	discard_gone(publish);
	if (publish->connected && now.monotonic_ms >= publish->hold_until_ms && !awaits_clock(publish)) {
		fill_caps(publish);
		send_due(publish);
		load_backlog(publish);
	}
	return next_tick_ms(publish);
}

static void forget_told(struct publish *publish)
{
	for (size_t i = 0; i < publish->told_count; i++)
		gaps_forget(publish->parts.gaps, &publish->told[i]);
	publish->told_count = 0;
}

static void on_flight_landed(struct publish *publish, const struct flight *flight)
{
	publish->figures.batches++;
	publish->figures.payload_bytes += flight->bytes;
	puback_pace_note(&publish->pace, publish->now.monotonic_ms - flight->sent_ms);
	drain_window_note(&publish->drain, flight->sent_ms, publish->now.monotonic_ms,
		publish->historic_count >= publish->drain.size);
	publish->historic_count -= flight->historic;
	if (flight->first == 0) {
		forget_told(publish);
		return;
	}
	publish->figures.delivered += flight->last - flight->first + 1;
	publish->figures.waiting -= flight->last - flight->first + 1;
	on_delivered_range(publish, flight->first, flight->last);
}

void publish_on_delivered(struct publish *publish, uint64_t ticket, int result, struct moment now)
{
	size_t i = 0;

	publish->now = now;
	while (i < publish->flight_count && publish->flights[i].ticket != ticket)
		i++;
	if (i == publish->flight_count)
		return;
	struct flight flight = publish->flights[i];
	publish->flight_count--;
	memmove(&publish->flights[i], &publish->flights[i + 1], (publish->flight_count - i) * sizeof(flight));
	if (result == 0) {
		on_flight_landed(publish, &flight);
		return;
	}
	publish->historic_count -= flight.historic;
	if (result == -EMSGSIZE && flight.first > 0 && give_up_size(publish, flight.first, flight.last))
		return;
	publish->reset_due = true;
	if (result != -EMSGSIZE && result != -ENOTCONN)
		wait_for_broker(publish, result);
}

void publish_figures(const struct publish *publish, struct publish_figures *out)
{
	*out = publish->figures;
	out->connected = publish->connected;
	out->in_flight = publish->flight_count;
}
