/*
 * zigbee_nodes: what is known of the nodes of a Zigbee network, and its form as records in the gateway's store.
 *
 * A node is its EUI64; its network address may change at any time. Nothing here knows a clock or sends anything.
 */
#ifndef WAKEGATE_DRIVERS_ZIGBEE_NODES_H
#define WAKEGATE_DRIVERS_ZIGBEE_NODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/driver.h"
#include "drivers/zigbee_measures.h"
#include "drivers/zigbee_stick.h"

#define ZIGBEE_NODES_MAX 1000
#define ZIGBEE_ENDPOINTS_MAX 16 /* of a node */
#define ZIGBEE_ID_SIZE 19       /* "0x" and sixteen digits */
#define ZIGBEE_TEXT_SIZE 33
#define ZIGBEE_NODE_RECORD "node/" /* followed by the identity */
#define ZIGBEE_FRAMES_KNOWN 4

struct zigbee_scale {
	uint32_t multiplier, divisor;
};

struct zigbee_endpoint {
	uint8_t number;
	bool described;
	bool has_basic, has_upgrade; /* serves Basic; is a client of OTA Upgrade */
	uint16_t profile, device;
	uint32_t measures; /* a bit for each of zigbee_measures whose cluster it serves */
	uint32_t reported; /* likewise: the node agreed to report it */
	uint8_t meter_unit;
	struct zigbee_scale scales[ZIGBEE_SCALES];
};

/* What the node says of its firmware: in its Query Next requests or its attributes. */
struct zigbee_firmware {
	bool known;
	uint16_t manufacturer, image_type;
	uint32_t version;
	bool has_hardware;
	uint16_t hardware;
};

/* Where the interview of a node stands; see zigbee_interview.h. */
struct zigbee_interview {
	uint8_t step;     /* enum zigbee_step */
	uint8_t endpoint; /* index of the endpoint that is asked about */
	uint8_t measure;  /* index of the first measure of the cluster that is asked about */
	uint8_t tries;    /* of this step */
	bool waiting;     /* for the answer with this sequence number, from here on not kept */
	uint8_t sequence;
	int64_t due_ms; /* of the next try, or of the answer */
};

struct zigbee_presence {
	int64_t heard_ms; /* last, or the start */
	int64_t ping_ms;  /* of the last one */
	uint8_t pings;    /* unanswered */
	bool lost;
};

/* A frame that was heard, to know its repetition. */
struct zigbee_frame_seen {
	uint64_t hash;
	int64_t at_ms; /* 0: none */
	bool durable;  /* what it said is kept: its repetition may be told so */
};

struct zigbee_node {
	uint64_t eui64;
	char id[ZIGBEE_ID_SIZE];
	uint16_t nwk, parent; /* ZIGBEE_NWK_NONE: not known */
	bool described;       /* its node descriptor is known */
	bool left;            /* it is not in the network any more */
	uint8_t kind;         /* enum zdo_kind */
	uint8_t capabilities; /* of zdo.h */
	uint8_t power_source; /* Basic cluster; 0: not known */
	uint16_t manufacturer;
	char maker[ZIGBEE_TEXT_SIZE], model[ZIGBEE_TEXT_SIZE], build[ZIGBEE_TEXT_SIZE];
	struct zigbee_firmware firmware;
	uint8_t endpoint_count;
	struct zigbee_endpoint endpoints[ZIGBEE_ENDPOINTS_MAX];
	struct zigbee_interview interview;
	/* Not kept: */
	bool changed; /* since it was kept */
	int battery_percent;
	uint8_t relays, lqi;
	int8_t rssi;
	struct zigbee_presence presence;
	struct zigbee_frame_seen seen[ZIGBEE_FRAMES_KNOWN];
	uint8_t seen_next;
	bool seen_any;
	int64_t spoke_ms; /* when it sent something last, since the start; 0: nothing yet */
};

struct zigbee_nodes {
	struct zigbee_node **list;
	size_t count, room;
};

void zigbee_nodes_init(struct zigbee_nodes *nodes);
void zigbee_nodes_finish(struct zigbee_nodes *nodes);

/* NULL: there is none. The pointer is good until the node is removed. */
struct zigbee_node *zigbee_nodes_find(const struct zigbee_nodes *nodes, uint64_t eui64);
struct zigbee_node *zigbee_nodes_at(const struct zigbee_nodes *nodes, uint16_t nwk);
struct zigbee_node *zigbee_nodes_named(const struct zigbee_nodes *nodes, const char *id);

/* The node, or a new one; NULL: no memory or no room for another. */
struct zigbee_node *zigbee_nodes_add(struct zigbee_nodes *nodes, uint64_t eui64);
void zigbee_nodes_remove(struct zigbee_nodes *nodes, struct zigbee_node *node);

/* The node has this address from now on, and nobody else. Whether that is news. */
bool zigbee_nodes_move(struct zigbee_nodes *nodes, struct zigbee_node *node, uint16_t nwk);

/* Its receiver is off between polls, as far as is known. */
bool zigbee_node_sleeps(const struct zigbee_node *node);

struct zigbee_endpoint *zigbee_node_endpoint(struct zigbee_node *node, uint8_t number);
void zigbee_endpoint_init(struct zigbee_endpoint *endpoint, uint8_t number);

/* The record of a node: bytes written to DRIVER_RECORD_MAX bytes at `data`. */
size_t zigbee_node_write(const struct zigbee_node *node, void *data);

/* Fills in a node from its record. -EBADMSG: malformed, or of a later version; the node is as before. */
int zigbee_node_parse(struct zigbee_node *node, const void *data, size_t size);

void zigbee_id_print(char out[ZIGBEE_ID_SIZE], uint64_t eui64);
/* -EINVAL. */
int zigbee_id_parse(uint64_t *out, const char *id);

#endif
