#include "drivers/zigbee_upgrades_frames.h"

#include <errno.h>
#include <string.h>

#define STICK_PAUSE_MS 20 /* until a stick that was full is tried again, if nothing else tells */

static struct upgrade_flight *free_flight(struct zigbee_upgrades *upgrades)
{
	for (size_t i = 0; i < UPGRADE_FLIGHTS_MAX; i++)
		if (upgrades->flights[i].tag == 0)
			return &upgrades->flights[i];
	return NULL;
}

static void begin_flight(struct zigbee_upgrades *upgrades, struct upgrade_node *node, struct upgrade_flight *flight,
	const struct upgrade_frame *frame, int64_t now_ms)
{
	*flight = (struct upgrade_flight){ .tag = upgrades->last_tag,
		.node = node,
		.kind = frame->kind,
		.sent_ms = now_ms,
		.offset = frame->offset,
		.proves = frame->proves };
	if (frame->kind != FLIGHT_BLOCK)
		return;
	node->air.flying++;
	flight->counted = !node->peer.sleeps;
	if (flight->counted)
		zigbee_airtime_spend(&upgrades->air, frame->cost_us);
	else
		zigbee_airtime_charge(&upgrades->air, frame->cost_us);
}

int upgrade_transmit(
	struct zigbee_upgrades *upgrades, struct upgrade_node *node, const struct upgrade_frame *frame, int64_t now_ms)
{
	struct upgrade_flight *flight = free_flight(upgrades);
	/* A block that is lost is asked for again, which is faster than the retries of the APS layer. */
	struct zigbee_message message = { .peer = node->peer.nwk,
		.profile = node->peer.profile,
		.cluster = ZIGBEE_UPGRADE_CLUSTER,
		.own_endpoint = node->peer.own_endpoint,
		.peer_endpoint = node->peer.endpoint,
		.wants_ack = frame->kind != FLIGHT_BLOCK || frame->proves,
		.to_sleeper = node->peer.sleeps,
		.payload = { frame->data, frame->size } };

	if (!flight)
		return -ENOBUFS;
	uint32_t tag = (upgrades->last_tag + 1) | ZIGBEE_UPGRADES_TAG;
	int result = upgrades->port->send(upgrades->port->context, &message, tag);
	if (result == -EAGAIN)
		upgrades->stick_ms = now_ms + STICK_PAUSE_MS;
	if (result < 0)
		return result;
	upgrades->last_tag = tag;
	begin_flight(upgrades, node, flight, frame, now_ms);
	return 0;
}

void upgrade_retry_answer(struct zigbee_upgrades *upgrades, struct upgrade_node *node, int64_t now_ms)
{
	const struct upgrade_frame frame = {
		.data = node->unsent.data, .size = node->unsent.size, .kind = node->unsent.kind
	};

	if (node->unsent.size == 0 || now_ms < upgrades->stick_ms)
		return;
	int result = upgrade_transmit(upgrades, node, &frame, now_ms);
	if (result == -EAGAIN || result == -ENOBUFS)
		return;
	node->unsent.size = 0;
	if (result < 0)
		upgrades->counters.unsent++;
}

static void send_frame(struct zigbee_upgrades *upgrades, struct upgrade_node *node, const struct writer *frame,
	enum flight_kind kind, int64_t now_ms)
{
	size_t size = writer_size(frame);

	if (frame->failed || size > sizeof(node->unsent.data))
		return;
	memcpy(node->unsent.data, frame->start, size);
	node->unsent.size = size;
	node->unsent.kind = kind;
	upgrade_retry_answer(upgrades, node, now_ms);
}

void upgrade_answer(struct zigbee_upgrades *upgrades, struct upgrade_node *node, const struct zigbee_upgrade *message,
	uint8_t sequence, int64_t now_ms)
{
	uint8_t data[UPGRADE_FRAME_MAX];
	struct writer out;

	writer_init(&out, data, sizeof(data));
	zigbee_upgrade_write(&out, message, sequence);
	bool releases = message->command == UPGRADE_END_RESPONSE && message->at_s != ZIGBEE_UPGRADE_EVER;
	send_frame(upgrades, node, &out, releases ? FLIGHT_RELEASE : FLIGHT_ANSWER, now_ms);
}

void upgrade_send_unasked(struct zigbee_upgrades *upgrades, struct upgrade_node *node,
	const struct zigbee_upgrade *message, enum flight_kind kind, int64_t now_ms)
{
	uint8_t data[UPGRADE_FRAME_MAX];
	struct writer out;

	writer_init(&out, data, sizeof(data));
	zigbee_upgrade_write(&out, message, ++upgrades->sequence);
	send_frame(upgrades, node, &out, kind, now_ms);
}

void upgrade_answer_default(struct zigbee_upgrades *upgrades, struct upgrade_node *node,
	const struct zcl_frame *request, uint8_t status, int64_t now_ms)
{
	const struct zcl_default_response response = { .command = request->command, .status = status };
	const struct zcl_frame frame = { .is_global = true,
		.to_client = true,
		.no_default_response = true,
		.has_manufacturer = request->has_manufacturer,
		.manufacturer = request->manufacturer,
		.sequence = request->sequence,
		.command = ZCL_DEFAULT_RESPONSE };
	uint8_t data[UPGRADE_FRAME_MAX];
	struct writer out;

	writer_init(&out, data, sizeof(data));
	zcl_frame_write(&out, &frame);
	zcl_default_response_write(&out, &response);
	send_frame(upgrades, node, &out, FLIGHT_ANSWER, now_ms);
}

/* The attributes are the client's, so the frame goes from server to client. */
void upgrade_send_read(struct zigbee_upgrades *upgrades, struct upgrade_node *node, int64_t now_ms)
{
	static const uint16_t attributes[] = { UPGRADE_FILE_OFFSET, UPGRADE_CURRENT_VERSION, UPGRADE_DOWNLOADED_VERSION,
		UPGRADE_STATUS, UPGRADE_MANUFACTURER, UPGRADE_IMAGE_TYPE };
	const struct zcl_frame frame = { .is_global = true,
		.to_client = true,
		.no_default_response = true,
		.sequence = ++upgrades->sequence,
		.command = ZCL_READ };
	uint8_t data[UPGRADE_FRAME_MAX];
	struct writer out;

	writer_init(&out, data, sizeof(data));
	zcl_frame_write(&out, &frame);
	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++)
		write_le16(&out, attributes[i]);
	upgrades->counters.reads++;
	send_frame(upgrades, node, &out, FLIGHT_READ, now_ms);
}
