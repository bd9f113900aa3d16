#include "gateway/publish.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/uplink.h"
#include "gateway/batch.h"
#include "gateway/log.h"
#include "gateway/publish_state.h"
#include "gateway/telemetry_settings.h"
#include "store/segment_store.h"

#define CLOCK_PATIENCE_MS (5 * 60 * 1000) /* for the clock to be set, once there is a network to ask for the time */
#define REFUSED_RETRY_MS (10 * 1000)
#define NEVER (INT64_MAX / 2)

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

static void let_go_of_one(struct publish *publish, const struct held_segment *segment)
{
	uint64_t last = segment->first + segment->count - 1;
	struct gap gap = { segment->first, last, segment->undelivered, GAP_QUOTA };

	if (segment->unstored) {
		publish_let_go_of_offer(publish, segment);
		return;
	}
	if (segment->evicted) {
		publish_lose(publish, &gap);
		return;
	}
	publish_mark_backlog(publish, segment->first, last + 1);
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

struct held_segment *publish_hold(const struct kept_segment *kept)
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

struct held_segment *publish_push_live(struct publish *publish, struct kept_segment *taken)
{
	const struct held_segment *newest = publish->live.tail;
	bool room = publish->connected && publish->live.bytes + taken->size <= PUBLISH_LIVE_BYTES_MAX &&
		    !(newest && newest->first > taken->first);
	struct held_segment *segment = room ? publish_hold(taken) : NULL;

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
	if (publish_push_live(publish, taken))
		return;
	publish->figures.waiting += taken->count;
	publish_mark_backlog(publish, taken->first, taken->first + taken->count);
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

static void on_gone(void *context, struct held_segment *segment)
{
	struct publish *publish = context;

	if (segment->evicted)
		gaps_came(publish->parts.gaps, segment->first, segment->first + segment->count - 1);
	if (!segment->unstored)
		publish_note_gone(publish, segment->first);
	else if (segment->settled)
		segment->settled(segment->settled_context, 0);
	held_segment_free(segment);
}

void publish_flush(struct publish *publish, struct moment now)
{
	publish->now = now;
	publish->connected = false;
	publish->discard_at_ms = 0;
	publish_discard_gone(publish);
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

/* The broker takes no message of this size: a smaller one next time or, if it cannot be smaller, a gap. */
static bool give_up_size(struct publish *publish, uint64_t first, uint64_t last)
{
	struct gap gap = { first, last, 1, GAP_TOO_LARGE };

	if (last > first) {
		publish->limit = (size_t)(last - first + 1) / 2;
		return false;
	}
	if (publish_is_in_offer(publish, first)) {
		/* What nobody but its node has is not given up: it is stored, then sent and given up from there. */
		publish->reset_due = true;
		return false;
	}
	log_error("telemetry.too_large reading=%llu", (unsigned long long)first);
	publish_lose(publish, &gap);
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
	return publish->live.waiting >= batch_limit(publish) || publish->live.bytes > PUBLISH_LIVE_BYTES_MAX / 2 ||
	       publish->live.tail->unstored || age_ms >= publish->parts.settings->batch_age_ms;
}

/* One place in the window is left to live readings. */
static bool backlog_is_due(const struct publish *publish, size_t window)
{
	bool full = publish->backlog.waiting >= batch_limit(publish);
	bool more_comes = publish->loading || publish_backlog_is_readable(publish);

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
		next_ms = PUBLISH_RETRY_MS;
	if (!publish->connected)
		return next_ms;
	if (publish_awaits_clock(publish))
		return next_ms < PUBLISH_RETRY_MS ? next_ms : PUBLISH_RETRY_MS;
	if (publish->hold_until_ms > now_ms)
		return publish->hold_until_ms - now_ms < next_ms ? publish->hold_until_ms - now_ms : next_ms;
	if (publish->live.waiting > 0 && publish->live_since_ms + settings->batch_age_ms - now_ms < next_ms)
		next_ms = publish->live_since_ms + settings->batch_age_ms - now_ms;
	if (publish->backlog.waiting > 0 && caps_wait_ms(publish) > 0 && caps_wait_ms(publish) < next_ms)
		next_ms = caps_wait_ms(publish);
	if (!publish->loading && publish_has_backlog_stored(publish) && next_ms > PUBLISH_RETRY_MS)
		next_ms = PUBLISH_RETRY_MS;
	return next_ms > 0 ? next_ms : 1;
}

int64_t publish_tick(struct publish *publish, struct moment now)
{
	publish->now = now;
	if (publish->reset_due)
		reset(publish);
	publish_discard_gone(publish);
	if (publish->connected && now.monotonic_ms >= publish->hold_until_ms && !publish_awaits_clock(publish)) {
		fill_caps(publish);
		send_due(publish);
		publish_load_backlog(publish);
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
