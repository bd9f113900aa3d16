#include "protocols/zcl.h"

#include <errno.h>

#define CONTROL_TYPE 0x03
#define CONTROL_OF_CLUSTER 0x01
#define CONTROL_MANUFACTURER 0x04
#define CONTROL_TO_CLIENT 0x08
#define CONTROL_NO_DEFAULT_RESPONSE 0x10

int zcl_frame_parse(struct zcl_frame *out, const void *data, size_t size)
{
	struct zcl_frame frame = { 0 };
	struct reader in;

	reader_init(&in, data, size);
	uint8_t control = read_u8(&in);
	if ((control & CONTROL_TYPE) > CONTROL_OF_CLUSTER)
		return -EBADMSG;
	frame.is_global = (control & CONTROL_TYPE) == 0;
	frame.to_client = control & CONTROL_TO_CLIENT;
	frame.no_default_response = control & CONTROL_NO_DEFAULT_RESPONSE;
	frame.has_manufacturer = control & CONTROL_MANUFACTURER;
	if (frame.has_manufacturer)
		frame.manufacturer = read_le16(&in);
	frame.sequence = read_u8(&in);
	frame.command = read_u8(&in);
	if (in.failed)
		return -EBADMSG;
	frame.payload = (struct bytes){ in.at, reader_left(&in) };
	*out = frame;
	return 0;
}

void zcl_frame_write(struct writer *out, const struct zcl_frame *frame)
{
	uint8_t control = frame->is_global ? 0 : CONTROL_OF_CLUSTER;

	if (frame->has_manufacturer)
		control |= CONTROL_MANUFACTURER;
	if (frame->to_client)
		control |= CONTROL_TO_CLIENT;
	if (frame->no_default_response)
		control |= CONTROL_NO_DEFAULT_RESPONSE;
	write_u8(out, control);
	if (frame->has_manufacturer)
		write_le16(out, frame->manufacturer);
	write_u8(out, frame->sequence);
	write_u8(out, frame->command);
	write_bytes(out, frame->payload.data, frame->payload.size);
}

/* How reports of an attribute are sent, or where `received` is set how long they may stay away (sections 2.5.7.1). */
static void read_reporting(struct zcl_record *record, struct reader *in)
{
	if (record->received) {
		record->timeout_s = read_le16(in);
		return;
	}
	record->value.type = read_u8(in);
	record->least_s = read_le16(in);
	record->most_s = read_le16(in);
	if (!zcl_type_is_analog(record->value.type))
		return;
	size_t size = (size_t)zcl_type_size(record->value.type);
	record->change = (struct bytes){ read_bytes(in, size), size };
}

static void write_reporting(struct writer *out, const struct zcl_record *record)
{
	if (record->received) {
		write_le16(out, record->timeout_s);
		return;
	}
	write_u8(out, record->value.type);
	write_le16(out, record->least_s);
	write_le16(out, record->most_s);
	if (!zcl_type_is_analog(record->value.type))
		return;
	if (record->change.size != (size_t)zcl_type_size(record->value.type))
		out->failed = true;
	write_bytes(out, record->change.data, record->change.size);
}

/* Where all went well a response may be one status and nothing else. */
static bool read_common_status(struct zcl_record *record, struct reader *in)
{
	record->status = read_u8(in);
	record->for_all = reader_left(in) == 0;
	return record->for_all;
}

static void read_typed_value(struct zcl_record *record, struct reader *in)
{
	uint8_t type = read_u8(in);

	zcl_value_read(&record->value, in, type);
}

static void write_typed_value(struct writer *out, const struct zcl_value *value)
{
	write_u8(out, value->type);
	write_bytes(out, value->data.data, value->data.size);
}

static int read_fields(struct zcl_record *record, struct reader *in, uint8_t command)
{
	switch (command) {
	case ZCL_READ:
		record->attribute = read_le16(in);
		return 0;
	case ZCL_READ_RESPONSE:
		record->attribute = read_le16(in);
		record->status = read_u8(in);
		if (record->status == ZCL_SUCCESS)
			read_typed_value(record, in);
		return 0;
	case ZCL_WRITE:
	case ZCL_WRITE_UNDIVIDED:
	case ZCL_WRITE_NO_RESPONSE:
	case ZCL_REPORT:
		record->attribute = read_le16(in);
		read_typed_value(record, in);
		return 0;
	case ZCL_WRITE_RESPONSE:
		if (!read_common_status(record, in))
			record->attribute = read_le16(in);
		return 0;
	case ZCL_CONFIGURE_REPORTING:
		record->received = read_u8(in) != 0;
		record->attribute = read_le16(in);
		read_reporting(record, in);
		return 0;
	case ZCL_CONFIGURE_REPORTING_RESPONSE:
		if (read_common_status(record, in))
			return 0;
		record->received = read_u8(in) != 0;
		record->attribute = read_le16(in);
		return 0;
	case ZCL_READ_REPORTING:
		record->received = read_u8(in) != 0;
		record->attribute = read_le16(in);
		return 0;
	case ZCL_READ_REPORTING_RESPONSE:
		record->status = read_u8(in);
		record->received = read_u8(in) != 0;
		record->attribute = read_le16(in);
		if (record->status == ZCL_SUCCESS)
			read_reporting(record, in);
		return 0;
	case ZCL_DISCOVER_RESPONSE:
		record->attribute = read_le16(in);
		record->value.type = read_u8(in);
		return 0;
	default:
		return -ENOTSUP;
	}
}

int zcl_record_read(struct zcl_record *out, struct reader *in, uint8_t command)
{
	struct zcl_record record = { 0 };

	if (reader_left(in) == 0)
		return in->failed ? -EBADMSG : 0;
	int result = read_fields(&record, in, command);
	if (result < 0)
		return result;
	if (in->failed)
		return -EBADMSG;
	*out = record;
	return 1;
}

void zcl_record_write(struct writer *out, const struct zcl_record *record, uint8_t command)
{
	bool succeeded = record->status == ZCL_SUCCESS;

	switch (command) {
	case ZCL_READ:
		write_le16(out, record->attribute);
		return;
	case ZCL_READ_RESPONSE:
		write_le16(out, record->attribute);
		write_u8(out, record->status);
		if (succeeded)
			write_typed_value(out, &record->value);
		return;
	case ZCL_WRITE:
	case ZCL_WRITE_UNDIVIDED:
	case ZCL_WRITE_NO_RESPONSE:
	case ZCL_REPORT:
		write_le16(out, record->attribute);
		write_typed_value(out, &record->value);
		return;
	case ZCL_WRITE_RESPONSE:
		write_u8(out, record->status);
		if (!record->for_all)
			write_le16(out, record->attribute);
		return;
	case ZCL_CONFIGURE_REPORTING:
		write_u8(out, record->received);
		write_le16(out, record->attribute);
		write_reporting(out, record);
		return;
	case ZCL_CONFIGURE_REPORTING_RESPONSE:
		write_u8(out, record->status);
		if (record->for_all)
			return;
		write_u8(out, record->received);
		write_le16(out, record->attribute);
		return;
	case ZCL_READ_REPORTING:
		write_u8(out, record->received);
		write_le16(out, record->attribute);
		return;
	case ZCL_READ_REPORTING_RESPONSE:
		write_u8(out, record->status);
		write_u8(out, record->received);
		write_le16(out, record->attribute);
		if (succeeded)
			write_reporting(out, record);
		return;
	case ZCL_DISCOVER_RESPONSE:
		write_le16(out, record->attribute);
		write_u8(out, record->value.type);
		return;
	default:
		out->failed = true;
	}
}

int zcl_default_response_parse(struct zcl_default_response *out, const struct zcl_frame *frame)
{
	struct reader in;

	reader_init(&in, frame->payload.data, frame->payload.size);
	struct zcl_default_response response = { .command = read_u8(&in) };
	response.status = read_u8(&in);
	if (in.failed)
		return -EBADMSG;
	*out = response;
	return 0;
}

void zcl_default_response_write(struct writer *out, const struct zcl_default_response *response)
{
	write_u8(out, response->command);
	write_u8(out, response->status);
}

void zcl_discover_write(struct writer *out, uint16_t first, uint8_t most)
{
	write_le16(out, first);
	write_u8(out, most);
}

int zcl_discover_read(struct reader *in, uint16_t *first, uint8_t *most)
{
	uint16_t from = read_le16(in);
	uint8_t count = read_u8(in);

	if (in->failed)
		return -EBADMSG;
	*first = from;
	*most = count;
	return 0;
}

int zcl_discover_response_read(struct reader *in, bool *complete)
{
	uint8_t flag = read_u8(in);

	if (in->failed)
		return -EBADMSG;
	*complete = flag != 0;
	return 0;
}
