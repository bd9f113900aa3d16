/*
 * coordinator: the Zigbee side of the simulated stick, whatever its host speaks to it.
 *
 * It has a network or none, lets nodes join for a while, carries messages both ways and answers ZDO requests to itself.
 */
#ifndef WAKEGATE_TESTS_NCP_COORDINATOR_H
#define WAKEGATE_TESTS_NCP_COORDINATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/sim/ncp/mesh.h"
#include "tests/sim/ncp/zdo.h"

#define COORDINATOR_ENDPOINTS_MAX 24
#define COORDINATOR_OWN_ANSWERS 8 /* to itself, under way */

struct air_clock;
struct node;
struct random;

struct coordinator_network {
	uint64_t eui64, extended_pan;
	uint16_t pan;
	uint8_t channel;
};

/* What the front end is told; `context` goes first. */
struct coordinator_host {
	void *context;
	void (*received)(void *context, const struct node *from, const struct mesh_message *message);
	void (*sent)(void *context, uint64_t tag, enum mesh_outcome outcome);
	void (*joined)(void *context, const struct node *node);
	void (*left)(void *context, const struct node *node);
};

struct coordinator {
	struct air_clock *clock;
	struct random *random;
	struct mesh *mesh;
	struct node *nodes;
	unsigned node_count;
	struct coordinator_host host;
	struct coordinator_network network;
	bool is_up;
	int64_t permit_until_us;
	struct zdo_endpoint endpoints[COORDINATOR_ENDPOINTS_MAX];
	size_t endpoint_count;
	struct mesh_message own_answers[COORDINATOR_OWN_ANSWERS];
	uint64_t own_answer_count;
	uint8_t counter;
	uint16_t manufacturer;
	unsigned under_way, under_way_max;
	uint64_t life; /* counts resets: what was sent before concerns nobody */
	uint64_t received, refused;
	uint64_t not_understood; /* commands that the host miscounted, or that the stick does not have */
	bool had_network;
};

/* Its network runs from now on. Nodes that belong to it from the start do so with its first one. */
void coordinator_start(struct coordinator *coordinator, const struct coordinator_network *network);

/* No radio, no endpoints, nothing under way: a reset. The nodes notice nothing. */
void coordinator_stop(struct coordinator *coordinator);

void coordinator_permit(struct coordinator *coordinator, uint8_t seconds);
bool coordinator_permits(const struct coordinator *coordinator);

/* Replaces one of that number. -ENOBUFS. */
int coordinator_add_endpoint(struct coordinator *coordinator, const struct zdo_endpoint *endpoint);

/*
 * Sends from the stick: `source` and `counter` are filled in. To its own address ZDO requests are answered. host.sent()
 * tells the end. -ENETDOWN; -ENOBUFS: as many are under way as the stick holds; -EMSGSIZE.
 */
int coordinator_send(struct coordinator *coordinator, const struct mesh_message *message, uint64_t tag);

/* NULL: none of its nodes. */
struct node *coordinator_find(struct coordinator *coordinator, uint16_t nwk);
struct node *coordinator_find_eui64(struct coordinator *coordinator, uint64_t eui64);

/* An address that nobody has. */
uint16_t coordinator_pick_address(struct coordinator *coordinator);

/* From the node: it joined, it left. */
void coordinator_on_joined(struct coordinator *coordinator, const struct node *node);
void coordinator_on_left(struct coordinator *coordinator, const struct node *node);

/* From the mesh; `context` is the coordinator. */
void coordinator_receive(void *context, struct node *from, const struct mesh_message *message);

#endif
