/*
 * node: a simulated Zigbee node: it joins, announces itself, answers, reports and updates itself.
 *
 * All nodes of a simulation lie in one array that does not move.
 */
#ifndef WAKEGATE_TESTS_NCP_NODE_H
#define WAKEGATE_TESTS_NCP_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/cursor.h"
#include "tests/sim/ncp/mesh.h"
#include "tests/sim/ncp/node_attributes.h"
#include "tests/sim/ncp/node_ota.h"
#include "tests/sim/ncp/node_plan.h"

#define NODE_ENDPOINT 1
#define NODE_NWK_NONE 0xfffe
#define NODE_SEEN 8
#define NODE_ANSWERS 8

struct air_clock;
struct coordinator;
struct journey;
struct planned_answer;
struct random;

/* APS counters of late, to tell a repetition. */
struct node_seen {
	uint8_t counters[NODE_SEEN];
	int64_t until_us[NODE_SEEN];
	unsigned at;
};

struct node {
	struct node_plan plan;
	unsigned number;
	struct air_clock *clock;
	struct random *random;
	struct mesh *mesh;
	struct coordinator *coordinator;
	struct node *parent; /* NULL: the stick */
	uint16_t nwk;
	bool is_on, is_member;
	bool is_joining, is_leaving;
	uint8_t lqi;
	int8_t rssi;
	uint8_t counter, sequence; /* APS, ZCL */
	uint64_t life;             /* counts restarts: what was planned before means nothing after */
	uint64_t polls;            /* likewise for polls */
	int64_t awake_until_us;    /* of a sleeper that waits for an answer */
	struct journey *inbox;     /* what its parent holds for it */
	struct node_seen seen_down, seen_up;
	struct node_attributes attributes;
	struct node_ota ota;
	struct planned_answer *answers; /* NODE_ANSWERS of them */
	uint64_t received, sent, reports_sent, reports_delivered;
};

/* Fills a zeroed node but for `plan` and its surroundings, and switches it on where the plan says so. -ENOMEM. */
int node_start(struct node *node);

/* Frees what it holds. */
void node_finish(struct node *node);

/* Switches it on (it goes on where it was, as after a power cut) or off. */
void node_switch(struct node *node, bool on);

/* Asks to be let into the stick's network, now and again until it is. */
void node_seek(struct node *node);

/* It belongs to the network from now on; `announce`: and says so. */
void node_admit(struct node *node, bool announce);

/* Out of the network; it does not ask to be let in again by itself. */
void node_expel(struct node *node);

/* What the mesh brings it. */
void node_receive(struct node *node, const struct mesh_message *message);

/* Sends to the stick: `cluster` of the home automation profile, or of ZDO with profile 0. */
void node_send(struct node *node, uint16_t profile, uint16_t cluster, struct bytes payload, struct mesh_done done);

/* Sends after its think time, as an answer. */
void node_answer(struct node *node, uint16_t profile, uint16_t cluster, struct bytes payload);

/* An answer is awaited for so long: a sleeper polls fast. */
void node_await(struct node *node, int64_t duration_us);

/* Restarts it after so long; what it runs and keeps stays. */
void node_restart(struct node *node, int64_t duration_us);

#endif
