/*
 * zigbee_endpoint: what is known of one endpoint of a Zigbee node: what it serves, reports, and how it scales.
 */
#ifndef WAKEGATE_DRIVERS_ZIGBEE_ENDPOINT_H
#define WAKEGATE_DRIVERS_ZIGBEE_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "drivers/zigbee_measures.h"

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

/* Nothing is known of it but its number. */
void zigbee_endpoint_init(struct zigbee_endpoint *endpoint, uint8_t number);

#endif
