#include "tests/sim/ncp/ezsp_stick.h"

#include <errno.h>
#include <string.h>

#include "tests/sim/ncp/air_clock.h"
#include "tests/sim/ncp/node.h"

#define MAXIMUM_PAYLOAD 0x0033
#define SEND_UNICAST 0x0034
#define SEND_BROADCAST 0x0036
#define SEND_MULTICAST 0x0038
#define MESSAGE_SENT 0x003f
#define INCOMING 0x0045
#define ROUTE_RECORD 0x0059
#define OPTION_RETRY 0x0040
#define TYPE_DIRECT 0
#define TYPE_BROADCAST 6 /* 7 from version 14 on */
#define GROUP_TARGET 0xfffd
#define WITHOUT_GROUP 0

/* A message as the host gives it, and what the host calls it. */
struct outgoing {
	struct mesh_message message;
	uint8_t type;
	uint16_t options, tag;
};

static void read_aps(struct reader *in, struct outgoing *out)
{
	out->message.profile = read_le16(in);
	out->message.cluster = read_le16(in);
	out->message.source_endpoint = read_u8(in);
	out->message.target_endpoint = read_u8(in);
	out->options = read_le16(in);
	(void)read_le16(in);
	(void)read_u8(in);
}

static uint16_t read_tag(const struct ezsp_stick *stick, struct reader *in)
{
	return stick->version >= EZSP_WIDE ? read_le16(in) : read_u8(in);
}

static bool read_payload(struct reader *in, struct mesh_message *message)
{
	uint8_t size = read_u8(in);
	const uint8_t *data = read_bytes(in, size);

	if (!data || size > sizeof(message->data))
		return false;
	memcpy(message->data, data, size);
	message->size = size;
	return true;
}

/* What is needed to tell of the message's end, in the coordinator's tag; the rest is found by the APS counter. */
static uint64_t pack(const struct outgoing *outgoing, uint8_t counter)
{
	return (uint64_t)counter | (uint64_t)outgoing->tag << 8 | (uint64_t)outgoing->type << 24;
}

static void send_out(struct ezsp_stick *stick, struct outgoing *outgoing, bool fits, struct writer *out)
{
	struct coordinator *coordinator = stick->site.coordinator;
	uint8_t counter = coordinator->counter;
	enum ezsp_status status = EZSP_OK;
	int result = fits ? 0 : -EMSGSIZE;

	outgoing->message.wants_ack = outgoing->options & OPTION_RETRY && outgoing->message.target < MESH_BROADCAST &&
				      outgoing->message.target != 0;
	if (stick->busies > 0) {
		stick->busies--;
		result = -ENOBUFS;
	}
	if (result == 0) {
		stick->tags[counter] = (uint64_t)outgoing->message.target | (uint64_t)outgoing->message.profile << 16 |
				       (uint64_t)outgoing->message.cluster << 32 |
				       (uint64_t)outgoing->message.source_endpoint << 48 |
				       (uint64_t)outgoing->message.target_endpoint << 56;
		result = coordinator_send(coordinator, &outgoing->message, pack(outgoing, counter));
	}
	if (result < 0)
		status = result == -EMSGSIZE ? EZSP_TOO_LONG : result == -ENOBUFS ? EZSP_FULL : EZSP_DOWN;
	ezsp_write_status(stick, status, out);
	write_u8(out, counter);
}

static void send_unicast(struct ezsp_stick *stick, struct reader *in, struct writer *out)
{
	struct outgoing outgoing = { .type = read_u8(in) };

	outgoing.message.target = read_le16(in);
	read_aps(in, &outgoing);
	outgoing.tag = read_tag(stick, in);
	send_out(stick, &outgoing, read_payload(in, &outgoing.message), out);
}

static void send_broadcast(struct ezsp_stick *stick, struct reader *in, struct writer *out)
{
	struct outgoing outgoing = { .type = TYPE_BROADCAST };

	if (stick->version >= EZSP_WIDE)
		(void)read_le16(in);
	outgoing.message.target = read_le16(in);
	if (stick->version >= EZSP_WIDE)
		(void)read_u8(in);
	read_aps(in, &outgoing);
	(void)read_u8(in);
	outgoing.tag = read_tag(stick, in);
	send_out(stick, &outgoing, read_payload(in, &outgoing.message), out);
}

static void send_multicast(struct ezsp_stick *stick, struct reader *in, struct writer *out)
{
	struct outgoing outgoing = { .type = TYPE_BROADCAST - 1 };

	outgoing.message.target = GROUP_TARGET;
	read_aps(in, &outgoing);
	(void)read_u8(in);
	if (stick->version >= EZSP_WIDE) {
		(void)read_le16(in);
		(void)read_le16(in);
	}
	(void)read_u8(in);
	outgoing.tag = read_tag(stick, in);
	send_out(stick, &outgoing, read_payload(in, &outgoing.message), out);
}

bool ezsp_answer_message(struct ezsp_stick *stick, uint16_t id, struct reader *in, struct writer *out)
{
	switch (id) {
	case SEND_UNICAST:
		send_unicast(stick, in, out);
		return true;
	case SEND_BROADCAST:
		send_broadcast(stick, in, out);
		return true;
	case SEND_MULTICAST:
		send_multicast(stick, in, out);
		return true;
	case MAXIMUM_PAYLOAD:
		write_u8(out, MESH_ASDU_MAX);
		return true;
	default:
		return false;
	}
}

static void write_aps(const struct mesh_message *message, uint16_t options, struct writer *out)
{
	write_le16(out, message->profile);
	write_le16(out, message->cluster);
	write_u8(out, message->source_endpoint);
	write_u8(out, message->target_endpoint);
	write_le16(out, options);
	write_le16(out, WITHOUT_GROUP);
	write_u8(out, message->counter);
}

void ezsp_on_sent(void *context, uint64_t packed, enum mesh_outcome outcome)
{
	struct ezsp_stick *stick = context;
	uint8_t room[40];
	struct writer out;
	uint64_t kept = stick->tags[packed & 0xff];
	struct mesh_message message = { .target = (uint16_t)kept,
		.profile = (uint16_t)(kept >> 16),
		.cluster = (uint16_t)(kept >> 32),
		.source_endpoint = (uint8_t)(kept >> 48),
		.target_endpoint = (uint8_t)(kept >> 56),
		.counter = (uint8_t)packed };
	enum ezsp_status status = outcome == MESH_DELIVERED ? EZSP_OK : EZSP_FAILED;

	writer_init(&out, room, sizeof(room));
	if (stick->version >= EZSP_WIDE)
		ezsp_write_status(stick, status, &out);
	write_u8(&out, (uint8_t)(packed >> 24));
	write_le16(&out, message.target);
	write_aps(&message, 0, &out);
	if (stick->version >= EZSP_WIDE) {
		write_le16(&out, (uint16_t)(packed >> 8));
	} else {
		write_u8(&out, (uint8_t)(packed >> 8));
		ezsp_write_status(stick, status, &out);
	}
	write_u8(&out, 0);
	ezsp_say(stick, MESSAGE_SENT, (struct bytes){ room, writer_size(&out) });
}

static void say_route(struct ezsp_stick *stick, const struct node *from)
{
	uint8_t room[64];
	struct writer out;

	if (!stick->site.coordinator->mesh->source_routes)
		return;
	writer_init(&out, room, sizeof(room));
	write_le16(&out, from->nwk);
	write_le64(&out, from->plan.eui64);
	write_u8(&out, from->lqi);
	write_u8(&out, (uint8_t)from->rssi);
	write_u8(&out, (uint8_t)(mesh_depth(from) - 1));
	for (const struct node *at = from->parent; at; at = at->parent)
		write_le16(&out, at->nwk);
	ezsp_say(stick, ROUTE_RECORD, (struct bytes){ room, writer_size(&out) });
}

void ezsp_on_received(void *context, const struct node *from, const struct mesh_message *message)
{
	struct ezsp_stick *stick = context;
	bool wide = stick->version >= EZSP_WIDE;
	uint8_t room[EZSP_PARAMETERS_MAX];
	struct writer out;

	if (from)
		say_route(stick, from);
	writer_init(&out, room, sizeof(room));
	write_u8(&out, TYPE_DIRECT);
	write_aps(message, message->wants_ack ? OPTION_RETRY : 0, &out);
	if (!wide) {
		write_u8(&out, from ? from->lqi : 255);
		write_u8(&out, from ? (uint8_t)from->rssi : 0);
	}
	write_le16(&out, message->source);
	if (wide)
		write_le64(&out, from ? from->plan.eui64 : stick->site.eui64);
	write_u8(&out, 0xff);
	write_u8(&out, 0xff);
	if (wide) {
		write_u8(&out, from ? from->lqi : 255);
		write_u8(&out, from ? (uint8_t)from->rssi : 0);
		write_le32(&out, (uint32_t)(stick->site.clock->now_us / AIR_MS));
	}
	write_u8(&out, message->size);
	write_bytes(&out, message->data, message->size);
	ezsp_say(stick, INCOMING, (struct bytes){ room, writer_size(&out) });
}
