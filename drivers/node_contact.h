/*
 * node_contact: a node made itself heard: who, what it says of itself, and what it is told; one half of driver_host.h.
 */
#ifndef WAKEGATE_DRIVERS_NODE_CONTACT_H
#define WAKEGATE_DRIVERS_NODE_CONTACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NODE_ID_MAX 64   /* bytes of a node's identity: printable ASCII without space, '/', '"' or '\' */
#define NODE_TEXT_MAX 32 /* bytes of a hardware type or a version */

/* A node made itself heard. Text is "" and numbers are negative where it said nothing. */
struct node_contact {
	const char *node;
	bool proven;      /* the identity was proven by DTLS or OSCORE, not just claimed */
	bool reports;     /* a check-in: the fields below are what the node says it runs */
	bool unscheduled; /* it comes when it likes: it cannot be told of slots and misses none */
	bool taken;       /* what it brings was taken from it already: it is told its slot, but never to come later */
	const char *hardware;
	const char *version;
	const char *parent;     /* the node that it is attached to in its mesh, as it says; NULL: none */
	uint8_t image[32];      /* head of the SHA-256 of the image it runs */
	size_t image_size;      /* bytes of that head, 0: not said, else 4 to 32 */
	int battery_percent;    /* 0 to 100 */
	int signal_dbm;         /* negative; 0: not said */
	uint64_t exchange;      /* of the report that comes with it, see reading_report; 0: none */
	uint32_t message_bytes; /* of the message that is this contact */
	uint32_t bytes_in;      /* the node's traffic on the link since the last contact reported */
	uint32_t bytes_out;
};

/* What the node is to be told. */
struct contact_answer {
	uint32_t next_s; /* seconds until its next slot, or until it shall come again */
};

#endif
