/*
 * stick_network: a Zigbee network as its coordinator keeps it, and the keys of its nodes.
 */
#ifndef WAKEGATE_DRIVERS_STICK_NETWORK_H
#define WAKEGATE_DRIVERS_STICK_NETWORK_H

#include <stdint.h>

#define ZIGBEE_CHANNEL_FIRST 11
#define ZIGBEE_CHANNEL_LAST 26

/* A network as the coordinator keeps it; all that a stick that takes its place needs. */
struct stick_network {
	uint64_t eui64; /* of the coordinator */
	uint64_t extended_pan;
	uint16_t pan;
	uint8_t channel;
	uint8_t update_id;
	uint8_t key_sequence;
	uint32_t frame_counter;
	uint8_t key[16];      /* network key: secret */
	uint8_t link_key[16]; /* trust centre's: secret */
	uint8_t power_dbm;
};

/* A key of one node, for the backup. */
struct stick_link_key {
	uint64_t eui64;
	uint8_t key[16];
	uint32_t tx_counter, rx_counter;
};

#endif
