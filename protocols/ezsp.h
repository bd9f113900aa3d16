/*
 * ezsp: the commands of a Silicon Labs network processor (EmberZNet) as bytes, in the versions 8 to 16 of its protocol.
 *
 * Silicon Labs UG100. The versions differ in the width of a status and of a message's tag, in the order of fields and
 * in how keys are told: struct ezsp_dialect is a row of that table. Little-endian.
 */
#ifndef WAKEGATE_PROTOCOLS_EZSP_H
#define WAKEGATE_PROTOCOLS_EZSP_H

#include <stdbool.h>
#include <stdint.h>

#include "protocols/cursor.h"

#define EZSP_VERSION_LEAST 8
#define EZSP_VERSION_MOST 16 /* that is known */
#define EZSP_HEADER_SIZE 5
#define EZSP_NO_NODE 0xffff

/* What a status means to a host, whatever its number. */
enum ezsp_status {
	EZSP_OK,
	EZSP_UP,
	EZSP_DOWN,
	EZSP_NOT_JOINED,
	EZSP_BUSY,
	EZSP_NO_ACK,
	EZSP_NO_ROUTE,
	EZSP_EXPIRED,
	EZSP_TOO_LONG,
	EZSP_OTHER,
};

struct ezsp_dialect {
	uint8_t first, last;  /* versions */
	uint8_t status_size;  /* 1: EmberStatus, 4: sl_status_t */
	uint8_t tag_size;     /* of a message */
	bool status_first;    /* in messageSentHandler and exports of keys */
	bool tail_last;       /* incomingMessageHandler has EUI64, link quality and time behind the addresses */
	bool broadcast_alias; /* sendBroadcast begins with one, and has a sequence number */
	bool leave_options;   /* leaveNetwork has them */
	bool key_contexts;    /* keys are exported by contexts, not as structures */
	bool transient_flags; /* importTransientKey has them */
};

/* NULL: older than EZSP_VERSION_LEAST. Newer than EZSP_VERSION_MOST is taken for that. */
const struct ezsp_dialect *ezsp_dialect(uint8_t version);

enum ezsp_status ezsp_read_status(const struct ezsp_dialect *dialect, struct reader *in);

struct ezsp_header {
	uint8_t sequence;
	bool is_response, is_callback;
	uint16_t id;
};

void ezsp_header_write(struct writer *out, uint8_t sequence, uint16_t id);
/* -EBADMSG. */
int ezsp_header_parse(struct ezsp_header *header, struct reader *in);

/* The `version` command before the version is known, and its answer: the NCP's version and its stack's. -EBADMSG. */
void ezsp_first_version_write(struct writer *out, uint8_t sequence, uint8_t version);
int ezsp_first_version_parse(struct reader *in, uint8_t *version, uint16_t *stack);

struct ezsp_aps {
	uint16_t profile, cluster;
	uint8_t own_endpoint, peer_endpoint;
	uint16_t options, group;
	uint8_t sequence;
};

struct ezsp_outgoing {
	uint16_t peer;
	struct ezsp_aps aps;
	uint8_t radius;
	uint16_t tag;
	struct bytes payload;
};

void ezsp_unicast_write(const struct ezsp_dialect *dialect, struct writer *out, const struct ezsp_outgoing *message);
void ezsp_broadcast_write(const struct ezsp_dialect *dialect, struct writer *out, const struct ezsp_outgoing *message);

struct ezsp_incoming {
	uint8_t type;
	struct ezsp_aps aps;
	uint16_t peer;
	uint8_t lqi;
	int8_t rssi;
	struct bytes payload; /* borrowed from the reader */
};

/* -EBADMSG. */
int ezsp_incoming_parse(const struct ezsp_dialect *dialect, struct reader *in, struct ezsp_incoming *out);

/* messageSentHandler. -EBADMSG. */
int ezsp_sent_parse(const struct ezsp_dialect *dialect, struct reader *in, uint16_t *tag, enum ezsp_status *status);

#endif
