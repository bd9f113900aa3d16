/*
 * sparkplug_edge: this gateway as a Sparkplug edge node (Eclipse Sparkplug 3.0, section 5): births, deaths, sequence
 * numbers, rebirth, and the state of its primary host.
 *
 * Readings may go up while the gate is open: there is a session, the primary host is there and the edge node is born.
 * The form gateway/batch_sparkplug.c writes them. Loop thread only; nothing blocks.
 */
#ifndef WAKEGATE_GATEWAY_SPARKPLUG_EDGE_H
#define WAKEGATE_GATEWAY_SPARKPLUG_EDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/moment.h"

#define SPARKPLUG_TOPIC_MAX 256
#define SPARKPLUG_TICKETS (UINT64_C(1) << 60) /* set in every ticket of births and deaths, and in nobody else's */
#define SPARKPLUG_PREFIX "spBv1.0/"           /* of all topics */

struct sparkplug_device;
struct sparkplug_devices;
struct sparkplug_edge;
struct sparkplug_settings;
struct uplink_message;

/* All outlive the edge node. */
struct sparkplug_edge_parts {
	const struct sparkplug_settings *settings;
	const char *gateway; /* its id */
	uint32_t boot;
	/* uplink_ops.publish */
	int (*send)(void *context, const struct uplink_message *message, uint64_t ticket);
	/* Readings may go up from now on, at most `window` messages at once; or, 0, may not. */
	void (*gate)(void *context, unsigned window, struct moment now);
	void *context;
};

/* -ENOMEM. */
int sparkplug_edge_open(struct sparkplug_edge **out, const struct sparkplug_edge_parts *parts);
/* NULL is fine. */
void sparkplug_edge_close(struct sparkplug_edge *edge);

/* Topic filters to subscribe to; live as long as the edge node. */
const char *const *sparkplug_edge_filters(const struct sparkplug_edge *edge, size_t *count);

/* The last will (NDEATH) of the next session, with a bdSeq of its own; borrowed until the next call. */
void sparkplug_edge_will(struct sparkplug_edge *edge, struct uplink_message *will);

/* As in upstream_client. */
void sparkplug_edge_on_connected(struct sparkplug_edge *edge, unsigned window, struct moment now);
void sparkplug_edge_on_disconnected(struct sparkplug_edge *edge, struct moment now);
void sparkplug_edge_on_message(struct sparkplug_edge *edge, const struct uplink_message *message, struct moment now);
/* Says goodbye at QoS 0: a session that ends politely has no last will. */
void sparkplug_edge_on_closing(struct sparkplug_edge *edge);

/* The nodes of which `is_there` is false die (DDEATH), where hosts take them for alive. */
void sparkplug_edge_mourn(struct sparkplug_edge *edge,
	bool (*is_there)(void *context, const char *node, struct moment now), void *context, struct moment now);

/* Sends births that are due; milliseconds until it wants to be called again. */
int64_t sparkplug_edge_tick(struct sparkplug_edge *edge, struct moment now);

struct sparkplug_figures {
	const char *edge_node;
	const char *primary_host; /* NULL: none; readings wait for nobody */
	bool born, host_online;
	size_t devices; /* nodes that were born, or are to be */
};
/* The texts live as long as the edge node. */
void sparkplug_edge_figures(const struct sparkplug_edge *edge, struct sparkplug_figures *out);

/* ---- for the form ---- */

struct sparkplug_devices *sparkplug_edge_devices(const struct sparkplug_edge *edge);
bool sparkplug_edge_uses_aliases(const struct sparkplug_edge *edge);
/* Whether the broker says that it has got data. */
bool sparkplug_edge_is_acknowledged(const struct sparkplug_edge *edge);

/* Sends what has to go before data of this device: births. As uplink_ops.publish. */
int sparkplug_edge_announce(struct sparkplug_edge *edge, struct sparkplug_device *device);

/* Topic and QoS of the device's data, borrowed until the next call, the number that it carries, and the time. */
uint8_t sparkplug_edge_address(struct sparkplug_edge *edge, const struct sparkplug_device *device,
	struct uplink_message *out, int64_t *now_ms);

/* A message with the number of sparkplug_edge_address() was sent. */
void sparkplug_edge_count(struct sparkplug_edge *edge);

#endif
