/*
 * zigbee_node: what is known of one node of a Zigbee network.
 *
 * A node is its EUI64; its network address may change at any time. A plain value that several modules fill in.
 */
#ifndef WAKEGATE_DRIVERS_ZIGBEE_NODE_H
#define WAKEGATE_DRIVERS_ZIGBEE_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/zigbee_endpoint.h"
#include "drivers/zigbee_stick.h"

#define ZIGBEE_ENDPOINTS_MAX 16 /* of a node */
#define ZIGBEE_ID_SIZE 19       /* "0x" and sixteen digits */
#define ZIGBEE_TEXT_SIZE 33

/* What the node says of its firmware: in its Query Next requests or its attributes. */
struct zigbee_firmware {
	bool known;
	uint16_t manufacturer, image_type;
	uint32_t version;
	bool has_hardware;
	uint16_t hardware;
};

/* Where the interview of a node stands; see zigbee_interview.h. */
struct zigbee_interview {
	uint8_t step;     /* enum zigbee_step */
	uint8_t endpoint; /* index of the endpoint that is asked about */
	uint8_t measure;  /* index of the first measure of the cluster that is asked about */
	uint8_t tries;    /* of this step */
	bool waiting;     /* for the answer with this sequence number, from here on not kept */
	uint8_t sequence;
	int64_t due_ms; /* of the next try, or of the answer */
};

struct zigbee_presence {
	int64_t heard_ms; /* last, or the start */
	int64_t ping_ms;  /* of the last one */
	uint8_t pings;    /* unanswered */
	bool lost;
};

struct zigbee_node {
	uint64_t eui64;
	char id[ZIGBEE_ID_SIZE];
	uint16_t nwk, parent; /* ZIGBEE_NWK_NONE: not known */
	bool described;       /* its node descriptor is known */
	bool left;            /* it is not in the network any more */
	bool leaving;         /* it is to leave, an operator said */
	uint8_t kind;         /* enum zdo_kind */
	uint8_t capabilities; /* of zdo.h */
	uint8_t power_source; /* Basic cluster; 0: not known */
	uint16_t manufacturer;
	char maker[ZIGBEE_TEXT_SIZE], model[ZIGBEE_TEXT_SIZE], build[ZIGBEE_TEXT_SIZE];
	struct zigbee_firmware firmware;
	uint8_t endpoint_count;
	struct zigbee_endpoint endpoints[ZIGBEE_ENDPOINTS_MAX];
	struct zigbee_interview interview;
	/* Not kept: */
	bool changed; /* since it was kept */
	int battery_percent;
	uint8_t relays, lqi;
	int8_t rssi;
	struct zigbee_presence presence;
	int64_t asked_ms;       /* when it was asked what it runs, after it had announced itself; 0: not yet */
	int64_t leave_due_ms;   /* before that it is not told again to leave */
	int64_t unheard_due_ms; /* likewise while it is not heard */
	uint8_t unheard_tries;  /* told so */
	int64_t leave_said_ms;  /* when it said that it does, after it was told last; 0: it has not */
	int64_t spoke_ms;       /* when it sent something last, since the start; 0: nothing yet */
};

/* Its receiver is off between polls, as far as is known. */
bool zigbee_node_sleeps(const struct zigbee_node *node);

struct zigbee_endpoint *zigbee_node_endpoint(struct zigbee_node *node, uint8_t number);

void zigbee_id_print(char out[ZIGBEE_ID_SIZE], uint64_t eui64);
/* -EINVAL. */
int zigbee_id_parse(uint64_t *out, const char *id);

#endif
