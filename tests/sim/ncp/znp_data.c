#include "tests/sim/ncp/znp_stick.h"

#include <errno.h>
#include <string.h>

#include "tests/sim/ncp/air_clock.h"
#include "tests/sim/ncp/node.h"

#define AF_REGISTER 0x2400
#define AF_SEND 0x2401
#define AF_SEND_EXTENDED 0x2402
#define AF_SEND_ROUTED 0x2403
#define AF_DELETE 0x2404
#define AF_INTER_PAN 0x2410
#define AF_CONFIRM 0x4480
#define AF_INCOMING 0x4481
#define ZDO_SOURCE_ROUTE 0x45c4
#define OPTION_ACK 0x10
#define MODE_GROUP 1
#define GROUP_TARGET 0xfffd
#define MEMORY_FULL 0x10
#define BUFFER_FULL 0x11
#define NO_RESOURCES 0x1a
#define TOO_LONG 0xe5
#define NOT_UP 0xc2
#define CHANNEL_BUSY 0xe1
#define NO_CONFIRMATION UINT16_MAX
#define CONFIRM_US (2 * AIR_MS)

static uint8_t status_of(enum mesh_outcome outcome)
{
	switch (outcome) {
	case MESH_DELIVERED:
		return ZNP_SUCCESS;
	case MESH_NO_ACK:
		return 0xe9;
	case MESH_NO_ROUTE:
		return 0xcd;
	case MESH_EXPIRED:
		return 0xf0;
	case MESH_BUSY:
		return CHANNEL_BUSY;
	default:
		return 0xb7;
	}
}

static void register_endpoint(struct znp_stick *stick, struct reader *in, struct writer *out)
{
	struct zdo_endpoint endpoint = { .endpoint = read_u8(in) };

	endpoint.profile = read_le16(in);
	endpoint.device = read_le16(in);
	(void)read_u8(in);
	(void)read_u8(in);
	endpoint.server_count = read_u8(in);
	for (size_t i = 0; i < endpoint.server_count && i < ZDO_CLUSTERS_MAX; i++)
		endpoint.servers[i] = read_le16(in);
	endpoint.client_count = read_u8(in);
	for (size_t i = 0; i < endpoint.client_count && i < ZDO_CLUSTERS_MAX; i++)
		endpoint.clients[i] = read_le16(in);
	if (endpoint.server_count > ZDO_CLUSTERS_MAX || endpoint.client_count > ZDO_CLUSTERS_MAX)
		write_u8(out, ZNP_INVALID_PARAMETER);
	else
		write_u8(out, coordinator_add_endpoint(stick->site.coordinator, &endpoint) < 0 ? MEMORY_FULL : 0);
}

static void confirm_later(struct znp_stick *stick, uint16_t tag, uint8_t status)
{
	uint8_t data[] = { status, (uint8_t)(tag >> 8), (uint8_t)tag };

	znp_say_later(stick, CONFIRM_US, AF_CONFIRM, (struct bytes){ data, sizeof(data) });
}

static bool takes_one(uint32_t *counter)
{
	return *counter > 0 && (*counter)--;
}

/* The profile is that of the stick's endpoint. */
static uint16_t profile_of(const struct znp_stick *stick, uint8_t number)
{
	const struct coordinator *coordinator = stick->site.coordinator;

	for (size_t i = 0; i < coordinator->endpoint_count; i++) {
		if (coordinator->endpoints[i].endpoint == number)
			return coordinator->endpoints[i].profile;
	}
	return 0;
}

static uint8_t send_message(struct znp_stick *stick, struct mesh_message *message, uint16_t tag)
{
	message->profile = profile_of(stick, message->source_endpoint);
	if (message->profile == 0 && message->source_endpoint != 0)
		return ZNP_INVALID_PARAMETER;
	if (takes_one(&stick->overflows))
		return MEMORY_FULL;
	if (takes_one(&stick->busies) || takes_one(&stick->no_resources)) {
		confirm_later(stick, tag, stick->no_resources ? NO_RESOURCES : CHANNEL_BUSY);
		return ZNP_SUCCESS;
	}
	switch (coordinator_send(stick->site.coordinator, message, tag)) {
	case 0:
		return ZNP_SUCCESS;
	case -ENOBUFS:
		return BUFFER_FULL;
	case -EMSGSIZE:
		return TOO_LONG;
	default:
		return NOT_UP;
	}
}

static void read_payload(struct reader *in, size_t size, struct mesh_message *message, bool *fits)
{
	const uint8_t *data = read_bytes(in, size);

	*fits = data && size <= sizeof(message->data);
	if (!*fits)
		return;
	memcpy(message->data, data, size);
	message->size = (uint8_t)size;
}

static void send_plain(struct znp_stick *stick, bool routed, struct reader *in, struct writer *out)
{
	struct mesh_message message = { .target = read_le16(in) };
	bool fits;

	message.target_endpoint = read_u8(in);
	message.source_endpoint = read_u8(in);
	message.cluster = read_le16(in);
	uint8_t transaction = read_u8(in);
	message.wants_ack = read_u8(in) & OPTION_ACK;
	(void)read_u8(in);
	if (routed)
		(void)read_bytes(in, 2u * read_u8(in));
	read_payload(in, read_u8(in), &message, &fits);
	write_u8(out, fits ? send_message(stick, &message, (uint16_t)(message.source_endpoint << 8 | transaction))
			   : TOO_LONG);
}

static void send_extended(struct znp_stick *stick, struct reader *in, struct writer *out)
{
	struct mesh_message message = { 0 };
	bool fits;
	uint8_t mode = read_u8(in);

	message.target = (uint16_t)read_le64(in);
	if (mode == MODE_GROUP)
		message.target = GROUP_TARGET;
	message.target_endpoint = read_u8(in);
	(void)read_le16(in);
	message.source_endpoint = read_u8(in);
	message.cluster = read_le16(in);
	uint8_t transaction = read_u8(in);
	message.wants_ack = read_u8(in) & OPTION_ACK && mode != MODE_GROUP;
	(void)read_u8(in);
	read_payload(in, read_le16(in), &message, &fits);
	write_u8(out, fits ? send_message(stick, &message, (uint16_t)(message.source_endpoint << 8 | transaction))
			   : TOO_LONG);
}

bool znp_answer_data(struct znp_stick *stick, uint16_t command, struct reader *in, struct writer *out)
{
	switch (command) {
	case AF_REGISTER:
		register_endpoint(stick, in, out);
		return true;
	case AF_SEND:
	case AF_SEND_ROUTED:
		send_plain(stick, command == AF_SEND_ROUTED, in, out);
		return true;
	case AF_SEND_EXTENDED:
		send_extended(stick, in, out);
		return true;
	case AF_DELETE:
	case AF_INTER_PAN:
		write_u8(out, ZNP_SUCCESS);
		return true;
	default:
		return false;
	}
}

void znp_on_sent(void *context, uint64_t tag, enum mesh_outcome outcome)
{
	uint8_t data[] = { status_of(outcome), (uint8_t)(tag >> 8), (uint8_t)tag };

	if (tag != NO_CONFIRMATION)
		znp_say(context, AF_CONFIRM, (struct bytes){ data, sizeof(data) });
}

static void tell_route(struct znp_stick *stick, const struct node *from)
{
	uint8_t room[64];
	struct writer out;
	unsigned relays = mesh_depth(from) - 1;

	if (!stick->site.coordinator->mesh->source_routes)
		return;
	writer_init(&out, room, sizeof(room));
	write_le16(&out, from->nwk);
	write_u8(&out, (uint8_t)relays);
	for (const struct node *at = from->parent; at; at = at->parent)
		write_le16(&out, at->nwk);
	znp_say(stick, ZDO_SOURCE_ROUTE, (struct bytes){ room, writer_size(&out) });
}

void znp_on_received(void *context, const struct node *from, const struct mesh_message *message)
{
	struct znp_stick *stick = context;
	uint8_t room[UNPI_DATA_MAX];
	struct writer out;

	if (from)
		tell_route(stick, from);
	if (message->profile == 0) {
		znp_tell_zdo(stick, message);
		return;
	}
	writer_init(&out, room, sizeof(room));
	write_le16(&out, 0);
	write_le16(&out, message->cluster);
	write_le16(&out, message->source);
	write_u8(&out, message->source_endpoint);
	write_u8(&out, message->target_endpoint);
	write_u8(&out, 0);
	write_u8(&out, from ? from->lqi : 0);
	write_u8(&out, 0);
	write_le32(&out, (uint32_t)(stick->site.clock->now_us / 320));
	write_u8(&out, stick->transactions++);
	write_u8(&out, message->size);
	write_bytes(&out, message->data, message->size);
	write_le16(&out, from && from->parent ? from->parent->nwk : message->source);
	write_u8(&out, 29);
	znp_say(stick, AF_INCOMING, (struct bytes){ room, writer_size(&out) });
}
