/*
 * mqtt_requests: blocks of firmware that nodes behind a broker asked for and that wait to leave; a short list, oldest
 * first.
 *
 * Whoever has many waiting gets no more places: a node that asks fast does not push out one that asks slowly.
 */
#ifndef WAKEGATE_DRIVERS_MQTT_REQUESTS_H
#define WAKEGATE_DRIVERS_MQTT_REQUESTS_H

#include "drivers/driver.h"

#define MQTT_REQUESTS_MAX 256        /* waiting, of all nodes */
#define MQTT_REQUESTS_OF_NODE_MAX 16 /* as many as a gateway's window has at most, see gateway/block_fetch.h */

struct mqtt_request {
	char node[NODE_ID_MAX + 1];
	uint8_t sha256[32];
	uint32_t offset;
	uint32_t size;
};

/* Zero is an empty one. A ring. */
struct mqtt_requests {
	struct mqtt_request places[MQTT_REQUESTS_MAX];
	size_t first, count;
};

/* Copies it. -EALREADY: the node's request for this offset waits already; -ENOBUFS: no place for it. */
int mqtt_requests_add(struct mqtt_requests *requests, const struct mqtt_request *request);

/* The oldest, which leaves; there must be one. */
struct mqtt_request mqtt_requests_take(struct mqtt_requests *requests);

#endif
