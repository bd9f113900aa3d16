#include "tests/sim/ncp/znp_stick.h"

#include <string.h>

#include "tests/sim/ncp/air_clock.h"
#include "tests/sim/ncp/node.h"

#define ZDO_NODE_JOINED 0x45ca
#define ZDO_NODE_LEFT 0x45c9
#define ZDO_NODE_ANNOUNCED 0x45c1
#define ZDO_PERMIT_TOLD 0x45cb
#define ZDO_MESSAGE 0x45ff
#define ZDO_REQUESTS 0x2500
#define ZDO_RESPONSES 0x4580
#define BROADCAST_MODE 0x0f
#define SEQUENCE 0x01
#define RESPONSE_US (2 * AIR_MS)

/* Requests whose data begin with the address that they go to; TI's numbers are ZDO's. */
static bool is_addressed(uint8_t number)
{
	static const uint8_t numbers[] = { 0x02, 0x03, 0x04, 0x05, 0x06, 0x21, 0x22, 0x31, 0x32, 0x33, 0x34 };

	return memchr(numbers, number, sizeof(numbers));
}

static void send_zdo(struct znp_stick *stick, uint16_t target, uint16_t cluster, struct reader *in, struct writer *out)
{
	struct mesh_message message = { .target = target, .cluster = cluster, .size = 1, .data = { SEQUENCE } };
	size_t size = reader_left(in);

	if (size > sizeof(message.data) - 1) {
		write_u8(out, ZNP_INVALID_PARAMETER);
		return;
	}
	memcpy(message.data + 1, read_bytes(in, size), size);
	message.size += (uint8_t)size;
	/* The tag of what needs no confirmation. */
	write_u8(out, coordinator_send(stick->site.coordinator, &message, UINT16_MAX) == 0 ? ZNP_SUCCESS : ZNP_FAILURE);
}

static void permit(struct znp_stick *stick, struct reader *in, struct writer *out)
{
	(void)read_u8(in);
	(void)read_le16(in);
	uint8_t seconds = read_u8(in);
	uint8_t told[] = { 0, 0, ZNP_SUCCESS };

	coordinator_permit(stick->site.coordinator, seconds);
	write_u8(out, ZNP_SUCCESS);
	znp_say_later(stick, RESPONSE_US, ZDO_RESPONSES + ZDO_PERMIT, (struct bytes){ told, sizeof(told) });
	znp_say_later(stick, RESPONSE_US, ZDO_PERMIT_TOLD, (struct bytes){ &seconds, 1 });
}

/* Energy of the channels of a mask: TI gives them as ZDO does, but has numbers of its own for the command. */
static void scan(struct znp_stick *stick, struct reader *in, struct writer *out)
{
	uint8_t room[32];
	struct writer told;
	uint8_t channels = 0;

	(void)read_le16(in);
	(void)read_u8(in);
	uint32_t mask = read_le32(in);
	(void)read_bytes(in, 4);
	for (unsigned channel = 11; channel <= 26; channel++)
		channels += mask >> channel & 1;
	writer_init(&told, room, sizeof(room));
	write_le16(&told, 0);
	write_u8(&told, ZNP_SUCCESS);
	write_le32(&told, mask);
	write_le16(&told, 100);
	write_le16(&told, 10);
	write_u8(&told, channels);
	for (uint8_t i = 0; i < channels; i++)
		write_u8(&told, 60 + 10 * (i % 5));
	write_u8(out, ZNP_SUCCESS);
	znp_say_later(stick, 200 * AIR_MS, 0x45b8, (struct bytes){ room, writer_size(&told) });
}

bool znp_answer_zdo(struct znp_stick *stick, uint16_t command, struct reader *in, struct writer *out)
{
	uint8_t number = (uint8_t)command;
	struct reader ahead = *in;

	if ((command & 0xff00) != ZDO_REQUESTS)
		return false;
	if (number == ZDO_NWK_ADDRESS) {
		struct node *node = coordinator_find_eui64(stick->site.coordinator, read_le64(&ahead));
		/* Answered by whoever has that EUI64, so it may as well be sent to it. */
		send_zdo(stick, node && node->is_member ? node->nwk : NODE_NWK_NONE, number, in, out);
	} else if (number == ZDO_IEEE_ADDRESS) {
		send_zdo(stick, read_le16(&ahead), number, in, out);
	} else if (number == 0x36) {
		permit(stick, in, out);
	} else if (number == 0x37) {
		scan(stick, in, out);
	} else if (is_addressed(number)) {
		uint16_t target = read_le16(in);
		send_zdo(stick, target, number, in, out);
	} else {
		return false;
	}
	return true;
}

static void tell_raw(struct znp_stick *stick, const struct mesh_message *message)
{
	uint8_t room[UNPI_DATA_MAX];
	struct writer out;

	writer_init(&out, room, sizeof(room));
	write_le16(&out, message->source);
	write_u8(&out, message->cluster == ZDO_ANNOUNCE);
	write_le16(&out, message->cluster);
	write_u8(&out, 0);
	write_u8(&out, message->data[0]);
	write_le16(&out, 0);
	write_bytes(&out, message->data + 1, message->size - 1u);
	znp_say(stick, ZDO_MESSAGE, (struct bytes){ room, writer_size(&out) });
}

/* TI's form of it is ZDO's without sequence number, mostly with the sender before it. */
void znp_tell_zdo(struct znp_stick *stick, const struct mesh_message *message)
{
	uint8_t room[UNPI_DATA_MAX];
	struct writer out;
	uint16_t number = message->cluster & ~ZDO_RESPONSE;
	bool with_sender = number != ZDO_NWK_ADDRESS && number != ZDO_IEEE_ADDRESS;

	if (message->size < 1)
		return;
	if (stick->tells_all_zdo)
		tell_raw(stick, message);
	writer_init(&out, room, sizeof(room));
	if (with_sender)
		write_le16(&out, message->source);
	write_bytes(&out, message->data + 1, message->size - 1u);
	if (message->cluster == ZDO_ANNOUNCE)
		znp_say(stick, ZDO_NODE_ANNOUNCED, (struct bytes){ room, writer_size(&out) });
	else if (message->cluster & ZDO_RESPONSE)
		znp_say(stick, ZDO_RESPONSES + number, (struct bytes){ room, writer_size(&out) });
}

void znp_on_joined(void *context, const struct node *node)
{
	uint8_t room[12];
	struct writer out;

	writer_init(&out, room, sizeof(room));
	write_le16(&out, node->nwk);
	write_le64(&out, node->plan.eui64);
	write_le16(&out, node->parent ? node->parent->nwk : 0);
	znp_say(context, ZDO_NODE_JOINED, (struct bytes){ room, writer_size(&out) });
}

void znp_on_left(void *context, const struct node *node)
{
	uint8_t room[13];
	struct writer out;

	writer_init(&out, room, sizeof(room));
	write_le16(&out, node->nwk);
	write_le64(&out, node->plan.eui64);
	write_u8(&out, 0);
	write_u8(&out, 0);
	write_u8(&out, 0);
	znp_say(context, ZDO_NODE_LEFT, (struct bytes){ room, writer_size(&out) });
}
