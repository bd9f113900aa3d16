#include "tests/sim/ncp/ota_frames.h"

#include <errno.h>

#define WAIT_FOR_DATA 0x97
#define HAS_EUI64 0x01
#define HAS_PERIOD 0x02
#define HAS_HARDWARE 0x01

static void write_image(struct writer *out, const struct ota_request *request)
{
	write_le16(out, request->manufacturer);
	write_le16(out, request->image_type);
	write_le32(out, request->version);
}

static void write_query(struct writer *out, const struct ota_request *request)
{
	write_u8(out, HAS_HARDWARE);
	write_image(out, request);
	write_le16(out, (uint16_t)request->hardware);
}

static void write_block(struct writer *out, const struct ota_request *request, bool page)
{
	write_u8(out, (request->eui64 ? HAS_EUI64 : 0) | (request->has_period && !page ? HAS_PERIOD : 0));
	write_image(out, request);
	write_le32(out, request->offset);
	write_u8(out, request->most);
	if (page) {
		write_le16(out, request->page);
		write_le16(out, request->spacing_ms);
	}
	if (request->eui64)
		write_le64(out, *request->eui64);
	if (request->has_period && !page && !request->omits_period)
		write_le16(out, request->period);
}

void ota_request_write(struct writer *out, enum ota_command command, const struct ota_request *request)
{
	switch (command) {
	case OTA_QUERY:
		write_query(out, request);
		break;
	case OTA_BLOCK:
	case OTA_PAGE:
		write_block(out, request, command == OTA_PAGE);
		break;
	default:
		write_u8(out, request->status);
		write_image(out, request);
	}
}

int ota_notify_parse(struct ota_notify *out, struct bytes payload)
{
	struct ota_notify notify = { 0 };
	struct reader in;

	reader_init(&in, payload.data, payload.size);
	notify.kind = read_u8(&in);
	notify.jitter = read_u8(&in);
	if (notify.kind >= 1)
		notify.manufacturer = read_le16(&in);
	if (notify.kind >= 2)
		notify.image_type = read_le16(&in);
	if (notify.kind >= 3)
		notify.version = read_le32(&in);
	if (in.failed)
		return -EBADMSG;
	*out = notify;
	return 0;
}

static void read_image(struct reader *in, struct ota_answer *out)
{
	out->manufacturer = read_le16(in);
	out->image_type = read_le16(in);
	out->version = read_le32(in);
}

static void read_block(struct reader *in, struct ota_answer *out)
{
	if (out->status == WAIT_FOR_DATA) {
		out->current_s = read_le32(in);
		out->at_s = read_le32(in);
		/* Servers older than ZCL revision 4 do not send it. */
		out->period = reader_left(in) >= 2 ? read_le16(in) : 0;
		return;
	}
	read_image(in, out);
	out->offset = read_le32(in);
	out->data.size = read_u8(in);
	out->data.data = read_bytes(in, out->data.size);
}

int ota_answer_parse(struct ota_answer *out, enum ota_command command, struct bytes payload)
{
	struct ota_answer answer = { 0 };
	struct reader in;

	reader_init(&in, payload.data, payload.size);
	if (command == OTA_END_RESPONSE) {
		read_image(&in, &answer);
		answer.current_s = read_le32(&in);
		answer.at_s = read_le32(&in);
	} else {
		answer.status = read_u8(&in);
		if (command == OTA_BLOCK_RESPONSE && (answer.status == 0 || answer.status == WAIT_FOR_DATA))
			read_block(&in, &answer);
		if (command == OTA_QUERY_RESPONSE && answer.status == 0) {
			read_image(&in, &answer);
			answer.size = read_le32(&in);
		}
	}
	if (in.failed)
		return -EBADMSG;
	*out = answer;
	return 0;
}
