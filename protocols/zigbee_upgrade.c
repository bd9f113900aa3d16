#include "protocols/zigbee_upgrade.h"

#include <errno.h>

#define FIELD_HARDWARE 0x01 /* of Query Next */
#define FIELD_EUI64 0x01    /* of block and page requests */
#define FIELD_PERIOD 0x02   /* of block requests */

static bool is_sent_by_server(uint8_t command)
{
	return command == UPGRADE_IMAGE_NOTIFY || command == UPGRADE_QUERY_NEXT_RESPONSE ||
	       command == UPGRADE_BLOCK_RESPONSE || command == UPGRADE_END_RESPONSE ||
	       command == UPGRADE_QUERY_FILE_RESPONSE;
}

static void read_file(struct zigbee_upgrade *out, struct reader *in)
{
	out->file.manufacturer = read_le16(in);
	out->file.image_type = read_le16(in);
	out->file.version = read_le32(in);
}

static void write_file(struct writer *out, const struct zigbee_upgrade_file *file)
{
	write_le16(out, file->manufacturer);
	write_le16(out, file->image_type);
	write_le32(out, file->version);
}

static void read_notify(struct zigbee_upgrade *out, struct reader *in)
{
	out->notify_type = read_u8(in);
	out->jitter = read_u8(in);
	if (out->notify_type >= UPGRADE_NOTIFY_MANUFACTURER)
		out->file.manufacturer = read_le16(in);
	if (out->notify_type >= UPGRADE_NOTIFY_TYPE)
		out->file.image_type = read_le16(in);
	if (out->notify_type >= UPGRADE_NOTIFY_VERSION)
		out->file.version = read_le32(in);
	if (out->notify_type > UPGRADE_NOTIFY_VERSION || out->jitter < 1 || out->jitter > ZIGBEE_UPGRADE_JITTER_MAX)
		in->failed = true;
}

static void write_notify(struct writer *out, const struct zigbee_upgrade *message)
{
	write_u8(out, message->notify_type);
	write_u8(out, message->jitter);
	if (message->notify_type >= UPGRADE_NOTIFY_MANUFACTURER)
		write_le16(out, message->file.manufacturer);
	if (message->notify_type >= UPGRADE_NOTIFY_TYPE)
		write_le16(out, message->file.image_type);
	if (message->notify_type >= UPGRADE_NOTIFY_VERSION)
		write_le32(out, message->file.version);
}

/* An optional field that the client announced: some announce it and end the frame without it. */
static bool field_follows(uint8_t fields, uint8_t bit, const struct reader *in)
{
	return (fields & bit) && reader_left(in) > 0;
}

static void read_query(struct zigbee_upgrade *out, struct reader *in)
{
	uint8_t fields = read_u8(in);

	read_file(out, in);
	out->has_hardware = field_follows(fields, FIELD_HARDWARE, in);
	if (out->has_hardware)
		out->hardware = read_le16(in);
}

static void write_query(struct writer *out, const struct zigbee_upgrade *message)
{
	write_u8(out, message->has_hardware ? FIELD_HARDWARE : 0);
	write_file(out, &message->file);
	if (message->has_hardware)
		write_le16(out, message->hardware);
}

static void read_query_response(struct zigbee_upgrade *out, struct reader *in)
{
	out->status = read_u8(in);
	if (out->status != ZCL_SUCCESS)
		return;
	read_file(out, in);
	out->size = read_le32(in);
}

static void write_query_response(struct writer *out, const struct zigbee_upgrade *message)
{
	write_u8(out, message->status);
	if (message->status != ZCL_SUCCESS)
		return;
	write_file(out, &message->file);
	write_le32(out, message->size);
}

static void read_block(struct zigbee_upgrade *out, struct reader *in)
{
	uint8_t fields = read_u8(in);

	read_file(out, in);
	out->offset = read_le32(in);
	out->most = read_u8(in);
	out->has_eui64 = field_follows(fields, FIELD_EUI64, in);
	if (out->has_eui64)
		out->eui64 = read_le64(in);
	out->period_known = fields & FIELD_PERIOD;
	out->has_period = field_follows(fields, FIELD_PERIOD, in);
	if (out->has_period)
		out->period = read_le16(in);
}

static void write_block(struct writer *out, const struct zigbee_upgrade *message)
{
	write_u8(out, (uint8_t)((message->has_eui64 ? FIELD_EUI64 : 0) | (message->period_known ? FIELD_PERIOD : 0)));
	write_file(out, &message->file);
	write_le32(out, message->offset);
	write_u8(out, message->most);
	if (message->has_eui64)
		write_le64(out, message->eui64);
	if (message->has_period)
		write_le16(out, message->period);
}

static void read_page(struct zigbee_upgrade *out, struct reader *in)
{
	uint8_t fields = read_u8(in);

	read_file(out, in);
	out->offset = read_le32(in);
	out->most = read_u8(in);
	out->page_bytes = read_le16(in);
	out->spacing_ms = read_le16(in);
	out->has_eui64 = field_follows(fields, FIELD_EUI64, in);
	if (out->has_eui64)
		out->eui64 = read_le64(in);
}

static void write_page(struct writer *out, const struct zigbee_upgrade *message)
{
	write_u8(out, message->has_eui64 ? FIELD_EUI64 : 0);
	write_file(out, &message->file);
	write_le32(out, message->offset);
	write_u8(out, message->most);
	write_le16(out, message->page_bytes);
	write_le16(out, message->spacing_ms);
	if (message->has_eui64)
		write_le64(out, message->eui64);
}

/* Before revision 6 of the ZCL the answer "wait" had no period. */
static void read_wait(struct zigbee_upgrade *out, struct reader *in)
{
	out->current_s = read_le32(in);
	out->at_s = read_le32(in);
	out->has_period = reader_left(in) > 0;
	if (out->has_period)
		out->period = read_le16(in);
}

static void read_block_response(struct zigbee_upgrade *out, struct reader *in)
{
	out->status = read_u8(in);
	if (out->status == ZCL_WAIT_FOR_DATA)
		read_wait(out, in);
	if (out->status != ZCL_SUCCESS)
		return;
	read_file(out, in);
	out->offset = read_le32(in);
	out->data.size = read_u8(in);
	out->data.data = read_bytes(in, out->data.size);
	if (out->data.size == 0)
		in->failed = true;
}

static void write_block_response(struct writer *out, const struct zigbee_upgrade *message)
{
	write_u8(out, message->status);
	if (message->status == ZCL_WAIT_FOR_DATA) {
		write_le32(out, message->current_s);
		write_le32(out, message->at_s);
		if (message->has_period)
			write_le16(out, message->period);
	}
	if (message->status != ZCL_SUCCESS)
		return;
	write_file(out, &message->file);
	write_le32(out, message->offset);
	write_u8(out, (uint8_t)message->data.size);
	write_bytes(out, message->data.data, message->data.size);
	if (message->data.size == 0 || message->data.size > UINT8_MAX)
		out->failed = true;
}

static void read_end_response(struct zigbee_upgrade *out, struct reader *in)
{
	read_file(out, in);
	out->current_s = read_le32(in);
	out->at_s = read_le32(in);
}

static void write_end_response(struct writer *out, const struct zigbee_upgrade *message)
{
	write_file(out, &message->file);
	write_le32(out, message->current_s);
	write_le32(out, message->at_s);
}

static int read_payload(struct zigbee_upgrade *out, struct reader *in)
{
	switch (out->command) {
	case UPGRADE_IMAGE_NOTIFY:
		read_notify(out, in);
		return 0;
	case UPGRADE_QUERY_NEXT:
		read_query(out, in);
		return 0;
	case UPGRADE_QUERY_NEXT_RESPONSE:
	case UPGRADE_QUERY_FILE_RESPONSE:
		read_query_response(out, in);
		return 0;
	case UPGRADE_BLOCK:
		read_block(out, in);
		return 0;
	case UPGRADE_PAGE:
		read_page(out, in);
		return 0;
	case UPGRADE_BLOCK_RESPONSE:
		read_block_response(out, in);
		return 0;
	case UPGRADE_END:
		out->status = read_u8(in);
		read_file(out, in);
		return 0;
	case UPGRADE_END_RESPONSE:
		read_end_response(out, in);
		return 0;
	case UPGRADE_QUERY_FILE:
		out->has_eui64 = true;
		out->eui64 = read_le64(in);
		read_file(out, in);
		out->stack_version = read_le16(in);
		return 0;
	default:
		return -ENOTSUP;
	}
}

int zigbee_upgrade_parse(struct zigbee_upgrade *out, const struct zcl_frame *frame)
{
	struct zigbee_upgrade message = { .command = frame->command };
	struct reader in;

	if (frame->is_global || frame->has_manufacturer)
		return -ENOTSUP;
	reader_init(&in, frame->payload.data, frame->payload.size);
	int result = read_payload(&message, &in);
	if (result < 0)
		return result;
	if (in.failed || frame->to_client != is_sent_by_server(frame->command))
		return -EBADMSG;
	*out = message;
	return 0;
}

static void write_payload(struct writer *out, const struct zigbee_upgrade *message)
{
	switch (message->command) {
	case UPGRADE_IMAGE_NOTIFY:
		write_notify(out, message);
		return;
	case UPGRADE_QUERY_NEXT:
		write_query(out, message);
		return;
	case UPGRADE_QUERY_NEXT_RESPONSE:
	case UPGRADE_QUERY_FILE_RESPONSE:
		write_query_response(out, message);
		return;
	case UPGRADE_BLOCK:
		write_block(out, message);
		return;
	case UPGRADE_PAGE:
		write_page(out, message);
		return;
	case UPGRADE_BLOCK_RESPONSE:
		write_block_response(out, message);
		return;
	case UPGRADE_END:
		write_u8(out, message->status);
		write_file(out, &message->file);
		return;
	case UPGRADE_END_RESPONSE:
		write_end_response(out, message);
		return;
	case UPGRADE_QUERY_FILE:
		write_le64(out, message->eui64);
		write_file(out, &message->file);
		write_le16(out, message->stack_version);
		return;
	default:
		out->failed = true;
	}
}

void zigbee_upgrade_write(struct writer *out, const struct zigbee_upgrade *message, uint8_t sequence)
{
	bool from_server = is_sent_by_server(message->command);
	struct zcl_frame frame = { .to_client = from_server,
		.no_default_response = from_server,
		.sequence = sequence,
		.command = message->command };

	zcl_frame_write(out, &frame);
	write_payload(out, message);
}
