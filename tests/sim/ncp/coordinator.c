#include "tests/sim/ncp/coordinator.h"

#include <errno.h>
#include <string.h>

#include "gateway/random.h"
#include "tests/sim/ncp/air_clock.h"
#include "tests/sim/ncp/air_pcap.h"
#include "tests/sim/ncp/node.h"

#define BROADCAST_US (10 * AIR_MS)
#define NO_ROUTE_US (300 * AIR_MS)
#define OWN_ANSWER_US AIR_MS
#define CAPABILITIES 0x8f
#define TAG_BITS 40

void coordinator_start(struct coordinator *coordinator, const struct coordinator_network *network)
{
	bool first = !coordinator->had_network;

	coordinator->network = *network;
	coordinator->is_up = coordinator->had_network = true;
	coordinator->mesh->stick_hears = true;
	air_pcap_pan(coordinator->mesh->pcap, network->pan);
	for (unsigned i = 0; first && i < coordinator->node_count; i++) {
		if (coordinator->nodes[i].plan.is_joined)
			node_admit(&coordinator->nodes[i], false);
	}
}

void coordinator_stop(struct coordinator *coordinator)
{
	coordinator->is_up = false;
	coordinator->mesh->stick_hears = false;
	coordinator->permit_until_us = 0;
	coordinator->endpoint_count = 0;
	coordinator->under_way = 0;
	coordinator->life++;
}

void coordinator_permit(struct coordinator *coordinator, uint8_t seconds)
{
	coordinator->permit_until_us = coordinator->clock->now_us + seconds * AIR_S;
}

bool coordinator_permits(const struct coordinator *coordinator)
{
	return coordinator->is_up && coordinator->clock->now_us < coordinator->permit_until_us;
}

int coordinator_add_endpoint(struct coordinator *coordinator, const struct zdo_endpoint *endpoint)
{
	for (size_t i = 0; i < coordinator->endpoint_count; i++) {
		if (coordinator->endpoints[i].endpoint == endpoint->endpoint) {
			coordinator->endpoints[i] = *endpoint;
			return 0;
		}
	}
	if (coordinator->endpoint_count == COORDINATOR_ENDPOINTS_MAX)
		return -ENOBUFS;
	coordinator->endpoints[coordinator->endpoint_count++] = *endpoint;
	return 0;
}

struct node *coordinator_find(struct coordinator *coordinator, uint16_t nwk)
{
	for (unsigned i = 0; i < coordinator->node_count; i++) {
		if (coordinator->nodes[i].is_member && coordinator->nodes[i].nwk == nwk)
			return &coordinator->nodes[i];
	}
	return NULL;
}

struct node *coordinator_find_eui64(struct coordinator *coordinator, uint64_t eui64)
{
	for (unsigned i = 0; i < coordinator->node_count; i++) {
		if (coordinator->nodes[i].plan.eui64 == eui64)
			return &coordinator->nodes[i];
	}
	return NULL;
}

uint16_t coordinator_pick_address(struct coordinator *coordinator)
{
	uint16_t nwk;

	do
		nwk = (uint16_t)(1 + random_below(coordinator->random, MESH_BROADCAST - 1));
	while (coordinator_find(coordinator, nwk));
	return nwk;
}

/* A tag bears the life that it was given in. */
static uint64_t seal(const struct coordinator *coordinator, uint64_t tag)
{
	return (tag & ((UINT64_C(1) << TAG_BITS) - 1)) | coordinator->life << TAG_BITS;
}

static void tell_sent(void *context, uint64_t sealed, enum mesh_outcome outcome)
{
	struct coordinator *coordinator = context;

	if (sealed >> TAG_BITS != (coordinator->life & ((UINT64_C(1) << (64 - TAG_BITS)) - 1)))
		return;
	if (coordinator->under_way > 0)
		coordinator->under_way--;
	coordinator->host.sent(coordinator->host.context, sealed & ((UINT64_C(1) << TAG_BITS) - 1), outcome);
}

static void on_put_on_air(void *context, uint64_t sealed)
{
	tell_sent(context, sealed, MESH_DELIVERED);
}

static void on_no_route(void *context, uint64_t sealed)
{
	tell_sent(context, sealed, MESH_NO_ROUTE);
}

static void on_own_answer(void *context, uint64_t life_and_slot)
{
	struct coordinator *coordinator = context;

	if (life_and_slot / COORDINATOR_OWN_ANSWERS == coordinator->life)
		coordinator->host.received(coordinator->host.context, NULL,
			&coordinator->own_answers[life_and_slot % COORDINATOR_OWN_ANSWERS]);
}

/* Comes as from the air, after the host was told that its request is on the way. */
static void answer_itself(struct coordinator *coordinator, const struct mesh_message *message)
{
	uint64_t slot = coordinator->own_answer_count++ % COORDINATOR_OWN_ANSWERS;
	struct mesh_message answer = { .cluster = message->cluster | ZDO_RESPONSE };
	struct writer out;
	struct zdo_device device = { .eui64 = coordinator->network.eui64,
		.capabilities = CAPABILITIES,
		.manufacturer = coordinator->manufacturer,
		.endpoints = coordinator->endpoints,
		.endpoint_count = coordinator->endpoint_count };

	if (message->profile != 0)
		return;
	writer_init(&out, answer.data, sizeof(answer.data));
	if (!zdo_answer(&device, message->cluster, (struct bytes){ message->data, message->size }, &out))
		return;
	answer.size = (uint8_t)writer_size(&out);
	coordinator->own_answers[slot] = answer;
	air_clock_after(coordinator->clock, OWN_ANSWER_US, on_own_answer, coordinator,
		coordinator->life * COORDINATOR_OWN_ANSWERS + slot);
}

int coordinator_send(struct coordinator *coordinator, const struct mesh_message *message, uint64_t tag)
{
	struct mesh_message sent = *message;
	struct node *node = coordinator_find(coordinator, message->target);
	unsigned relays = node && coordinator->mesh->source_routes ? mesh_depth(node) - 1 : 0;

	if (!coordinator->is_up && message->target != 0)
		return -ENETDOWN;
	if (message->size > MESH_ASDU_MAX - (relays ? 2 + 2 * relays : 0))
		return -EMSGSIZE;
	if (coordinator->under_way >= coordinator->under_way_max) {
		coordinator->refused++;
		return -ENOBUFS;
	}
	sent.source = 0;
	sent.counter = coordinator->counter++;
	coordinator->under_way++;
	if (message->target == 0) {
		air_clock_after(coordinator->clock, OWN_ANSWER_US, on_put_on_air, coordinator, seal(coordinator, tag));
		answer_itself(coordinator, &sent);
	} else if (message->target >= MESH_BROADCAST) {
		air_clock_after(coordinator->clock, BROADCAST_US, on_put_on_air, coordinator, seal(coordinator, tag));
		mesh_broadcast(coordinator->mesh, coordinator->nodes, coordinator->node_count, &sent);
	} else if (!node) {
		air_clock_after(coordinator->clock, NO_ROUTE_US, on_no_route, coordinator, seal(coordinator, tag));
	} else {
		mesh_send(coordinator->mesh, node, true, &sent,
			(struct mesh_done){ tell_sent, coordinator, seal(coordinator, tag) });
	}
	return 0;
}

void coordinator_on_joined(struct coordinator *coordinator, const struct node *node)
{
	if (coordinator->is_up)
		coordinator->host.joined(coordinator->host.context, node);
}

void coordinator_on_left(struct coordinator *coordinator, const struct node *node)
{
	if (coordinator->is_up)
		coordinator->host.left(coordinator->host.context, node);
}

void coordinator_receive(void *context, struct node *from, const struct mesh_message *message)
{
	struct coordinator *coordinator = context;

	if (!coordinator->is_up)
		return;
	coordinator->received++;
	coordinator->host.received(coordinator->host.context, from, message);
}
