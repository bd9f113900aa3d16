/* What Zigbee nodes ask the gateway, the time above all, and the responses that they want to what they say. */
#include <errno.h>

#include "drivers/zigbee_driver.h"
#include "protocols/zcl.h"

#define EPOCH_S 946684800           /* 2000-01-01 UTC, where Zigbee's time begins (ZCL section 2.6.2.20) */
#define CLOCK_SET_FROM_S 1704067200 /* before 2024 the clock was never set */

/* Time cluster, ZCL section 12.2.2.2. */
enum time_attribute {
	ZIGBEE_TIME = 0x0000,
	ZIGBEE_TIME_STATUS = 0x0001,
	ZIGBEE_TIME_ZONE = 0x0002,
	ZIGBEE_LOCAL_TIME = 0x0007
};
#define TIME_IS_MASTER 0x01
#define TIME_IS_SYNCHRONIZED 0x02

int zigbee_send(struct driver *driver, const struct zigbee_message *message, bool urgent,
	const struct zigbee_delivery *delivery)
{
	int64_t now_ms = zigbee_now(driver);
	/* To a stick the address of none is one of many. */
	int error = message->peer == ZIGBEE_NWK_NONE
			    ? -EHOSTUNREACH
			    : zigbee_outbox_put(&driver->outbox, message, urgent, delivery, now_ms);

	if (error)
		driver->counters.unsent++;
	else
		zigbee_wake(driver);
	return error;
}

static void send_back(struct driver *driver, const struct zigbee_heard *heard, struct span payload)
{
	const struct zigbee_message *message = heard->message;

	(void)zigbee_send(driver,
		&(struct zigbee_message){ .peer = heard->node->nwk,
			.profile = message->profile,
			.cluster = message->cluster,
			.own_endpoint = message->own_endpoint,
			.peer_endpoint = message->peer_endpoint,
			.to_sleeper = zigbee_node_sleeps(heard->node),
			.payload = payload },
		true, NULL);
}

static struct zcl_frame response_to(const struct zcl_frame *frame, uint8_t command)
{
	return (struct zcl_frame){
		.is_global = true,
		.to_client = !frame->to_client,
		.no_default_response = true,
		.has_manufacturer = frame->has_manufacturer,
		.manufacturer = frame->manufacturer,
		.sequence = frame->sequence,
		.command = command,
	};
}

void zigbee_reply_status(
	struct driver *driver, const struct zigbee_heard *heard, const struct zcl_frame *frame, uint8_t status)
{
	const struct zcl_frame response = response_to(frame, ZCL_DEFAULT_RESPONSE);
	bool is_response =
		frame->is_global && (frame->command == ZCL_DEFAULT_RESPONSE || frame->command == ZCL_READ_RESPONSE);
	uint8_t data[ZIGBEE_ASDU_MAX];
	struct writer out;

	/* ZCL section 2.5.12.2: not to responses; good news only where it is wanted. */
	if (is_response || (status == ZCL_SUCCESS && frame->no_default_response))
		return;
	writer_init(&out, data, sizeof(data));
	zcl_frame_write(&out, &response);
	zcl_default_response_write(&out, &(struct zcl_default_response){ .command = frame->command, .status = status });
	send_back(driver, heard, (struct span){ (const char *)data, writer_size(&out) });
}

/* The value of an attribute of the Time cluster; false: there is none. */
static bool tell_time(struct driver *driver, uint16_t attribute, struct zcl_value *out, uint8_t room[8])
{
	int64_t now_s = driver->clock.wall_ms(driver->clock.context) / 1000;
	bool is_set = now_s >= CLOCK_SET_FROM_S;
	uint32_t zigbee_s = is_set ? (uint32_t)(now_s - EPOCH_S) : UINT32_MAX; /* the latter: not known */

	switch (attribute) {
	case ZIGBEE_TIME:
		*out = zcl_value_make(ZCL_UTC, zigbee_s, room);
		return true;
	case ZIGBEE_TIME_STATUS:
		*out = zcl_value_make(ZCL_BITMAP8, is_set ? TIME_IS_MASTER | TIME_IS_SYNCHRONIZED : 0, room);
		return true;
	case ZIGBEE_TIME_ZONE:
		*out = zcl_value_make(ZCL_INT32, 0, room);
		return true;
	case ZIGBEE_LOCAL_TIME:
		*out = zcl_value_make(ZCL_UINT32, zigbee_s, room);
		return true;
	default:
		return false;
	}
}

static void write_answer(struct driver *driver, struct writer *out, uint16_t cluster, uint16_t attribute, bool ours)
{
	struct zcl_record record = { .attribute = attribute, .status = ZCL_UNSUPPORTED_ATTRIBUTE };
	uint8_t room[8];

	if (ours && cluster == CLUSTER_TIME && tell_time(driver, attribute, &record.value, room))
		record.status = ZCL_SUCCESS;
	zcl_record_write(out, &record, ZCL_READ_RESPONSE);
}

void zigbee_reply_to_read(struct driver *driver, const struct zigbee_heard *heard, const struct zcl_frame *frame)
{
	const struct zcl_frame response = response_to(frame, ZCL_READ_RESPONSE);
	uint8_t data[ZIGBEE_ASDU_MAX];
	struct zcl_record asked;
	struct writer out;
	struct reader in;

	writer_init(&out, data, sizeof(data));
	zcl_frame_write(&out, &response);
	reader_init(&in, frame->payload.data, frame->payload.size);
	while (zcl_record_read(&asked, &in, ZCL_READ) > 0) {
		struct writer before = out;
		write_answer(driver, &out, heard->message->cluster, asked.attribute,
			!frame->has_manufacturer && !frame->to_client);
		/* ZCL section 2.5.2.3: what does not fit is left out, the asker asks again. */
		if (!out.failed)
			continue;
		out = before;
		break;
	}
	send_back(driver, heard, (struct span){ (const char *)data, writer_size(&out) });
}
