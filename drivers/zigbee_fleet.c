/* The nodes of a Zigbee network as they come, are asked, go silent, leave, and are kept over restarts. */
#include "drivers/zigbee_fleet.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "drivers/image_source.h"
#include "drivers/zigbee_driver.h"
#include "protocols/zdo.h"

#define INTERVIEWS_AT_ONCE 4
#define STRANGER_MS 30000 /* between two questions whose address it is */
#define ASKED_MS 10000    /* between two questions what an announced node runs: some announce themselves without end */
#define HOME_AUTOMATION 0x0104
#define BASIC_ZCL_VERSION 0x00 /* an attribute that every node has */

/* ---- addresses ---- */

static void part(struct driver *driver, struct zigbee_node *node)
{
	node->nwk = ZIGBEE_NWK_NONE;
	node->changed = true;
	zigbee_firmware_part(driver, node);
}

void zigbee_move(struct driver *driver, struct zigbee_node *node, uint16_t nwk)
{
	struct zigbee_node *former = zigbee_nodes_at(&driver->nodes, nwk);

	if (former && former != node)
		part(driver, former);
	(void)zigbee_nodes_move(&driver->nodes, node, nwk);
	zigbee_firmware_meet(driver, node, false);
}

/* ---- records ---- */

static void recall_node(struct driver *driver, const struct driver_record *record)
{
	struct zigbee_node *node;
	uint64_t eui64;

	if (zigbee_id_parse(&eui64, record->name + strlen(ZIGBEE_NODE_RECORD)) < 0)
		return;
	node = zigbee_nodes_add(&driver->nodes, eui64);
	if (!node)
		return;
	if (zigbee_node_parse(node, record->value.data, record->value.size) < 0) {
		zigbee_tell(driver, DRIVER_WARNING, "zigbee.record_unreadable node=%s", node->id);
		zigbee_interview_begin(node, zigbee_now(driver));
	}
	/* A power cut between two records may leave an address with two nodes: whose it is will be asked. */
	uint16_t nwk = node->nwk;
	node->nwk = ZIGBEE_NWK_NONE;
	struct zigbee_node *other = zigbee_nodes_at(&driver->nodes, nwk);
	if (other)
		part(driver, other);
	else
		node->nwk = nwk;
	zigbee_presence_begin(node, zigbee_now(driver));
	zigbee_firmware_meet(driver, node, false);
}

static void recall_record(void *taker, const struct driver_record *record)
{
	struct driver *driver = taker;
	struct zigbee_network *network = &driver->network;

	if (strncmp(record->name, ZIGBEE_NODE_RECORD, strlen(ZIGBEE_NODE_RECORD)) == 0)
		recall_node(driver, record);
	else if (strcmp(record->name, ZIGBEE_NETWORK_RECORD) == 0)
		network->remembers = zigbee_network_parse(&network->kept, record->value.data, record->value.size) == 0;
	else if (strcmp(record->name, ZIGBEE_STICK_RECORD) == 0 && record->value.size < sizeof(driver->stick_kind))
		memcpy(driver->stick_kind, record->value.data, record->value.size);
}

void zigbee_recall(struct driver *driver)
{
	const struct driver_host *host = driver->host;

	if (host->recall)
		host->recall(host->context, recall_record, driver);
}

static void keep_record(struct driver *driver, const struct zigbee_node *node, bool forget)
{
	const struct driver_host *host = driver->host;
	char name[sizeof(ZIGBEE_NODE_RECORD) + ZIGBEE_ID_SIZE], record[DRIVER_RECORD_MAX];
	size_t size = forget ? 0 : zigbee_node_write(node, record);

	if (!host->keep)
		return;
	(void)snprintf(name, sizeof(name), "%s%s", ZIGBEE_NODE_RECORD, node->id);
	int error = host->keep(host->context, &(struct driver_record){ .name = name, .value = { record, size } });
	if (error)
		zigbee_tell(driver, DRIVER_ERROR, "zigbee.not_kept node=%s error=\"%s\"", node->id, strerror(-error));
}

void zigbee_keep_node(struct driver *driver, struct zigbee_node *node)
{
	keep_record(driver, node, false);
	node->changed = false;
}

void zigbee_forget(struct driver *driver, struct zigbee_node *node)
{
	keep_record(driver, node, true);
	zigbee_firmware_forget(driver, node);
	zigbee_nodes_remove(&driver->nodes, node);
}

/* ---- the gateway is told ---- */

static struct node_contact contact_of(const struct driver *driver, const struct zigbee_node *node)
{
	const struct zigbee_node *parent = zigbee_nodes_at(&driver->nodes, node->parent);

	return (struct node_contact){
		.node = node->id,
		.unscheduled = true,
		.hardware = "",
		.version = "",
		.parent = parent ? parent->id : NULL,
		/* Some tell more than all, and some sticks a signal above any. */
		.battery_percent = node->battery_percent > 100 ? 100 : node->battery_percent,
		.signal_dbm = node->rssi < 0 ? node->rssi : 0,
	};
}

static bool tell_contact(struct driver *driver, const struct node_contact *contact)
{
	struct contact_answer answer;

	if (driver->host->contact(driver->host->context, contact, &answer) == 0)
		return true;
	driver->counters.nodes_refused++;
	return false;
}

bool zigbee_greet(struct driver *driver, struct zigbee_node *node, size_t bytes)
{
	struct node_contact contact = contact_of(driver, node);

	contact.message_bytes = contact.bytes_in = (uint32_t)bytes;
	return tell_contact(driver, &contact);
}

bool zigbee_greet_running(struct driver *driver, struct zigbee_node *node, const struct image_source *image)
{
	const struct zigbee_firmware *firmware = &node->firmware;
	char hardware[NODE_TEXT_MAX + 1], version[NODE_TEXT_MAX + 1];
	struct node_contact contact = contact_of(driver, node);

	/* As image_header.h tells these of a Zigbee OTA upgrade file. */
	(void)snprintf(hardware, sizeof(hardware), "%04x-%04x", firmware->manufacturer, firmware->image_type);
	(void)snprintf(version, sizeof(version), "0x%08x", firmware->version);
	contact.reports = true;
	contact.hardware = hardware;
	contact.version = version;
	if (image) {
		memcpy(contact.image, image->sha256, sizeof(contact.image));
		contact.image_size = sizeof(contact.image);
	}
	return tell_contact(driver, &contact);
}

/* ---- coming and going ---- */

/* `attributes`: their numbers, as they stand in the frame. Those of OTA Upgrade are the client's (ZCL section 11.13.6).
 */
static void ask_attributes(struct driver *driver, const struct zigbee_node *node, uint16_t cluster, uint8_t endpoint,
	struct bytes attributes)
{
	uint8_t data[ZIGBEE_ASDU_MAX];
	struct writer out;

	writer_init(&out, data, sizeof(data));
	zcl_frame_write(&out, &(struct zcl_frame){ .is_global = true,
				      .to_client = cluster == CLUSTER_UPGRADE,
				      .no_default_response = true,
				      .sequence = ++driver->sequence,
				      .command = ZCL_READ });
	write_bytes(&out, attributes.data, attributes.size);
	(void)zigbee_send(driver,
		&(struct zigbee_message){ .peer = node->nwk,
			.profile = HOME_AUTOMATION,
			.cluster = cluster,
			.own_endpoint = ZIGBEE_OWN_ENDPOINT,
			.peer_endpoint = endpoint,
			.wants_ack = true,
			.to_sleeper = zigbee_node_sleeps(node),
			.payload = { (const char *)data, writer_size(&out) } },
		false, NULL);
}

/* What it runs now: it comes back from an update, or from nowhere. */
static void ask_firmware(struct driver *driver, struct zigbee_node *node)
{
	static const uint8_t attributes[] = { UPGRADE_CURRENT_VERSION, 0, UPGRADE_MANUFACTURER, 0, UPGRADE_IMAGE_TYPE,
		0 };

	int64_t now_ms = zigbee_now(driver);
	size_t i = 0;

	while (i < node->endpoint_count && !node->endpoints[i].has_upgrade)
		i++;
	if (i == node->endpoint_count || (node->asked_ms && now_ms < node->asked_ms + ASKED_MS))
		return;
	node->asked_ms = now_ms;
	ask_attributes(driver, node, CLUSTER_UPGRADE, node->endpoints[i].number,
		(struct bytes){ attributes, sizeof(attributes) });
}

/* One that left makes room. */
static struct zigbee_node *add_node(struct driver *driver, uint64_t eui64)
{
	struct zigbee_nodes *nodes = &driver->nodes;

	for (size_t i = 0; i < nodes->count && nodes->count == ZIGBEE_NODES_MAX; i++)
		if (nodes->list[i]->left)
			zigbee_forget(driver, nodes->list[i]);
	return zigbee_nodes_add(nodes, eui64);
}

/* What a node says of itself, or a stick of it, may be nonsense: an address of many would have us talk to all. */
static bool is_node(const struct driver *driver, uint64_t eui64, uint16_t nwk)
{
	return zigbee_nwk_is_node(nwk) && eui64 != 0 && eui64 != UINT64_MAX && eui64 != driver->network.own.eui64;
}

void zigbee_on_joined(void *context, uint64_t eui64, uint16_t nwk, uint16_t parent)
{
	struct driver *driver = context;
	struct zigbee_node *known = zigbee_nodes_find(&driver->nodes, eui64);
	int64_t now_ms = zigbee_now(driver);

	if (!is_node(driver, eui64, nwk)) {
		driver->counters.messages_malformed++;
		return;
	}
	struct zigbee_node *node = known ? known : add_node(driver, eui64);
	if (!node) {
		zigbee_tell(driver, DRIVER_WARNING, "zigbee.no_room nodes=%zu", driver->nodes.count);
		return;
	}
	bool is_news = !known || node->left || node->nwk != nwk;
	zigbee_move(driver, node, nwk);
	/* While nodes are let in it may be one that was reset and has forgotten what it was told. */
	bool was_reset = node->interview.step == STEP_DONE && now_ms < driver->permit_until_ms &&
			 now_ms - node->presence.heard_ms > 1000;
	if (!known || node->left || was_reset)
		zigbee_interview_begin(node, now_ms);
	else if (node->interview.step == STEP_DONE)
		ask_firmware(driver, node);
	node->left = false;
	if (parent != ZIGBEE_NWK_NONE)
		node->parent = parent;
	node->spoke_ms = now_ms;
	(void)zigbee_presence_on_heard(node, now_ms);
	if (is_news) {
		driver->counters.joins++;
		zigbee_tell(driver, DRIVER_NOTICE, "zigbee.node_joined node=%s nwk=0x%04x", node->id, nwk);
	}
	(void)zigbee_greet(driver, node, 0);
	zigbee_firmware_joined(driver, node);
	zigbee_removal_contact(driver, node);
	zigbee_wake(driver);
}

void zigbee_on_left(void *context, uint64_t eui64, uint16_t nwk)
{
	struct driver *driver = context;
	struct zigbee_node *node =
		eui64 ? zigbee_nodes_find(&driver->nodes, eui64) : zigbee_nodes_at(&driver->nodes, nwk);

	if (!node || node->left)
		return;
	driver->counters.leaves++;
	if (zigbee_removal_left(driver, node))
		return;
	node->left = true;
	node->parent = ZIGBEE_NWK_NONE;
	part(driver, node);
	zigbee_tell(driver, DRIVER_NOTICE, "zigbee.node_left node=%s", node->id);
	driver->host->lost(driver->host->context, node->id);
	zigbee_wake(driver);
}

void zigbee_on_routed(void *context, uint16_t nwk, uint8_t relays)
{
	struct driver *driver = context;
	struct zigbee_node *node = zigbee_nodes_at(&driver->nodes, nwk);

	if (!node || node->relays == relays)
		return;
	node->relays = relays;
	zigbee_firmware_meet(driver, node, false);
}

static void ask_zdo(struct driver *driver, struct zdo_message *ask, uint16_t nwk)
{
	uint8_t data[ZIGBEE_ASDU_MAX];
	size_t size;

	ask->sequence = ++driver->sequence;
	size = zdo_write(ask, data, sizeof(data));
	(void)zigbee_send(driver,
		&(struct zigbee_message){ .peer = nwk,
			.profile = ZDO_PROFILE,
			.cluster = ask->cluster,
			.wants_ack = true,
			.payload = { (const char *)data, size } },
		false, NULL);
}

void zigbee_ask_stranger(struct driver *driver, uint16_t nwk)
{
	int64_t now_ms = zigbee_now(driver);

	driver->counters.strangers++;
	for (size_t i = 0; i < ZIGBEE_STRANGERS; i++)
		if (driver->strangers[i].nwk == nwk && driver->strangers[i].asked_ms &&
			now_ms < driver->strangers[i].asked_ms + STRANGER_MS)
			return;
	driver->strangers[driver->stranger_next++ % ZIGBEE_STRANGERS] = (struct zigbee_stranger){ nwk, now_ms };
	ask_zdo(driver, &(struct zdo_message){ .cluster = ZDO_IEEE_ADDRESS, .nwk = nwk }, nwk);
}

/* ---- what is due ---- */

static void on_question_sent(void *context, uint64_t about, enum stick_sent outcome)
{
	struct driver *driver = context;
	struct zigbee_node *node = zigbee_nodes_at(&driver->nodes, (uint16_t)(about >> 8));

	if (outcome != STICK_SENT && node)
		zigbee_interview_on_unsent(node, (uint8_t)about, zigbee_now(driver));
}

static void send_question(struct driver *driver, struct zigbee_node *node, const struct zigbee_question *question)
{
	uint8_t sequence = node->interview.sequence;
	const struct zigbee_message message = {
		.peer = node->nwk,
		.profile = question->profile,
		.cluster = question->cluster,
		.own_endpoint = question->profile == ZDO_PROFILE ? ZDO_ENDPOINT : ZIGBEE_OWN_ENDPOINT,
		.peer_endpoint = question->endpoint,
		.wants_ack = true,
		.to_sleeper = zigbee_node_sleeps(node),
		.payload = { (const char *)question->data, question->size },
	};
	const struct zigbee_delivery delivery = {
		.done = on_question_sent,
		.context = driver,
		.about = (uint64_t)node->nwk << 8 | sequence,
	};

	(void)zigbee_send(driver, &message, false, &delivery);
}

static void interview(struct driver *driver, struct zigbee_node *node, size_t *under_way)
{
	struct zigbee_question question;
	bool waited = node->interview.waiting;

	if (!waited && *under_way >= INTERVIEWS_AT_ONCE)
		return;
	switch (zigbee_interview_turn(
		node, &driver->interview_rules, (uint8_t)(driver->sequence + 1), zigbee_now(driver), &question)) {
	case INTERVIEW_ASK:
		driver->sequence++;
		send_question(driver, node, &question);
		break;
	case INTERVIEW_RESTS:
		zigbee_tell(driver, DRIVER_WARNING, "zigbee.interview_rests node=%s step=%s", node->id,
			zigbee_step_name(node->interview.step));
		break;
	case INTERVIEW_NOTHING:
		break;
	}
	*under_way += (size_t)node->interview.waiting - (size_t)waited;
}

static void ping(struct driver *driver, const struct zigbee_node *node)
{
	static const uint8_t attribute[] = { BASIC_ZCL_VERSION, 0 };

	driver->counters.pings++;
	if (node->nwk == ZIGBEE_NWK_NONE) {
		ask_zdo(driver, &(struct zdo_message){ .cluster = ZDO_NWK_ADDRESS, .eui64 = node->eui64 },
			ZIGBEE_BROADCAST_AWAKE);
		return;
	}
	ask_attributes(driver, node, CLUSTER_BASIC, node->endpoint_count ? node->endpoints[0].number : 1,
		(struct bytes){ attribute, sizeof(attribute) });
}

static void watch(struct driver *driver, struct zigbee_node *node)
{
	switch (zigbee_presence_turn(node, &driver->presence_rules, zigbee_now(driver))) {
	case PRESENCE_PING:
		ping(driver, node);
		break;
	case PRESENCE_LOST:
		driver->counters.lost++;
		zigbee_tell(driver, DRIVER_WARNING, "zigbee.node_lost node=%s", node->id);
		driver->host->lost(driver->host->context, node->id);
		break;
	case PRESENCE_NOTHING:
		break;
	}
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t nodes_turn(struct driver *driver)
{
	int64_t due_ms = INT64_MAX, now_ms = zigbee_now(driver);
	size_t under_way = 0;

	for (size_t i = 0; i < driver->nodes.count; i++)
		under_way += driver->nodes.list[i]->interview.waiting && !driver->nodes.list[i]->leaving;
	for (size_t i = 0; i < driver->nodes.count; i++) {
		struct zigbee_node *node = driver->nodes.list[i];
		if (!node->leaving)
			interview(driver, node, &under_way);
		watch(driver, node);
		if (!node->leaving && (node->interview.waiting || under_way < INTERVIEWS_AT_ONCE))
			due_ms = earlier(due_ms, zigbee_interview_due_ms(node, now_ms));
		due_ms = earlier(due_ms, zigbee_presence_due_ms(node, &driver->presence_rules));
	}
	return due_ms;
}

int64_t zigbee_fleet_turn(struct driver *driver)
{
	bool speaks = driver->network.state == NETWORK_UP && driver->stick;
	int64_t due_ms = speaks ? nodes_turn(driver) : INT64_MAX;

	driver->counters.nodes_now = driver->nodes.count;
	driver->counters.nodes_up_now = 0;
	for (size_t i = 0; i < driver->nodes.count; i++) {
		struct zigbee_node *node = driver->nodes.list[i];
		driver->counters.nodes_up_now += speaks && !node->left && !node->presence.lost;
		if (node->changed)
			zigbee_keep_node(driver, node);
	}
	return due_ms;
}
