/*
 * stick_host: what a stick may say to the Zigbee driver: how its network is, what nodes send, what became of messages.
 *
 * The other half of zigbee_stick.h, whose rules hold here too: on the loop thread, never blocking, everything borrowed.
 */
#ifndef WAKEGATE_DRIVERS_STICK_HOST_H
#define WAKEGATE_DRIVERS_STICK_HOST_H

#include <stdint.h>

#include "drivers/zigbee_message.h"

struct stick_link_key;
struct stick_network;

enum stick_state {
	STICK_OPENING, /* the port is open, the stick is asked what it is */
	STICK_EMPTY,   /* it has no network: form() or restore() */
	STICK_UP,      /* its network runs */
	STICK_DOWN,    /* gone or silent: it is tried again by itself; `why` says what is wrong */
	STICK_REFUSED, /* it cannot be used as it is (bootloader, firmware too old, other network): `why` says so */
};

/* What stands behind the state. Text is "" where not known. */
struct stick_report {
	enum stick_state state;
	const struct stick_network *network; /* NULL unless STICK_UP */
	const char *firmware;                /* e.g. "Z-Stack 3.x.0 20230507" or "EmberZNet 7.4.1.0" */
	const char *why;                     /* a sentence for a person */
};

/* What a stick may say. `context` goes first into every call. None may close the stick. */
struct stick_host {
	void *context;
	void (*state)(void *context, const struct stick_report *report);
	void (*received)(void *context, const struct zigbee_message *message);
	/* Exactly once for each send() that returned 0, never from within it. */
	void (*sent)(void *context, uint32_t tag, enum stick_sent outcome);
	/* A node joined, rejoined or announced itself; `parent`: ZIGBEE_NWK_NONE if not said. */
	void (*joined)(void *context, uint64_t eui64, uint16_t nwk, uint16_t parent);
	void (*left)(void *context, uint64_t eui64, uint16_t nwk);
	/* The relays of the way to a node, as the stick learnt it: how much of a frame they cost. */
	void (*routed)(void *context, uint16_t nwk, uint8_t relays);
	/* Energy of a channel, 0 to 255, greater is worse; after scan(), one call a channel, then one with channel 0.
	 */
	void (*scanned)(void *context, uint8_t channel, uint8_t energy);
	/* A key of a node, after backup(); then one call with NULL. */
	void (*key)(void *context, const struct stick_link_key *key);
	/* A stable event word followed by facts, for the log; the level as enum driver_level. */
	void (*event)(void *context, int level, const char *line);
	/* What the stick answered: once for each permit() that returned 0, never from within it. NULL: it does so;
	 * otherwise a sentence, and what held before holds as far as is known. */
	void (*permitted)(void *context, const char *failed);
};

#endif
