/*
 * zdo: the messages by which Zigbee nodes are found, described, bound and sent away, as they go over the air.
 *
 * Zigbee device profile (profile 0, endpoint 0 on both sides), Zigbee specification section 2.4; little-endian. The
 * cluster names the message, a response's is its request's with ZDO_RESPONSE set. Lists that a node splits (start
 * index) are read part by part. Plain values, the caller owns all memory.
 */
#ifndef WAKEGATE_PROTOCOLS_ZDO_H
#define WAKEGATE_PROTOCOLS_ZDO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZDO_PROFILE 0x0000
#define ZDO_ENDPOINT 0
#define ZDO_RESPONSE 0x8000
#define ZDO_MESSAGE_MAX 255
#define ZDO_CLUSTERS_MAX 64  /* of one direction of an endpoint */
#define ZDO_ENDPOINTS_MAX 64 /* of a node */
#define ZDO_NEIGHBOURS_MAX 8 /* in one response */
#define ZDO_SUCCESS 0x00
#define ZDO_NOT_SUPPORTED 0x84

enum zdo_cluster {
	ZDO_NWK_ADDRESS = 0x0000,
	ZDO_IEEE_ADDRESS = 0x0001,
	ZDO_NODE_DESCRIPTOR = 0x0002,
	ZDO_SIMPLE_DESCRIPTOR = 0x0004,
	ZDO_ACTIVE_ENDPOINTS = 0x0005,
	ZDO_DEVICE_ANNOUNCE = 0x0013, /* has no response */
	ZDO_BIND = 0x0021,
	ZDO_UNBIND = 0x0022,
	ZDO_NEIGHBOURS = 0x0031, /* Mgmt_Lqi */
	ZDO_LEAVE = 0x0034,      /* Mgmt_Leave */
	ZDO_PERMIT = 0x0036,     /* Mgmt_Permit_Joining */
};

enum zdo_kind { ZDO_COORDINATOR, ZDO_ROUTER, ZDO_END_DEVICE };

/* Bits of the MAC capabilities, in announcements and node descriptors. */
#define ZDO_MAINS_POWERED 0x04
#define ZDO_AWAKE_WHEN_IDLE 0x08

struct zdo_node_descriptor {
	uint8_t kind; /* enum zdo_kind; others are reserved */
	uint8_t capabilities;
	uint16_t manufacturer;
	uint8_t buffer_size;
	uint16_t incoming_max, outgoing_max, server_mask;
};

struct zdo_simple_descriptor {
	uint8_t endpoint, version;
	uint16_t profile, device;
	uint8_t in_count, out_count;
	uint16_t in[ZDO_CLUSTERS_MAX], out[ZDO_CLUSTERS_MAX]; /* served and used by the node */
};

/* From the cluster of one endpoint to an endpoint of another node. */
struct zdo_binding {
	uint64_t source, target;
	uint16_t cluster;
	uint8_t source_endpoint, target_endpoint;
};

struct zdo_neighbour {
	uint64_t eui64;
	uint16_t nwk;
	uint8_t kind;         /* enum zdo_kind, 3: not known */
	uint8_t relationship; /* 0 parent, 1 child, 2 sibling, 3 none, 4 former child */
	uint8_t depth, lqi;
};

struct zdo_neighbours {
	uint8_t total, start, count;
	struct zdo_neighbour list[ZDO_NEIGHBOURS_MAX];
};

struct zdo_endpoints {
	uint8_t count;
	uint8_t list[ZDO_ENDPOINTS_MAX];
};

struct zdo_message {
	uint16_t cluster;
	uint8_t sequence;
	uint8_t status; /* of responses; where it is not ZDO_SUCCESS the rest is empty */
	uint16_t nwk;
	uint64_t eui64;
	uint8_t endpoint;      /* asked for: ZDO_SIMPLE_DESCRIPTOR */
	uint8_t capabilities;  /* ZDO_DEVICE_ANNOUNCE */
	uint8_t start;         /* ZDO_NEIGHBOURS: index of the first that is asked for */
	uint8_t seconds;       /* ZDO_PERMIT */
	bool children, rejoin; /* ZDO_LEAVE: take its children along; come back */
	union {
		struct zdo_node_descriptor node;
		struct zdo_simple_descriptor simple;
		struct zdo_endpoints endpoints;
		struct zdo_binding binding;
		struct zdo_neighbours neighbours;
	};
};

/* The message of that cluster; bytes behind it are left alone. -EBADMSG: cut; -ENOBUFS: more than the limits above;
 * -ENOTSUP: a cluster that is not in the list. */
int zdo_parse(struct zdo_message *out, uint16_t cluster, const void *data, size_t size);

/* Writes it to `size` bytes at `data`; bytes written, 0: it does not fit or is not in the list. */
size_t zdo_write(const struct zdo_message *message, void *data, size_t size);

#endif
