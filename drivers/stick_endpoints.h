/*
 * stick_endpoints: the endpoints that a coordinator of ours has, on whatever stick.
 */
#ifndef WAKEGATE_DRIVERS_STICK_ENDPOINTS_H
#define WAKEGATE_DRIVERS_STICK_ENDPOINTS_H

#include <stdint.h>

#include "protocols/cursor.h"

#define STICK_ENDPOINTS 2
#define STICK_DIGI_ENDPOINT 0xe8 /* what Digi's XBee modules are updated at */
#define STICK_DIGI_PROFILE 0xc105
#define STICK_HOME_PROFILE 0x0104

struct stick_endpoint {
	uint8_t number;
	uint16_t profile, device;
	uint8_t server_count, client_count;
	const uint16_t *servers, *clients;
};

extern const struct stick_endpoint stick_endpoints[STICK_ENDPOINTS];

/* The clusters one after another, without their count. */
void stick_write_clusters(struct writer *out, const uint16_t *clusters, uint8_t count);

#endif
