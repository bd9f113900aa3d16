#include "drivers/stick.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/serial_port.h"
#include "protocols/zdo.h"

#define BUSY_TRIES 4
#define BUSY_PAUSE_MS 500 /* doubled at each try */
#define REQUEST_TIMEOUT_MS 6000
#define RESTARTS_MOST \
	3              /* before it settles: one that gets power as its port is opened resets then, and as it is told */
#define LASTS_MS 60000 /* a stick that was settled for so long may fall again */
#define PERMIT_REQUESTS 5 /* at most */

static void forget_secrets(struct stick *stick)
{
	if (stick->keys)
		explicit_bzero(stick->keys, stick->key_count * sizeof(*stick->keys));
	free(stick->keys);
	stick->keys = NULL;
	stick->key_count = 0;
	explicit_bzero(&stick->wanted, sizeof(stick->wanted));
}

void stick_end_job(struct stick *stick)
{
	int job = stick->job;

	stick->job = STICK_NO_JOB;
	if (job == STICK_BACKUP)
		stick->host.key(stick->host.context, NULL);
	else if (job == STICK_SCAN)
		stick->host.scanned(stick->host.context, 0, 0);
}

void stick_end_permit(struct stick *stick, const char *failed)
{
	if (!stick->permit_asked)
		return;
	stick->permit_asked = false;
	stick->host.permitted(stick->host.context, failed);
}

static void script_done(void *context, const char *failed)
{
	struct stick *stick = context;

	stick->protocol->script_done(stick, failed);
}

void stick_init(
	struct stick *stick, const struct stick_protocol *protocol, const struct stick_host *host, int concurrent)
{
	if (concurrent > 0)
		stick->concurrent = concurrent < STICK_FLIGHTS_MAX ? (unsigned)concurrent : STICK_FLIGHTS_MAX;
	stick->protocol = protocol;
	stick->host = *host;
	stick->state = STICK_DOWN;
	stick_requests_init(&stick->requests, stick, protocol->transmit, &stick->now_ms);
	script_init(&stick->script, stick, &stick->requests, script_done);
	stick_flights_init(&stick->flights, 1);
}

static void lose_flights(struct stick *stick)
{
	for (size_t i = 0; i < STICK_FLIGHTS_MAX; i++) {
		struct flight *flight = &stick->flights.slots[i];
		if (flight->used)
			stick->host.sent(stick->host.context, stick_flights_end(&stick->flights, flight), STICK_LOST);
	}
}

void stick_close(struct stick *stick)
{
	if (!stick)
		return;
	script_stop(&stick->script);
	stick->state = STICK_DOWN;
	lose_flights(stick);
	stick_end_permit(stick, "it is let go");
	stick_requests_clear(&stick->requests);
	if (stick->line)
		stick->line->ops->close(stick->line);
	forget_secrets(stick);
	explicit_bzero(stick, stick->protocol->size);
	free(stick);
}

int stick_open_line(struct stick **out, struct stick *made, struct uv_loop_s *loop, const struct stick_port *port,
	char *why, size_t why_size)
{
	const struct serial_port_config config = { port->path, port->baud, port->hardware_flow, port->software_flow };
	const struct stick_line_user user = { made, stick_on_up, stick_on_down, stick_on_bytes, stick_on_alarm };

	if (!made)
		return -ENOMEM;
	int result = stick_line_open(&made->line, loop, &config, &user, why, why_size);
	if (result < 0)
		free(made);
	else
		*out = made;
	return result;
}

/* ---- what is told ---- */

void stick_set_state(struct stick *stick, enum stick_state state, const char *why)
{
	enum stick_state before = stick->state;

	snprintf(stick->why, sizeof(stick->why), "%s", why);
	stick->state = state;
	if (before == STICK_UP && state != STICK_UP) {
		stick_end_job(stick);
		lose_flights(stick);
	}
	if (before != state)
		stick->settled_ms = stick->now_ms;
	const struct stick_report report = {
		.state = state,
		.network = state == STICK_UP ? &stick->network : NULL,
		.firmware = stick->firmware,
		.why = stick->why,
	};
	stick->host.state(stick->host.context, &report);
	if (state != STICK_UP)
		stick_end_permit(stick, *why ? why : "it is started anew");
}

void stick_come_up(struct stick *stick, unsigned suits)
{
	stick_flights_init(&stick->flights, stick->concurrent ? stick->concurrent : suits);
	stick_set_state(stick, STICK_UP, "");
}

void stick_event(struct stick *stick, enum driver_level level, const char *format, ...)
{
	char line[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	stick->host.event(stick->host.context, level, line);
}

void stick_received(struct stick *stick, const struct zigbee_message *message)
{
	struct reader in;

	if (message->profile == ZDO_PROFILE && message->cluster == ZDO_DEVICE_ANNOUNCE) {
		reader_init(&in, message->payload.data, message->payload.size);
		(void)read_u8(&in);
		uint16_t nwk = read_le16(&in);
		uint64_t eui64 = read_le64(&in);
		if (!in.failed)
			stick->host.joined(stick->host.context, eui64, nwk, ZIGBEE_NWK_NONE);
	}
	stick->host.received(stick->host.context, message);
}

/* ---- messages ---- */

static void fly(struct stick *stick, struct flight *flight)
{
	flight->waits = false;
	flight->due_ms = INT64_MAX;
	if (stick->protocol->fly(stick, flight) < 0)
		stick_landed(stick, flight, STICK_BUSY);
}

void stick_landed(struct stick *stick, struct flight *flight, enum stick_sent outcome)
{
	if (outcome == STICK_BUSY) {
		stick_flights_shrink(&stick->flights);
		if (++flight->tries < BUSY_TRIES) {
			flight->waits = true;
			flight->due_ms = stick->now_ms + (BUSY_PAUSE_MS << (flight->tries - 1));
			return;
		}
	} else if (outcome == STICK_SENT) {
		stick_flights_grow(&stick->flights);
	}
	stick->host.sent(stick->host.context, stick_flights_end(&stick->flights, flight), outcome);
}

static int send_message(struct stick *stick, const struct zigbee_message *message, uint32_t tag)
{
	struct flight *flight;

	if (stick->state != STICK_UP)
		return -ENETDOWN;
	int result = stick_flights_begin(&stick->flights, message, tag, &flight);
	if (result < 0)
		return result;
	if (stick->protocol->fly(stick, flight) < 0) {
		(void)stick_flights_end(&stick->flights, flight);
		return -EAGAIN;
	}
	return 0;
}

int stick_send(struct stick *stick, const struct zigbee_message *message, uint32_t tag)
{
	stick_enter(stick);
	int result = send_message(stick, message, tag);
	stick_leave(stick);
	return result;
}

static void take_due_flights(struct stick *stick)
{
	struct flight *flight;

	while ((flight = stick_flights_due(&stick->flights, stick->now_ms)) != NULL) {
		if (flight->waits)
			fly(stick, flight);
		else
			stick_landed(stick, flight, STICK_LOST);
	}
}

/* ---- commands ---- */

int stick_ask(struct stick *stick, uint16_t command, const struct writer *data,
	void (*answered)(void *stick, uint32_t argument, struct reader *answer), uint32_t argument)
{
	struct stick_request request = { .command = command,
		.timeout_ms = REQUEST_TIMEOUT_MS,
		.answered = answered,
		.context = stick,
		.argument = argument };
	size_t size = data ? writer_size(data) : 0;

	if (size > sizeof(request.data) || (data && data->failed))
		return -ENOBUFS;
	if (size > 0)
		memcpy(request.data, data->start, size);
	request.size = (uint16_t)size;
	return stick_requests_add(&stick->requests, &request);
}

static int keep_wanted(
	struct stick *stick, const struct stick_network *network, const struct stick_link_key *keys, size_t key_count)
{
	if ((stick->state != STICK_UP && stick->state != STICK_EMPTY) || script_runs(&stick->script))
		return -EBUSY;
	if (key_count > STICK_KEYS_MAX)
		return -ENOBUFS;
	struct stick_link_key *copy = key_count ? calloc(key_count, sizeof(*copy)) : NULL;
	if (key_count && !copy)
		return -ENOMEM;
	forget_secrets(stick);
	if (key_count)
		memcpy(copy, keys, key_count * sizeof(*copy));
	stick->keys = copy;
	stick->key_count = key_count;
	stick->wanted = *network;
	return 0;
}

static int set_network(struct stick *stick, const struct stick_network *network, const struct stick_link_key *keys,
	size_t key_count, bool restores)
{
	int result = keep_wanted(stick, network, keys, key_count);

	if (result < 0)
		return result;
	stick_enter(stick);
	stick->was_up = stick->state == STICK_UP;
	stick_set_state(stick, STICK_OPENING, "");
	stick->protocol->set_network(stick, restores);
	stick_leave(stick);
	return 0;
}

int stick_form(struct stick *stick, const struct stick_network *network)
{
	return set_network(stick, network, NULL, 0, false);
}

int stick_restore(
	struct stick *stick, const struct stick_network *network, const struct stick_link_key *keys, size_t key_count)
{
	return set_network(stick, network, keys, key_count, true);
}

static int run_job(struct stick *stick, int job, const struct script_step *script)
{
	if (stick->state != STICK_UP)
		return -ENETDOWN;
	if (script_runs(&stick->script))
		return -EBUSY;
	stick_enter(stick);
	stick->job = job;
	stick->protocol->run(stick, script);
	stick_leave(stick);
	return 0;
}

int stick_backup(struct stick *stick)
{
	return run_job(stick, STICK_BACKUP, stick->protocol->backup);
}

int stick_scan(struct stick *stick)
{
	return run_job(stick, STICK_SCAN, stick->protocol->scan);
}

int stick_permit(struct stick *stick, uint8_t seconds)
{
	if (stick->state != STICK_UP)
		return -ENETDOWN;
	if (stick->permit_asked || stick->requests.count > STICK_REQUESTS_MAX - PERMIT_REQUESTS)
		return -EBUSY;
	stick_enter(stick);
	stick->permit_asked = stick->protocol->permit(stick, seconds) == 0;
	stick_leave(stick);
	return stick->permit_asked ? 0 : -EBUSY;
}

/* ---- the line ---- */

void stick_enter(struct stick *stick)
{
	if (stick->line)
		stick->now_ms = stick->line->ops->now_ms(stick->line);
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

void stick_leave(struct stick *stick)
{
	int64_t at_ms = stick_requests_deadline(&stick->requests);

	at_ms = earlier(at_ms, script_deadline(&stick->script));
	at_ms = earlier(at_ms, stick_flights_deadline(&stick->flights));
	if (stick->has_line)
		at_ms = earlier(at_ms, stick->protocol->deadline(stick));
	stick->line->ops->set_alarm(stick->line, at_ms);
}

void stick_start_over(struct stick *stick, const char *why)
{
	if (stick->has_line)
		stick->line->ops->reopen(stick->line, why);
}

static bool is_settled(const struct stick *stick)
{
	return stick->state == STICK_UP || stick->state == STICK_EMPTY || stick->state == STICK_REFUSED;
}

static bool may_begin_at_once(struct stick *stick)
{
	if (!is_settled(stick))
		return stick->restarts++ < RESTARTS_MOST;
	stick->restarts = 0;
	if (stick->now_ms - stick->settled_ms >= LASTS_MS)
		stick->falls = 0;
	return stick->falls++ == 0;
}

void stick_begin_again(struct stick *stick, const char *why)
{
	char again[sizeof(stick->why)];

	if (!stick->has_line)
		return;
	if (!may_begin_at_once(stick)) {
		snprintf(again, sizeof(again),
			"%.160s, again and again soon after its start: it is started after a pause", why);
		stick_start_over(stick, again);
		return;
	}
	script_stop(&stick->script);
	stick_set_state(stick, STICK_OPENING, why);
	stick_requests_clear(&stick->requests);
	stick->protocol->begin(stick);
}

void stick_on_up(void *context)
{
	struct stick *stick = context;

	stick_enter(stick);
	stick->has_line = true;
	stick->silences = 0;
	stick->restarts = 0;
	stick->firmware[0] = '\0';
	stick_set_state(stick, STICK_OPENING, "");
	stick->protocol->begin(stick);
	stick_leave(stick);
}

void stick_on_down(void *context, const char *why)
{
	struct stick *stick = context;

	stick_enter(stick);
	stick->has_line = false;
	script_stop(&stick->script);
	stick_set_state(stick, STICK_DOWN, why);
	stick_requests_clear(&stick->requests);
	stick_leave(stick);
}

void stick_on_bytes(void *context, const void *data, size_t size)
{
	struct stick *stick = context;

	stick_enter(stick);
	stick->protocol->bytes(stick, data, size);
	stick_leave(stick);
}

static void take_late_requests(struct stick *stick)
{
	while (stick->has_line && stick_requests_expire(&stick->requests)) {
		if (++stick->silences >= stick->protocol->silences_most)
			stick_start_over(stick, "the stick does not answer any more");
	}
}

void stick_on_alarm(void *context)
{
	struct stick *stick = context;

	stick_enter(stick);
	take_late_requests(stick);
	script_alarm(&stick->script);
	take_due_flights(stick);
	if (stick->has_line)
		stick->protocol->alarm(stick);
	stick_leave(stick);
}
