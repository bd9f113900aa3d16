#include "drivers/stick_ezsp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/ezsp_stick.h"
#include "drivers/serial_port.h"
#include "protocols/zdo.h"

#define CONCURRENT_MOST 16
#define CONFIRM_MS 30000
#define QUIET_MS 60000 /* then it is asked whether it is still there */
#define SILENCES_MOST 3
#define RADIUS 30
#define BROADCASTS 0xfff8
#define EVERYWHERE 0xfffc
#define OPTION_RETRY 0x0040
#define OPTIONS_ALWAYS 0x1100 /* look for the route and for the address where they are not known */
#define MULTICAST_OF_OURS 3
#define BROADCAST_OF_OURS 5
#define UPDATE_LEFT 2
#define DECISION_DENY 2
#define POLICY_TRUST_CENTRE 0x00
#define REJOINS_ONLY 0x02
#define JOINS_AND_REJOINS 0x03
#define WEAKEST_DBM (-100)
#define BOOTLOADER_PROMPT "BL > "
#define BOOTLOADER_RUN "2\r\n"

static void run(struct ezsp *ezsp, const struct script_step *script)
{
	ezsp->script = script;
	script_start(&ezsp->stick.script, script);
}

/* ---- sending ---- */

static void transmit(void *context, const struct stick_request *request)
{
	struct ezsp *ezsp = context;
	uint8_t bytes[EZSP_HEADER_SIZE + STICK_REQUEST_MAX];
	struct writer out;

	writer_init(&out, bytes, sizeof(bytes));
	ezsp->sequence++;
	ezsp->asked_first = request->command == EZSP_FIRST_VERSION;
	if (ezsp->asked_first) {
		ezsp_first_version_write(&out, ezsp->sequence, request->data[0]);
	} else {
		ezsp_header_write(&out, ezsp->sequence, request->command == EZSP_SECOND_VERSION ? 0 : request->command);
		write_bytes(&out, request->data, request->size);
	}
	/* What cannot be sent is missed as an answer that does not come. */
	(void)ash_link_send(&ezsp->link, ezsp->stick.now_ms, bytes, writer_size(&out));
}

static enum stick_sent outcome_of(enum ezsp_status status)
{
	switch (status) {
	case EZSP_OK:
		return STICK_SENT;
	case EZSP_BUSY:
		return STICK_BUSY;
	case EZSP_NO_ROUTE:
		return STICK_NO_ROUTE;
	case EZSP_EXPIRED:
		return STICK_EXPIRED;
	case EZSP_TOO_LONG:
		return STICK_TOO_LONG;
	default:
		return STICK_NO_ACK;
	}
}

static void on_send_answered(void *context, uint32_t id, struct reader *answer)
{
	struct ezsp *ezsp = context;
	struct flight *flight = stick_flights_find(&ezsp->stick.flights, (uint8_t)id);

	/* What became of it may be told before the command is answered. */
	if (!flight || flight->waits)
		return;
	enum ezsp_status status = answer ? ezsp_read_status(ezsp->dialect, answer) : EZSP_BUSY;
	if (status != EZSP_OK || flight->message.peer >= BROADCASTS)
		stick_landed(&ezsp->stick, flight, outcome_of(status));
	else
		flight->due_ms = ezsp->stick.now_ms + CONFIRM_MS;
}

static void on_address_told(void *context, uint32_t nwk, struct reader *answer)
{
	struct ezsp *ezsp = context;
	uint8_t data[9];
	struct writer out;

	if (!answer || ezsp_read_status(ezsp->dialect, answer) != EZSP_OK)
		return;
	uint64_t eui64 = read_le64(answer);
	if (answer->failed)
		return;
	writer_init(&out, data, sizeof(data));
	write_le64(&out, eui64);
	write_u8(&out, 1);
	if (stick_ask(&ezsp->stick, EZSP_EXTENDED_TIMEOUT, &out, NULL, 0) < 0)
		return;
	ezsp->sleepers[ezsp->next_sleeper] = (uint16_t)nwk;
	ezsp->next_sleeper = (ezsp->next_sleeper + 1) % EZSP_SLEEPERS_MAX;
}

/* So that the stick waits for the node's poll before it takes a message for lost. */
static void expect_sleeper(struct ezsp *ezsp, uint16_t nwk)
{
	uint8_t data[2];
	struct writer out;

	for (size_t i = 0; i < EZSP_SLEEPERS_MAX; i++) {
		if (ezsp->sleepers[i] == nwk)
			return;
	}
	writer_init(&out, data, sizeof(data));
	write_le16(&out, nwk);
	(void)stick_ask(&ezsp->stick, EZSP_EUI64_OF_NODE, &out, on_address_told, nwk);
}

static int fly(struct stick *stick, struct flight *flight)
{
	struct ezsp *ezsp = (struct ezsp *)stick;
	const struct zigbee_message *message = &flight->message;
	bool broadcast = message->peer >= BROADCASTS;
	const struct ezsp_outgoing outgoing = {
		.peer = message->peer,
		.aps = { .profile = message->profile,
			.cluster = message->cluster,
			.own_endpoint = message->own_endpoint,
			.peer_endpoint = message->peer_endpoint,
			.options = (uint16_t)(OPTIONS_ALWAYS | (message->wants_ack && !broadcast ? OPTION_RETRY : 0)) },
		.radius = message->radius ? message->radius : RADIUS,
		.tag = flight->id,
		.payload = { (const uint8_t *)message->payload.data, message->payload.size },
	};
	uint8_t data[STICK_REQUEST_MAX];
	struct writer out;

	if (message->to_sleeper && !broadcast)
		expect_sleeper(ezsp, message->peer);
	writer_init(&out, data, sizeof(data));
	if (broadcast)
		ezsp_broadcast_write(ezsp->dialect, &out, &outgoing);
	else
		ezsp_unicast_write(ezsp->dialect, &out, &outgoing);
	return stick_ask(stick, broadcast ? EZSP_BROADCAST : EZSP_UNICAST, &out, on_send_answered, flight->id);
}

/* ---- what the stick tells ---- */

static void take_sent(struct ezsp *ezsp, struct reader *in)
{
	uint16_t tag;
	enum ezsp_status status;

	if (ezsp_sent_parse(ezsp->dialect, in, &tag, &status) < 0 || tag == 0 || tag > UINT8_MAX)
		return;
	struct flight *flight = stick_flights_find(&ezsp->stick.flights, (uint8_t)tag);
	if (flight && !flight->waits)
		stick_landed(&ezsp->stick, flight, outcome_of(status));
}

static void take_message(struct ezsp *ezsp, struct reader *in)
{
	struct ezsp_incoming incoming;

	if (ezsp_incoming_parse(ezsp->dialect, in, &incoming) < 0)
		return;
	if (incoming.type == MULTICAST_OF_OURS || incoming.type == BROADCAST_OF_OURS)
		return;
	const struct zigbee_message message = {
		.peer = incoming.peer,
		.profile = incoming.aps.profile,
		.cluster = incoming.aps.cluster,
		.own_endpoint = incoming.aps.own_endpoint,
		.peer_endpoint = incoming.aps.peer_endpoint,
		.lqi = incoming.lqi,
		.rssi = incoming.rssi,
		.payload = { (const char *)incoming.payload.data, incoming.payload.size },
	};
	stick_received(&ezsp->stick, &message);
}

static void take_joined(struct ezsp *ezsp, struct reader *in)
{
	const struct stick_host *host = &ezsp->stick.host;
	uint16_t nwk = read_le16(in);
	uint64_t eui64 = read_le64(in);
	uint8_t update = read_u8(in);
	uint8_t decision = read_u8(in);
	uint16_t parent = read_le16(in);

	if (in->failed)
		return;
	if (update == UPDATE_LEFT)
		host->left(host->context, eui64, nwk);
	else if (decision != DECISION_DENY)
		host->joined(host->context, eui64, nwk, parent);
}

static void take_route(struct ezsp *ezsp, struct reader *in)
{
	uint16_t nwk = read_le16(in);

	(void)read_le64(in);
	(void)read_le16(in);
	uint8_t relays = read_u8(in);
	if (!in->failed)
		ezsp->stick.host.routed(ezsp->stick.host.context, nwk, relays);
}

static void take_energy(struct ezsp *ezsp, struct reader *in)
{
	uint8_t channel = read_u8(in);
	int energy = ((int8_t)read_u8(in) - WEAKEST_DBM) * 255 / -WEAKEST_DBM;

	if (in->failed || channel < ZIGBEE_CHANNEL_FIRST || channel > ZIGBEE_CHANNEL_LAST)
		return;
	energy = energy < 0 ? 0 : energy > UINT8_MAX ? UINT8_MAX : energy;
	ezsp->stick.host.scanned(ezsp->stick.host.context, channel, (uint8_t)energy);
}

static void take_scanned(struct ezsp *ezsp, struct reader *in)
{
	(void)in;
	script_event(&ezsp->stick.script, EZSP_EVENT_SCANNED);
}

static void take_status(struct ezsp *ezsp, struct reader *in)
{
	enum ezsp_status status = ezsp_read_status(ezsp->dialect, in);

	if (status == EZSP_UP)
		script_event(&ezsp->stick.script, EZSP_EVENT_UP);
	if (status != EZSP_DOWN)
		return;
	script_event(&ezsp->stick.script, EZSP_EVENT_DOWN);
	if (ezsp->stick.state == STICK_UP)
		stick_begin_again(&ezsp->stick, "the stick's network went down");
}

static const struct {
	uint16_t id;
	void (*take)(struct ezsp *ezsp, struct reader *in);
} events[] = {
	{ EZSP_ON_STATUS, take_status },
	{ EZSP_ON_SCANNED, take_scanned },
	{ EZSP_ON_JOINED, take_joined },
	{ EZSP_ON_SENT, take_sent },
	{ EZSP_ON_MESSAGE, take_message },
	{ EZSP_ON_ENERGY, take_energy },
	{ EZSP_ON_ROUTE, take_route },
};

static void take_callback(struct ezsp *ezsp, uint16_t id, struct reader *in)
{
	for (size_t i = 0; ezsp->dialect && i < sizeof(events) / sizeof(events[0]); i++) {
		if (events[i].id == id)
			events[i].take(ezsp, in);
	}
}

static void take_answer(struct ezsp *ezsp, const struct ezsp_header *header, struct reader *in)
{
	const struct stick_request *current = stick_requests_current(&ezsp->stick.requests);
	bool refused = header->id == EZSP_INVALID_COMMAND;

	if (!current || header->sequence != ezsp->sequence)
		return;
	uint16_t id = current->command == EZSP_SECOND_VERSION ? 0 : current->command;
	if (refused || id == header->id)
		stick_requests_answer(&ezsp->stick.requests, refused ? NULL : in);
}

/* A frame of EZSP. */
static void on_received(void *context, const uint8_t *data, size_t size)
{
	struct ezsp *ezsp = context;
	struct ezsp_header header;
	struct reader in;

	ezsp->heard_ms = ezsp->stick.now_ms;
	ezsp->stick.silences = 0;
	reader_init(&in, data, size);
	if (ezsp->asked_first) {
		ezsp->asked_first = false;
		stick_requests_answer(&ezsp->stick.requests, &in);
		return;
	}
	if (ezsp_header_parse(&header, &in) < 0 || !header.is_response)
		return;
	if (header.is_callback)
		take_callback(ezsp, header.id, &in);
	else
		take_answer(ezsp, &header, &in);
}

/* ---- the stick's own state ---- */

static void begin(struct stick *stick)
{
	struct ezsp *ezsp = (struct ezsp *)stick;

	ezsp->version = 0;
	ezsp->dialect = NULL;
	ezsp->asked_first = false;
	ezsp->stood = false;
	ezsp->heard_ms = stick->now_ms;
	memset(ezsp->sleepers, 0, sizeof(ezsp->sleepers));
	memset(ezsp->tail, 0, sizeof(ezsp->tail));
	ash_link_reset(&ezsp->link, stick->now_ms);
}

static void on_up(void *context)
{
	((struct ezsp *)context)->stood = true;
	run(context, ezsp_start_script);
}

/*
 * A stick that was reset is brought up again: also while it is, since one that gets power as its port is opened tells
 * of that reset and of the one it is asked for. One that does not answer needs its port opened anew.
 */
static void on_link_failed(void *context, const char *why)
{
	struct ezsp *ezsp = context;
	struct stick *stick = &ezsp->stick;
	char reason[128];

	snprintf(reason, sizeof(reason), "%s", why);
	if (stick->state != STICK_UP && !ezsp->stood) {
		stick_start_over(stick, reason);
		return;
	}
	stick_event(stick, DRIVER_WARNING, "zigbee.stick_lost %s", reason);
	stick_begin_again(stick, reason);
}

static void come_up(struct ezsp *ezsp)
{
	unsigned most = ezsp->takes < CONCURRENT_MOST ? ezsp->takes : CONCURRENT_MOST;

	ezsp->order = EZSP_NO_ORDER;
	stick_come_up(&ezsp->stick, most ? most : 1);
}

static void on_failed(struct ezsp *ezsp, const char *failed)
{
	struct stick *stick = &ezsp->stick;
	char why[SERIAL_PORT_WHY_MAX];

	snprintf(why, sizeof(why), "the stick did not %s", failed);
	if (stick->state == STICK_UP) {
		stick_event(stick, DRIVER_WARNING, "zigbee.stick_failed it did not %s", failed);
		stick_end_job(stick);
		return;
	}
	ezsp->order = EZSP_NO_ORDER;
	stick_start_over(stick, why);
}

/* What follows a script that went well. */
static void go_on(struct ezsp *ezsp, const struct script_step *was)
{
	bool up = ezsp->stick.state == STICK_UP;

	if (was == ezsp_leave_script || was == ezsp_form_script) {
		if (was == ezsp_form_script)
			ezsp->order = EZSP_NO_ORDER;
		begin(&ezsp->stick);
	} else if (was == ezsp_start_script && ezsp->stick.state == STICK_OPENING) {
		run(ezsp, ezsp->order == EZSP_NO_ORDER ? ezsp_keys_script : ezsp_form_script);
	} else if (was == ezsp_keys_script && up) {
		run(ezsp, ezsp_entries_script);
	} else if (was == ezsp_keys_script) {
		come_up(ezsp);
	} else {
		stick_end_job(&ezsp->stick);
	}
}

static void script_done(void *context, const char *failed)
{
	struct ezsp *ezsp = context;
	const struct script_step *was = ezsp->script;

	ezsp->script = NULL;
	if (failed)
		on_failed(ezsp, failed);
	else
		go_on(ezsp, was);
}

/* ---- bytes ---- */

/* A stick in its bootloader shows a menu, of which it is told to run what it has. */
static void look_for_bootloader(struct ezsp *ezsp, const uint8_t *data, size_t size)
{
	const size_t prompt = strlen(BOOTLOADER_PROMPT);

	for (size_t i = 0; i < size; i++) {
		memmove(ezsp->tail, ezsp->tail + 1, sizeof(ezsp->tail) - 1);
		ezsp->tail[sizeof(ezsp->tail) - 1] = data[i];
		if (memcmp(ezsp->tail + sizeof(ezsp->tail) - prompt, BOOTLOADER_PROMPT, prompt) != 0)
			continue;
		if (ezsp->woken) {
			ash_link_stop(&ezsp->link);
			stick_set_state(&ezsp->stick, STICK_REFUSED,
				"the stick is in its bootloader and does not leave it: flash it with EmberZNet NCP "
				"firmware");
			return;
		}
		ezsp->woken = true;
		stick_event(&ezsp->stick, DRIVER_NOTICE, "zigbee.stick_woken stick was in its bootloader");
		ezsp->stick.line->ops->write(ezsp->stick.line, BOOTLOADER_RUN, strlen(BOOTLOADER_RUN));
	}
}

static void take_bytes(struct stick *stick, const void *data, size_t size)
{
	struct ezsp *ezsp = (struct ezsp *)stick;

	if (ezsp->link.state == ASH_LINK_RESETTING)
		look_for_bootloader(ezsp, data, size);
	ash_link_take(&ezsp->link, stick->now_ms, data, size);
}

static void write_bytes_out(void *context, const void *data, size_t size)
{
	struct ezsp *ezsp = context;

	ezsp->stick.line->ops->write(ezsp->stick.line, data, size);
}

static int64_t deadline(const struct stick *stick)
{
	const struct ezsp *ezsp = (const struct ezsp *)stick;
	bool idle = stick->state == STICK_UP || stick->state == STICK_EMPTY;
	int64_t quiet_ms = idle ? ezsp->heard_ms + QUIET_MS : INT64_MAX;
	int64_t link_ms = ash_link_deadline(&ezsp->link);

	return quiet_ms < link_ms ? quiet_ms : link_ms;
}

/* The bootloader shows its menu when asked; for ASH it is noise that the next frame's cancel byte ends. */
static void ask_for_menu(struct ezsp *ezsp)
{
	static const char enter[] = "\r\n";

	if (ezsp->link.state == ASH_LINK_RESETTING && ezsp->stick.now_ms >= ash_link_deadline(&ezsp->link))
		write_bytes_out(ezsp, enter, strlen(enter));
}

static void alarm_of(struct stick *stick)
{
	struct ezsp *ezsp = (struct ezsp *)stick;

	ask_for_menu(ezsp);
	ash_link_alarm(&ezsp->link, stick->now_ms);
	if (!stick->has_line || stick->now_ms < deadline(stick))
		return;
	ezsp->heard_ms = stick->now_ms;
	(void)stick_ask(stick, EZSP_NOP, NULL, NULL, 0);
}

static void run_script(struct stick *stick, const struct script_step *script)
{
	run((struct ezsp *)stick, script);
}

static void set_network(struct stick *stick, bool restores)
{
	struct ezsp *ezsp = (struct ezsp *)stick;

	ezsp->order = restores ? EZSP_TO_RESTORE : EZSP_TO_FORM;
	run(ezsp, ezsp_leave_script);
}

static int ask_to_open(struct ezsp *ezsp, uint8_t seconds);

/* The command that opens the network comes after those that it needs; without these it is closed again. */
static void on_permit_answered(void *stick, uint32_t command, struct reader *answer)
{
	struct ezsp *ezsp = stick;
	bool done = answer && ezsp_read_status(ezsp->dialect, answer) == EZSP_OK;

	if (!done && !*ezsp->permit_failed)
		snprintf(ezsp->permit_failed, sizeof(ezsp->permit_failed), "it %s command 0x%04x",
			answer ? "refused" : "did not answer", (unsigned)command);
	if (command != EZSP_PERMIT || !ezsp->stick.permit_asked)
		return;
	if (done && *ezsp->permit_failed)
		(void)ask_to_open(ezsp, 0);
	stick_end_permit(&ezsp->stick, *ezsp->permit_failed ? ezsp->permit_failed : NULL);
}

/* The key that every node joins with, for whoever comes while joining is open. */
static int give_joining_key(struct ezsp *ezsp)
{
	uint8_t data[32];
	struct writer out;

	writer_init(&out, data, sizeof(data));
	write_le64(&out, UINT64_MAX);
	write_bytes(&out, "ZigBeeAlliance09", EZSP_KEY_SIZE);
	if (ezsp->dialect->transient_flags)
		write_u8(&out, 0);
	uint16_t command = ezsp->dialect->key_contexts ? EZSP_IMPORT_TRANSIENT_KEY : EZSP_ADD_TRANSIENT_KEY;
	return stick_ask(&ezsp->stick, command, &out, on_permit_answered, command);
}

static int ask_to_open(struct ezsp *ezsp, uint8_t seconds)
{
	uint8_t data[1];
	struct writer out;

	writer_init(&out, data, sizeof(data));
	write_u8(&out, seconds);
	return stick_ask(&ezsp->stick, EZSP_PERMIT, &out, on_permit_answered, EZSP_PERMIT);
}

static int ask_permit(struct ezsp *ezsp, uint8_t seconds)
{
	const struct zdo_message permit = { .cluster = ZDO_PERMIT, .seconds = seconds };
	uint8_t zdo[8], data[64];
	const struct ezsp_outgoing everywhere = { .peer = EVERYWHERE,
		.aps = { .cluster = ZDO_PERMIT, .options = OPTIONS_ALWAYS },
		.radius = RADIUS,
		.payload = { zdo, zdo_write(&permit, zdo, sizeof(zdo)) } };
	struct writer out;

	writer_init(&out, data, sizeof(data));
	write_u8(&out, POLICY_TRUST_CENTRE);
	write_u8(&out, seconds ? JOINS_AND_REJOINS : REJOINS_ONLY);
	int result = stick_ask(&ezsp->stick, EZSP_SET_POLICY, &out, on_permit_answered, EZSP_SET_POLICY);
	if (result == 0)
		result = ask_to_open(ezsp, seconds);
	writer_init(&out, data, sizeof(data));
	ezsp_broadcast_write(ezsp->dialect, &out, &everywhere);
	return result == 0 ? stick_ask(&ezsp->stick, EZSP_BROADCAST, &out, NULL, 0) : result;
}

static int permit(struct stick *stick, uint8_t seconds)
{
	struct ezsp *ezsp = (struct ezsp *)stick;

	ezsp->permit_failed[0] = '\0';
	int result = seconds ? give_joining_key(ezsp) : 0;

	return result == 0 ? ask_permit(ezsp, seconds) : result;
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
	.backup = ezsp_keys_script,
	.scan = ezsp_scan_script,
	.permit = permit,
	.size = sizeof(struct ezsp),
};

/* ---- the operations ---- */

struct stick *stick_ezsp_make(const struct stick_host *host, struct stick_line *line, int concurrent)
{
	struct ezsp *ezsp = calloc(1, sizeof(*ezsp));

	if (!ezsp)
		return NULL;
	stick_init(&ezsp->stick, &protocol, host, concurrent);
	ezsp->stick.line = line;
	ash_link_init(
		&ezsp->link, &(struct ash_link_host){ ezsp, write_bytes_out, on_up, on_received, on_link_failed });
	return &ezsp->stick;
}

static int open_stick(struct stick **out, struct uv_loop_s *loop, const struct stick_port *port,
	const struct stick_host *host, char *why, size_t why_size)
{
	return stick_open_line(out, stick_ezsp_make(host, NULL, port->concurrent), loop, port, why, why_size);
}

const struct stick_ops stick_ezsp = {
	.name = "ezsp",
	.open = open_stick,
	.form = stick_form,
	.restore = stick_restore,
	.backup = stick_backup,
	.scan = stick_scan,
	.permit = stick_permit,
	.send = stick_send,
	.close = stick_close,
};
