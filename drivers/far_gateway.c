#include "drivers/far_gateway.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "config/settings.h"
#include "drivers/far_state.h"
#include "protocols/token_writer.h"

#define NONE ((struct span){ NULL, 0 })
#define SILENCE_MS 20000 /* until the gateway says what it takes for silence */
#define LOOKS_PER_SILENCE 5
#define QUEUE_MAX 1000
#define LINGER_MS 1000

/* Sending. */

int far_send(struct far_gateway *gateway, const struct driver_message *message, struct span data)
{
	char head[DRIVER_HEAD_MAX];
	struct message out = { .count = data.size ? 2 : 1 };

	if (data.size > DRIVER_DATA_MAX)
		return -ENOBUFS;
	out.frames[0] = (struct message_frame){ head, driver_message_write(message, head) };
	out.frames[1] = (struct message_frame){ data.data, data.size };
	return message_socket_send(gateway->socket, &out);
}

void far_say(struct far_gateway *gateway, enum driver_message_type type, const char *text)
{
	struct driver_message message;

	driver_message_init(&message, type);
	(void)snprintf(message.text, sizeof(message.text), "%s", text);
	(void)far_send(gateway, &message, NONE);
}

static void say_hello(struct far_gateway *gateway)
{
	struct driver_message message;

	driver_message_init(&message, DRIVER_HELLO);
	message.protocol = DRIVER_PROTOCOL;
	message.pid = (uint32_t)getpid();
	message.commands = gateway->ops->command;
	message.questions = gateway->ops->ask;
	(void)snprintf(message.driver, sizeof(message.driver), "%s", gateway->ops->name);
	(void)far_send(gateway, &message, NONE);
}

/* What waits for its turn. */

static void append(struct far_gateway *gateway, const struct driver_message *message, struct span data)
{
	struct far_message *entry = malloc(sizeof(*entry) + data.size);

	if (!entry)
		return;
	entry->next = NULL;
	entry->message = *message;
	entry->data = (struct span){ (const char *)(entry + 1), data.size };
	if (data.size)
		memcpy(entry + 1, data.data, data.size);
	*gateway->last = entry;
	gateway->last = &entry->next;
}

static struct far_message *take_at(struct far_gateway *gateway, struct far_message **at)
{
	struct far_message *entry = *at;

	*at = entry->next;
	if (!entry->next)
		gateway->last = at;
	return entry;
}

static bool read_message(
	struct far_gateway *gateway, const struct message *message, struct driver_message *out, struct span *data)
{
	char why[160];

	gateway->heard_ms = (int64_t)uv_now(gateway->loop);
	gateway->mute = false;
	*data = NONE;
	if (message->count > 2)
		return false;
	const struct span head = { message->frames[0].data, message->frames[0].size };
	if (message->count == 2)
		*data = (struct span){ message->frames[1].data, message->frames[1].size };
	/* A later gateway may say what this one does not know. */
	return driver_message_parse(out, head, why, sizeof(why)) == 0;
}

static void on_turn(uv_idle_t *idle);

/* A beat goes back at once: it says that the process lives and reads. */
static void sort_in(struct far_gateway *gateway, const struct driver_message *message, struct span data)
{
	if (message->type == DRIVER_BEAT)
		(void)far_send(gateway, message, NONE);
	else
		append(gateway, message, data);
	if (gateway->first && gateway->handles)
		uv_idle_start(&gateway->idle, on_turn);
}

int far_wait(struct far_gateway *gateway, enum driver_message_type type, uint32_t id, struct driver_message *out)
{
	uint64_t until_ns = uv_hrtime() + (uint64_t)FAR_PATIENCE_MS * 1000000;
	struct driver_message parsed;
	struct message message;
	struct span data;

	for (;;) {
		bool came = message_socket_receive(gateway->socket, &message) == 0;
		bool sound = came && read_message(gateway, &message, &parsed, &data);
		if (sound && parsed.type == type && parsed.id == id) {
			*out = parsed;
			return 0;
		}
		if (sound)
			sort_in(gateway, &parsed, data);
		/* Also where other messages keep coming. */
		uint64_t now_ns = uv_hrtime();
		if (now_ns >= until_ns || gateway->mute) {
			/* A driver that waits for each of its questions hears neither its nodes nor its end. */
			gateway->mute = true;
			return -ETIMEDOUT;
		}
		if (!came)
			(void)message_socket_wait(gateway->socket, -1, (int)((until_ns - now_ns) / 1000000) + 1);
	}
}

void far_take_offers(struct far_gateway *gateway)
{
	struct far_message **at = &gateway->first;

	while (*at) {
		enum driver_message_type type = (*at)->message.type;
		if (type != DRIVER_OFFER && type != DRIVER_WITHDRAW) {
			at = &(*at)->next;
			continue;
		}
		struct far_message *entry = take_at(gateway, at);
		far_deliver(gateway, &entry->message, entry->data);
		free(entry);
		at = &gateway->first; /* the driver may have asked something, so that the list is another */
	}
}

static void on_turn(uv_idle_t *idle)
{
	struct far_gateway *gateway = idle->data;

	while (gateway->first && !gateway->over) {
		struct far_message *entry = take_at(gateway, &gateway->first);
		far_deliver(gateway, &entry->message, entry->data);
		free(entry);
	}
	uv_idle_stop(idle);
}

static void on_message(void *context, const struct message *message)
{
	struct far_gateway *gateway = context;
	struct driver_message parsed;
	struct span data;

	if (!gateway->over && read_message(gateway, message, &parsed, &data))
		sort_in(gateway, &parsed, data);
}

/* Time passes. */

static void send_counters(struct far_gateway *gateway)
{
	const struct driver_counter *counters;
	size_t count = gateway->ops->counters(gateway->driver, &counters);
	struct token_writer writer;
	struct driver_message message;
	struct writer out;

	writer_init(&out, gateway->text, DRIVER_DATA_MAX);
	token_writer_init(&writer, FORMAT_JSON, &out);
	token_map(&writer, count);
	for (size_t i = 0; i < count; i++) {
		token_string(&writer, counters[i].name);
		token_integer(&writer, (int64_t)*counters[i].value);
	}
	token_close(&writer);
	driver_message_init(&message, DRIVER_COUNTERS);
	(void)far_send(gateway, &message, (struct span){ gateway->text, writer_size(&out) });
}

static void on_look(uv_timer_t *timer)
{
	struct far_gateway *gateway = timer->data;
	int64_t now_ms = (int64_t)uv_now(gateway->loop);
	bool stood_still = now_ms - gateway->looked_ms > gateway->silence_ms / 2;

	gateway->looked_ms = now_ms;
	/* It was this process that did not listen. */
	if (stood_still)
		gateway->heard_ms = now_ms;
	if (now_ms - gateway->heard_ms > gateway->silence_ms)
		far_gateway_stop(gateway, EX_TEMPFAIL);
	else if (gateway->driver && gateway->ops->counters)
		send_counters(gateway);
	uv_timer_set_repeat(timer, (uint64_t)(gateway->silence_ms / LOOKS_PER_SILENCE));
}

void far_gateway_stop(struct far_gateway *gateway, int status)
{
	struct driver *driver = gateway->driver;

	if (gateway->over)
		return;
	gateway->over = true;
	if (driver) {
		far_refuse_reports(gateway);
		gateway->ops->close(driver);
		gateway->driver = NULL;
	}
	far_say(gateway, DRIVER_BYE, "");
	uv_timer_stop(&gateway->timer);
	if (gateway->ended)
		gateway->ended(gateway->ended_context, status);
}

/* Opening and closing. */

static int ask_for_bytes(void *context, const char *name, uint32_t offset, uint32_t size)
{
	struct driver_message message;

	driver_message_init(&message, DRIVER_READ);
	(void)snprintf(message.name, sizeof(message.name), "%s", name);
	message.offset = offset;
	message.size = size;
	return far_send(context, &message, NONE);
}

static int connect_to(struct far_gateway *gateway, const struct far_way *way, char *why, size_t why_size)
{
	const struct message_options options = {
		.role = MESSAGE_DEALER,
		.endpoint = way->endpoint,
		.keys = way->keys,
		.frame_max = DRIVER_DATA_MAX,
		.queue_max = QUEUE_MAX,
		.linger_ms = LINGER_MS,
	};

	gateway->context = message_context_open();
	if (!gateway->context)
		return -ENOMEM;
	int error = message_socket_connect(&gateway->socket, gateway->context, &options, why, why_size);
	return error ? error : message_socket_watch(gateway->socket, gateway->loop, on_message, gateway);
}

static void start_handles(struct far_gateway *gateway)
{
	gateway->handles = 2;
	uv_timer_init(gateway->loop, &gateway->timer);
	uv_idle_init(gateway->loop, &gateway->idle);
	gateway->timer.data = gateway->idle.data = gateway;
	gateway->heard_ms = gateway->looked_ms = (int64_t)uv_now(gateway->loop);
	uv_timer_start(&gateway->timer, on_look, SILENCE_MS / LOOKS_PER_SILENCE, SILENCE_MS / LOOKS_PER_SILENCE);
}

int far_gateway_open(struct far_gateway **out, struct uv_loop_s *loop, const struct driver_ops *ops,
	const struct far_way *way, char *why, size_t why_size)
{
	struct far_gateway *gateway = calloc(1, sizeof(*gateway));

	if (!gateway)
		return -ENOMEM;
	gateway->ops = ops;
	gateway->loop = loop;
	gateway->silence_ms = SILENCE_MS;
	gateway->last = &gateway->first;
	far_host_init(gateway);
	gateway->images.ask = ask_for_bytes;
	gateway->images.context = gateway;
	start_handles(gateway);
	gateway->text = malloc(DRIVER_DATA_MAX);
	gateway->settings = ops->settings ? calloc(1, ops->settings->struct_size) : NULL;
	int error = gateway->text && (gateway->settings || !ops->settings) ? 0 : -ENOMEM;
	if (!error)
		error = connect_to(gateway, way, why, why_size);
	if (error) {
		far_gateway_close(gateway);
		return error;
	}
	say_hello(gateway);
	*out = gateway;
	return 0;
}

void far_gateway_on_end(struct far_gateway *gateway, void (*ended)(void *context, int status), void *context)
{
	gateway->ended = ended;
	gateway->ended_context = context;
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct far_gateway *gateway = handle->data;

	if (--gateway->handles == 0)
		free(gateway);
}

void far_gateway_close(struct far_gateway *gateway)
{
	if (!gateway)
		return;
	while (gateway->first)
		free(take_at(gateway, &gateway->first));
	message_socket_close(gateway->socket);
	message_context_close(gateway->context);
	far_host_finish(gateway);
	arena_finish(&gateway->arenas[0]);
	arena_finish(&gateway->arenas[1]);
	free(gateway->settings);
	free(gateway->text);
	uv_close((uv_handle_t *)&gateway->timer, on_handle_closed);
	uv_close((uv_handle_t *)&gateway->idle, on_handle_closed);
}
