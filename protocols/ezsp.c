#include "protocols/ezsp.h"

#include <errno.h>
#include <stddef.h>

#define RESPONSE 0x80
#define CALLBACK 0x18 /* bits of the kind of a callback */
#define FORMAT_NEW 0x01
#define ROW_COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct ezsp_dialect dialects[] = {
	{ .first = 8, .last = 12, .status_size = 1, .tag_size = 1 },
	{ .first = 13, .last = 13, .status_size = 1, .tag_size = 1, .key_contexts = true, .transient_flags = true },
	{ .first = 14,
		.last = EZSP_VERSION_MOST,
		.status_size = 4,
		.tag_size = 2,
		.status_first = true,
		.tail_last = true,
		.broadcast_alias = true,
		.leave_options = true,
		.key_contexts = true },
};

const struct ezsp_dialect *ezsp_dialect(uint8_t version)
{
	const struct ezsp_dialect *dialect = &dialects[ROW_COUNT(dialects) - 1];

	if (version < EZSP_VERSION_LEAST)
		return NULL;
	while (dialect->first > version)
		dialect--;
	return dialect;
}

/* ---- statuses ---- */

struct meaning {
	uint32_t number;
	enum ezsp_status status;
};

static const struct meaning ember_meanings[] = {
	{ 0x00, EZSP_OK },
	{ 0x18, EZSP_BUSY }, /* no buffers */
	{ 0x39, EZSP_BUSY }, /* the MAC's queue is full */
	{ 0x40, EZSP_NO_ACK },
	{ 0x42, EZSP_EXPIRED }, /* the child did not poll */
	{ 0x66, EZSP_NO_ACK },  /* delivery failed */
	{ 0x72, EZSP_BUSY },    /* as many messages as may be are under way */
	{ 0x74, EZSP_TOO_LONG },
	{ 0x90, EZSP_UP },
	{ 0x91, EZSP_DOWN },
	{ 0x93, EZSP_NOT_JOINED },
	{ 0xa1, EZSP_BUSY },     /* network busy */
	{ 0xa9, EZSP_NO_ROUTE }, /* source route failure */
	{ 0xaa, EZSP_NO_ROUTE }, /* many-to-one route failure */
	{ 0xc9, EZSP_NO_ACK },
	{ 0xcd, EZSP_NO_ROUTE },
	{ 0xcf, EZSP_NO_ROUTE },
};

static const struct meaning sl_meanings[] = {
	{ 0x0000, EZSP_OK },
	{ 0x0004, EZSP_BUSY },
	{ 0x0015, EZSP_UP },
	{ 0x0016, EZSP_DOWN },
	{ 0x0017, EZSP_NOT_JOINED },
	{ 0x0019, EZSP_BUSY }, /* allocation failed */
	{ 0x001a, EZSP_BUSY }, /* no more resource */
	{ 0x001c, EZSP_BUSY }, /* full */
	{ 0x0034, EZSP_BUSY }, /* transmit busy */
	{ 0x0038, EZSP_TOO_LONG },
	{ 0x0040, EZSP_NO_ACK },
	{ 0x0041, EZSP_EXPIRED },
	{ 0x0053, EZSP_BUSY }, /* the MAC's queue is full */
	{ 0x0c02, EZSP_NO_ACK },
	{ 0x0c03, EZSP_BUSY },
	{ 0x0c13, EZSP_NO_ROUTE },
	{ 0x0c14, EZSP_NO_ROUTE },
	{ 0x0c24, EZSP_NO_ROUTE },
	{ 0x0c26, EZSP_NO_ROUTE },
};

static enum ezsp_status find_meaning(const struct meaning *meanings, size_t count, uint32_t number)
{
	for (size_t i = 0; i < count; i++) {
		if (meanings[i].number == number)
			return meanings[i].status;
	}
	return EZSP_OTHER;
}

enum ezsp_status ezsp_read_status(const struct ezsp_dialect *dialect, struct reader *in)
{
	if (dialect->status_size == 1)
		return find_meaning(ember_meanings, ROW_COUNT(ember_meanings), read_u8(in));
	return find_meaning(sl_meanings, ROW_COUNT(sl_meanings), read_le32(in));
}

/* ---- headers ---- */

void ezsp_header_write(struct writer *out, uint8_t sequence, uint16_t id)
{
	write_u8(out, sequence);
	write_u8(out, 0);
	write_u8(out, FORMAT_NEW);
	write_le16(out, id);
}

int ezsp_header_parse(struct ezsp_header *header, struct reader *in)
{
	struct ezsp_header found;

	found.sequence = read_u8(in);
	uint8_t control = read_u8(in);
	(void)read_u8(in);
	found.id = read_le16(in);
	if (in->failed)
		return -EBADMSG;
	found.is_response = control & RESPONSE;
	found.is_callback = control & CALLBACK;
	*header = found;
	return 0;
}

void ezsp_first_version_write(struct writer *out, uint8_t sequence, uint8_t version)
{
	write_u8(out, sequence);
	write_le16(out, 0);
	write_u8(out, version);
}

int ezsp_first_version_parse(struct reader *in, uint8_t *version, uint16_t *stack)
{
	(void)read_u8(in);
	uint8_t control = read_u8(in);
	uint8_t id = read_u8(in);
	uint8_t found = read_u8(in);
	(void)read_u8(in);
	uint16_t found_stack = read_le16(in);
	if (in->failed || !(control & RESPONSE) || id != 0)
		return -EBADMSG;
	*version = found;
	*stack = found_stack;
	return 0;
}

/* ---- messages ---- */

static void write_aps(struct writer *out, const struct ezsp_aps *aps)
{
	write_le16(out, aps->profile);
	write_le16(out, aps->cluster);
	write_u8(out, aps->own_endpoint);
	write_u8(out, aps->peer_endpoint);
	write_le16(out, aps->options);
	write_le16(out, aps->group);
	write_u8(out, aps->sequence);
}

/* Source and destination are those of the sender. */
static void read_aps(struct reader *in, struct ezsp_aps *aps)
{
	aps->profile = read_le16(in);
	aps->cluster = read_le16(in);
	aps->peer_endpoint = read_u8(in);
	aps->own_endpoint = read_u8(in);
	aps->options = read_le16(in);
	aps->group = read_le16(in);
	aps->sequence = read_u8(in);
}

static void write_tag_and_payload(
	const struct ezsp_dialect *dialect, struct writer *out, const struct ezsp_outgoing *message)
{
	if (dialect->tag_size == 1)
		write_u8(out, (uint8_t)message->tag);
	else
		write_le16(out, message->tag);
	if (message->payload.size > UINT8_MAX)
		out->failed = true;
	write_u8(out, (uint8_t)message->payload.size);
	write_bytes(out, message->payload.data, message->payload.size);
}

void ezsp_unicast_write(const struct ezsp_dialect *dialect, struct writer *out, const struct ezsp_outgoing *message)
{
	write_u8(out, 0);
	write_le16(out, message->peer);
	write_aps(out, &message->aps);
	write_tag_and_payload(dialect, out, message);
}

void ezsp_broadcast_write(const struct ezsp_dialect *dialect, struct writer *out, const struct ezsp_outgoing *message)
{
	if (dialect->broadcast_alias)
		write_le16(out, EZSP_NO_NODE);
	write_le16(out, message->peer);
	if (dialect->broadcast_alias)
		write_u8(out, 0);
	write_aps(out, &message->aps);
	write_u8(out, message->radius);
	write_tag_and_payload(dialect, out, message);
}

static void read_quality(struct reader *in, struct ezsp_incoming *message)
{
	message->lqi = read_u8(in);
	message->rssi = (int8_t)read_u8(in);
}

int ezsp_incoming_parse(const struct ezsp_dialect *dialect, struct reader *in, struct ezsp_incoming *out)
{
	struct ezsp_incoming message;

	message.type = read_u8(in);
	read_aps(in, &message.aps);
	if (!dialect->tail_last)
		read_quality(in, &message);
	message.peer = read_le16(in);
	if (dialect->tail_last)
		(void)read_le64(in);
	(void)read_u8(in);
	(void)read_u8(in);
	if (dialect->tail_last) {
		read_quality(in, &message);
		(void)read_le32(in);
	}
	message.payload.size = read_u8(in);
	message.payload.data = read_bytes(in, message.payload.size);
	if (in->failed)
		return -EBADMSG;
	*out = message;
	return 0;
}

int ezsp_sent_parse(const struct ezsp_dialect *dialect, struct reader *in, uint16_t *tag, enum ezsp_status *status)
{
	struct ezsp_aps aps;
	enum ezsp_status found = EZSP_OTHER;

	if (dialect->status_first)
		found = ezsp_read_status(dialect, in);
	(void)read_u8(in);
	(void)read_le16(in);
	read_aps(in, &aps);
	uint16_t found_tag = dialect->tag_size == 1 ? read_u8(in) : read_le16(in);
	if (!dialect->status_first)
		found = ezsp_read_status(dialect, in);
	if (in->failed)
		return -EBADMSG;
	*tag = found_tag;
	*status = found;
	return 0;
}
