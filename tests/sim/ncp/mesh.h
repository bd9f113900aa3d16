/*
 * mesh: carries messages between the stick and its nodes, hop by hop through their parents, as a Zigbee network does.
 *
 * A node that sleeps gets nothing until it polls its parent, which holds what is for it for 7.68 s. A message that
 * wants an acknowledgement is repeated end to end until it has one. Messages between nodes are not needed here.
 */
#ifndef WAKEGATE_TESTS_NCP_MESH_H
#define WAKEGATE_TESTS_NCP_MESH_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/sim/ncp/air.h"

#define MESH_ASDU_MAX 82
#define MESH_HOLD_US INT64_C(7680000)
#define MESH_BROADCAST 0xfff8 /* addresses from here on are for many */

struct air_pcap;
struct node;

struct mesh_message {
	uint16_t source, target; /* network addresses; the stick's is 0 */
	uint16_t profile, cluster;
	uint8_t source_endpoint, target_endpoint;
	uint8_t counter; /* of the APS layer */
	bool wants_ack;
	bool is_ack;
	uint8_t size;
	uint8_t data[MESH_ASDU_MAX];
};

enum mesh_outcome {
	MESH_DELIVERED, /* with wants_ack by the other end, otherwise by the next hop */
	MESH_NO_ACK,    /* the next hop does not answer */
	MESH_NO_ROUTE,  /* no such node */
	MESH_EXPIRED,   /* the sleeper did not poll */
	MESH_BUSY,      /* the channel is full */
	MESH_NOT_ACKED, /* the other end does not acknowledge */
};

/* Called once with what became of a message; `call` may be NULL. */
struct mesh_done {
	void (*call)(void *context, uint64_t tag, enum mesh_outcome outcome);
	void *context;
	uint64_t tag;
};

struct delivery;
struct journey;

struct mesh {
	struct air air;
	struct air_pcap *pcap;       /* NULL: nobody listens */
	int64_t hop_us;              /* what a relay takes from receiving to sending */
	bool source_routes;          /* messages of the stick carry their relays */
	uint32_t acks_lost_permille; /* of acknowledgements end to end */
	struct delivery *deliveries;
	struct journey *journeys;
	uint64_t ids;
	uint8_t mac_sequence, nwk_sequence;
	bool stick_hears;
	/* Where messages arrive. */
	void *context;
	void (*to_stick)(void *context, struct node *from, const struct mesh_message *message);
	void (*to_node)(struct node *node, const struct mesh_message *message);
};

/* Hops from the stick to the node. */
unsigned mesh_depth(const struct node *node);

/* Sends to the node, or (`down` false) from it to the stick. The message is copied. */
void mesh_send(
	struct mesh *mesh, struct node *node, bool down, const struct mesh_message *message, struct mesh_done done);

/* The stick sends to all of `nodes` that are awake, through its routers. */
void mesh_broadcast(struct mesh *mesh, struct node *nodes, unsigned count, const struct mesh_message *message);

/* The node asks its parent for what it holds. */
void mesh_poll(struct mesh *mesh, struct node *node);

/* Whether its parent holds something for the node. */
bool mesh_holds(const struct node *node);

/* Nobody waits any more for what became of messages to or from it (NULL: anybody); its parent holds nothing for it. */
void mesh_forget(struct mesh *mesh, struct node *node);

/* Frees all; nothing that was planned on the clock may happen any more. */
void mesh_finish(struct mesh *mesh);

#endif
