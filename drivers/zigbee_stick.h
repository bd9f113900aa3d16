/*
 * zigbee_stick: the contract between the Zigbee driver and the radio processor that it drives.
 *
 * A stick (TI ZNP, Silicon Labs EZSP) is a coordinator: it keeps its network in its own memory, hands over what nodes
 * send and takes what is for them. It decides nothing about nodes. ZDO messages travel as they do over the air:
 * profile 0, endpoint 0, the first byte a sequence number; a stick that wants commands of its own for them translates.
 * All calls, both ways, are made on the loop thread and none may block. Addresses and PANs are numbers, an EUI64 is the
 * number whose hexadecimal digits people write. What is passed is borrowed for the call.
 */
#ifndef WAKEGATE_DRIVERS_ZIGBEE_STICK_H
#define WAKEGATE_DRIVERS_ZIGBEE_STICK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/stick_network.h"
#include "drivers/zigbee_message.h"

struct stick;
struct uv_loop_s;

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

/* Where the stick is and how it is spoken to. Strings outlive the stick. */
struct stick_port {
	const char *path; /* "/dev/serial/by-id/…" or "tcp://HOST:PORT" */
	int baud;
	bool hardware_flow; /* RTS/CTS */
	bool software_flow; /* XON/XOFF */
	int concurrent;     /* messages with the stick at a time, STICK_FLIGHTS_MAX at most; 0: what suits it */
};

struct stick_ops {
	const char *name; /* "znp", "ezsp" */
	/*
	 * Opens the port and keeps trying for as long as the stick is open: a stick that is not there is STICK_DOWN,
	 * not an error. It resumes the network that the stick has; one that resets itself soon after each start is
	 * STICK_DOWN for pauses that grow. -ENOMEM; -EINVAL with a sentence in `why`.
	 */
	int (*open)(struct stick **out, struct uv_loop_s *loop, const struct stick_port *port,
		const struct stick_host *host, char *why, size_t why_size);
	/* Makes a new network, also over an existing one: ask the operator before. `network` without `eui64` and
	 * counters. -EBUSY: not STICK_EMPTY or STICK_UP. What came of it is told by state(). */
	int (*form)(struct stick *stick, const struct stick_network *network);
	/* Likewise, the network of another stick: with its EUI64 where the stick can take it, counters and link keys.
	 */
	int (*restore)(struct stick *stick, const struct stick_network *network, const struct stick_link_key *keys,
		size_t key_count);
	/* Tells network (by state()) and keys (by key()) as they are now. -EBUSY: as scan(); -ENETDOWN: not STICK_UP.
	 */
	int (*backup)(struct stick *stick);
	/* Measures the channels. -EBUSY: this or a backup() runs; -ENETDOWN: not STICK_UP. */
	int (*scan)(struct stick *stick);
	/* Asks the stick to let nodes join for `seconds`, 0: no more; 254 at most; permitted() tells what it answered.
	 * -EBUSY: it is being asked; -ENETDOWN: not STICK_UP. */
	int (*permit)(struct stick *stick, uint8_t seconds);
	/* Copies the message. -EAGAIN: as many are under way as the stick takes; -EMSGSIZE; -ENETDOWN: not STICK_UP. */
	int (*send)(struct stick *stick, const struct zigbee_message *message, uint32_t tag);
	/* Frees; sent() is called for what is under way. NULL is fine. */
	void (*close)(struct stick *stick);
};

extern const struct stick_ops stick_ezsp;
extern const struct stick_ops stick_znp;

#endif
