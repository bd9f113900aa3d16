/*
 * zigbee_stick: the contract between the Zigbee driver and the radio processor that it drives.
 *
 * A stick (TI ZNP, Silicon Labs EZSP) is a coordinator: it keeps its network in its own memory, hands over what nodes
 * send and takes what is for them. It decides nothing about nodes. ZDO messages travel as they do over the air:
 * profile 0, endpoint 0, the first byte a sequence number; a stick that wants commands of its own for them translates.
 * All calls, both ways, are made on the loop thread and none may block. Addresses and PANs are numbers, an EUI64 is the
 * number whose hexadecimal digits people write. What is passed is borrowed for the call. stick_host.h is its other
 * half.
 */
#ifndef WAKEGATE_DRIVERS_ZIGBEE_STICK_H
#define WAKEGATE_DRIVERS_ZIGBEE_STICK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/stick_host.h"
#include "drivers/stick_network.h"
#include "drivers/zigbee_message.h"

struct stick;
struct uv_loop_s;

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
