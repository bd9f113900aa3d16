/* Blocks and pages of the OTA Upgrade server: each from its request alone, in turn, as far as the air bears. */
#include <errno.h>

#include "drivers/image_source.h"
#include "drivers/zigbee_upgrades_state.h"

#define HELD_MS 400        /* an awake node's request, before it is told to wait; clients give up after seconds */
#define HELD_SLEEPY_MS 150 /* it stays awake for as long */
#define FETCHED_MS 500     /* until bytes that are not in memory are there */
#define PLACE_MS 15000     /* for so long after a request a transfer goes on */
#define PLACE_SLEEPY_MS 60000
#define ANYWAY_MS 2000      /* longest silence for a client that does not know how to wait */
#define WITHDRAWN_MS 600000 /* for so long a transfer whose offer is gone waits for another */
#define STARTED_MS 60000    /* and for so long after the start */
#define START_WAIT_MS 5000  /* the offers are on their way then */
#define THROTTLE_MS 2000    /* shorter waits are a pause between blocks */
#define THROTTLED_MS 10000  /* a pause that was not needed for so long is taken back */
#define PROBE_PERIOD 2      /* seconds or milliseconds: that it tells */
#define PROBE_SECONDS_MS 1700
#define WAIT_MOST_S 3600
#define LOSSES_MOST 3
#define RESENDS_MOST 3
#define RESEND_MS 50
#define REQUEST_ASDU 17
#define REPEATED_MS 1000
#define KIND_ANY 0xffff

static bool refuses_wait(const struct upgrade_node *node)
{
	return node->kind->refuses_wait || node->refuses_wait;
}

/* ---- whose turn it is ---- */

static void enqueue(struct zigbee_upgrades *upgrades, struct upgrade_node *node)
{
	struct upgrade_node **at = &upgrades->ready;

	if (node->want.queued)
		return;
	/* A sleeper listens for a moment only: before those that are awake, behind other sleepers. */
	while (*at && (!node->peer.sleeps || (*at)->peer.sleeps))
		at = &(*at)->next_ready;
	node->want.queued = true;
	node->next_ready = *at;
	*at = node;
}

static void dequeue(struct zigbee_upgrades *upgrades, struct upgrade_node *node)
{
	struct upgrade_node **at = &upgrades->ready;

	if (!node->want.queued)
		return;
	while (*at != node)
		at = &(*at)->next_ready;
	*at = node->next_ready;
	node->want.queued = false;
}

void upgrade_drop_want(struct zigbee_upgrades *upgrades, struct upgrade_node *node)
{
	dequeue(upgrades, node);
	node->want.active = node->want.starved = false;
}

/* ---- wait ---- */

static void abort_transfer(struct zigbee_upgrades *upgrades, struct upgrade_node *node, int64_t now_ms)
{
	const struct zigbee_upgrade answer = { .command = UPGRADE_BLOCK_RESPONSE, .status = ZCL_ABORT };

	upgrades->counters.aborts++;
	upgrade_drop_want(upgrades, node);
	upgrade_leave_place(upgrades, node);
	upgrade_answer(upgrades, node, &answer, node->want.sequence, now_ms);
}

/* In the unit that the node counts in; the first time a number that tells which, so that 300 ms are not five minutes.
 */
static uint16_t period_for(struct upgrade_node *node, int64_t ms)
{
	struct upgrade_period *period = &node->period;

	if (node->kind->counts_seconds)
		period->unit = UNIT_SECONDS;
	if (period->unit == UNIT_MS)
		return (uint16_t)ms;
	if (period->unit == UNIT_SECONDS)
		return (uint16_t)((ms + 999) / 1000);
	period->unit = UNIT_PROBED;
	return PROBE_PERIOD;
}

static void send_wait(struct zigbee_upgrades *upgrades, struct upgrade_node *node, int64_t wait_ms, int64_t now_ms)
{
	struct zigbee_upgrade answer = { .command = UPGRADE_BLOCK_RESPONSE,
		.status = ZCL_WAIT_FOR_DATA,
		.has_period = true,
		.period = node->period.set ? node->period.set : node->period.told };
	bool throttles = wait_ms > 0 && wait_ms < THROTTLE_MS && node->period.honoured;

	if (throttles) {
		answer.period = node->period.set = period_for(node, wait_ms);
		node->period.throttled_ms = now_ms;
	}
	if (wait_ms == 0)
		answer.period = node->period.set = 0;
	/* A pause between blocks is enough, once it is known how the node counts. */
	bool pause_is_enough = throttles && node->period.unit >= UNIT_MS;
	if (!pause_is_enough)
		answer.at_s = offer_seconds_until(wait_ms, 0);
	if (answer.at_s > WAIT_MOST_S)
		answer.at_s = WAIT_MOST_S;
	upgrades->counters.waits++;
	node->told_to_wait = true;
	node->nudge_ms = now_ms + (int64_t)answer.at_s * 1000 + upgrade_silence_ms(node);
	upgrade_answer(upgrades, node, &answer, node->want.sequence, now_ms);
}

/* Tells the node to ask again later; a page begins anew then. */
static void put_off(struct zigbee_upgrades *upgrades, struct upgrade_node *node, int64_t wait_ms, int64_t now_ms)
{
	if (refuses_wait(node)) {
		dequeue(upgrades, node);
		node->want.next_ms = now_ms + (wait_ms < ANYWAY_MS ? wait_ms : ANYWAY_MS);
		return;
	}
	upgrade_drop_want(upgrades, node);
	send_wait(upgrades, node, wait_ms, now_ms);
}

/* How fast blocks come after a pause of PROBE_PERIOD was asked for tells the unit. */
static void judge_unit(struct upgrade_period *period, int64_t now_ms)
{
	if (period->unit != UNIT_PROBED || period->served_ms == 0 || period->served_ms < period->throttled_ms)
		return;
	period->unit = now_ms - period->served_ms >= PROBE_SECONDS_MS ? UNIT_SECONDS : UNIT_MS;
}

/* ---- requests ---- */

/* No offer stands: it may come back, as after a halt; until then the node keeps what it has. */
static void answer_absent(struct zigbee_upgrades *upgrades, struct upgrade_node *node, int64_t now_ms)
{
	bool just_withdrawn = node->withdrawn_ms > 0 && now_ms - node->withdrawn_ms < WITHDRAWN_MS;
	bool just_started = now_ms - upgrades->opened_ms < STARTED_MS;

	if ((just_withdrawn || just_started) && !refuses_wait(node)) {
		upgrade_drop_want(upgrades, node);
		send_wait(upgrades, node, just_withdrawn ? OFFER_WAIT_MS : START_WAIT_MS, now_ms);
		return;
	}
	abort_transfer(upgrades, node, now_ms);
}

static bool is_offered_file(const struct upgrade_node *node, const struct zigbee_upgrade_file *asked)
{
	const struct zigbee_upgrade_file *file = &node->file.id;

	return asked->version == file->version &&
	       (asked->manufacturer == file->manufacturer || file->manufacturer == KIND_ANY) &&
	       (asked->image_type == file->image_type || file->image_type == KIND_ANY);
}

/* The radio repeats a request whose acknowledgement was lost; its answer is on its way. */
static bool is_repetition(
	const struct upgrade_node *node, const struct zigbee_upgrade *request, uint8_t sequence, int64_t now_ms)
{
	const struct upgrade_want *want = &node->want;

	return node->flying > 0 && want->sequence == sequence && !want->is_page && request->command == UPGRADE_BLOCK &&
	       want->offset == request->offset && now_ms - want->since_ms < REPEATED_MS;
}

/* Too large for the route, as it seems: smaller frames from here to the end. */
static void note_loss(struct upgrade_node *node, bool surely, int64_t offset)
{
	node->losses++;
	if (node->losses > LOSSES_MOST || (surely && offset == 0))
		node->cap = ZIGBEE_BLOCK_FALLBACK;
}

static void take_request(
	struct upgrade_node *node, const struct zigbee_upgrade *request, uint8_t sequence, int64_t now_ms)
{
	struct upgrade_want *want = &node->want;
	bool again = request->offset == want->offset && !want->is_page && want->since_ms > 0;
	uint32_t bytes = request->command == UPGRADE_PAGE ? request->page_bytes : request->most;
	uint32_t left = node->file.size > request->offset ? node->file.size - request->offset : 0;

	if (again && !node->told_to_wait)
		note_loss(node, false, request->offset);
	if (!again)
		node->losses = node->nudges = 0;
	node->told_to_wait = false;
	bool queued = want->queued;
	*want = (struct upgrade_want){ .active = true,
		.is_page = request->command == UPGRADE_PAGE,
		.queued = queued,
		.sequence = sequence,
		.file = request->file,
		.most = request->most,
		.offset = request->offset,
		.end = request->offset + (bytes < left ? bytes : left),
		.spacing_ms = request->spacing_ms,
		.since_ms = now_ms };
	node->period.honoured |= request->period_known;
	if (request->has_period)
		node->period.told = request->period;
}

static void note_request(struct upgrade_node *node, uint32_t offset, int64_t now_ms)
{
	if (node->phase != PHASE_LOADING || offset < node->began_offset || node->began_ms == 0) {
		node->began_ms = now_ms;
		node->began_offset = offset;
	}
	upgrade_enter(node, PHASE_LOADING, upgrade_silence_ms(node), now_ms);
}

/* Whether it has to wait, or to stop, before any byte is looked at. */
static bool is_turned_away(struct zigbee_upgrades *upgrades, struct upgrade_node *node, int64_t now_ms)
{
	int64_t window_ms = offer_wait_ms(&node->offer, now_ms);
	bool late = node->period.set > 0 && now_ms - node->period.throttled_ms > THROTTLED_MS;

	if (window_ms > 0 && refuses_wait(node)) {
		abort_transfer(upgrades, node, now_ms);
		return true;
	}
	if (window_ms > 0) {
		upgrade_leave_place(upgrades, node);
		put_off(upgrades, node, window_ms, now_ms);
		return true;
	}
	if (!upgrade_take_place(upgrades, node, node->peer.sleeps ? PLACE_SLEEPY_MS : PLACE_MS, now_ms) &&
		!refuses_wait(node)) {
		put_off(upgrades, node, upgrade_place_wait_ms(upgrades, node, now_ms), now_ms);
		return true;
	}
	if (late && node->period.unit != UNIT_PROBED) {
		put_off(upgrades, node, 0, now_ms);
		return true;
	}
	return false;
}

void upgrade_on_block(struct zigbee_upgrades *upgrades, struct upgrade_node *node, const struct zigbee_upgrade *request,
	uint8_t sequence, int64_t now_ms)
{
	if (is_repetition(node, request, sequence, now_ms))
		return;
	judge_unit(&node->period, now_ms);
	/* First, since how far a request goes follows from the file's size. */
	int loaded = upgrade_is_offered(node) ? upgrade_load_file(node) : -ENOENT;
	take_request(node, request, sequence, now_ms);
	if (!upgrade_is_offered(node)) {
		answer_absent(upgrades, node, now_ms);
		return;
	}
	if (loaded == -EAGAIN) {
		dequeue(upgrades, node);
		node->want.starved = true;
		node->want.end = UINT32_MAX;
		return;
	}
	if (loaded < 0 || !is_offered_file(node, &request->file) || request->most == 0 ||
		request->offset >= node->file.size || node->want.end == request->offset) {
		abort_transfer(upgrades, node, now_ms);
		return;
	}
	note_request(node, request->offset, now_ms);
	if (!is_turned_away(upgrades, node, now_ms))
		enqueue(upgrades, node);
}

/* ---- bytes ---- */

static uint8_t size_of_next(const struct zigbee_upgrades *upgrades, const struct upgrade_node *node)
{
	const struct upgrade_want *want = &node->want;
	uint32_t left = (want->end < node->file.size ? want->end : node->file.size) - want->offset;
	const struct zigbee_block_terms terms = { .asked = want->most,
		.most = (uint8_t)upgrades->settings->block_most,
		.relays = node->peer.relays,
		.cap = node->cap };
	uint8_t size = zigbee_block_size(node->kind, &terms);

	return size < left ? size : (uint8_t)left;
}

static size_t write_block(uint8_t frame[128], const struct upgrade_node *node, const uint8_t *bytes, size_t size)
{
	const struct zigbee_upgrade answer = { .command = UPGRADE_BLOCK_RESPONSE,
		.file = node->want.file, /* a file for any kind is of the one that asked */
		.offset = node->want.offset,
		.data = { bytes, size } };
	struct writer out;

	writer_init(&out, frame, 128);
	zigbee_upgrade_write(&out, &answer, node->want.sequence);
	return writer_size(&out);
}

static void note_served(struct zigbee_upgrades *upgrades, struct upgrade_node *node, uint32_t size, int64_t now_ms)
{
	struct upgrade_want *want = &node->want;
	uint32_t offset = want->offset;

	upgrades->counters.blocks++;
	upgrades->counters.block_bytes += size;
	node->period.served_ms = now_ms;
	want->paid = false;
	if (want->is_page) {
		want->offset += size;
		want->next_ms = now_ms + want->spacing_ms;
		want->active = want->offset < want->end;
		want->since_ms = now_ms;
		if (want->active && want->spacing_ms == 0)
			enqueue(upgrades, node);
	} else {
		want->active = false;
	}
	bool is_last = offset + size == node->file.size;
	if (is_last)
		upgrade_enter(node, PHASE_CHECKING, upgrade_check_ms(node), now_ms);
	if (offer_advance(&node->offer, offset, offset + size) || is_last)
		upgrade_tell(upgrades, node, DELIVERY_DOWNLOADING, 0);
}

/* The host's budget; counted once for each block. */
static bool is_over_budget(struct zigbee_upgrades *upgrades, struct upgrade_node *node, uint32_t bytes, int64_t now_ms)
{
	const struct driver_host *host = upgrades->port->host;
	int64_t wait_ms = host->fetch && !node->want.paid ? host->fetch(host->context, node->offer.node, bytes) : 0;

	node->want.paid = wait_ms == 0;
	if (wait_ms > 0 && node->want.active)
		put_off(upgrades, node, wait_ms, now_ms);
	return wait_ms > 0 || !node->want.active;
}

/* 0: served, or its turn is over for another reason; -EAGAIN: the stick is full. */
static int serve(struct zigbee_upgrades *upgrades, struct upgrade_node *node, int64_t now_ms)
{
	struct upgrade_want *want = &node->want;
	uint8_t bytes[UINT8_MAX], data[128];
	uint8_t size = size_of_next(upgrades, node);
	int read = image_source_read(node->offer.image, node->file.offset + want->offset, bytes, size);

	want->starved = read == -EAGAIN;
	if (want->starved)
		return 0;
	if (read != size) {
		abort_transfer(upgrades, node, now_ms);
		return 0;
	}
	if (is_over_budget(upgrades, node, size + ZIGBEE_UPGRADE_RESPONSE_OVERHEAD + REQUEST_ASDU, now_ms))
		return 0;
	const struct upgrade_frame frame = { .data = data,
		.size = write_block(data, node, bytes, size),
		.kind = FLIGHT_BLOCK,
		.offset = want->offset,
		.cost_us = zigbee_airtime_of(ZIGBEE_UPGRADE_RESPONSE_OVERHEAD + size, node->peer.relays) +
			   (want->is_page ? 0 : zigbee_airtime_of(REQUEST_ASDU, node->peer.relays)) };
	int result = upgrade_transmit(upgrades, node, &frame, now_ms);
	if (result == -EAGAIN || result == -ENOBUFS)
		return -EAGAIN;
	if (result == -EMSGSIZE && size > ZIGBEE_BLOCK_FALLBACK / 2) {
		node->cap = size > ZIGBEE_BLOCK_FALLBACK ? ZIGBEE_BLOCK_FALLBACK : ZIGBEE_BLOCK_FALLBACK / 2;
		enqueue(upgrades, node);
		return 0;
	}
	if (result < 0) {
		upgrades->counters.unsent++;
		want->active = false; /* the node asks again */
		return 0;
	}
	note_served(upgrades, node, size, now_ms);
	return 0;
}

int64_t upgrade_pump(struct zigbee_upgrades *upgrades, int64_t now_ms)
{
	while (upgrades->ready) {
		struct upgrade_node *node = upgrades->ready;
		int64_t wait_ms = zigbee_airtime_wait_ms(&upgrades->air, now_ms);

		/* The parent holds a sleeper's block: it takes the air when the sleeper polls, not now. */
		if (node->peer.sleeps && wait_ms == INT64_MAX)
			wait_ms = 0;
		if (now_ms < upgrades->stick_ms)
			wait_ms = upgrades->stick_ms - now_ms;
		if (wait_ms > 0)
			return wait_ms == INT64_MAX ? INT64_MAX : now_ms + wait_ms;
		dequeue(upgrades, node);
		if (serve(upgrades, node, now_ms) == -EAGAIN) {
			enqueue(upgrades, node);
			upgrades->stick_ms = upgrades->stick_ms > now_ms ? upgrades->stick_ms : now_ms + 1;
		}
	}
	return INT64_MAX;
}

/* ---- what became of them ---- */

void upgrade_on_block_sent(struct zigbee_upgrades *upgrades, struct upgrade_node *node, uint32_t offset,
	enum stick_sent outcome, int64_t now_ms)
{
	struct upgrade_want *want = &node->want;

	if (outcome == STICK_SENT)
		return;
	if (outcome == STICK_TOO_LONG)
		node->cap = ZIGBEE_BLOCK_FALLBACK;
	else if (outcome != STICK_BUSY && outcome != STICK_LOST)
		note_loss(node, true, offset);
	/* What the stick could not send is sent again, unless the node asked for something since. */
	bool again = (outcome == STICK_BUSY || outcome == STICK_TOO_LONG) && want->resends < RESENDS_MOST &&
		     upgrade_is_offered(node) && (want->is_page ? offset < want->offset : offset == want->offset);
	if (!again || (want->active && !want->is_page))
		return;
	want->offset = offset;
	want->active = true;
	want->resends++;
	want->since_ms = now_ms;
	want->next_ms = now_ms + (outcome == STICK_BUSY ? RESEND_MS : 0);
}

void upgrade_feed(struct zigbee_upgrades *upgrades, struct upgrade_node *node, int64_t now_ms)
{
	struct upgrade_want *want = &node->want;

	if (!want->active || !want->starved || !upgrade_is_offered(node))
		return;
	int loaded = upgrade_load_file(node);
	if (loaded == -EAGAIN)
		return;
	if (loaded < 0 || want->offset >= node->file.size) {
		abort_transfer(upgrades, node, now_ms);
		return;
	}
	if (want->end == UINT32_MAX) {
		/* Its header was not known: it asks once more, for what is known now to be offered. */
		put_off(upgrades, node, 1000, now_ms);
		return;
	}
	want->starved = false;
	enqueue(upgrades, node);
}

static int64_t patience_ms(const struct upgrade_node *node)
{
	if (node->want.starved)
		return FETCHED_MS;
	return node->peer.sleeps ? HELD_SLEEPY_MS : HELD_MS;
}

int64_t upgrade_run_want(struct zigbee_upgrades *upgrades, struct upgrade_node *node, int64_t now_ms)
{
	struct upgrade_want *want = &node->want;

	if (!want->active)
		return INT64_MAX;
	if (!want->starved && !want->queued) {
		if (now_ms < want->next_ms)
			return want->next_ms;
		want->since_ms = now_ms;
		enqueue(upgrades, node);
	}
	/* A page goes on by itself; who does not know how to wait is served when it can be. */
	if ((want->is_page && !want->starved) || refuses_wait(node))
		return INT64_MAX;
	int64_t due_ms = want->since_ms + patience_ms(node);
	if (now_ms < due_ms)
		return due_ms;
	put_off(upgrades, node, 1000, now_ms);
	return INT64_MAX;
}
