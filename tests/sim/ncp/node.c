#include "tests/sim/ncp/node.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/random.h"
#include "tests/sim/ncp/air_clock.h"
#include "tests/sim/ncp/coordinator.h"
#include "tests/sim/ncp/node_zcl.h"
#include "tests/sim/ncp/zdo.h"

#define HOME_AUTOMATION 0x0104
#define TEMPERATURE_SENSOR 0x0302
#define PLUG 0x0051
#define SEEK_US (500 * AIR_MS)
#define ASSOCIATION_US (150 * AIR_MS)
#define ANNOUNCE_US (50 * AIR_MS)
#define ASSOCIATION_FRAMES 8 /* beacons, association, keys */
#define ASSOCIATION_BYTES 60
#define CAPABILITIES_ROUTER 0x8e
#define CAPABILITIES_AWAKE 0x8c
#define CAPABILITIES_SLEEPY 0x80

static uint8_t capabilities(const struct node *node)
{
	if (node->plan.is_router)
		return CAPABILITIES_ROUTER;
	return node->plan.is_sleepy ? CAPABILITIES_SLEEPY : CAPABILITIES_AWAKE;
}

static void add_server(struct zdo_endpoint *endpoint, uint16_t cluster)
{
	for (size_t i = 0; i < endpoint->server_count; i++) {
		if (endpoint->servers[i] == cluster)
			return;
	}
	endpoint->servers[endpoint->server_count++] = cluster;
}

static void describe(const struct node *node, struct zdo_endpoint *endpoint)
{
	*endpoint = (struct zdo_endpoint){ .endpoint = NODE_ENDPOINT,
		.profile = HOME_AUTOMATION,
		.device = node->plan.is_router ? PLUG : TEMPERATURE_SENSOR,
		.clients = { CLUSTER_OTA },
		.client_count = 1 };
	for (size_t i = 0; i < node->attributes.count; i++) {
		if (!node->attributes.rows[i].of_client)
			add_server(endpoint, node->attributes.rows[i].cluster);
	}
}

void node_send(struct node *node, uint16_t profile, uint16_t cluster, struct bytes payload, struct mesh_done done)
{
	struct mesh_message message = { .source = node->nwk,
		.profile = profile,
		.cluster = cluster,
		.source_endpoint = profile ? NODE_ENDPOINT : 0,
		.target_endpoint = profile ? 1 : 0,
		.counter = node->counter++,
		.wants_ack = node->plan.wants_acks && profile,
		.size = (uint8_t)payload.size };

	if (!node->is_on || !node->is_member || payload.size > sizeof(message.data))
		return;
	memcpy(message.data, payload.data, payload.size);
	node->sent++;
	if (message.wants_ack)
		node_await(node, AIR_S);
	mesh_send(node->mesh, node, false, &message, done);
}

struct planned_answer {
	struct node *node;
	uint64_t life;
	uint16_t profile, cluster;
	size_t size;
	uint8_t data[MESH_ASDU_MAX];
};

static void on_answer_due(void *context, uint64_t unused)
{
	struct planned_answer *answer = context;

	(void)unused;
	if (answer->life == answer->node->life)
		node_send(answer->node, answer->profile, answer->cluster, (struct bytes){ answer->data, answer->size },
			(struct mesh_done){ 0 });
	answer->size = 0;
}

/* As many answers as one node may have in mind at a time; a further one is not given. */
static struct planned_answer *free_answer(struct node *node)
{
	for (size_t i = 0; i < NODE_ANSWERS; i++) {
		if (node->answers[i].size == 0)
			return &node->answers[i];
	}
	return NULL;
}

void node_answer(struct node *node, uint16_t profile, uint16_t cluster, struct bytes payload)
{
	struct planned_answer *answer = free_answer(node);

	if (!answer || payload.size == 0 || payload.size > sizeof(answer->data))
		return;
	*answer = (struct planned_answer){
		.node = node, .life = node->life, .profile = profile, .cluster = cluster, .size = payload.size
	};
	memcpy(answer->data, payload.data, payload.size);
	air_clock_after(node->clock, node->plan.think_us, on_answer_due, answer, 0);
}

static void receive_zdo(struct node *node, const struct mesh_message *message)
{
	uint8_t room[MESH_ASDU_MAX];
	struct writer out;
	struct zdo_endpoint endpoint;
	struct zdo_device device = { .eui64 = node->plan.eui64,
		.nwk = node->nwk,
		.type = node->plan.is_router ? 1 : 2,
		.capabilities = capabilities(node),
		.manufacturer = (uint16_t)node->plan.manufacturer,
		.endpoints = &endpoint,
		.endpoint_count = 1 };
	bool broadcast = message->target >= MESH_BROADCAST;

	describe(node, &endpoint);
	writer_init(&out, room, sizeof(room));
	if (broadcast && message->cluster != ZDO_NWK_ADDRESS)
		return;
	if (zdo_answer(&device, message->cluster, (struct bytes){ message->data, message->size }, &out))
		node_answer(node, 0, message->cluster | ZDO_RESPONSE, (struct bytes){ room, writer_size(&out) });
	if (message->cluster == ZDO_LEAVE)
		node->is_leaving = true;
}

static void on_leave(void *context, uint64_t life)
{
	struct node *node = context;

	if (node->life == life)
		node_expel(node);
}

void node_receive(struct node *node, const struct mesh_message *message)
{
	if (!node->is_on || !node->is_member)
		return;
	node->received++;
	if (message->profile == 0)
		receive_zdo(node, message);
	else if (message->target_endpoint == NODE_ENDPOINT || message->target_endpoint == 0xff)
		node_zcl_receive(node, message);
	if (node->is_leaving)
		air_clock_after(node->clock, node->plan.think_us + AIR_S / 2, on_leave, node, node->life);
	node->is_leaving = false;
}

static void plan_poll(struct node *node);

static void on_poll_due(void *context, uint64_t poll)
{
	struct node *node = context;

	if (poll != node->polls || !node->is_on || !node->is_member)
		return;
	mesh_poll(node->mesh, node);
	plan_poll(node);
}

static void plan_poll(struct node *node)
{
	bool fast = node->clock->now_us < node->awake_until_us;
	int64_t delay_us = fast ? node->plan.fast_poll_us : node->plan.poll_us;

	if (node->plan.is_sleepy)
		air_clock_after(node->clock, delay_us, on_poll_due, node, ++node->polls);
}

void node_await(struct node *node, int64_t duration_us)
{
	int64_t until_us = node->clock->now_us + duration_us;
	bool was_fast = node->clock->now_us < node->awake_until_us;

	if (until_us > node->awake_until_us)
		node->awake_until_us = until_us;
	if (!was_fast)
		plan_poll(node);
}

static void announce(struct node *node)
{
	uint8_t room[12];
	struct writer out;

	writer_init(&out, room, sizeof(room));
	write_u8(&out, node->sequence++);
	write_le16(&out, node->nwk);
	write_le64(&out, node->plan.eui64);
	write_u8(&out, capabilities(node));
	node_send(node, 0, ZDO_ANNOUNCE, (struct bytes){ room, sizeof(room) }, (struct mesh_done){ 0 });
	/* It stays awake for a while, so that it can be asked what it is. */
	node_await(node, 5 * AIR_S);
}

static void on_announce(void *context, uint64_t life)
{
	struct node *node = context;

	if (node->life == life)
		announce(node);
}

static void on_wander(void *context, uint64_t life)
{
	struct node *node = context;

	if (node->life != life)
		return;
	node_attributes_wander(node);
	air_clock_after(node->clock, node->plan.wander_us, on_wander, node, life);
}

/* It runs, as a member: from here on things happen by themselves. */
static void come_alive(struct node *node, bool announces)
{
	if (announces)
		air_clock_after(node->clock, ANNOUNCE_US, on_announce, node, node->life);
	if (node->plan.is_sleepy)
		air_clock_after(node->clock, (int64_t)random_below(node->random, (uint64_t)node->plan.poll_us),
			on_poll_due, node, ++node->polls);
	if (node->plan.wander_us > 0)
		air_clock_after(node->clock, (int64_t)random_below(node->random, (uint64_t)node->plan.wander_us),
			on_wander, node, node->life);
	node_attributes_resume(node);
	node_ota_boot(node);
}

void node_admit(struct node *node, bool announces)
{
	node->nwk = coordinator_pick_address(node->coordinator);
	node->is_member = true;
	node->is_joining = false;
	node->life++;
	if (announces)
		coordinator_on_joined(node->coordinator, node);
	if (node->is_on)
		come_alive(node, announces);
}

void node_expel(struct node *node)
{
	if (!node->is_member)
		return;
	coordinator_on_left(node->coordinator, node);
	node->life++;
	node->is_member = node->is_joining = false;
	node->nwk = NODE_NWK_NONE;
	mesh_forget(node->mesh, node);
}

static void on_associated(void *context, uint64_t life)
{
	struct node *node = context;

	if (node->life == life && !node->is_member)
		node_admit(node, true);
}

static void on_seek(void *context, uint64_t life)
{
	struct node *node = context;
	bool parent_is_there = !node->parent || (node->parent->is_on && node->parent->is_member);

	if (node->life != life || node->is_member)
		return;
	if (!coordinator_permits(node->coordinator) || !parent_is_there) {
		air_clock_after(
			node->clock, SEEK_US + (int64_t)random_below(node->random, SEEK_US), on_seek, node, life);
		return;
	}
	for (unsigned i = 0; i < ASSOCIATION_FRAMES; i++)
		(void)air_send(&node->mesh->air, ASSOCIATION_BYTES, true, 0);
	air_clock_after(node->clock, ASSOCIATION_US, on_associated, node, life);
}

void node_seek(struct node *node)
{
	if (node->is_member || node->is_joining || !node->is_on)
		return;
	node->is_joining = true;
	air_clock_after(node->clock, (int64_t)random_below(node->random, SEEK_US), on_seek, node, node->life);
}

int node_start(struct node *node)
{
	node->nwk = NODE_NWK_NONE;
	node->lqi = (uint8_t)(120 + random_below(node->random, 120));
	node->rssi = (int8_t)(-85 + (int)random_below(node->random, 40));
	node->is_on = !node->plan.is_off;
	node->ota.version = node->plan.version;
	node_attributes_init(node);
	node->answers = calloc(NODE_ANSWERS, sizeof(*node->answers));
	if (!node->answers)
		return -ENOMEM;
	if (!node->plan.is_joined)
		node_seek(node);
	return 0;
}

void node_finish(struct node *node)
{
	node_ota_finish(node);
	free(node->answers);
}

void node_switch(struct node *node, bool on)
{
	if (on == node->is_on)
		return;
	node->life++;
	node->is_on = on;
	node->is_joining = false;
	if (!on)
		return;
	if (node->is_member)
		come_alive(node, true);
	else
		node_seek(node);
}

static void on_restarted(void *context, uint64_t life)
{
	struct node *node = context;

	if (node->life == life)
		node_switch(node, true);
}

void node_restart(struct node *node, int64_t duration_us)
{
	node_switch(node, false);
	air_clock_after(node->clock, duration_us, on_restarted, node, node->life);
}
