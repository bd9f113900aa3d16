/*
 * zigbee_counters: what a Zigbee network counts, under the names that metrics bear.
 */
#ifndef WAKEGATE_DRIVERS_ZIGBEE_COUNTERS_H
#define WAKEGATE_DRIVERS_ZIGBEE_COUNTERS_H

#include <stdint.h>

#define ZIGBEE_COUNTERS_MAX 32

struct zigbee_counters {
	uint64_t nodes_now, nodes_up_now, network_up_now;
	uint64_t messages, messages_malformed, repeated, strangers;
	uint64_t nodes_refused, joins, leaves, interviews, pings, lost;
	uint64_t reports, readings;       /* durable */
	uint64_t unkept_now, unkept_lost; /* the gateway had no room for them: they wait; they are gone */
	uint64_t sent, unsent;
};

#endif
