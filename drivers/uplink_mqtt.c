#include "drivers/uplink_mqtt.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "drivers/chance.h"
#include "drivers/password_file.h"
#include "drivers/prompt_sockets.h"
#include "drivers/reconnect.h"
#include "drivers/uplink_mqtt_session.h"

#define GOODBYE_MS 500     /* for what was published to leave */
#define THREADS_MS 400     /* for Paho's threads to end */
#define PACKET_OVERHEAD 64 /* bytes of an MQTT packet's headers and property lengths, at most */

enum uplink_state { UPLINK_PAUSING, UPLINK_RESOLVING, UPLINK_CONNECTING, UPLINK_STANDING, UPLINK_CLOSED };

struct uplink {
	uv_loop_t *loop;
	uv_async_t wake;
	uv_timer_t timer;
	unsigned open_handles;
	const struct uplink_mqtt_settings *settings;
	const struct uplink_identity *identity;
	const struct uplink_host *host;
	enum uplink_state state;
	struct reconnect reconnect;
	char broker[UPLINK_TOPIC_MAX]; /* of the attempt or session; the settings may have others by now */
	struct lookup *lookup;
	struct mqtt_threads *threads;
	struct mqtt_session *session;
	uint64_t began_ms; /* when the session did, on the loop's clock */
	unsigned window;
	unsigned in_flight;
	uint32_t packet_max;
	uint64_t bytes_sent;
	uint64_t bytes_received;
};

/* Outlives the uplink where the resolver takes its time. */
struct lookup {
	uv_getaddrinfo_t request;
	struct uplink *uplink; /* NULL: nobody waits any more */
};

static void start_attempt(struct uplink *uplink);

static void tell(struct uplink *uplink, enum driver_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void tell(struct uplink *uplink, enum driver_level level, const char *format, ...)
{
	char line[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	uplink->host->event(uplink->host->context, level, line);
}

static enum mqtt_version version_to_try(const struct uplink *uplink)
{
	if (uplink->settings->protocol == UPLINK_PROTOCOL_3_1_1 || uplink->reconnect.fallen_back)
		return MQTT_VERSION_3_1_1;
	return MQTT_VERSION_5;
}

static const char *version_name(const struct uplink *uplink)
{
	return version_to_try(uplink) == MQTT_VERSION_5 ? "5" : "3.1.1";
}

/* ---- pauses and failures ---- */

static void on_pause_over(uv_timer_t *timer)
{
	start_attempt(timer->data);
}

static void pause_for(struct uplink *uplink, int64_t pause_ms)
{
	uplink->state = UPLINK_PAUSING;
	uv_timer_start(&uplink->timer, on_pause_over, (uint64_t)pause_ms, 0);
}

/* The attempt under way came to nothing. */
static void fail_attempt(struct uplink *uplink, const char *reason, bool version_doubt)
{
	const char *version = version_name(uplink);

	mqtt_session_free(uplink->session);
	uplink->session = NULL;
	if (uplink->lookup)
		uplink->lookup->uplink = NULL;
	uplink->lookup = NULL;
	int64_t pause_ms = reconnect_after_failure(&uplink->reconnect, version_doubt, chance_bits());
	/* Falling back to the older version is no news; that it failed too will be. */
	tell(uplink, uplink->reconnect.fallen_back ? DRIVER_INFO : DRIVER_WARNING,
		"mqtt.refused broker=%s protocol=%s reason=\"%s\" retry_ms=%lld", uplink->broker, version, reason,
		(long long)pause_ms);
	pause_for(uplink, pause_ms);
}

static void on_attempt_late(uv_timer_t *timer)
{
	struct uplink *uplink = timer->data;

	fail_attempt(uplink,
		uplink->state == UPLINK_RESOLVING ? "the name was not resolved in time" : "no answer in time", false);
}

/* ---- connecting ---- */

static void on_session_events(void *context)
{
	struct uplink *uplink = context;

	uv_async_send(&uplink->wake);
}

static int open_session(struct uplink *uplink, const char *password)
{
	const struct uplink_mqtt_settings *settings = uplink->settings;
	struct uplink_message will = uplink->identity->will;
	struct mqtt_session_options options = {
		.threads = uplink->threads,
		.url = uplink->broker,
		.version = version_to_try(uplink),
		.client_id = settings->client_id ? settings->client_id : uplink->identity->client_id,
		.username = settings->username,
		.password = settings->password_file ? password : NULL,
		.ca_file = settings->ca_file,
		.cert_file = settings->cert_file,
		.key_file = settings->key_file,
		.will = &will,
		.keepalive_s = (unsigned)(settings->keepalive_ms / 1000),
		.connect_timeout_s = (unsigned)(settings->connect_timeout_ms / 1000) + 1,
		.wake = on_session_events,
		.wake_context = uplink,
	};

	if (uplink->host->connecting)
		uplink->host->connecting(uplink->host->context, &will);
	return mqtt_session_open(&uplink->session, &options);
}

static void connect_broker(struct uplink *uplink)
{
	const char *path = uplink->settings->password_file;
	char password[PASSWORD_SIZE] = "";
	char reason[300];
	int result = path ? password_file_read(path, password) : 0;

	if (result < 0) {
		snprintf(reason, sizeof(reason), "%s: %s", path, strerror(-result));
		fail_attempt(uplink, reason, false);
		return;
	}
	uplink->state = UPLINK_CONNECTING;
	result = open_session(uplink, password);
	explicit_bzero(password, sizeof(password));
	if (result < 0)
		fail_attempt(uplink, strerror(-result), false);
}

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *addresses)
{
	struct lookup *lookup = request->data;
	struct uplink *uplink = lookup->uplink;

	uv_freeaddrinfo(addresses);
	free(lookup);
	if (!uplink)
		return;
	uplink->lookup = NULL;
	if (status < 0)
		fail_attempt(uplink, uv_strerror(status), false);
	else
		connect_broker(uplink);
}

/*
 * Resolves before Paho does: Paho resolves too, but holding the lock that every call to it waits for, so a resolver
 * that hangs would stop the loop. After this the answer is at hand.
 */
static int start_lookup(struct uplink *uplink)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	char host[256];

	if (!uplink_broker_host(uplink->broker, host, sizeof(host)))
		return -EINVAL;
	struct lookup *lookup = calloc(1, sizeof(*lookup));
	if (!lookup)
		return -ENOMEM;
	lookup->uplink = uplink;
	lookup->request.data = lookup;
	int result = uv_getaddrinfo(uplink->loop, &lookup->request, on_resolved, host, NULL, &hints);
	if (result < 0) {
		free(lookup);
		return result;
	}
	uplink->lookup = lookup;
	return 0;
}

static void start_attempt(struct uplink *uplink)
{
	int result;

	snprintf(uplink->broker, sizeof(uplink->broker), "%s",
		uplink->settings->brokers.items[uplink->reconnect.broker]);
	uplink->state = UPLINK_RESOLVING;
	uv_timer_start(&uplink->timer, on_attempt_late, (uint64_t)uplink->settings->connect_timeout_ms, 0);
	result = start_lookup(uplink);
	if (result < 0)
		fail_attempt(uplink, strerror(-result), false);
}

/* ---- while a session stands ---- */

static void begin_session(struct uplink *uplink, const struct mqtt_event *event)
{
	char detail[UPLINK_TOPIC_MAX + 16];

	uv_timer_stop(&uplink->timer);
	uplink->state = UPLINK_STANDING;
	uplink->began_ms = uv_now(uplink->loop);
	uplink->window = event->window;
	uplink->packet_max = event->packet_max;
	uplink->in_flight = 0;
	/* Else the end of each message waits until TCP has acknowledged the one before. */
	prompt_sockets();
	for (size_t i = 0; i < uplink->identity->subscription_count; i++)
		(void)mqtt_session_subscribe(uplink->session, uplink->identity->subscriptions[i]);
	snprintf(detail, sizeof(detail), "%s mqtt %s", uplink->broker, version_name(uplink));
	uplink->host->connected(uplink->host->context, detail, uplink->window);
}

static void tell_dropped(struct uplink *uplink)
{
	uint64_t dropped = mqtt_session_dropped(uplink->session);

	if (dropped)
		tell(uplink, DRIVER_WARNING, "mqtt.dropped messages=%llu", (unsigned long long)dropped);
}

static size_t packet_size(const struct uplink_message *message)
{
	size_t size = PACKET_OVERHEAD + strlen(message->topic) + message->size + message->correlation_size;

	size += message->content_type ? strlen(message->content_type) : 0;
	size += message->response_topic ? strlen(message->response_topic) : 0;
	return size;
}

static void on_delivered(struct uplink *uplink, const struct mqtt_event *event)
{
	uplink->in_flight -= event->message.quality > 0;
	uplink->host->delivered(uplink->host->context, event->ticket, event->result);
}

static void on_arrived(struct uplink *uplink, const struct mqtt_event *event)
{
	uplink->bytes_received += packet_size(&event->message);
	uplink->host->message(uplink->host->context, &event->message);
}

/* Ends what stands of the session; its remaining answers are passed on. */
static void drain_session(struct uplink *uplink)
{
	struct mqtt_event *event;

	mqtt_session_end(uplink->session, 0);
	while ((event = mqtt_session_next(uplink->session))) {
		if (event->kind == MQTT_EVENT_DELIVERED)
			on_delivered(uplink, event);
		else if (event->kind == MQTT_EVENT_MESSAGE)
			on_arrived(uplink, event);
		mqtt_event_free(event);
	}
	mqtt_session_free(uplink->session);
	uplink->session = NULL;
}

static void lose_session(struct uplink *uplink, const char *reason)
{
	int64_t lasted_ms = (int64_t)(uv_now(uplink->loop) - uplink->began_ms);
	char detail[512];

	/* No longer standing: whoever publishes from within delivered() is told so. */
	uplink->state = UPLINK_PAUSING;
	snprintf(detail, sizeof(detail), "%s %s", uplink->broker, reason);
	drain_session(uplink);
	uplink->host->disconnected(uplink->host->context, detail);
	pause_for(uplink, reconnect_after_session(&uplink->reconnect, lasted_ms, chance_bits()));
}

static void on_event(struct uplink *uplink, const struct mqtt_event *event)
{
	switch (event->kind) {
	case MQTT_EVENT_CONNECTED:
		begin_session(uplink, event);
		return;
	case MQTT_EVENT_REFUSED:
		fail_attempt(uplink, event->text, event->version_doubt);
		return;
	case MQTT_EVENT_LOST:
		lose_session(uplink, event->text);
		return;
	case MQTT_EVENT_MESSAGE:
		on_arrived(uplink, event);
		return;
	case MQTT_EVENT_DELIVERED:
		on_delivered(uplink, event);
		return;
	case MQTT_EVENT_SUBSCRIBED:
		if (event->result < 0)
			tell(uplink, DRIVER_ERROR, "mqtt.subscription_refused topic=%s", event->text);
		else
			tell(uplink, DRIVER_DEBUG, "mqtt.subscribed topic=%s", event->text);
		return;
	}
}

static void on_wake(uv_async_t *wake)
{
	struct uplink *uplink = wake->data;
	struct mqtt_event *event;

	while (uplink->session && (event = mqtt_session_next(uplink->session))) {
		on_event(uplink, event);
		mqtt_event_free(event);
	}
	if (uplink->session)
		tell_dropped(uplink);
}

/* ---- the uplink's operations ---- */

static void init_reconnect(struct uplink *uplink)
{
	const struct uplink_mqtt_settings *settings = uplink->settings;

	reconnect_init(&uplink->reconnect, settings->backoff_least_ms, settings->backoff_most_ms,
		(unsigned)settings->brokers.count);
	uplink->reconnect.falls_back = settings->protocol == UPLINK_PROTOCOL_AUTO;
}

static bool wants_tls(const struct uplink_mqtt_settings *settings)
{
	for (size_t i = 0; i < settings->brokers.count; i++)
		if (strncmp(settings->brokers.items[i], "ssl:", 4) == 0 ||
			strncmp(settings->brokers.items[i], "wss:", 4) == 0)
			return true;
	return false;
}

/* Those that the brokers need, in place of those held, which no session may use. */
static int hold_threads(struct uplink *uplink, const struct uplink_mqtt_settings *settings)
{
	struct mqtt_threads *threads;
	bool tls = wants_tls(settings);

	if (uplink->threads && (mqtt_threads_speak_tls(uplink->threads) || !tls))
		return 0;
	int result = mqtt_threads_hold(&threads, tls);
	if (result < 0)
		return result;
	mqtt_threads_release(uplink->threads, THREADS_MS);
	uplink->threads = threads;
	return 0;
}

static int uplink_mqtt_open(struct uplink **out, struct uv_loop_s *loop, const void *settings,
	const struct uplink_identity *identity, const struct uplink_host *host, char *why, size_t why_size)
{
	struct uplink *uplink = calloc(1, sizeof(*uplink));

	int result = uplink ? hold_threads(uplink, settings) : -ENOMEM;
	if (result < 0) {
		free(uplink);
		snprintf(why, why_size, "Paho (libpaho-mqtt1.3) cannot be used: %s", strerror(-result));
		return result;
	}
	uplink->loop = loop;
	uplink->settings = settings;
	uplink->identity = identity;
	uplink->host = host;
	init_reconnect(uplink);
	result = uv_async_init(loop, &uplink->wake, on_wake);
	if (result < 0) {
		mqtt_threads_release(uplink->threads, THREADS_MS);
		free(uplink);
		snprintf(why, why_size, "no wake-up for MQTT: %s", uv_strerror(result));
		return result;
	}
	uv_timer_init(loop, &uplink->timer);
	uplink->wake.data = uplink->timer.data = uplink;
	uplink->open_handles = 2;
	pause_for(uplink, 0);
	*out = uplink;
	return 0;
}

static int uplink_mqtt_reload(struct uplink *uplink, const void *settings)
{
	bool stood = uplink->state == UPLINK_STANDING;
	char detail[UPLINK_TOPIC_MAX + 32];

	uplink->state = UPLINK_PAUSING;
	snprintf(detail, sizeof(detail), "%s settings changed", uplink->broker);
	if (uplink->session)
		drain_session(uplink);
	if (uplink->lookup)
		uplink->lookup->uplink = NULL;
	uplink->lookup = NULL;
	uplink->settings = settings;
	int result = hold_threads(uplink, uplink->settings);
	if (result < 0)
		tell(uplink, DRIVER_ERROR, "mqtt.no_tls reason=\"%s\"", strerror(-result));
	init_reconnect(uplink);
	if (stood)
		uplink->host->disconnected(uplink->host->context, detail);
	pause_for(uplink, 0);
	return 0;
}

static int uplink_mqtt_publish(struct uplink *uplink, const struct uplink_message *message, uint64_t ticket)
{
	if (uplink->state != UPLINK_STANDING)
		return -ENOTCONN;
	if (message->size > UPLINK_MESSAGE_MAX || packet_size(message) > uplink->packet_max)
		return -EMSGSIZE;
	if (message->quality > 0 && uplink->in_flight >= uplink->window)
		return -ENOBUFS;
	int result = mqtt_session_publish(uplink->session, message, ticket);
	if (result < 0)
		return result;
	uplink->in_flight += message->quality > 0;
	uplink->bytes_sent += packet_size(message);
	return 0;
}

static void uplink_mqtt_traffic(const struct uplink *uplink, uint64_t *bytes_sent, uint64_t *bytes_received)
{
	*bytes_sent = uplink->bytes_sent;
	*bytes_received = uplink->bytes_received;
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct uplink *uplink = handle->data;

	if (--uplink->open_handles == 0)
		free(uplink);
}

static void uplink_mqtt_close(struct uplink *uplink)
{
	if (!uplink)
		return;
	if (uplink->lookup)
		uplink->lookup->uplink = NULL;
	if (uplink->session)
		mqtt_session_end(uplink->session, uplink->state == UPLINK_STANDING ? GOODBYE_MS : 0);
	uplink->state = UPLINK_CLOSED;
	mqtt_session_free(uplink->session);
	mqtt_threads_release(uplink->threads, THREADS_MS);
	uv_close((uv_handle_t *)&uplink->wake, on_handle_closed);
	uv_close((uv_handle_t *)&uplink->timer, on_handle_closed);
}

const struct uplink_ops uplink_mqtt = {
	.name = "mqtt",
	.settings = &uplink_mqtt_table,
	.open = uplink_mqtt_open,
	.reload = uplink_mqtt_reload,
	.publish = uplink_mqtt_publish,
	.traffic = uplink_mqtt_traffic,
	.close = uplink_mqtt_close,
};
