#include "drivers/zigbee_upgrades_blocks.h"

#include <errno.h>

#include "drivers/image_source.h"
#include "drivers/zigbee_upgrades_frames.h"
#include "drivers/zigbee_upgrades_nudges.h"
#include "drivers/zigbee_upgrades_places.h"
#include "drivers/zigbee_upgrades_turns.h"
#include "drivers/zigbee_upgrades_waits.h"

#define HELD_MS 400        /* an awake node's request, before it is told to wait; clients give up after seconds */
#define HELD_SLEEPY_MS 150 /* it stays awake for as long */
#define FETCHED_MS 500     /* until bytes that are not in memory are there */
#define PLACE_MS 15000     /* for so long after a request a transfer goes on */
#define PLACE_SLEEPY_MS 60000
#define THROTTLED_MS 10000 /* a pause that was not needed for so long is taken back */
#define LOSSES_MOST 3
#define RESENDS_MOST 3
#define MISSED_MOST 4 /* blocks of a page in a row that did not arrive: the node asks for the rest, if it is there */
#define PROOF_BLOCKS \
	32 /* of a page, of which one shows whether the node is there: behind a router the next hop always is */
#define HELD_MOST 2 /* blocks of a page that the parent of a sleeper holds: all of it would fill the stick */
#define RESEND_MS 50
#define REQUEST_ASDU 17
#define REPEATED_MS 1000
#define KIND_ANY 0xffff

/* ---- requests ---- */

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

	return node->air.flying > 0 && want->sequence == sequence && !want->is_page &&
	       request->command == UPGRADE_BLOCK && want->offset == request->offset &&
	       now_ms - want->since_ms < REPEATED_MS;
}

/* Too large for the route, as it seems: smaller frames from here to the end. */
static void note_loss(struct upgrade_node *node, bool surely, int64_t offset)
{
	node->air.losses++;
	if (node->air.losses > LOSSES_MOST || (surely && offset == 0))
		node->air.cap = ZIGBEE_BLOCK_FALLBACK;
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
		node->air.losses = node->nudges = 0;
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

	if (window_ms > 0 && upgrade_refuses_wait(node)) {
		upgrade_abort(upgrades, node, now_ms);
		return true;
	}
	if (window_ms > 0) {
		upgrade_leave_place(node);
		upgrade_put_off(upgrades, node, window_ms, now_ms);
		return true;
	}
	if (!upgrade_take_place(upgrades, node, node->peer.sleeps ? PLACE_SLEEPY_MS : PLACE_MS, now_ms) &&
		!upgrade_refuses_wait(node)) {
		upgrade_put_off(upgrades, node, upgrade_place_wait_ms(upgrades, node, now_ms), now_ms);
		return true;
	}
	if (late && node->period.unit != UNIT_PROBED) {
		upgrade_put_off(upgrades, node, 0, now_ms);
		return true;
	}
	return false;
}

void upgrade_on_block(struct zigbee_upgrades *upgrades, struct upgrade_node *node, const struct zigbee_upgrade *request,
	uint8_t sequence, int64_t now_ms)
{
	if (is_repetition(node, request, sequence, now_ms))
		return;
	upgrade_judge_unit(&node->period, now_ms);
	/* First, since how far a request goes follows from the file's size. */
	int loaded = upgrade_is_offered(node) ? upgrade_load_file(node) : -ENOENT;
	take_request(node, request, sequence, now_ms);
	if (!upgrade_is_offered(node)) {
		upgrade_answer_absent(upgrades, node, now_ms);
		return;
	}
	if (loaded == -EAGAIN) {
		upgrade_dequeue(upgrades, node);
		node->want.starved = true;
		node->want.end = UINT32_MAX;
		return;
	}
	if (loaded < 0 || !is_offered_file(node, &request->file) || request->most == 0 ||
		request->offset >= node->file.size || node->want.end == request->offset) {
		upgrade_abort(upgrades, node, now_ms);
		return;
	}
	note_request(node, request->offset, now_ms);
	if (!is_turned_away(upgrades, node, now_ms))
		upgrade_enqueue(upgrades, node);
}

/* ---- bytes ---- */

static uint8_t size_of_next(const struct zigbee_upgrades *upgrades, const struct upgrade_node *node)
{
	const struct upgrade_want *want = &node->want;
	uint32_t left = (want->end < node->file.size ? want->end : node->file.size) - want->offset;
	const struct zigbee_block_terms terms = { .asked = want->most,
		.most = (uint8_t)upgrades->settings->block_most,
		.relays = node->peer.relays,
		.cap = node->air.cap };
	uint8_t size = zigbee_block_size(node->kind, &terms);

	return size < left ? size : (uint8_t)left;
}

static size_t write_block(
	uint8_t frame[UPGRADE_FRAME_MAX], const struct upgrade_node *node, const uint8_t *bytes, size_t size)
{
	const struct zigbee_upgrade answer = { .command = UPGRADE_BLOCK_RESPONSE,
		.file = node->want.file, /* a file for any kind is of the one that asked */
		.offset = node->want.offset,
		.data = { bytes, size } };
	struct writer out;

	writer_init(&out, frame, UPGRADE_FRAME_MAX);
	zigbee_upgrade_write(&out, &answer, node->want.sequence);
	return writer_size(&out);
}

/* The first one of a page shows nothing, as its request was just heard. */
static bool next_proves(const struct upgrade_want *want)
{
	return want->is_page && !want->proving && want->unproven >= PROOF_BLOCKS;
}

/* Sleepers get the next block of a page when they have taken one; nobody gets more while it is not known whether the
 * node is there. */
static bool page_is_held(const struct upgrade_node *node)
{
	const struct upgrade_want *want = &node->want;

	if (!want->is_page)
		return false;
	return (want->proving && want->unproven >= PROOF_BLOCKS) ||
	       (node->peer.sleeps && node->air.flying >= HELD_MOST);
}

static void note_proof(struct upgrade_want *want)
{
	bool proves = next_proves(want);

	want->proving |= proves;
	want->unproven = proves ? 1 : want->unproven + 1;
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
		note_proof(want);
		want->offset += size;
		want->next_ms = now_ms + want->spacing_ms;
		want->active = want->offset < want->end;
		want->since_ms = now_ms;
		if (want->active && want->spacing_ms == 0 && !page_is_held(node))
			upgrade_enqueue(upgrades, node);
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
		upgrade_put_off(upgrades, node, wait_ms, now_ms);
	return wait_ms > 0 || !node->want.active;
}

/* What the stick made of a block. -EAGAIN: it is full. */
static int note_outcome(
	struct zigbee_upgrades *upgrades, struct upgrade_node *node, uint8_t size, int result, int64_t now_ms)
{
	if (result == -EAGAIN || result == -ENOBUFS)
		return -EAGAIN;
	if (result == -EMSGSIZE && size > ZIGBEE_BLOCK_FALLBACK / 2) {
		node->air.cap = size > ZIGBEE_BLOCK_FALLBACK ? ZIGBEE_BLOCK_FALLBACK : ZIGBEE_BLOCK_FALLBACK / 2;
		upgrade_enqueue(upgrades, node);
	} else if (result < 0) {
		upgrades->counters.unsent++;
		node->want.active = false; /* the node asks again */
	} else {
		note_served(upgrades, node, size, now_ms);
	}
	return 0;
}

static int send_block(
	struct zigbee_upgrades *upgrades, struct upgrade_node *node, const uint8_t *bytes, uint8_t size, int64_t now_ms)
{
	uint8_t data[UPGRADE_FRAME_MAX];
	const struct upgrade_frame frame = { .data = data,
		.size = write_block(data, node, bytes, size),
		.kind = FLIGHT_BLOCK,
		.offset = node->want.offset,
		.proves = next_proves(&node->want),
		.cost_us = zigbee_airtime_of(ZIGBEE_UPGRADE_RESPONSE_OVERHEAD + size, node->peer.relays) +
			   (node->want.is_page ? 0 : zigbee_airtime_of(REQUEST_ASDU, node->peer.relays)) };

	return note_outcome(upgrades, node, size, upgrade_transmit(upgrades, node, &frame, now_ms), now_ms);
}

/* 0: served, or its turn is over for another reason; -EAGAIN: the stick is full. */
static int serve(struct zigbee_upgrades *upgrades, struct upgrade_node *node, int64_t now_ms)
{
	struct upgrade_want *want = &node->want;
	uint8_t bytes[UINT8_MAX];
	uint8_t size = size_of_next(upgrades, node);
	int read = image_source_read(node->offer.image, node->file.offset + want->offset, bytes, size);

	want->starved = read == -EAGAIN;
	if (want->starved)
		return 0;
	if (read != size) {
		upgrade_abort(upgrades, node, now_ms);
		return 0;
	}
	if (is_over_budget(upgrades, node, size + ZIGBEE_UPGRADE_RESPONSE_OVERHEAD + REQUEST_ASDU, now_ms))
		return 0;
	return send_block(upgrades, node, bytes, size, now_ms);
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
		upgrade_dequeue(upgrades, node);
		if (serve(upgrades, node, now_ms) == -EAGAIN) {
			upgrade_enqueue(upgrades, node);
			upgrades->stick_ms = upgrades->stick_ms > now_ms ? upgrades->stick_ms : now_ms + 1;
		}
	}
	return INT64_MAX;
}

/* ---- what became of them ---- */

static bool did_not_arrive(enum stick_sent outcome)
{
	return outcome == STICK_NO_ACK || outcome == STICK_NO_ROUTE || outcome == STICK_EXPIRED;
}

/* What the stick could not send is sent again, unless the node asked for something since. */
static void send_again(struct upgrade_node *node, uint32_t offset, int64_t pause_ms, int64_t now_ms)
{
	struct upgrade_want *want = &node->want;
	bool stands = want->is_page ? offset < want->offset : offset == want->offset && !want->active;

	if (!stands || want->resends >= RESENDS_MOST || !upgrade_is_offered(node))
		return;
	want->offset = offset;
	want->active = true;
	want->resends++;
	want->since_ms = now_ms;
	want->next_ms = now_ms + pause_ms;
}

void upgrade_on_block_sent(
	struct zigbee_upgrades *upgrades, const struct upgrade_flight *flight, enum stick_sent outcome, int64_t now_ms)
{
	struct upgrade_node *node = flight->node;

	if (flight->proves)
		node->want.proving = false;
	if (outcome == STICK_SENT) {
		node->want.missed = 0;
		return;
	}
	if (outcome == STICK_TOO_LONG)
		node->air.cap = ZIGBEE_BLOCK_FALLBACK;
	if (outcome == STICK_TOO_LONG || outcome == STICK_BUSY)
		send_again(node, flight->offset, outcome == STICK_BUSY ? RESEND_MS : 0, now_ms);
	if (did_not_arrive(outcome)) {
		note_loss(node, true, flight->offset);
		/* One that was heard since is there, whatever became of the block. */
		if (node->heard_ms <= flight->sent_ms)
			node->want.missed += flight->proves ? MISSED_MOST : 1;
	}
	if (node->want.is_page && node->want.missed >= MISSED_MOST)
		upgrade_drop_want(upgrades, node);
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
		upgrade_abort(upgrades, node, now_ms);
		return;
	}
	if (want->end == UINT32_MAX) {
		/* Its header was not known: it asks once more, for what is known now to be offered. */
		upgrade_put_off(upgrades, node, 1000, now_ms);
		return;
	}
	want->starved = false;
	upgrade_enqueue(upgrades, node);
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

	if (!want->active || page_is_held(node))
		return INT64_MAX;
	if (!want->starved && !want->queued) {
		if (now_ms < want->next_ms)
			return want->next_ms;
		want->since_ms = now_ms;
		upgrade_enqueue(upgrades, node);
	}
	/* A page goes on by itself; who does not know how to wait is served when it can be. */
	if ((want->is_page && !want->starved) || upgrade_refuses_wait(node))
		return INT64_MAX;
	int64_t due_ms = want->since_ms + patience_ms(node);
	if (now_ms < due_ms)
		return due_ms;
	upgrade_put_off(upgrades, node, 1000, now_ms);
	return INT64_MAX;
}
