/* What the nodes of a Zigbee network send: who it is, what it is, and who is told. */
#include "drivers/zigbee_driver.h"
#include "protocols/zdo.h"

static void tell_interviewed(struct driver *driver, const struct zigbee_node *node)
{
	zigbee_firmware_meet(driver, node, true);
	driver->counters.interviews++;
	zigbee_tell(driver, DRIVER_NOTICE,
		"zigbee.interviewed node=%s maker=\"%s\" model=\"%s\" build=\"%s\" endpoints=%u", node->id, node->maker,
		node->model, node->build, node->endpoint_count);
}

/* ---- ZDO ---- */

static void on_address(struct driver *driver, const struct zdo_message *message)
{
	struct zigbee_node *node = zigbee_nodes_find(&driver->nodes, message->eui64);

	if (message->status != ZDO_SUCCESS || !zigbee_nwk_is_node(message->nwk))
		return;
	/* One that nobody knows is in the network nonetheless: perhaps the store was lost. */
	if (!node || node->left)
		zigbee_on_joined(driver, message->eui64, message->nwk, ZIGBEE_NWK_NONE);
	else
		zigbee_move(driver, node, message->nwk);
}

static void on_zdo(struct driver *driver, struct zigbee_node *node, const struct zigbee_message *message)
{
	struct zdo_message zdo;
	int error = zdo_parse(&zdo, message->cluster, message->payload.data, message->payload.size);

	if (error) {
		driver->counters.messages_malformed += error == -EBADMSG;
		return;
	}
	if (zdo.cluster == ZDO_DEVICE_ANNOUNCE)
		zigbee_on_joined(driver, zdo.eui64, zdo.nwk, ZIGBEE_NWK_NONE);
	else if (zdo.cluster == (ZDO_IEEE_ADDRESS | ZDO_RESPONSE) || zdo.cluster == (ZDO_NWK_ADDRESS | ZDO_RESPONSE))
		on_address(driver, &zdo);
	else if (node && zdo.cluster == (ZDO_LEAVE | ZDO_RESPONSE))
		zigbee_removal_answered(driver, node, zdo.status);
	else if (node && zigbee_interview_on_zdo(node, &zdo, zigbee_now(driver)) && node->interview.step == STEP_DONE)
		tell_interviewed(driver, node);
}

/* ---- ZCL ---- */

static bool is_housekeeping(uint16_t cluster)
{
	return cluster == CLUSTER_BASIC || cluster == CLUSTER_UPGRADE || cluster == CLUSTER_TIME;
}

static void on_answer(struct driver *driver, const struct zigbee_heard *heard, const struct zcl_frame *frame)
{
	struct zigbee_node *node = heard->node;
	uint16_t cluster = heard->message->cluster;

	/* Before the readings: scales are noted with these. */
	bool expected = zigbee_interview_on_zcl(node, cluster, frame, zigbee_now(driver));
	if (frame->command == ZCL_READ_RESPONSE && !is_housekeeping(cluster))
		zigbee_on_report(driver, heard, frame);
	if (cluster == CLUSTER_UPGRADE)
		zigbee_firmware_on_frame(driver, heard, frame);
	if (expected && node->interview.step == STEP_DONE)
		tell_interviewed(driver, node);
}

static void on_global(struct driver *driver, const struct zigbee_heard *heard, const struct zcl_frame *frame)
{
	switch (frame->command) {
	case ZCL_REPORT:
		zigbee_on_report(driver, heard, frame);
		break;
	case ZCL_READ:
		zigbee_reply_to_read(driver, heard, frame);
		break;
	case ZCL_READ_RESPONSE:
	case ZCL_CONFIGURE_REPORTING_RESPONSE:
	case ZCL_DEFAULT_RESPONSE:
		on_answer(driver, heard, frame);
		break;
	case ZCL_WRITE_RESPONSE:
	case ZCL_READ_REPORTING_RESPONSE:
	case ZCL_DISCOVER_RESPONSE:
	case ZCL_WRITE_NO_RESPONSE:
		break;
	default:
		zigbee_reply_status(driver, heard, frame, ZCL_UNSUPPORTED_COMMAND);
	}
}

static void on_zcl(struct driver *driver, const struct zigbee_heard *heard)
{
	struct span payload = heard->message->payload;
	struct zcl_frame frame;

	if (zcl_frame_parse(&frame, payload.data, payload.size) < 0)
		driver->counters.messages_malformed++;
	else if (frame.is_global)
		on_global(driver, heard, &frame);
	else if (heard->message->cluster == CLUSTER_UPGRADE)
		zigbee_firmware_on_frame(driver, heard, &frame);
	else
		zigbee_reply_status(driver, heard, &frame, ZCL_UNSUPPORTED_COMMAND);
}

static void note_heard(struct driver *driver, struct zigbee_node *node, const struct zigbee_message *message)
{
	node->rssi = message->rssi;
	node->spoke_ms = zigbee_now(driver);
	node->lqi = message->lqi;
	if (message->cluster != CLUSTER_UPGRADE)
		zigbee_firmware_meet(driver, node, true);
	zigbee_removal_contact(driver, node);
	if (!zigbee_presence_on_heard(node, zigbee_now(driver)))
		return;
	zigbee_tell(driver, DRIVER_NOTICE, "zigbee.node_back node=%s", node->id);
}

void zigbee_on_received(void *context, const struct zigbee_message *message)
{
	struct driver *driver = context;
	struct zigbee_node *node = zigbee_nodes_at(&driver->nodes, message->peer);

	driver->counters.messages++;
	zigbee_wake(driver);
	if (driver->network.state != NETWORK_UP || !zigbee_nwk_is_node(message->peer))
		return;
	if (node)
		note_heard(driver, node, message);
	if (message->profile == ZDO_PROFILE) {
		on_zdo(driver, node, message);
		return;
	}
	if (!node) {
		zigbee_ask_stranger(driver, message->peer);
		return;
	}
	/* What a transfer moves is told by its progress: a contact each would cost more than the block. */
	if (message->cluster == CLUSTER_UPGRADE || zigbee_greet(driver, node, message->payload.size))
		on_zcl(driver, &(struct zigbee_heard){ node, message });
}
