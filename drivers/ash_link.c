#include "drivers/ash_link.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TIMEOUT_FIRST_MS 800
#define TIMEOUT_LEAST_MS 400
#define TIMEOUT_MOST_MS 2400
#define RESET_MS 2500 /* until a network processor that was reset says so */
#define RESETS_MOST 5
#define SILENCES_MOST 6
#define LAST_NUMBER (ASH_NUMBERS - 1)

void ash_link_init(struct ash_link *link, const struct ash_link_host *host)
{
	memset(link, 0, sizeof(*link));
	link->host = *host;
	ash_parser_init(&link->parser);
	link->deadline_ms = INT64_MAX;
}

void ash_link_stop(struct ash_link *link)
{
	link->state = ASH_LINK_IDLE;
	link->count = link->sent = 0;
	link->deadline_ms = INT64_MAX;
}

/* ---- sending ---- */

/* All but resets tell what arrived. */
static void emit(struct ash_link *link, const struct ash_frame *frame)
{
	uint8_t wire[ASH_WIRE_MAX];
	struct writer out;

	link->owes = false;
	writer_init(&out, wire, sizeof(wire));
	ash_frame_write(&out, frame);
	link->host.write(link->host.context, wire, writer_size(&out));
}

static void emit_acknowledgement(struct ash_link *link, enum ash_kind kind)
{
	emit(link, &(struct ash_frame){ .kind = kind, .acknowledged = link->expected });
}

static void emit_data(struct ash_link *link, unsigned place, bool repeated)
{
	unsigned index = (link->start + place) % ASH_LINK_QUEUE;

	emit(link, &(struct ash_frame){ .kind = ASH_DATA,
			   .number = (link->first + place) & LAST_NUMBER,
			   .acknowledged = link->expected,
			   .repeated = repeated,
			   .data = { link->queue[index].data, link->queue[index].size } });
}

static void repeat_all(struct ash_link *link, int64_t now_ms)
{
	for (unsigned i = 0; i < link->sent; i++)
		emit_data(link, i, true);
	link->repeated = true;
	link->deadline_ms = link->sent > 0 ? now_ms + link->timeout_ms : INT64_MAX;
}

static void send_more(struct ash_link *link, int64_t now_ms)
{
	while (link->sent < link->count && link->sent < ASH_LINK_WINDOW) {
		if (link->sent == 0) {
			link->sent_ms = now_ms;
			link->repeated = false;
			link->deadline_ms = now_ms + link->timeout_ms;
		}
		emit_data(link, link->sent++, false);
	}
}

int ash_link_send(struct ash_link *link, int64_t now_ms, const void *data, size_t size)
{
	if (link->state != ASH_LINK_UP)
		return -ENOTCONN;
	if (size < ASH_DATA_MIN || size > ASH_DATA_MAX)
		return -EMSGSIZE;
	if (link->count == ASH_LINK_QUEUE)
		return -ENOBUFS;
	unsigned index = (link->start + link->count++) % ASH_LINK_QUEUE;
	memcpy(link->queue[index].data, data, size);
	link->queue[index].size = size;
	send_more(link, now_ms);
	return 0;
}

/* ---- resets ---- */

static void send_reset(struct ash_link *link, int64_t now_ms)
{
	emit(link, &(struct ash_frame){ .kind = ASH_RST });
	link->deadline_ms = now_ms + RESET_MS;
}

void ash_link_reset(struct ash_link *link, int64_t now_ms)
{
	ash_parser_init(&link->parser);
	link->state = ASH_LINK_RESETTING;
	link->expected = link->first = 0;
	link->start = link->count = link->sent = 0;
	link->silences = 0;
	link->rejecting = link->owes = false;
	link->timeout_ms = TIMEOUT_FIRST_MS;
	send_reset(link, now_ms);
}

static void fail(struct ash_link *link, const char *why)
{
	ash_link_stop(link);
	link->host.failed(link->host.context, why);
}

/* ---- receiving ---- */

/* UG101, section 5.6: the time-out follows the time that acknowledgements take. */
static void learn_time(struct ash_link *link, int64_t took_ms)
{
	int64_t timeout_ms = link->timeout_ms * 7 / 8 + took_ms / 2;

	if (timeout_ms < TIMEOUT_LEAST_MS)
		timeout_ms = TIMEOUT_LEAST_MS;
	link->timeout_ms = timeout_ms < TIMEOUT_MOST_MS ? timeout_ms : TIMEOUT_MOST_MS;
}

/* All before `number` arrived. */
static void take_acknowledged(struct ash_link *link, uint8_t number, int64_t now_ms)
{
	unsigned arrived = (unsigned)(number - link->first) & LAST_NUMBER;

	if (arrived == 0 || arrived > link->sent)
		return;
	if (!link->repeated)
		learn_time(link, now_ms - link->sent_ms);
	link->first = number;
	link->start = (link->start + arrived) % ASH_LINK_QUEUE;
	link->count -= arrived;
	link->sent -= arrived;
	link->silences = 0;
	link->sent_ms = now_ms;
	link->deadline_ms = link->sent > 0 ? now_ms + link->timeout_ms : INT64_MAX;
	send_more(link, now_ms);
}

/* Once for each gap, or the repetitions would never end. */
static void reject(struct ash_link *link)
{
	if (!link->rejecting)
		emit_acknowledgement(link, ASH_NAK);
	link->rejecting = true;
}

static void take_data(struct ash_link *link, const struct ash_frame *frame, int64_t now_ms)
{
	take_acknowledged(link, frame->acknowledged, now_ms);
	if (frame->number == link->expected) {
		link->rejecting = false;
		link->expected = (link->expected + 1) & LAST_NUMBER;
		link->owes = true;
		link->host.received(link->host.context, frame->data.data, frame->data.size);
	} else if (frame->repeated) {
		link->owes = true;
	} else {
		reject(link);
	}
}

static void take_reset(struct ash_link *link, const struct ash_frame *frame)
{
	char why[96];

	if (frame->version != ASH_VERSION) {
		snprintf(why, sizeof(why), "the stick speaks version %u of ASH, and 2 is known", frame->version);
		fail(link, why);
		return;
	}
	if (link->state == ASH_LINK_UP) {
		snprintf(why, sizeof(why), "the stick was reset (reason 0x%02x)", frame->code);
		fail(link, why);
		return;
	}
	link->state = ASH_LINK_UP;
	link->silences = 0;
	link->deadline_ms = INT64_MAX;
	link->host.up(link->host.context);
}

static void take_error(struct ash_link *link, const struct ash_frame *frame)
{
	char why[96];

	/* Before it is reset, a network processor repeats the error that it had. */
	if (link->state != ASH_LINK_UP)
		return;
	snprintf(why, sizeof(why), "the stick gave the connection up (ASH error 0x%02x)", frame->code);
	fail(link, why);
}

static void take_frame(struct ash_link *link, const struct ash_frame *frame, int64_t now_ms)
{
	if (frame->kind == ASH_RSTACK) {
		take_reset(link, frame);
		return;
	}
	if (frame->kind == ASH_ERROR) {
		take_error(link, frame);
		return;
	}
	if (link->state != ASH_LINK_UP)
		return;
	if (frame->kind == ASH_DATA)
		take_data(link, frame, now_ms);
	else if (frame->kind == ASH_ACK || frame->kind == ASH_NAK)
		take_acknowledged(link, frame->acknowledged, now_ms);
	if (frame->kind == ASH_NAK)
		repeat_all(link, now_ms);
}

/* Data that were sent since say as well what arrived. An ACK of its own for each frame would double what is written. */
static void pay(struct ash_link *link)
{
	if (link->owes && link->state == ASH_LINK_UP)
		emit_acknowledgement(link, ASH_ACK);
}

void ash_link_take(struct ash_link *link, int64_t now_ms, const void *data, size_t size)
{
	struct bytes in = { data, size };
	struct ash_frame frame;
	int result;

	while (link->state != ASH_LINK_IDLE && (result = ash_parser_take(&link->parser, &in, &frame)) != -EAGAIN) {
		if (result == 0)
			take_frame(link, &frame, now_ms);
		else if (link->state == ASH_LINK_UP)
			reject(link);
	}
	pay(link);
}

/* ---- time ---- */

int64_t ash_link_deadline(const struct ash_link *link)
{
	return link->deadline_ms;
}

void ash_link_alarm(struct ash_link *link, int64_t now_ms)
{
	bool resets = link->state == ASH_LINK_RESETTING;

	if (now_ms < link->deadline_ms)
		return;
	if (++link->silences >= (resets ? RESETS_MOST : SILENCES_MOST)) {
		fail(link, resets ? "the stick does not answer: it is no stick with EmberZNet, or has another speed or "
				    "flow control than is set"
				  : "the stick does not answer any more");
		return;
	}
	if (resets) {
		send_reset(link, now_ms);
		return;
	}
	link->timeout_ms = link->timeout_ms * 2 < TIMEOUT_MOST_MS ? link->timeout_ms * 2 : TIMEOUT_MOST_MS;
	repeat_all(link, now_ms);
}
