#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/serial_port.h"
#include "drivers/stick_endpoints.h"
#include "drivers/stick_znp.h"
#include "drivers/znp.h"

#define CONCURRENT_3_X_0 16
#define CONCURRENT_3_0_X 2
#define CONFIRM_MS 20000
#define QUIET_MS 60000 /* then it is asked whether it is still there */
#define ROUTE_PAUSE_MS 2000
#define SILENCES_MOST 3
#define RADIUS 30
#define OPTION_ACK 0x10
#define ADDRESS_SHORT 2
#define ADDRESS_BROADCAST 0x0f
#define BROADCASTS 0xfff8
#define EVERYWHERE 0xfffc
#define FETCH_PIECE 240

/* Statuses of Z-Stack. */
#define STATUS_MEMORY 0x10
#define STATUS_FULL 0x11
#define STATUS_NO_RESOURCES 0x1a
#define STATUS_NO_APS_ACK 0xb7
#define STATUS_NO_NWK_ACK 0xcc
#define STATUS_NO_ROUTE 0xcd
#define STATUS_CHANNEL_BUSY 0xe1
#define STATUS_TOO_LONG 0xe5
#define STATUS_NO_MAC_ACK 0xe9
#define STATUS_EXPIRED 0xf0
#define STATUS_OVERFLOW 0xf1

/* ---- sending ---- */

static void transmit(void *context, const struct stick_request *request)
{
	struct znp *znp = context;
	const struct unpi_frame frame = { request->command, { request->data, request->size } };
	uint8_t bytes[UNPI_FRAME_MAX];
	struct writer out;

	writer_init(&out, bytes, sizeof(bytes));
	unpi_frame_write(&out, &frame);
	znp->stick.line->ops->write(znp->stick.line, bytes, writer_size(&out));
}

static enum stick_sent outcome_of(uint8_t status)
{
	switch (status) {
	case 0:
		return STICK_SENT;
	case STATUS_MEMORY:
	case STATUS_FULL:
	case STATUS_NO_RESOURCES:
	case STATUS_CHANNEL_BUSY:
	case STATUS_OVERFLOW:
		return STICK_BUSY;
	case STATUS_NO_ROUTE:
		return STICK_NO_ROUTE;
	case STATUS_EXPIRED:
		return STICK_EXPIRED;
	case STATUS_TOO_LONG:
		return STICK_TOO_LONG;
	default: /* no acknowledgement of one layer or another */
		return STICK_NO_ACK;
	}
}

/* The stick looks for another way only when told; the message itself is its sender's to repeat. */
static void look_for_route(struct znp *znp, uint16_t nwk)
{
	uint8_t data[8];
	struct writer out;

	if (znp->stick.now_ms - znp->route_asked_ms < ROUTE_PAUSE_MS)
		return;
	znp->route_asked_ms = znp->stick.now_ms;
	writer_init(&out, data, sizeof(data));
	write_le16(&out, nwk);
	write_u8(&out, 0);
	write_u8(&out, RADIUS);
	(void)stick_ask(&znp->stick, ZNP_DISCOVER_ROUTE, &out, NULL, 0);
}

static void land(struct znp *znp, struct flight *flight, uint8_t status)
{
	if (status == STATUS_NO_ROUTE || status == STATUS_NO_MAC_ACK)
		look_for_route(znp, flight->message.peer);
	stick_landed(&znp->stick, flight, outcome_of(status));
}

static bool is_unconfirmed(const struct zigbee_message *message)
{
	return message->profile == 0 || message->peer >= BROADCASTS;
}

static void on_send_answered(void *context, uint32_t id, struct reader *answer)
{
	struct znp *znp = context;
	struct flight *flight = stick_flights_find(&znp->stick.flights, (uint8_t)id);

	/* The confirmation may overtake the answer. */
	if (!flight || flight->waits)
		return;
	uint8_t status = answer ? read_u8(answer) : STATUS_FULL;
	if (status != 0 || is_unconfirmed(&flight->message))
		land(znp, flight, status);
	else
		flight->due_ms = znp->stick.now_ms + CONFIRM_MS;
}

static void write_destination(struct writer *out, const struct zigbee_message *message)
{
	write_u8(out, message->peer >= BROADCASTS ? ADDRESS_BROADCAST : ADDRESS_SHORT);
	write_le64(out, message->peer);
	write_u8(out, message->peer_endpoint);
	write_le16(out, 0);
	write_u8(out, message->own_endpoint);
}

static int fly(struct stick *stick, struct flight *flight)
{
	const struct zigbee_message *message = &flight->message;
	bool extended = is_unconfirmed(message);
	uint8_t data[STICK_REQUEST_MAX];
	struct writer out;

	writer_init(&out, data, sizeof(data));
	if (extended) {
		write_destination(&out, message);
	} else {
		write_le16(&out, message->peer);
		write_u8(&out, message->peer_endpoint);
		write_u8(&out, message->own_endpoint);
	}
	write_le16(&out, message->cluster);
	write_u8(&out, flight->id);
	write_u8(&out, message->wants_ack && !extended ? OPTION_ACK : 0);
	write_u8(&out, message->radius ? message->radius : RADIUS);
	write_u8(&out, (uint8_t)message->payload.size);
	if (extended)
		write_u8(&out, 0);
	write_bytes(&out, message->payload.data, message->payload.size);
	return stick_ask(stick, extended ? ZNP_SEND_EXTENDED : ZNP_SEND, &out, on_send_answered, flight->id);
}

static void take_confirm(struct znp *znp, struct reader *in)
{
	uint8_t status = read_u8(in);
	(void)read_u8(in);
	struct flight *flight = stick_flights_find(&znp->stick.flights, read_u8(in));

	if (!in->failed && flight && !flight->waits)
		land(znp, flight, status);
}

/* ---- receiving ---- */

static void take_message(struct znp *znp, struct reader *in)
{
	struct zigbee_message message = { 0 };

	(void)read_le16(in);
	message.cluster = read_le16(in);
	message.peer = read_le16(in);
	message.peer_endpoint = read_u8(in);
	message.own_endpoint = read_u8(in);
	(void)read_u8(in);
	message.lqi = read_u8(in);
	(void)read_u8(in);
	(void)read_le32(in);
	(void)read_u8(in);
	message.payload.size = read_u8(in);
	message.payload.data = (const char *)read_bytes(in, message.payload.size);
	/* The stick does not say which profile it was: each endpoint has one. */
	message.profile = message.own_endpoint == STICK_DIGI_ENDPOINT ? STICK_DIGI_PROFILE : STICK_HOME_PROFILE;
	if (!in->failed)
		stick_received(&znp->stick, &message);
}

static void fetch_more(struct znp *znp);

static void on_fetched(void *context, uint32_t time, struct reader *answer)
{
	struct znp *znp = context;
	size_t size = 0;
	const uint8_t *value = answer ? znp_read_value(answer, &size) : NULL;

	if (znp->fetch_size == 0 || time != znp->fetch_time)
		return;
	if (!value || size > znp->fetch_size - znp->fetched) {
		znp->fetch_size = 0;
		return;
	}
	memcpy(znp->fetch_data + znp->fetched, value, size);
	znp->fetched += size;
	fetch_more(znp);
}

/* A piece of length 0 frees the message. */
static int ask_for_piece(struct znp *znp, uint32_t time, size_t offset, size_t size)
{
	uint8_t data[8];
	struct writer out;

	writer_init(&out, data, sizeof(data));
	write_le32(&out, time);
	write_le16(&out, (uint16_t)offset);
	write_u8(&out, (uint8_t)size);
	return stick_ask(&znp->stick, ZNP_FETCH, &out, size ? on_fetched : NULL, time);
}

static void fetch_more(struct znp *znp)
{
	size_t left = znp->fetch_size - znp->fetched;

	if (left > 0) {
		left = left < FETCH_PIECE ? left : FETCH_PIECE;
		if (ask_for_piece(znp, znp->fetch_time, znp->fetched, left) < 0)
			znp->fetch_size = 0;
		return;
	}
	(void)ask_for_piece(znp, znp->fetch_time, znp->fetched, 0);
	znp->fetch_message.payload = (struct span){ (const char *)znp->fetch_data, znp->fetch_size };
	znp->fetch_size = 0;
	stick_received(&znp->stick, &znp->fetch_message);
}

static void take_long_message(struct znp *znp, struct reader *in)
{
	struct zigbee_message message = { 0 };

	(void)read_le16(in);
	message.cluster = read_le16(in);
	(void)read_u8(in);
	message.peer = (uint16_t)read_le64(in);
	message.peer_endpoint = read_u8(in);
	(void)read_le16(in);
	message.own_endpoint = read_u8(in);
	(void)read_u8(in);
	message.lqi = read_u8(in);
	(void)read_u8(in);
	uint32_t time = read_le32(in);
	(void)read_u8(in);
	size_t size = read_le16(in);
	message.profile = message.own_endpoint == STICK_DIGI_ENDPOINT ? STICK_DIGI_PROFILE : STICK_HOME_PROFILE;
	message.payload = (struct span){ (const char *)in->at, size };
	if (in->failed)
		return;
	if (size <= reader_left(in)) {
		stick_received(&znp->stick, &message);
		return;
	}
	if (znp->fetch_size > 0 || size > sizeof(znp->fetch_data)) {
		stick_event(&znp->stick, DRIVER_WARNING, "zigbee.message_lost peer=%04x bytes=%zu", message.peer, size);
		/* The stick keeps it until it is told: its memory would be full of such. */
		(void)ask_for_piece(znp, time, 0, 0);
		return;
	}
	znp->fetch_message = message;
	znp->fetch_time = time;
	znp->fetch_size = size;
	znp->fetched = 0;
	fetch_more(znp);
}

/* The stick takes the sequence number off; it is part of the message. */
static void take_zdo(struct znp *znp, struct reader *in)
{
	uint8_t payload[UNPI_DATA_MAX + 1];
	struct zigbee_message message = { .payload.data = (const char *)payload };

	message.peer = read_le16(in);
	(void)read_u8(in);
	message.cluster = read_le16(in);
	(void)read_u8(in);
	payload[0] = read_u8(in);
	(void)read_le16(in);
	size_t size = reader_left(in);
	const uint8_t *rest = read_bytes(in, size);
	if (in->failed)
		return;
	memcpy(payload + 1, rest, size);
	message.payload.size = size + 1;
	stick_received(&znp->stick, &message);
}

static void take_joined(struct znp *znp, struct reader *in)
{
	uint16_t nwk = read_le16(in);
	uint64_t eui64 = read_le64(in);
	uint16_t parent = read_le16(in);

	if (!in->failed)
		znp->stick.host.joined(znp->stick.host.context, eui64, nwk, parent);
}

static void take_left(struct znp *znp, struct reader *in)
{
	uint16_t nwk = read_le16(in);
	uint64_t eui64 = read_le64(in);
	(void)read_u8(in);
	(void)read_u8(in);
	bool comes_back = read_u8(in);

	if (!in->failed && !comes_back)
		znp->stick.host.left(znp->stick.host.context, eui64, nwk);
}

static void take_route(struct znp *znp, struct reader *in)
{
	uint16_t nwk = read_le16(in);
	uint8_t relays = read_u8(in);

	if (!in->failed)
		znp->stick.host.routed(znp->stick.host.context, nwk, relays);
}

static void take_scanned(struct znp *znp, struct reader *in)
{
	const struct stick_host *host = &znp->stick.host;

	(void)read_le16(in);
	(void)read_u8(in);
	uint32_t channels = read_le32(in);
	(void)read_le32(in);
	(void)read_u8(in);
	for (uint8_t channel = ZIGBEE_CHANNEL_FIRST; channel <= ZIGBEE_CHANNEL_LAST && reader_left(in) > 0; channel++) {
		if (channels & 1U << channel)
			host->scanned(host->context, channel, read_u8(in));
	}
	script_event(&znp->stick.script, ZNP_ON_SCANNED);
}

/* ---- the stick's own state ---- */

void znp_run(struct znp *znp, const struct script_step *script)
{
	znp->script = script;
	script_start(&znp->stick.script, script);
}

static void begin(struct stick *stick)
{
	struct znp *znp = (struct znp *)stick;

	unpi_parser_init(&znp->parser);
	znp->fetch_size = 0;
	znp->restoring = false;
	znp->heard_ms = stick->now_ms;
	znp_run(znp, znp_start_script);
}

static void take_reset(struct znp *znp)
{
	struct script *script = &znp->stick.script;

	znp->runs = false;
	if (script_runs(script) && script->step->awaits == ZNP_ON_RESET) {
		script_event(script, ZNP_ON_RESET);
		return;
	}
	stick_event(&znp->stick, DRIVER_WARNING, "zigbee.stick_reset");
	stick_begin_again(&znp->stick, "the stick was reset");
}

static void take_state(struct znp *znp, struct reader *in)
{
	znp->runs = read_u8(in) == ZNP_STATE_COORDINATOR;
	if (znp->runs)
		script_event(&znp->stick.script, ZNP_ON_STATE);
	else if (znp->stick.state == STICK_UP)
		stick_begin_again(&znp->stick, "the stick's network went down");
}

static void come_up(struct znp *znp)
{
	stick_come_up(&znp->stick, znp->product == ZNP_PRODUCT_3_X_0 ? CONCURRENT_3_X_0 : CONCURRENT_3_0_X);
}

static void on_failed(struct znp *znp, const char *failed)
{
	struct stick *stick = &znp->stick;
	char why[SERIAL_PORT_WHY_MAX];

	snprintf(why, sizeof(why), "the stick did not %s", failed);
	/* A backup or a scan that fails harms nothing. */
	if (stick->state == STICK_UP)
		stick_event(stick, DRIVER_WARNING, "zigbee.stick_failed it did not %s", failed);
	else
		stick_start_over(stick, why);
}

static void script_done(void *context, const char *failed)
{
	struct znp *znp = context;
	const struct script_step *was = znp->script;

	znp->script = NULL;
	stick_end_job(&znp->stick);
	if (failed) {
		on_failed(znp, failed);
		return;
	}
	if (was == znp_form_script && znp->restoring)
		znp_run(znp, znp_restore_script);
	else if (was == znp_form_script || was == znp_restore_script)
		znp_run(znp, znp_start_script);
	else if (was == znp_start_script && znp->stick.state == STICK_OPENING)
		come_up(znp);
}

/* ---- bytes ---- */

static void take_answer(struct znp *znp, const struct unpi_frame *frame, struct reader *in)
{
	const struct stick_request *current = stick_requests_current(&znp->stick.requests);
	uint16_t command = frame->command;
	bool refused = command == ZNP_ON_ERROR;

	if (refused) {
		(void)read_u8(in);
		command = unpi_response(read_be16(in));
	}
	if (!current || in->failed || unpi_response(current->command) != command)
		return;
	/* What nodes send goes on also where the stick has stopped to listen. */
	znp->stick.silences = 0;
	stick_requests_answer(&znp->stick.requests, refused ? NULL : in);
}

static const struct {
	uint16_t command;
	void (*take)(struct znp *znp, struct reader *in);
} events[] = {
	{ ZNP_ON_CONFIRM, take_confirm },
	{ ZNP_ON_MESSAGE, take_message },
	{ ZNP_ON_LONG_MESSAGE, take_long_message },
	{ ZNP_ON_SCANNED, take_scanned },
	{ ZNP_ON_STATE, take_state },
	{ ZNP_ON_ROUTE, take_route },
	{ ZNP_ON_LEFT, take_left },
	{ ZNP_ON_JOINED, take_joined },
	{ ZNP_ON_ZDO, take_zdo },
};

static void take_frame(struct znp *znp, const struct unpi_frame *frame)
{
	struct reader in;

	znp->heard_ms = znp->stick.now_ms;
	reader_init(&in, frame->data.data, frame->data.size);
	if (unpi_type(frame->command) == UNPI_SRSP) {
		take_answer(znp, frame, &in);
		return;
	}
	if (frame->command == ZNP_ON_RESET) {
		take_reset(znp);
		return;
	}
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		if (events[i].command == frame->command)
			events[i].take(znp, &in);
	}
}

static void take_bytes(struct stick *stick, const void *data, size_t size)
{
	struct znp *znp = (struct znp *)stick;
	struct bytes in = { data, size };
	struct unpi_frame frame;

	while (stick->has_line && unpi_parser_take(&znp->parser, &in, &frame) == 0)
		take_frame(znp, &frame);
}

static int64_t deadline(const struct stick *stick)
{
	const struct znp *znp = (const struct znp *)stick;

	return stick->state == STICK_UP || stick->state == STICK_EMPTY ? znp->heard_ms + QUIET_MS : INT64_MAX;
}

static void alarm_of(struct stick *stick)
{
	struct znp *znp = (struct znp *)stick;

	if (stick->now_ms < deadline(stick))
		return;
	znp->heard_ms = stick->now_ms;
	(void)stick_ask(stick, ZNP_PING, NULL, NULL, 0);
}

static void run_script(struct stick *stick, const struct script_step *script)
{
	znp_run((struct znp *)stick, script);
}

static void set_network(struct stick *stick, bool restores)
{
	struct znp *znp = (struct znp *)stick;

	znp->restoring = restores;
	znp_run(znp, znp_form_script);
}

static void on_permit_answered(void *context, uint32_t argument, struct reader *answer)
{
	uint8_t status = answer ? read_u8(answer) : 0;
	char failed[64] = "it did not answer";

	(void)argument;
	if (status != 0)
		snprintf(failed, sizeof(failed), "it refused with status 0x%02x", status);
	stick_end_permit(context, answer && status == 0 ? NULL : failed);
}

static int permit(struct stick *stick, uint8_t seconds)
{
	uint8_t data[8];
	struct writer out;

	writer_init(&out, data, sizeof(data));
	write_u8(&out, ADDRESS_BROADCAST);
	write_le16(&out, EVERYWHERE);
	write_u8(&out, seconds);
	write_u8(&out, 1);
	return stick_ask(stick, ZNP_PERMIT, &out, on_permit_answered, 0);
}

static const struct stick_protocol protocol = {
	.transmit = transmit,
	.script_done = script_done,
	.begin = begin,
	.bytes = take_bytes,
	.fly = fly,
	.alarm = alarm_of,
	.deadline = deadline,
	.silences_most = SILENCES_MOST,
	.set_network = set_network,
	.run = run_script,
	.backup = znp_backup_script,
	.scan = znp_scan_script,
	.permit = permit,
	.size = sizeof(struct znp),
};

/* ---- the operations ---- */

struct stick *stick_znp_make(const struct stick_host *host, struct stick_line *line, int concurrent)
{
	struct znp *znp = calloc(1, sizeof(*znp));

	if (!znp)
		return NULL;
	stick_init(&znp->stick, &protocol, host, concurrent);
	znp->stick.line = line;
	znp->route_asked_ms = -ROUTE_PAUSE_MS;
	return &znp->stick;
}

static int open_stick(struct stick **out, struct uv_loop_s *loop, const struct stick_port *port,
	const struct stick_host *host, char *why, size_t why_size)
{
	return stick_open_line(out, stick_znp_make(host, NULL, port->concurrent), loop, port, why, why_size);
}

const struct stick_ops stick_znp = {
	.name = "znp",
	.open = open_stick,
	.form = stick_form,
	.restore = stick_restore,
	.backup = stick_backup,
	.scan = stick_scan,
	.permit = stick_permit,
	.send = stick_send,
	.close = stick_close,
};
