#include "protocols/mqtt_packet.h"

#include <errno.h>
#include <string.h>

#include "protocols/utf8.h"

#define PROTOCOL_LEVEL 4 /* section 3.1.2.2 */
#define TEXT_MAX 65535   /* section 1.5.3 */
#define LENGTH_BYTES 4   /* of the remaining length, section 2.2.3 */

/* Flags of the fixed header (section 2.2.2); only those of PUBLISH mean anything. */
#define FLAGS_ID_PACKET 0x02 /* SUBSCRIBE */
#define FLAG_RETAIN 0x01
#define FLAG_REPEATED 0x08

/* Section 3.1.2.3. */
#define CONNECT_CLEAN 0x02
#define CONNECT_WILL 0x04
#define CONNECT_WILL_RETAIN 0x20
#define CONNECT_PASSWORD 0x40
#define CONNECT_USER_NAME 0x80

static const struct span protocol_name = { "MQTT", 4 };

static bool text_valid(struct span text)
{
	return text.size <= TEXT_MAX && utf8_valid(text) && !(text.size && memchr(text.data, '\0', text.size));
}

bool mqtt_topic_valid(struct span topic)
{
	return topic.size > 0 && text_valid(topic) && !memchr(topic.data, '+', topic.size) &&
	       !memchr(topic.data, '#', topic.size);
}

/* ---- reading ---- */

/* The fixed header: type and flags, and the remaining length. 0, -EAGAIN, -EBADMSG. */
static int read_header(struct reader *in, uint8_t *first, uint32_t *remaining)
{
	*first = read_u8(in);
	*remaining = 0;
	for (unsigned i = 0; i < LENGTH_BYTES; i++) {
		uint8_t byte = read_u8(in);

		if (in->failed)
			return -EAGAIN;
		*remaining |= (uint32_t)(byte & 0x7f) << 7 * i;
		if (!(byte & 0x80))
			return 0;
	}
	return -EBADMSG;
}

static struct span read_binary(struct reader *in)
{
	size_t size = read_be16(in);
	const uint8_t *bytes = read_bytes(in, size);

	return (struct span){ bytes ? (const char *)bytes : "", bytes ? size : 0 };
}

static struct span read_text(struct reader *in)
{
	struct span text = read_binary(in);

	in->failed |= !text_valid(text);
	return text;
}

static uint16_t read_id(struct reader *in)
{
	uint16_t id = read_be16(in);

	in->failed |= id == 0;
	return id;
}

static void read_connect(struct reader *in, struct mqtt_connect *out)
{
	struct span name = read_text(in);
	uint8_t level = read_u8(in), flags = read_u8(in);
	bool has_will = flags & CONNECT_WILL;

	*out = (struct mqtt_connect){ .clean_session = flags & CONNECT_CLEAN, .keep_alive_s = read_be16(in) };
	if (name.size != protocol_name.size || memcmp(name.data, protocol_name.data, name.size) != 0 ||
		level != PROTOCOL_LEVEL || flags & 1 || (!has_will && flags & 0x38) || (flags & 0x18) == 0x18 ||
		(flags & CONNECT_PASSWORD && !(flags & CONNECT_USER_NAME)))
		in->failed = true;
	out->client_id = read_text(in);
	if (has_will) {
		out->will_quality = flags >> 3 & 3;
		out->will_retain = flags & CONNECT_WILL_RETAIN;
		out->will_topic = read_text(in);
		out->will_message = read_binary(in);
	}
	if (flags & CONNECT_USER_NAME)
		out->user_name = read_text(in);
	if (flags & CONNECT_PASSWORD)
		out->password = read_binary(in);
}

static void read_connack(struct reader *in, struct mqtt_connack *out)
{
	uint8_t flags = read_u8(in);

	*out = (struct mqtt_connack){ flags & 1, read_u8(in) };
	if (flags > 1 || (out->session_present && out->code != 0))
		in->failed = true;
}

static void read_publish(struct reader *in, uint8_t flags, struct mqtt_packet *packet)
{
	struct mqtt_publish *out = &packet->publish;

	*out = (struct mqtt_publish){ .quality = flags >> 1 & 3, .retain = flags & FLAG_RETAIN };
	/* Section 3.3.1.1 wants DUP clear at quality 0, where it could mean nothing. */
	out->repeated = out->quality > 0 && flags & FLAG_REPEATED;
	out->topic = read_text(in);
	if (out->quality > 2 || !mqtt_topic_valid(out->topic))
		in->failed = true;
	if (out->quality > 0)
		packet->id = read_id(in);
	out->payload.size = reader_left(in);
	out->payload.data = (const char *)read_bytes(in, out->payload.size);
}

static void read_subscribe(struct reader *in, struct mqtt_packet *packet)
{
	struct mqtt_subscribe *out = &packet->subscribe;

	packet->id = read_id(in);
	out->count = 0;
	do {
		if (out->count == MQTT_FILTERS_MAX) {
			in->failed = true;
			return;
		}
		struct span topic = read_text(in);
		uint8_t quality = read_u8(in);
		in->failed |= topic.size == 0 || quality > 2;
		out->filters[out->count].topic = topic;
		out->filters[out->count++].quality = quality;
	} while (reader_left(in) > 0);
}

static void read_suback(struct reader *in, struct mqtt_packet *packet)
{
	struct mqtt_suback *out = &packet->suback;

	packet->id = read_id(in);
	size_t count = reader_left(in);
	if (count == 0 || count > MQTT_FILTERS_MAX) {
		in->failed = true;
		return;
	}
	out->count = count;
	memcpy(out->codes, read_bytes(in, count), count);
	for (size_t i = 0; i < count; i++)
		in->failed |= out->codes[i] > 2 && out->codes[i] != MQTT_FAILURE;
}

static void read_body(struct reader *in, uint8_t flags, struct mqtt_packet *packet)
{
	switch (packet->type) {
	case MQTT_CONNECT:
		read_connect(in, &packet->connect);
		return;
	case MQTT_CONNACK:
		read_connack(in, &packet->connack);
		return;
	case MQTT_PUBLISH:
		read_publish(in, flags, packet);
		return;
	case MQTT_PUBACK:
		packet->id = read_id(in);
		return;
	case MQTT_SUBSCRIBE:
		read_subscribe(in, packet);
		return;
	case MQTT_SUBACK:
		read_suback(in, packet);
		return;
	case MQTT_PINGREQ:
	case MQTT_PINGRESP:
	case MQTT_DISCONNECT:
		return;
	}
	in->failed = true;
}

int mqtt_packet_parse(struct mqtt_packet *out, const void *data, size_t size, size_t limit)
{
	struct mqtt_packet packet = { 0 };
	struct reader in;
	uint8_t first;
	uint32_t remaining;

	reader_init(&in, data, size);
	int result = read_header(&in, &first, &remaining);
	if (result < 0)
		return result;
	uint8_t flags = first & 0x0f, expected = first >> 4 == MQTT_SUBSCRIBE ? FLAGS_ID_PACKET : 0;
	packet.type = (enum mqtt_type)(first >> 4);
	if (packet.type != MQTT_PUBLISH && flags != expected)
		return -EBADMSG;
	size_t header = size - reader_left(&in);
	if (header + remaining > limit)
		return -EMSGSIZE;
	if (reader_left(&in) < remaining)
		return -EAGAIN;
	in.end = in.at + remaining;
	read_body(&in, flags, &packet);
	if (in.failed || reader_left(&in) > 0)
		return -EBADMSG;
	*out = packet;
	return (int)(header + remaining);
}

/* ---- writing ---- */

static void write_binary(struct writer *out, struct span bytes)
{
	out->failed |= bytes.size > TEXT_MAX;
	write_be16(out, (uint16_t)bytes.size);
	write_bytes(out, bytes.data, bytes.size);
}

static size_t binary_size(struct span bytes)
{
	return bytes.data ? 2 + bytes.size : 0;
}

static size_t connect_size(const struct mqtt_connect *connect)
{
	size_t will = connect->will_topic.data ? 4 + connect->will_topic.size + connect->will_message.size : 0;

	return 2 + protocol_name.size + 4 + 2 + connect->client_id.size + will + binary_size(connect->user_name) +
	       binary_size(connect->password);
}

static void write_connect(struct writer *out, const struct mqtt_connect *connect)
{
	unsigned flags = connect->clean_session ? CONNECT_CLEAN : 0;

	if (connect->will_topic.data)
		flags |= CONNECT_WILL | connect->will_quality << 3 | (connect->will_retain ? CONNECT_WILL_RETAIN : 0);
	flags |= connect->user_name.data ? CONNECT_USER_NAME : 0;
	flags |= connect->password.data ? CONNECT_PASSWORD : 0;
	write_binary(out, protocol_name);
	write_u8(out, PROTOCOL_LEVEL);
	write_u8(out, (uint8_t)flags);
	write_be16(out, connect->keep_alive_s);
	write_binary(out, connect->client_id);
	if (connect->will_topic.data) {
		write_binary(out, connect->will_topic);
		write_binary(out, connect->will_message);
	}
	if (connect->user_name.data)
		write_binary(out, connect->user_name);
	if (connect->password.data)
		write_binary(out, connect->password);
}

static size_t subscribe_size(const struct mqtt_subscribe *subscribe)
{
	size_t size = 2;

	for (size_t i = 0; i < subscribe->count; i++)
		size += 2 + subscribe->filters[i].topic.size + 1;
	return size;
}

static void write_subscribe(struct writer *out, const struct mqtt_packet *packet)
{
	write_be16(out, packet->id);
	for (size_t i = 0; i < packet->subscribe.count; i++) {
		write_binary(out, packet->subscribe.filters[i].topic);
		write_u8(out, packet->subscribe.filters[i].quality);
	}
}

static void write_publish(struct writer *out, const struct mqtt_packet *packet)
{
	write_binary(out, packet->publish.topic);
	if (packet->publish.quality > 0)
		write_be16(out, packet->id);
	write_bytes(out, packet->publish.payload.data, packet->publish.payload.size);
}

/* The remaining length. */
static size_t body_size(const struct mqtt_packet *packet)
{
	const struct mqtt_publish *publish = &packet->publish;

	switch (packet->type) {
	case MQTT_CONNECT:
		return connect_size(&packet->connect);
	case MQTT_PUBLISH:
		return 2 + publish->topic.size + (publish->quality > 0 ? 2 : 0) + publish->payload.size;
	case MQTT_SUBSCRIBE:
		return subscribe_size(&packet->subscribe);
	case MQTT_SUBACK:
		return 2 + packet->suback.count;
	case MQTT_CONNACK:
	case MQTT_PUBACK:
		return 2;
	default:
		return 0;
	}
}

size_t mqtt_packet_size(const struct mqtt_packet *packet)
{
	size_t body = body_size(packet), header = 2;

	for (size_t left = body >> 7; left > 0; left >>= 7)
		header++;
	return header + body;
}

static uint8_t header_flags(const struct mqtt_packet *packet)
{
	const struct mqtt_publish *publish = &packet->publish;

	if (packet->type == MQTT_SUBSCRIBE)
		return FLAGS_ID_PACKET;
	if (packet->type != MQTT_PUBLISH)
		return 0;
	return (uint8_t)((publish->repeated ? FLAG_REPEATED : 0) | publish->quality << 1 |
			 (publish->retain ? FLAG_RETAIN : 0));
}

void mqtt_packet_write(struct writer *out, const struct mqtt_packet *packet)
{
	size_t body = body_size(packet);

	out->failed |= body > MQTT_REMAINING_MAX;
	write_u8(out, (uint8_t)(packet->type << 4 | header_flags(packet)));
	write_varint(out, body); /* section 2.2.3 counts as LEB128 does */
	switch (packet->type) {
	case MQTT_CONNECT:
		write_connect(out, &packet->connect);
		return;
	case MQTT_PUBLISH:
		write_publish(out, packet);
		return;
	case MQTT_SUBSCRIBE:
		write_subscribe(out, packet);
		return;
	case MQTT_CONNACK:
		write_u8(out, packet->connack.session_present);
		write_u8(out, packet->connack.code);
		return;
	case MQTT_SUBACK:
		write_be16(out, packet->id);
		write_bytes(out, packet->suback.codes, packet->suback.count);
		return;
	case MQTT_PUBACK:
		write_be16(out, packet->id);
		return;
	case MQTT_PINGREQ:
	case MQTT_PINGRESP:
	case MQTT_DISCONNECT:
		return;
	}
}
