/*
 * mqtt_outbox: messages on their way to a broker at QoS 1, until it has them.
 *
 * They leave in their order, a few at a time without PUBACK. A lost connection leaves them here: they go again on the
 * next one, under their packet identifiers and with DUP set where the broker still knows the session (MQTT 3.1.1
 * section 4.4). It holds copies; no I/O.
 */
#ifndef WAKEGATE_DRIVERS_MQTT_OUTBOX_H
#define WAKEGATE_DRIVERS_MQTT_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/mqtt_packet.h"

#define MQTT_OUTBOX_WINDOW 16       /* without PUBACK */
#define MQTT_OUTBOX_MESSAGES 256    /* at most */
#define MQTT_OUTBOX_BYTES (1 << 20) /* at most, topics and payloads */

struct mqtt_outbox_entry;

struct mqtt_outbox {
	struct mqtt_outbox_entry *first, **last;
	size_t count, bytes;
	unsigned in_flight;
	uint16_t id; /* the latest given */
};

void mqtt_outbox_init(struct mqtt_outbox *outbox);
void mqtt_outbox_finish(struct mqtt_outbox *outbox);

/* Puts a copy in; its quality becomes 1. -ENOBUFS: no room, -ENOMEM. */
int mqtt_outbox_put(struct mqtt_outbox *outbox, const struct mqtt_publish *message);

/* The next one to send, now counted as in flight and valid until acknowledged; NULL: none, or the window is full. */
const struct mqtt_packet *mqtt_outbox_next(struct mqtt_outbox *outbox);

/*
 * A PUBACK came. True, with the topic copied (terminated, cut to `size`), if it was waited for; the message is gone.
 */
bool mqtt_outbox_acknowledge(struct mqtt_outbox *outbox, uint16_t id, char *topic, size_t size);

/* A connection begins: what was in flight is to go again. `session_present`: as repetitions. */
void mqtt_outbox_restart(struct mqtt_outbox *outbox, bool session_present);

#endif
