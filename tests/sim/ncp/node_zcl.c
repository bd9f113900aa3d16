#include "tests/sim/ncp/node_zcl.h"

#include "protocols/zcl.h"
#include "tests/sim/ncp/node.h"

#define FRAME_ROOM MESH_ASDU_MAX
#define VALUE_ROOM 64

/* A request that is being answered. */
struct answer {
	struct node *node;
	uint16_t cluster;
	const struct zcl_frame *request;
	uint8_t command;
	uint8_t payload[FRAME_ROOM];
	struct writer out;
};

static void send_answer(struct answer *answer)
{
	uint8_t frame[FRAME_ROOM];
	struct writer out;
	struct zcl_frame response = { .is_global = true,
		.to_client = !answer->request->to_client,
		.no_default_response = true,
		.has_manufacturer = answer->request->has_manufacturer,
		.manufacturer = answer->request->manufacturer,
		.sequence = answer->request->sequence,
		.command = answer->command,
		.payload = { answer->payload, writer_size(&answer->out) } };

	writer_init(&out, frame, sizeof(frame));
	zcl_frame_write(&out, &response);
	if (!out.failed)
		node_answer(answer->node, 0x0104, answer->cluster, (struct bytes){ frame, writer_size(&out) });
}

static void send_status(struct answer *answer, uint8_t status)
{
	struct zcl_default_response response = { .command = answer->request->command, .status = status };

	if (status == ZCL_SUCCESS && answer->request->no_default_response)
		return;
	answer->command = ZCL_DEFAULT_RESPONSE;
	writer_init(&answer->out, answer->payload, sizeof(answer->payload));
	zcl_default_response_write(&answer->out, &response);
	send_answer(answer);
}

static struct node_attribute *attribute_of(const struct answer *answer, const struct zcl_record *record)
{
	if (answer->request->has_manufacturer)
		return NULL;
	return node_attribute_find(answer->node, answer->cluster, record->attribute, answer->request->to_client);
}

static void answer_read(struct answer *answer, const struct zcl_record *record)
{
	uint8_t room[VALUE_ROOM];
	struct node_attribute *attribute = attribute_of(answer, record);
	struct zcl_record found = { .attribute = record->attribute, .status = ZCL_UNSUPPORTED_ATTRIBUTE };
	struct writer before = answer->out;

	if (attribute) {
		found.status = ZCL_SUCCESS;
		found.value = node_attribute_value(attribute, room);
	}
	zcl_record_write(&answer->out, &found, ZCL_READ_RESPONSE);
	/* What does not fit is left out, as section 2.5.2.2 has it. */
	if (answer->out.failed)
		answer->out = before;
}

static void answer_write(struct answer *answer, const struct zcl_record *record)
{
	struct node_attribute *attribute = attribute_of(answer, record);
	struct zcl_record result = { .attribute = record->attribute, .status = ZCL_SUCCESS };
	uint64_t bits;

	if (!attribute)
		result.status = ZCL_UNSUPPORTED_ATTRIBUTE;
	else if (record->value.type != attribute->type || !zcl_value_bits(&record->value, &bits))
		result.status = ZCL_INVALID_DATA_TYPE;
	else
		attribute->bits = bits;
	zcl_record_write(&answer->out, &result, ZCL_WRITE_RESPONSE);
}

static void answer_configure(struct answer *answer, const struct zcl_record *record)
{
	struct node_attribute *attribute = attribute_of(answer, record);
	struct zcl_record result = { .attribute = record->attribute, .status = ZCL_SUCCESS };

	if (!attribute)
		result.status = ZCL_UNSUPPORTED_ATTRIBUTE;
	else if (!attribute->is_measured)
		result.status = ZCL_UNREPORTABLE;
	else if (record->value.type != attribute->type)
		result.status = ZCL_INVALID_DATA_TYPE;
	else
		node_attribute_configure(answer->node, attribute, record);
	zcl_record_write(&answer->out, &result, ZCL_CONFIGURE_REPORTING_RESPONSE);
}

static void answer_reporting(struct answer *answer, const struct zcl_record *record)
{
	uint8_t room[8];
	struct node_attribute *attribute = attribute_of(answer, record);
	struct zcl_record found = { .attribute = record->attribute, .status = ZCL_UNSUPPORTED_ATTRIBUTE };

	if (attribute && attribute->most_s == 0)
		found.status = ZCL_NOT_FOUND;
	if (attribute && attribute->most_s > 0) {
		found.status = ZCL_SUCCESS;
		found.value.type = attribute->type;
		found.least_s = attribute->least_s;
		found.most_s = attribute->most_s;
		if (zcl_type_is_analog(attribute->type))
			found.change = zcl_value_make(attribute->type, attribute->change, room).data;
	}
	zcl_record_write(&answer->out, &found, ZCL_READ_REPORTING_RESPONSE);
}

static void answer_discover(struct answer *answer)
{
	struct reader in;
	uint16_t first;
	uint8_t most;
	struct node_attributes *attributes = &answer->node->attributes;

	reader_init(&in, answer->request->payload.data, answer->request->payload.size);
	if (zcl_discover_read(&in, &first, &most) < 0) {
		send_status(answer, ZCL_MALFORMED_COMMAND);
		return;
	}
	write_u8(&answer->out, 1);
	for (size_t i = 0; i < attributes->count; i++) {
		const struct node_attribute *row = &attributes->rows[i];
		if (row->cluster != answer->cluster || row->id < first || row->of_client != answer->request->to_client)
			continue;
		if (most-- == 0)
			break;
		write_le16(&answer->out, row->id);
		write_u8(&answer->out, row->type);
	}
	send_answer(answer);
}

static void answer_records(struct answer *answer, void (*each)(struct answer *answer, const struct zcl_record *record))
{
	struct reader in;
	struct zcl_record record;
	int got;

	reader_init(&in, answer->request->payload.data, answer->request->payload.size);
	while ((got = zcl_record_read(&record, &in, answer->request->command)) > 0)
		each(answer, &record);
	if (got < 0)
		send_status(answer, ZCL_MALFORMED_COMMAND);
	else
		send_answer(answer);
}

static void answer_global(struct answer *answer)
{
	answer->command = answer->request->command + 1;
	switch (answer->request->command) {
	case ZCL_READ:
		answer_records(answer, answer_read);
		break;
	case ZCL_WRITE:
	case ZCL_WRITE_UNDIVIDED:
		answer->command = ZCL_WRITE_RESPONSE;
		answer_records(answer, answer_write);
		break;
	case ZCL_CONFIGURE_REPORTING:
		answer_records(answer, answer_configure);
		break;
	case ZCL_READ_REPORTING:
		answer_records(answer, answer_reporting);
		break;
	case ZCL_DISCOVER:
		answer_discover(answer);
		break;
	case ZCL_DEFAULT_RESPONSE:
	case ZCL_REPORT:
		break;
	default:
		send_status(answer, ZCL_UNSUPPORTED_COMMAND);
	}
}

void node_zcl_receive(struct node *node, const struct mesh_message *message)
{
	struct zcl_frame frame;
	struct answer answer = { .node = node, .cluster = message->cluster, .request = &frame };

	if (zcl_frame_parse(&frame, message->data, message->size) < 0)
		return;
	writer_init(&answer.out, answer.payload, sizeof(answer.payload) - 5);
	if (message->cluster == CLUSTER_OTA && frame.to_client) {
		node_ota_refresh(node);
		if (node_ota_receive(node, &frame))
			return;
	}
	if (frame.is_global)
		answer_global(&answer);
	else
		send_status(&answer, message->cluster == CLUSTER_IDENTIFY ? ZCL_SUCCESS : ZCL_UNSUPPORTED_COMMAND);
}
