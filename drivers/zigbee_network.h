/*
 * zigbee_network: which network the stick has, which one the gateway remembers, and what is to be done about it.
 *
 * A network is formed only on an empty stick where nothing is remembered, or by an operator's word; a stick with
 * another network than the remembered one is not used. Pure: chance is an argument, who calls tells the stick.
 */
#ifndef WAKEGATE_DRIVERS_ZIGBEE_NETWORK_H
#define WAKEGATE_DRIVERS_ZIGBEE_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/zigbee_stick.h"

#define ZIGBEE_NETWORK_RECORD "network"
#define ZIGBEE_NETWORK_RECORD_SIZE 64
#define ZIGBEE_CHANNELS (ZIGBEE_CHANNEL_LAST - ZIGBEE_CHANNEL_FIRST + 1)
#define ZIGBEE_CHANCE_SIZE 26         /* bytes that a new network is made of: PAN, extended PAN, key */
#define ZIGBEE_COUNTER_MARGIN 1000000 /* frames that may have been sent since a counter was remembered */

enum zigbee_network_state {
	NETWORK_NO_STICK, /* not there, not answering, or being opened */
	NETWORK_SCANNING, /* for the channel of a new network */
	NETWORK_FORMING,  /* or restoring: the stick is at it */
	NETWORK_UP,
	NETWORK_REFUSED, /* `why` says why and what to do */
};

struct zigbee_network {
	enum zigbee_network_state state;
	bool remembers;            /* `kept` is what the gateway's store has */
	struct stick_network kept; /* secret */
	bool stick_has;            /* `own` is what the stick has */
	struct stick_network own;  /* secret */
	bool takes_any;            /* an operator said so: the next network of the stick is the one */
	char firmware[48];
	char why[256];
	uint8_t energies[ZIGBEE_CHANNELS];
};

/* What is to be done now. */
enum zigbee_network_turn {
	NETWORK_NOTHING,
	NETWORK_FORM,    /* zigbee_network_make(), then form() */
	NETWORK_STARTED, /* it is up: note it in the store, nodes may be spoken to */
};

void zigbee_network_init(struct zigbee_network *network);

/* As stick_host.state. */
enum zigbee_network_turn zigbee_network_on_stick(struct zigbee_network *network, const struct stick_report *report);

/* From now on what the stick has is what the gateway remembers, if the operator says so: the stick has another one, or
 * will have a new one. */
void zigbee_network_accept_any(struct zigbee_network *network);

/* A new network: the channel, 0: the quietest of `energies`; PAN 0: by chance. */
void zigbee_network_make(const struct zigbee_network *network, uint8_t channel, uint16_t pan,
	const uint8_t chance[ZIGBEE_CHANCE_SIZE], struct stick_network *out);

/* The remembered one, for another stick: its counter far enough on that nodes do not take it for a replay. */
void zigbee_network_revive(const struct zigbee_network *network, struct stick_network *out);

/* The quietest channel; of equal ones that which least often meets Wi-Fi. */
uint8_t zigbee_network_quietest(const uint8_t energies[ZIGBEE_CHANNELS]);

/* The record. -EBADMSG. */
size_t zigbee_network_write(const struct stick_network *network, uint8_t data[ZIGBEE_NETWORK_RECORD_SIZE]);
int zigbee_network_parse(struct stick_network *out, const void *data, size_t size);

/* "waiting", "scanning", "forming", "up", "refused". */
const char *zigbee_network_state_name(enum zigbee_network_state state);

#endif
