/*
 * zdo: what a Zigbee device answers to questions about itself (Zigbee Device Profile, sections 2.4.3 and 2.4.4).
 *
 * Payloads begin with a sequence number, which the answer repeats. What a request makes the device do is for the
 * caller.
 */
#ifndef WAKEGATE_TESTS_NCP_ZDO_H
#define WAKEGATE_TESTS_NCP_ZDO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/cursor.h"

#define ZDO_CLUSTERS_MAX 24
#define ZDO_RESPONSE 0x8000

enum zdo_cluster {
	ZDO_NWK_ADDRESS = 0x0000,
	ZDO_IEEE_ADDRESS = 0x0001,
	ZDO_NODE_DESCRIPTOR = 0x0002,
	ZDO_POWER_DESCRIPTOR = 0x0003,
	ZDO_SIMPLE_DESCRIPTOR = 0x0004,
	ZDO_ACTIVE_ENDPOINTS = 0x0005,
	ZDO_MATCH_DESCRIPTOR = 0x0006,
	ZDO_ANNOUNCE = 0x0013,
	ZDO_PARENT_ANNOUNCE = 0x001f,
	ZDO_BIND = 0x0021,
	ZDO_UNBIND = 0x0022,
	ZDO_NEIGHBOURS = 0x0031,
	ZDO_ROUTES = 0x0032,
	ZDO_BINDINGS = 0x0033,
	ZDO_LEAVE = 0x0034,
	ZDO_PERMIT = 0x0036,
};

struct zdo_endpoint {
	uint8_t endpoint;
	uint16_t profile, device;
	uint16_t servers[ZDO_CLUSTERS_MAX], clients[ZDO_CLUSTERS_MAX];
	size_t server_count, client_count;
};

struct zdo_device {
	uint64_t eui64;
	uint16_t nwk;
	uint8_t type;         /* 0 coordinator, 1 router, 2 end device */
	uint8_t capabilities; /* of the MAC layer */
	uint16_t manufacturer;
	const struct zdo_endpoint *endpoints;
	size_t endpoint_count;
};

/* Writes the answer, whose cluster is the request's with ZDO_RESPONSE. False: it is none that is answered. */
bool zdo_answer(const struct zdo_device *device, uint16_t cluster, struct bytes request, struct writer *out);

#endif
