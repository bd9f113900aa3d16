#include "tests/sim/ncp/mesh.h"

#include <stdlib.h>

#include "gateway/random.h"
#include "tests/sim/ncp/air_clock.h"
#include "tests/sim/ncp/air_pcap.h"
#include "tests/sim/ncp/node.h"

#define APS_WAIT_US INT64_C(1600000)
#define APS_TRIES 4
#define SEEN_US (10 * AIR_S)
#define SOURCE_ROUTE_BYTES 2

/* A message that its sender wants to know the end of. */
struct delivery {
	uint64_t id;
	struct mesh_message message;
	struct mesh *mesh;
	struct node *node;
	bool down;
	unsigned tries;
	struct mesh_done done;
	struct delivery *next;
};

/* A message on its way, once from one end to the other. */
struct journey {
	struct mesh_message message;
	struct mesh *mesh;
	struct node *node; /* the end that is not the stick */
	bool down;
	unsigned hop, tries;
	uint64_t delivery;
	uint8_t mac_sequence, nwk_sequence;
	uint64_t id;
	struct journey *next;            /* held for the same node */
	struct journey *older, *younger; /* all of the mesh */
};

static void depart(struct journey *journey);
static void try_hop(struct journey *journey);

static struct journey *open_journey(struct mesh *mesh, struct node *node, bool down)
{
	struct journey *journey = calloc(1, sizeof(*journey));

	if (!journey)
		abort();
	*journey = (struct journey){
		.mesh = mesh, .node = node, .down = down, .id = ++mesh->ids, .older = mesh->journeys
	};
	if (mesh->journeys)
		mesh->journeys->younger = journey;
	mesh->journeys = journey;
	return journey;
}

static void close_journey(struct journey *journey)
{
	if (journey->older)
		journey->older->younger = journey->younger;
	if (journey->younger)
		journey->younger->older = journey->older;
	else
		journey->mesh->journeys = journey->older;
	free(journey);
}

unsigned mesh_depth(const struct node *node)
{
	unsigned depth = 1;

	for (const struct node *at = node->parent; at && depth < 30; at = at->parent)
		depth++;
	return depth;
}

/* The node so many hops from the stick on the way to `node`; NULL: the stick. */
static struct node *node_at(struct node *node, unsigned level)
{
	for (unsigned depth = mesh_depth(node); node && depth > level; depth--)
		node = node->parent;
	return node;
}

static struct delivery **find_delivery(struct mesh *mesh, uint64_t id)
{
	struct delivery **at = &mesh->deliveries;

	while (*at && (*at)->id != id)
		at = &(*at)->next;
	return at;
}

static void conclude(struct mesh *mesh, uint64_t id, enum mesh_outcome outcome)
{
	struct delivery **at = find_delivery(mesh, id);
	struct delivery *delivery = *at;

	if (!delivery)
		return;
	*at = delivery->next;
	if (delivery->done.call)
		delivery->done.call(delivery->done.context, delivery->done.tag, outcome);
	free(delivery);
}

/* The end of a journey's first hop is all that is known where nobody acknowledges the whole way. */
static void fail(struct journey *journey, enum mesh_outcome outcome)
{
	if (journey->hop == 0)
		conclude(journey->mesh, journey->delivery, outcome);
	close_journey(journey);
}

static bool is_repeated(struct node_seen *seen, int64_t now_us, uint8_t counter)
{
	for (unsigned i = 0; i < NODE_SEEN; i++) {
		if (seen->counters[i] == counter && seen->until_us[i] > now_us)
			return true;
	}
	unsigned at = seen->at++ % NODE_SEEN;
	seen->counters[at] = counter;
	seen->until_us[at] = now_us + SEEN_US;
	return false;
}

static void acknowledge(struct journey *journey)
{
	const struct mesh_message *message = &journey->message;
	struct journey *back = open_journey(journey->mesh, journey->node, !journey->down);

	back->message = (struct mesh_message){ .source = message->target,
		.target = message->source,
		.profile = message->profile,
		.cluster = message->cluster,
		.source_endpoint = message->target_endpoint,
		.target_endpoint = message->source_endpoint,
		.counter = message->counter,
		.is_ack = true };
	depart(back);
}

static void take_ack(struct journey *journey)
{
	for (struct delivery *at = journey->mesh->deliveries; at; at = at->next) {
		if (at->node == journey->node && at->down != journey->down && at->message.wants_ack &&
			at->message.counter == journey->message.counter) {
			conclude(journey->mesh, at->id, MESH_DELIVERED);
			return;
		}
	}
}

/* Nothing is drawn where none are: the same seed goes on giving the same choices. */
static bool is_ack_lost(const struct mesh *mesh)
{
	return mesh->acks_lost_permille > 0 && random_below(mesh->air.random, 1000) < mesh->acks_lost_permille;
}

static void arrive(struct journey *journey)
{
	struct node *node = journey->node;
	struct mesh *mesh = journey->mesh;
	bool down = journey->down;

	if (journey->message.is_ack) {
		take_ack(journey);
	} else {
		bool repeated = is_repeated(
			down ? &node->seen_down : &node->seen_up, mesh->air.clock->now_us, journey->message.counter);
		if (journey->message.wants_ack && !is_ack_lost(mesh))
			acknowledge(journey);
		if (!repeated && down)
			mesh->to_node(node, &journey->message);
		else if (!repeated)
			mesh->to_stick(mesh->context, node, &journey->message);
	}
	close_journey(journey);
	if (down && node->inbox && node->plan.is_sleepy)
		mesh_poll(mesh, node);
}

static void on_hold_over(void *context, uint64_t id)
{
	struct node *node = context;

	for (struct journey **at = &node->inbox; *at; at = &(*at)->next) {
		struct journey *held = *at;
		if (held->id != id)
			continue;
		*at = held->next;
		fail(held, MESH_EXPIRED);
		return;
	}
}

/* At the parent of a sleeper. */
static void hold(struct journey *journey)
{
	struct journey **at = &journey->node->inbox;

	while (*at)
		at = &(*at)->next;
	journey->next = NULL;
	*at = journey;
	air_clock_after(journey->mesh->air.clock, MESH_HOLD_US, on_hold_over, journey->node, journey->id);
}

static void next_hop(struct journey *journey)
{
	unsigned depth = mesh_depth(journey->node);
	if (journey->hop >= depth)
		arrive(journey);
	else if (journey->down && journey->hop == depth - 1 && journey->node->plan.is_sleepy)
		hold(journey);
	else
		try_hop(journey);
}

static void on_next_hop(void *context, uint64_t unused)
{
	(void)unused;
	next_hop(context);
}

static void on_tried(void *context, uint64_t received)
{
	struct journey *journey = context;

	if (!received) {
		if (++journey->tries < AIR_TRIES)
			try_hop(journey);
		else
			fail(journey, MESH_NO_ACK);
		return;
	}
	if (journey->hop == 0 && !journey->message.wants_ack)
		conclude(journey->mesh, journey->delivery, MESH_DELIVERED);
	journey->tries = 0;
	journey->hop++;
	if (journey->hop >= mesh_depth(journey->node))
		arrive(journey);
	else
		air_clock_after(journey->mesh->air.clock, journey->mesh->hop_us, on_next_hop, journey, 0);
}

static void on_refused(void *context, uint64_t unused)
{
	struct journey *journey = context;

	(void)unused;
	if (journey->hop > 0)
		try_hop(journey);
	else
		fail(journey, MESH_BUSY);
}

static bool hears(const struct mesh *mesh, const struct node *node)
{
	return node ? node->is_on && node->is_member : mesh->stick_hears;
}

static uint32_t frame_bytes(const struct journey *journey)
{
	unsigned relays = mesh_depth(journey->node) - 1;
	bool routed = journey->down && journey->mesh->source_routes && relays > 0;

	return AIR_FRAME_BYTES + journey->message.size + (routed ? SOURCE_ROUTE_BYTES + 2 * relays : 0);
}

static void listen_in(const struct journey *journey, const struct node *from, const struct node *to)
{
	struct air_pcap_frame frame = {
		.from = from ? from->nwk : 0,
		.to = to ? to->nwk : 0,
		.mac_sequence = journey->mac_sequence,
		.nwk_sequence = journey->nwk_sequence,
		.message = &journey->message,
	};

	air_pcap_data(journey->mesh->pcap, journey->mesh->air.clock->now_us, &frame);
}

static void try_hop(struct journey *journey)
{
	struct mesh *mesh = journey->mesh;
	unsigned depth = mesh_depth(journey->node);
	unsigned level = journey->down ? journey->hop : depth - journey->hop;
	struct node *from = node_at(journey->node, level);
	struct node *to = node_at(journey->node, journey->down ? level + 1 : level - 1);
	/* The link is that of whoever is farther away. */
	const struct node *link = journey->down ? to : from;
	uint32_t bytes = frame_bytes(journey);

	struct air_try result = air_send(&mesh->air, bytes, true, link->plan.loss_permille);
	if (result.refused) {
		air_clock_after(mesh->air.clock, result.delay_us, on_refused, journey, 0);
		return;
	}
	if (!from)
		result.delay_us += air_duty_wait_us(&mesh->air, bytes);
	if (journey->tries == 0)
		journey->mac_sequence = mesh->mac_sequence++;
	listen_in(journey, from, to);
	air_clock_after(mesh->air.clock, result.delay_us, on_tried, journey, result.received && hears(mesh, to));
}

static void depart(struct journey *journey)
{
	journey->nwk_sequence = journey->mesh->nwk_sequence++;
	next_hop(journey);
}

static void set_out(struct delivery *delivery);

static void on_ack_late(void *context, uint64_t id)
{
	struct mesh *mesh = context;
	struct delivery *delivery = *find_delivery(mesh, id);

	if (!delivery)
		return;
	if (++delivery->tries >= APS_TRIES)
		conclude(mesh, id, MESH_NOT_ACKED);
	else
		set_out(delivery);
}

static void set_out(struct delivery *delivery)
{
	struct mesh *mesh = delivery->mesh;
	struct journey *journey = open_journey(mesh, delivery->node, delivery->down);

	journey->message = delivery->message;
	journey->delivery = delivery->id;
	if (delivery->message.wants_ack)
		air_clock_after(mesh->air.clock, APS_WAIT_US + (delivery->node->plan.is_sleepy ? MESH_HOLD_US : 0),
			on_ack_late, mesh, delivery->id);
	depart(journey);
}

void mesh_send(
	struct mesh *mesh, struct node *node, bool down, const struct mesh_message *message, struct mesh_done done)
{
	struct delivery *delivery = calloc(1, sizeof(*delivery));

	if (!delivery)
		abort();
	*delivery = (struct delivery){ .id = ++mesh->ids,
		.message = *message,
		.mesh = mesh,
		.node = node,
		.down = down,
		.done = done,
		.next = mesh->deliveries };
	mesh->deliveries = delivery;
	set_out(delivery);
}

void mesh_broadcast(struct mesh *mesh, struct node *nodes, unsigned count, const struct mesh_message *message)
{
	struct air_pcap_frame frame = { .to = 0xffff, .message = message, .mac_sequence = mesh->mac_sequence++ };

	frame.nwk_sequence = mesh->nwk_sequence++;
	(void)air_send(&mesh->air, AIR_FRAME_BYTES + message->size, false, 0);
	air_pcap_data(mesh->pcap, mesh->air.clock->now_us, &frame);
	for (unsigned i = 0; i < count; i++) {
		struct node *node = &nodes[i];
		struct air_try result = { .received = true };
		if (!hears(mesh, node) || node->plan.is_sleepy)
			continue;
		if (node->plan.is_router)
			result = air_send(&mesh->air, AIR_FRAME_BYTES + message->size, false, node->plan.loss_permille);
		if (result.received)
			mesh->to_node(node, message);
	}
}

bool mesh_holds(const struct node *node)
{
	return node->inbox;
}

static void on_polled(void *context, uint64_t received)
{
	struct node *node = context;
	struct journey *journey = node->inbox;

	if (!received || !journey || !node->is_on)
		return;
	node->inbox = journey->next;
	journey->tries = 0;
	try_hop(journey);
}

void mesh_poll(struct mesh *mesh, struct node *node)
{
	struct air_try result = air_send(&mesh->air, AIR_POLL_BYTES, true, node->plan.loss_permille);

	if (!result.refused)
		air_pcap_poll(mesh->pcap, mesh->air.clock->now_us, node->nwk, node->parent ? node->parent->nwk : 0,
			mesh->mac_sequence++);
	air_clock_after(mesh->air.clock, result.delay_us, on_polled, node,
		!result.refused && result.received && hears(mesh, node->parent));
}

static void drop_inbox(struct node *node)
{
	while (node->inbox) {
		struct journey *held = node->inbox;
		node->inbox = held->next;
		close_journey(held);
	}
}

void mesh_forget(struct mesh *mesh, struct node *node)
{
	for (struct delivery **at = &mesh->deliveries; *at;) {
		struct delivery *delivery = *at;
		if (node && delivery->node != node) {
			at = &delivery->next;
			continue;
		}
		*at = delivery->next;
		free(delivery);
	}
	if (node)
		drop_inbox(node);
}

void mesh_finish(struct mesh *mesh)
{
	mesh_forget(mesh, NULL);
	while (mesh->journeys)
		close_journey(mesh->journeys);
}
