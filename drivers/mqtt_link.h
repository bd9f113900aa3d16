/*
 * mqtt_link: a TCP connection to one MQTT broker, kept up from the loop: connects, reconnects, reads, writes, pings.
 *
 * What is spoken over it is mqtt_client.h's; this adds the socket, the clock and the pauses between attempts
 * (reconnect.h). Input is bounded by one buffer: while as many messages wait for their acknowledgement as may, nothing
 * is read and the broker keeps the rest. Output is bounded too: what may wait has room, or is told to come later.
 */
#ifndef WAKEGATE_DRIVERS_MQTT_LINK_H
#define WAKEGATE_DRIVERS_MQTT_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "drivers/mqtt_client.h"

struct mqtt_link;
struct uv_loop_s;

/* Borrowed for the life of the link. `client.send` is the link's own. */
struct mqtt_link_config {
	const char *host; /* a name or a numeric address */
	uint16_t port;
	const char *password_file; /* NULL: none; read at every connect */
	int64_t connect_timeout_ms;
	int64_t backoff_least_ms, backoff_most_ms;
	struct mqtt_client_config client;
};

/* All may call back into the link but not close it. */
struct mqtt_link_host {
	struct mqtt_client_host client;
	/* An attempt failed or, where `stood`, a session is lost; the next attempt is made after the pause. */
	void (*down)(void *context, bool stood, const char *reason, int64_t retry_ms);
	/* Output has left: mqtt_link_has_room() may be true again. */
	void (*drained)(void *context);
};

/* Starts to connect. -ENOMEM, or what libuv says. */
int mqtt_link_open(struct mqtt_link **out, struct uv_loop_s *loop, const struct mqtt_link_config *config,
	const struct mqtt_link_host *host);

/* As mqtt_client.h. */
void mqtt_link_acknowledge(struct mqtt_link *link, uint64_t ticket);
bool mqtt_link_is_waiting(const struct mqtt_link *link, uint64_t ticket);
int mqtt_link_publish(struct mqtt_link *link, const struct mqtt_publish *message);

/* Whether a message of this size may be published at quality 0 now: a session stands and not too much waits to leave.
 */
bool mqtt_link_has_room(const struct mqtt_link *link, size_t bytes);

/* Says goodbye if it can at once, and closes; its memory goes when the loop has closed its handles. NULL is fine. */
void mqtt_link_close(struct mqtt_link *link);

#endif
