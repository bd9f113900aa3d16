/*
 * zigbee_message: what goes between the Zigbee driver and its stick for a node, or from one, and what became of it.
 */
#ifndef WAKEGATE_DRIVERS_ZIGBEE_MESSAGE_H
#define WAKEGATE_DRIVERS_ZIGBEE_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "protocols/reading.h"

#define ZIGBEE_ASDU_MAX 82 /* bytes of an APS payload that fit one frame without a source route */
#define ZIGBEE_NWK_NONE 0xfffe
#define ZIGBEE_BROADCAST_AWAKE 0xfffd /* all whose receiver is on while idle */
#define ZIGBEE_BROADCAST_ROUTERS 0xfffc

struct zigbee_message {
	uint16_t peer; /* the node's network address, or a broadcast address to send to */
	uint16_t profile, cluster;
	uint8_t own_endpoint, peer_endpoint;
	bool wants_ack;  /* to send: with APS acknowledgement and its retries */
	bool to_sleeper; /* to send: its parent holds it until it polls, 7.68 s at most */
	uint8_t radius;  /* to send: hops at most, 0: the stick's own */
	uint8_t lqi;     /* received; 0: not known */
	int8_t rssi;     /* received, dBm; 0: not known */
	struct span payload;
};

/* What became of a message that was sent. */
enum stick_sent {
	STICK_SENT,   /* delivered, or put on the air where no acknowledgement was asked for */
	STICK_NO_ACK, /* the node, or the next hop, did not acknowledge */
	STICK_NO_ROUTE,
	STICK_EXPIRED, /* the sleeper did not poll in time */
	STICK_BUSY,    /* the stick or the channel is full: worth another try in a moment */
	STICK_TOO_LONG,
	STICK_LOST, /* the stick was reset: nobody knows */
};

#endif
