/*
 * mqtt_client: the client's side of MQTT 3.1.1 with deferred PUBACK: packets in, packets and messages out.
 *
 * The session at the broker is kept over connections (CleanSession 0): a message at QoS 1 is acknowledged only when
 * its taker says so, and one that was not comes again on the next connection. PUBACKs leave in the order of their
 * messages (section 4.6). No socket and no clock: mqtt_link.h has both. Not reentrant but for acknowledge and publish.
 */
#ifndef WAKEGATE_DRIVERS_MQTT_CLIENT_H
#define WAKEGATE_DRIVERS_MQTT_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/mqtt_packet.h"

#define MQTT_MESSAGE_MAX 65536  /* bytes of a packet that is taken; larger ones are passed over */
#define MQTT_IN_FLIGHT_MAX 4096 /* messages taken and not acknowledged */

struct mqtt_client;

/* A message that arrived; borrowed for the call. */
struct mqtt_arrival {
	struct mqtt_publish message;
	uint16_t id;     /* 0 at quality 0 */
	uint64_t ticket; /* to acknowledge it with; 0 at quality 0 */
	bool resumed;    /* the broker knew the session: what it retains was heard before */
};

struct mqtt_client_host {
	void *context;
	/* The broker has accepted all subscriptions. */
	void (*opened)(void *context, bool resumed);
	void (*message)(void *context, const struct mqtt_arrival *arrival);
	/* It has the message that was published to this topic at quality 1. */
	void (*published)(void *context, const char *topic);
	/* A message over MQTT_MESSAGE_MAX was passed over. */
	void (*oversized)(void *context, size_t bytes);
};

/* Borrowed for the life of the client. */
struct mqtt_client_config {
	const char *client_id;
	const char *user_name; /* NULL: none */
	int64_t keep_alive_ms; /* whole seconds, at most 65,535 of them */
	size_t in_flight;      /* 1 to MQTT_IN_FLIGHT_MAX: when so many wait, no more are taken */
	const struct mqtt_subscribe *subscriptions;
	/* Sends a packet, borrowed for the call, over the connection that stands. */
	void (*send)(void *context, const struct mqtt_packet *packet);
	void *send_context;
};

int mqtt_client_open(
	struct mqtt_client **out, const struct mqtt_client_config *config, const struct mqtt_client_host *host);
void mqtt_client_close(struct mqtt_client *client);

/* A connection stands: sends CONNECT. The password, NULL for none, is borrowed for the call. */
void mqtt_client_begin(struct mqtt_client *client, const char *password, int64_t now_ms);

/*
 * Bytes came; all that came after those taken before. Returns how many were taken: fewer than `size` when a packet is
 * not all here or when as many messages as may wait do. -EBADMSG: the broker breaks the protocol; -ECONNREFUSED: it
 * refused the connection, -EACCES: it grants less than a subscription asks for; the connection is then to be closed.
 */
int mqtt_client_take(struct mqtt_client *client, const void *data, size_t size, int64_t now_ms);

/* Why -ECONNREFUSED was. */
const char *mqtt_client_refusal(const struct mqtt_client *client);

/* The broker has accepted the connection and all subscriptions. */
bool mqtt_client_is_open(const struct mqtt_client *client);

/* As many messages wait as may: taking goes on after an acknowledgement. */
bool mqtt_client_is_full(const struct mqtt_client *client);

/* Keeps the connection alive: milliseconds until the next call, or -ETIMEDOUT: the broker is silent. */
int64_t mqtt_client_tick(struct mqtt_client *client, int64_t now_ms);

/* The connection is gone; tickets of it mean nothing any more. */
void mqtt_client_end(struct mqtt_client *client);

/* The message is taken for good. Tickets of former connections are fine, and do nothing. */
void mqtt_client_acknowledge(struct mqtt_client *client, uint64_t ticket);

/* Whether the message is of the connection that stands and not acknowledged. */
bool mqtt_client_is_waiting(const struct mqtt_client *client, uint64_t ticket);

/*
 * At quality 1 the message is kept until the broker has it, over connections: -ENOBUFS where too many are. At quality 0
 * it leaves now: -ENOTCONN where no session stands.
 */
int mqtt_client_publish(struct mqtt_client *client, const struct mqtt_publish *message);

#endif
