#include "drivers/remote_session.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/message_socket_keys.h"
#include "drivers/remote_process.h"
#include "drivers/remote_state.h"

#define NONE ((struct span){ NULL, 0 })
#define BEATS_PER_SILENCE 5
#define RECEIVE_MAX 64  /* messages that wait in libzmq: of DRIVER_DATA_MAX each at worst */
#define SEND_MAX 200000 /* small ones; what is not read is bounded by its bytes */
#define STOP_MS 3000    /* for an orderly end */
#define LINGER_MS 200   /* for the last word to one that is given up */
#define LINE_SIZE 1024
#define CUT_LOOKS 10 /* at a process whose connection broke, */
#define CUT_MS 300   /* so far apart: time alone would pass also while the machine stands still */

void remote_log(struct driver *driver, enum driver_level level, const char *format, ...)
{
	char line[LINE_SIZE];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	driver->host->event(driver->host->context, level, line);
}

static int64_t now_of(const struct driver *driver)
{
	return (int64_t)uv_now(driver->loop);
}

/* Sending. */

static int send_to(
	struct driver *driver, struct message_frame peer, const struct driver_message *message, struct span data)
{
	char head[DRIVER_HEAD_MAX];
	struct message out = { .count = data.size ? 3 : 2 };

	out.frames[0] = peer;
	out.frames[1] = (struct message_frame){ head, driver_message_write(message, head) };
	out.frames[2] = (struct message_frame){ data.data, data.size };
	int error = message_socket_send(driver->socket, &out);
	return error < 0 ? error : (int)(out.frames[1].size + data.size);
}

static struct message_frame peer_of(const struct driver *driver)
{
	return (struct message_frame){ driver->peer, driver->peer_size };
}

static void on_cut_off(struct driver *driver);

static void send_beat(struct driver *driver)
{
	struct driver_message beat;

	driver_message_init(&beat, DRIVER_BEAT);
	beat.id = remote_guard_beat(&driver->guard, now_of(driver));
	if (send_to(driver, peer_of(driver), &beat, NONE) == -EHOSTUNREACH)
		on_cut_off(driver);
}

void remote_send(struct driver *driver, const struct driver_message *message, struct span data)
{
	if (driver->peer_size == 0)
		return;
	int sent = send_to(driver, peer_of(driver), message, data);
	if (sent == -EHOSTUNREACH)
		on_cut_off(driver);
	else if (sent < 0)
		remote_give_up(driver, "it stalls: it cannot be sent to: %s", strerror(-sent));
	else if (remote_guard_sent(&driver->guard, (size_t)sent))
		send_beat(driver);
}

/* 0, or why it could not be sent. */
static int send_stop(struct driver *driver, struct message_frame peer, const char *why)
{
	struct driver_message stop;

	driver_message_init(&stop, DRIVER_STOP);
	snprintf(stop.text, sizeof(stop.text), "%s", why);
	int sent = send_to(driver, peer, &stop, NONE);
	return sent < 0 ? sent : 0;
}

/* Starting and ending its process. */

static void start_again(uv_timer_t *timer);

static void restart_later(struct driver *driver)
{
	const struct remote_settings *settings = driver->settings;
	uint32_t chance = settings->chance(settings->chance_context);
	int64_t pause_ms = driver->ready_ms
				   ? reconnect_after_session(&driver->pause, now_of(driver) - driver->ready_ms, chance)
				   : reconnect_after_failure(&driver->pause, false, chance);

	driver->ready_ms = 0;
	remote_log(driver, DRIVER_INFO, "driver.pause driver=%s ms=%lld", settings->name, (long long)pause_ms);
	uv_timer_start(&driver->restart_timer, start_again, (uint64_t)pause_ms, 0);
}

static void on_exited(void *context, int64_t status, int number)
{
	struct driver *driver = context;

	remote_process_let_go(driver->process, false);
	driver->process = NULL;
	if (driver->peer_size > 0 || driver->state == REMOTE_STARTING || driver->cut_looks > 0) {
		driver->cut_looks = 0;
		if (number)
			remote_give_up(driver, "it was ended by signal %d", number);
		else
			remote_give_up(driver, "it ended with code %lld", (long long)status);
	}
	restart_later(driver);
}

static int start_process(struct driver *driver, char *why, size_t why_size)
{
	int error = remote_process_start(
		&driver->process, driver->loop, driver->settings->program, on_exited, driver, why, why_size);

	if (error)
		return error;
	driver->state = REMOTE_STARTING;
	remote_guard_init(&driver->guard, &driver->settings->limits, now_of(driver));
	return 0;
}

static void start_again(uv_timer_t *timer)
{
	struct driver *driver = timer->data;

	driver->restarts++;
	if (start_process(driver, driver->trouble, sizeof(driver->trouble)) == 0)
		return;
	remote_log(driver, DRIVER_ERROR, "driver.start_failed driver=%s reason=\"%s\"", driver->settings->name,
		driver->trouble);
	restart_later(driver);
}

static void fail_questions(struct driver *driver)
{
	static const char why[] = "the driver's process has ended";

	while (driver->questions) {
		struct remote_question *question = driver->questions;
		driver->questions = question->next;
		driver->question_count--;
		question->question.done(question->question.context, -ECONNRESET, (struct span){ why, sizeof(why) - 1 });
		free(question);
	}
}

static void end_session(struct driver *driver)
{
	driver->peer_size = 0;
	driver->session++;
	driver->state = REMOTE_WAITING;
	driver->read_count = 0;
	fail_questions(driver);
	/* What it said of its network is over with it; the next one will say. */
	if (driver->host->trouble)
		driver->host->trouble(driver->host->context, DRIVER_NOTICE, "");
}

static void look_at_cut_off(uv_timer_t *timer)
{
	struct driver *driver = timer->data;

	if (remote_process_has_ended(driver->process))
		return;
	if (--driver->cut_looks == 0)
		remote_give_up(driver, "it closed its connection");
	else
		uv_timer_start(&driver->restart_timer, look_at_cut_off, CUT_MS, 0);
}

/* The connection of a process that ends breaks before it has ended: how it ends is the reason then. */
static void on_cut_off(struct driver *driver)
{
	if (!driver->process) {
		remote_give_up(driver, "its connection was lost");
		return;
	}
	driver->cut_size = driver->peer_size;
	end_session(driver);
	driver->cut_looks = CUT_LOOKS;
	uv_timer_start(&driver->restart_timer, look_at_cut_off, CUT_MS, 0);
}

void remote_give_up(struct driver *driver, const char *format, ...)
{
	va_list arguments;

	if (driver->cut_looks > 0)
		uv_timer_stop(&driver->restart_timer);
	driver->cut_looks = 0;
	va_start(arguments, format);
	(void)vsnprintf(driver->trouble, sizeof(driver->trouble), format, arguments);
	va_end(arguments);
	remote_log(driver, DRIVER_WARNING, "driver.ended driver=%s pid=%d reason=\"%s\"", driver->settings->name,
		driver->process ? remote_process_pid(driver->process) : 0, driver->trouble);
	if (driver->peer_size > 0 && !driver->process)
		(void)send_stop(driver, peer_of(driver), driver->trouble);
	end_session(driver);
	if (driver->process)
		remote_process_kill(driver->process);
	else if (!driver->settings->program)
		driver->restarts++;
}

/* Its coming. */

static const char *fault_of_hello(const struct driver *driver, const struct driver_message *hello)
{
	if (hello->protocol != DRIVER_PROTOCOL)
		return "version 1 of the protocol is spoken here";
	if (strcmp(hello->driver, driver->settings->name) != 0)
		return "another driver is expected here";
	if (driver->settings->program && (driver->peer_size > 0 || driver->cut_looks > 0 || !driver->process))
		return "the driver runs already";
	return NULL;
}

static void on_hello(struct driver *driver, struct message_frame peer, const struct driver_message *hello)
{
	const char *fault = fault_of_hello(driver, hello);

	if (fault) {
		remote_log(driver, DRIVER_WARNING, "driver.refused driver=%s reason=\"%s\"", driver->settings->name,
			fault);
		(void)send_stop(driver, peer, fault);
		return;
	}
	if (driver->peer_size > 0)
		remote_give_up(driver, "another process took its place");
	memcpy(driver->peer, peer.data, peer.size);
	driver->peer_size = peer.size;
	driver->session++;
	driver->state = REMOTE_STARTING;
	driver->takes_commands = hello->commands;
	driver->takes_questions = hello->questions;
	remote_guard_init(&driver->guard, &driver->settings->limits, now_of(driver));
	remote_greet(driver);
	if (driver->peer_size > 0)
		send_beat(driver);
}

/* What it says. */

static bool is_peer(const struct driver *driver, struct message_frame frame)
{
	return driver->peer_size > 0 && frame.size == driver->peer_size &&
	       memcmp(frame.data, driver->peer, frame.size) == 0;
}

/* What was said before the connection broke may be read after that was seen. */
static bool is_cut_off(const struct driver *driver, struct message_frame frame)
{
	return driver->cut_looks > 0 && frame.size == driver->cut_size &&
	       memcmp(frame.data, driver->peer, frame.size) == 0;
}

static void take_from_peer(struct driver *driver, const struct message *message)
{
	struct driver_message parsed;
	struct span data = { 0 };
	size_t bytes = 0;
	char why[160];

	for (size_t i = 1; i < message->count; i++)
		bytes += message->frames[i].size;
	if (remote_guard_take(&driver->guard, bytes, now_of(driver), why, sizeof(why)) < 0) {
		remote_give_up(driver, "%s", why);
		return;
	}
	if (message->count < 2 || message->count > 3) {
		remote_give_up(driver, "it sends garbage: a message of %zu frames", message->count - 1);
		return;
	}
	const struct span head = { message->frames[1].data, message->frames[1].size };
	if (driver_message_parse(&parsed, head, why, sizeof(why)) < 0) {
		remote_give_up(driver, "it sends garbage: %s", why);
		return;
	}
	if (message->count == 3)
		data = (struct span){ message->frames[2].data, message->frames[2].size };
	if (parsed.type == DRIVER_HELLO)
		remote_give_up(driver, "it sends garbage: a second hello");
	else
		remote_take(driver, &parsed, data);
}

static void on_message(void *context, const struct message *message)
{
	struct driver *driver = context;
	struct driver_message parsed;
	char why[160] = "a message of one frame or more than two";

	if (is_peer(driver, message->frames[0])) {
		take_from_peer(driver, message);
		return;
	}
	if (is_cut_off(driver, message->frames[0]))
		return;
	/* libzmq cuts off who sends too large a frame; it connects anew, and is somebody else for the router. */
	if ((driver->peer_size > 0 || driver->cut_looks > 0) && driver->process && message->peer.known &&
		message->peer.pid == remote_process_pid(driver->process)) {
		remote_give_up(driver, "it sends garbage: a frame of more than %d bytes, or from a second socket",
			DRIVER_DATA_MAX);
		return;
	}
	if (message->count < 2 || message->count > 3 || message->frames[0].size > ROUTER_PEER_MAX)
		return;
	const struct span head = { message->frames[1].data, message->frames[1].size };
	if (driver_message_parse(&parsed, head, why, sizeof(why)) < 0)
		(void)send_stop(driver, message->frames[0], why);
	else if (parsed.type == DRIVER_HELLO)
		on_hello(driver, message->frames[0], &parsed);
	else
		(void)send_stop(driver, message->frames[0], "say hello first");
}

static void on_beat_due(uv_timer_t *timer)
{
	struct driver *driver = timer->data;
	char why[160];

	if (driver->state == REMOTE_WAITING || (driver->process && remote_process_has_ended(driver->process)))
		return;
	if (remote_guard_look(&driver->guard, now_of(driver), why, sizeof(why)) < 0) {
		remote_give_up(driver, "%s", why);
		return;
	}
	if (driver->peer_size > 0)
		send_beat(driver);
}

/* Opening and closing. */

static int listen_with(struct driver *driver, const struct message_keys *keys, char *why, size_t why_size)
{
	const struct message_options options = {
		.role = MESSAGE_ROUTER,
		.endpoint = driver->settings->endpoint,
		.mode = 0600,
		.frame_max = DRIVER_DATA_MAX,
		.queue_max = RECEIVE_MAX,
		.send_max = SEND_MAX,
		.linger_ms = LINGER_MS,
		.keys = keys,
	};
	int error = message_socket_bind(&driver->socket, driver->context, &options, why, why_size);

	return error ? error : message_socket_watch(driver->socket, driver->loop, on_message, driver);
}

static int listen_for_it(struct driver *driver, char *why, size_t why_size)
{
	const struct remote_settings *settings = driver->settings;
	struct message_keys keys;

	driver->context = message_context_open();
	if (!driver->context)
		return -ENOMEM;
	if (!settings->key_file)
		return listen_with(driver, NULL, why, why_size);
	int error = message_keys_read(&keys, settings->key_file, settings->driver_key_file, why, why_size);
	if (!error)
		error = message_gate_open(&driver->gate, driver->context, driver->loop, keys.peer, why, why_size);
	if (!error)
		error = listen_with(driver, &keys, why, why_size);
	explicit_bzero(&keys, sizeof(keys));
	return error;
}

static void start_timers(struct driver *driver)
{
	uint64_t beat_ms = (uint64_t)driver->settings->limits.silence_ms / BEATS_PER_SILENCE;

	driver->handles = 2;
	uv_timer_init(driver->loop, &driver->beat_timer);
	uv_timer_init(driver->loop, &driver->restart_timer);
	driver->beat_timer.data = driver->restart_timer.data = driver;
	uv_timer_start(&driver->beat_timer, on_beat_due, beat_ms, beat_ms);
}

int remote_session_open(struct driver *driver, char *why, size_t why_size)
{
	start_timers(driver);
	int error = listen_for_it(driver, why, why_size);
	return error || !driver->settings->program ? error : start_process(driver, why, why_size);
}

/* Whether it said good-bye. The gateway stops, so nothing else that it says is of interest. */
static bool part_in_peace(struct driver *driver)
{
	uint64_t now_ns = uv_hrtime(), until_ns = now_ns + (uint64_t)STOP_MS * 1000000;
	struct driver_message parsed;
	struct message message;
	char why[160];

	if (send_stop(driver, peer_of(driver), "the gateway stops") < 0)
		return false;
	for (; now_ns < until_ns; now_ns = uv_hrtime()) {
		if (message_socket_receive(driver->socket, &message) < 0) {
			int left_ms = (int)((until_ns - now_ns) / 1000000) + 1;
			if (message_socket_wait(driver->socket, -1, left_ms) <= 0)
				return false;
			continue;
		}
		if (message.count < 2 || !is_peer(driver, message.frames[0]))
			continue;
		const struct span head = { message.frames[1].data, message.frames[1].size };
		if (driver_message_parse(&parsed, head, why, sizeof(why)) == 0 && parsed.type == DRIVER_BYE)
			return true;
	}
	return false;
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct driver *driver = handle->data;

	if (--driver->handles == 0)
		free(driver);
}

void remote_session_close(struct driver *driver)
{
	bool peacefully = driver->peer_size > 0 && part_in_peace(driver);

	end_session(driver);
	remote_process_let_go(driver->process, !peacefully);
	message_socket_close(driver->socket);
	message_gate_close(driver->gate);
	message_context_close(driver->context);
	uv_close((uv_handle_t *)&driver->beat_timer, on_timer_closed);
	uv_close((uv_handle_t *)&driver->restart_timer, on_timer_closed);
}
