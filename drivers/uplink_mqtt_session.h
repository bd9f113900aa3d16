/*
 * uplink_mqtt_session: one session with one MQTT broker over Paho, whose threads end at this
 * module's queue.
 *
 * A session is opened, tells what happens to it as events, and is ended; it never reconnects. Each has a Paho handle of
 * its own, so nothing of a broken connection reaches the next. Everything but `wake` happens on the loop thread and
 * nothing blocks.
 */
#ifndef WAKEGATE_DRIVERS_UPLINK_MQTT_SESSION_H
#define WAKEGATE_DRIVERS_UPLINK_MQTT_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/uplink.h"

#define SESSION_QUEUE_BYTES_MAX (4 * UPLINK_MESSAGE_MAX) /* messages received that the loop has not yet taken */

struct mqtt_session;
struct mqtt_threads;

enum mqtt_version { MQTT_VERSION_3_1_1, MQTT_VERSION_5 };

/* All borrowed for the call. */
struct mqtt_session_options {
	const struct mqtt_threads *threads; /* outlive the session */
	const char *url;                    /* tcp://, ssl://, ws:// or wss:// HOST[:PORT] */
	enum mqtt_version version;
	const char *client_id;
	const char *username; /* NULL: none */
	const char *password;
	const char *ca_file; /* NULL: those that the system trusts */
	const char *cert_file;
	const char *key_file;
	const struct uplink_message *will;
	unsigned keepalive_s;
	unsigned connect_timeout_s;
	void (*wake)(void *context); /* events wait; on Paho's thread: must only wake the loop */
	void *wake_context;
};

enum mqtt_event_kind {
	MQTT_EVENT_CONNECTED,  /* `window` and `packet_max` are the broker's */
	MQTT_EVENT_REFUSED,    /* the session did not begin; `text` says why */
	MQTT_EVENT_LOST,       /* it ended; `text` says why */
	MQTT_EVENT_MESSAGE,    /* `message` arrived */
	MQTT_EVENT_DELIVERED,  /* `result` of the publish with `ticket` */
	MQTT_EVENT_SUBSCRIBED, /* `result` of subscribing to the filter `text` */
};

struct mqtt_event {
	enum mqtt_event_kind kind;
	int result;
	bool version_doubt; /* of REFUSED: perhaps the broker only does not know the version */
	unsigned window;
	uint32_t packet_max;
	uint64_t ticket;
	struct uplink_message message; /* of DELIVERED: its quality only */
	const char *text;
};

/*
 * Loads Paho, with TLS or without, and holds its threads between sessions, so that ending one never waits for them.
 * -ENOTSUP: it is not installed; -ENOMEM, -EINVAL.
 */
int mqtt_threads_hold(struct mqtt_threads **out, bool tls);

/* Whether sessions over ssl:// and wss:// are possible. */
bool mqtt_threads_speak_tls(const struct mqtt_threads *threads);

/*
 * Lets them end, which takes 100 ms to a second, and waits up to `wait_ms` for it; then they end by themselves. No
 * session may stand. NULL is fine.
 */
void mqtt_threads_release(struct mqtt_threads *threads, unsigned wait_ms);

/* Starts to connect; CONNECTED or REFUSED follows. -ENOMEM; -EINVAL: Paho does not take the options. */
int mqtt_session_open(struct mqtt_session **out, const struct mqtt_session_options *options);

/* The oldest event, or NULL. The caller frees it with mqtt_event_free() before the session. */
struct mqtt_event *mqtt_session_next(struct mqtt_session *session);
void mqtt_event_free(struct mqtt_event *event);

/* Messages dropped since the last call because the queue was full or they were longer than UPLINK_MESSAGE_MAX. */
uint64_t mqtt_session_dropped(struct mqtt_session *session);

/* As uplink_ops.publish, but knows no window; QoS 0 is told as delivered once it was handed to the network. */
int mqtt_session_publish(struct mqtt_session *session, const struct uplink_message *message, uint64_t ticket);

/* At QoS 1; SUBSCRIBED follows. */
int mqtt_session_subscribe(struct mqtt_session *session, const char *filter);

/*
 * Ends it with a goodbye, upon which the broker keeps the last will to itself, having waited up to `wait_ms` until what
 * was published has left. Then every publish outstanding has its DELIVERED, which mqtt_session_next() still gives.
 */
void mqtt_session_end(struct mqtt_session *session, unsigned wait_ms);

/* Ends it if it stands, and frees; NULL is fine. */
void mqtt_session_free(struct mqtt_session *session);

#endif
