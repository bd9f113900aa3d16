#include "tests/sim/ncp/ash_link.h"

#include <errno.h>
#include <string.h>

#include "tests/sim/ncp/air_clock.h"
#include "tests/sim/ncp/port.h"

#define ACK_WAIT_US (800 * AIR_MS)
#define TIMEOUTS_MAX 6
#define ERROR_TIMEOUTS 0x51
#define RESET_SOFTWARE 0x0b
#define LAST_NUMBER (ASH_NUMBERS - 1)

static void send_waiting(struct ash_link *link);

static void emit(struct ash_link *link, const struct ash_frame *frame)
{
	uint8_t room[ASH_WIRE_MAX];
	struct writer out;

	writer_init(&out, room, sizeof(room));
	ash_frame_write(&out, frame);
	port_send(link->port, (struct bytes){ room, writer_size(&out) });
}

static void emit_plain(struct ash_link *link, enum ash_kind kind)
{
	emit(link, &(struct ash_frame){ .kind = kind, .acknowledged = link->expected });
}

static void emit_data(struct ash_link *link, unsigned at, bool repeated)
{
	const struct ash_link_frame *queued = &link->queue[(link->start + at) % ASH_LINK_QUEUE];

	emit(link, &(struct ash_frame){ .kind = ASH_DATA,
			   .number = (link->first + at) & LAST_NUMBER,
			   .acknowledged = link->expected,
			   .repeated = repeated,
			   .data = { queued->data, queued->size } });
}

static void on_ack_late(void *context, uint64_t timer)
{
	struct ash_link *link = context;

	if (timer != link->timer || !link->is_up || link->sent == 0)
		return;
	if (++link->timeouts >= TIMEOUTS_MAX) {
		ash_link_fail(link, ERROR_TIMEOUTS);
		return;
	}
	for (unsigned i = 0; i < link->sent; i++)
		emit_data(link, i, true);
	air_clock_after(link->clock, (int64_t)(ACK_WAIT_US * link->clock->speed), on_ack_late, link, ++link->timer);
}

static void send_waiting(struct ash_link *link)
{
	bool was_idle = link->sent == 0;

	while (link->sent < link->count && link->sent < ASH_LINK_WINDOW && !link->is_held)
		emit_data(link, link->sent++, false);
	if (was_idle && link->sent > 0)
		air_clock_after(
			link->clock, (int64_t)(ACK_WAIT_US * link->clock->speed), on_ack_late, link, ++link->timer);
}

void ash_link_init(struct ash_link *link)
{
	ash_parser_init(&link->parser);
}

static void start_anew(struct ash_link *link)
{
	link->is_rejecting = link->is_held = link->has_failed = false;
	link->expected = link->first = 0;
	link->start = link->count = link->sent = link->timeouts = 0;
	link->timer++;
}

static void on_rst(struct ash_link *link)
{
	start_anew(link);
	link->is_up = true;
	link->reset(link->context);
	emit(link, &(struct ash_frame){ .kind = ASH_RSTACK, .version = ASH_VERSION, .code = RESET_SOFTWARE });
}

void ash_link_restart(struct ash_link *link, uint8_t reason)
{
	start_anew(link);
	link->is_up = false;
	link->reset(link->context);
	emit(link, &(struct ash_frame){ .kind = ASH_RSTACK, .version = ASH_VERSION, .code = reason });
}

void ash_link_fail(struct ash_link *link, uint8_t code)
{
	link->is_up = false;
	link->has_failed = true;
	link->timer++;
	emit(link, &(struct ash_frame){ .kind = ASH_ERROR, .version = ASH_VERSION, .code = code });
}

/* All before `number` arrived. */
static void on_acknowledged(struct ash_link *link, uint8_t number)
{
	unsigned arrived = (unsigned)(number - link->first) & LAST_NUMBER;

	if (arrived == 0 || arrived > link->sent)
		return;
	link->first = number;
	link->start = (link->start + arrived) % ASH_LINK_QUEUE;
	link->count -= arrived;
	link->sent -= arrived;
	link->timeouts = 0;
	link->timer++;
	if (link->sent > 0)
		air_clock_after(
			link->clock, (int64_t)(ACK_WAIT_US * link->clock->speed), on_ack_late, link, link->timer);
}

static void reject(struct ash_link *link)
{
	if (!link->is_rejecting)
		emit_plain(link, ASH_NAK);
	link->is_rejecting = true;
}

static void on_data(struct ash_link *link, const struct ash_frame *frame)
{
	on_acknowledged(link, frame->acknowledged);
	if (frame->number == link->expected) {
		link->is_rejecting = false;
		link->expected = (link->expected + 1) & LAST_NUMBER;
		emit_plain(link, ASH_ACK);
		link->take(link->context, frame->data);
	} else if (frame->repeated) {
		emit_plain(link, ASH_ACK);
	} else {
		reject(link);
	}
	send_waiting(link);
}

static void on_frame(struct ash_link *link, const struct ash_frame *frame)
{
	if (frame->kind == ASH_RST) {
		on_rst(link);
		return;
	}
	if (!link->is_up) {
		if (link->has_failed)
			ash_link_fail(link, ERROR_TIMEOUTS);
		return;
	}
	if (frame->kind == ASH_DATA)
		on_data(link, frame);
	if (frame->kind != ASH_ACK && frame->kind != ASH_NAK)
		return;
	link->is_held = frame->not_ready;
	on_acknowledged(link, frame->acknowledged);
	for (unsigned i = 0; frame->kind == ASH_NAK && i < link->sent; i++)
		emit_data(link, i, true);
	send_waiting(link);
}

void ash_link_take(struct ash_link *link, struct bytes in)
{
	struct ash_frame frame;
	int result;

	while ((result = ash_parser_take(&link->parser, &in, &frame)) != -EAGAIN) {
		if (result == 0)
			on_frame(link, &frame);
		else if (link->is_up)
			reject(link);
	}
}

void ash_link_send(struct ash_link *link, struct bytes data)
{
	if (!link->is_up || data.size > ASH_DATA_MAX)
		return;
	if (link->count == ASH_LINK_QUEUE) {
		ash_link_fail(link, ERROR_TIMEOUTS);
		return;
	}
	struct ash_link_frame *frame = &link->queue[(link->start + link->count++) % ASH_LINK_QUEUE];
	memcpy(frame->data, data.data, data.size);
	frame->size = data.size;
	send_waiting(link);
}
