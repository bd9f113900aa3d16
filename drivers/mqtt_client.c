#include "drivers/mqtt_client.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/mqtt_outbox.h"

#define SUBSCRIBE_ID 1
#define TOPIC_MAX 512

enum state { IDLE, CONNECTING, SUBSCRIBING, OPEN };

/* A message at quality 1 that was handed on. */
struct delivery {
	uint16_t id;
	bool done;
};

struct mqtt_client {
	struct mqtt_client_config config;
	struct mqtt_client_host host;
	enum state state;
	uint32_t connection; /* counts them, for tickets */
	bool resumed;
	uint8_t refusal;
	size_t skip;           /* bytes of a packet that is passed over, still to come */
	int64_t ping_ms;       /* when the broker was asked last whether it is there */
	int64_t received_ms;   /* when something came last */
	uint32_t first_number; /* of the oldest delivery; they are numbered within a connection */
	size_t first, count;   /* of the ring */
	struct mqtt_outbox outbox;
	struct delivery deliveries[]; /* a ring of config.in_flight */
};

int mqtt_client_open(
	struct mqtt_client **out, const struct mqtt_client_config *config, const struct mqtt_client_host *host)
{
	assert(config->in_flight > 0 && config->in_flight <= MQTT_IN_FLIGHT_MAX);
	struct mqtt_client *client = calloc(1, sizeof(*client) + config->in_flight * sizeof(client->deliveries[0]));

	if (!client)
		return -ENOMEM;
	client->config = *config;
	client->host = *host;
	mqtt_outbox_init(&client->outbox);
	*out = client;
	return 0;
}

void mqtt_client_close(struct mqtt_client *client)
{
	if (!client)
		return;
	mqtt_outbox_finish(&client->outbox);
	free(client);
}

static void send_packet(struct mqtt_client *client, const struct mqtt_packet *packet)
{
	client->config.send(client->config.send_context, packet);
}

static struct span span_of(const char *text)
{
	return text ? (struct span){ text, strlen(text) } : (struct span){ 0 };
}

void mqtt_client_begin(struct mqtt_client *client, const char *password, int64_t now_ms)
{
	mqtt_client_end(client);
	client->connection++;
	client->first_number = 1;
	client->state = CONNECTING;
	client->ping_ms = client->received_ms = now_ms;
	send_packet(client, &(struct mqtt_packet){ .type = MQTT_CONNECT,
				    .connect = {
					    .keep_alive_s = (uint16_t)(client->config.keep_alive_ms / 1000),
					    .client_id = span_of(client->config.client_id),
					    .user_name = span_of(client->config.user_name),
					    .password = span_of(password),
				    } });
}

void mqtt_client_end(struct mqtt_client *client)
{
	client->state = IDLE;
	client->skip = 0;
	client->first = client->count = 0;
}

bool mqtt_client_is_open(const struct mqtt_client *client)
{
	return client->state == OPEN;
}

bool mqtt_client_is_full(const struct mqtt_client *client)
{
	return client->count == client->config.in_flight;
}

/* ---- messages that come ---- */

static struct delivery *delivery_at(struct mqtt_client *client, size_t index)
{
	return &client->deliveries[(client->first + index) % client->config.in_flight];
}

bool mqtt_client_is_waiting(const struct mqtt_client *client, uint64_t ticket)
{
	uint32_t index = (uint32_t)ticket - client->first_number;

	return ticket >> 32 == client->connection && index < client->count &&
	       !client->deliveries[(client->first + index) % client->config.in_flight].done;
}

static uint64_t add_delivery(struct mqtt_client *client, uint16_t id)
{
	uint32_t number = client->first_number + (uint32_t)client->count;

	*delivery_at(client, client->count++) = (struct delivery){ .id = id };
	return (uint64_t)client->connection << 32 | number;
}

/* A broker may repeat within a connection what waits here; its PUBACK comes with the first one. */
static bool id_is_waiting(struct mqtt_client *client, uint16_t id)
{
	for (size_t i = 0; i < client->count; i++)
		if (delivery_at(client, i)->id == id && !delivery_at(client, i)->done)
			return true;
	return false;
}

void mqtt_client_acknowledge(struct mqtt_client *client, uint64_t ticket)
{
	if (!mqtt_client_is_waiting(client, ticket))
		return;
	delivery_at(client, (uint32_t)ticket - client->first_number)->done = true;
	while (client->count > 0 && delivery_at(client, 0)->done) {
		uint16_t id = delivery_at(client, 0)->id;

		client->first = (client->first + 1) % client->config.in_flight;
		client->first_number++;
		client->count--;
		send_packet(client, &(struct mqtt_packet){ .type = MQTT_PUBACK, .id = id });
	}
}

static int on_publish(struct mqtt_client *client, const struct mqtt_packet *packet)
{
	struct mqtt_arrival arrival = {
		.message = packet->publish,
		.id = packet->id,
		.resumed = client->resumed,
	};

	if (packet->publish.quality > 1)
		return -EBADMSG; /* it was not subscribed to at 2 */
	if (packet->publish.quality == 1) {
		if (packet->publish.repeated && id_is_waiting(client, packet->id))
			return 0;
		arrival.ticket = add_delivery(client, packet->id);
	}
	client->host.message(client->host.context, &arrival);
	return 0;
}

/*
 * A packet larger than any that is taken: if it is a message, it is acknowledged, or it would come again for ever, and
 * passed over. Bytes taken now, or as mqtt_client_take().
 */
static int pass_over(struct mqtt_client *client, const uint8_t *data, size_t size)
{
	size_t header = 1, remaining = 0;

	if (data[0] >> 4 != MQTT_PUBLISH)
		return -EBADMSG;
	do
		remaining |= (size_t)(data[header] & 0x7f) << 7 * (header - 1);
	while (data[header++] & 0x80);
	size_t quality = data[0] >> 1 & 3;
	if (quality > 1)
		return -EBADMSG;
	if (size < header + 2)
		return -EAGAIN;
	size_t topic = (size_t)data[header] << 8 | data[header + 1];
	if (quality == 1 && size < header + 2 + topic + 2)
		return -EAGAIN;
	const uint8_t *id = data + header + 2 + topic;
	if (quality == 1 && id[0] == 0 && id[1] == 0)
		return -EBADMSG;
	if (quality == 1)
		mqtt_client_acknowledge(client, add_delivery(client, (uint16_t)(id[0] << 8 | id[1])));
	client->host.oversized(client->host.context, header + remaining);
	client->skip = header + remaining;
	return 0;
}

/* ---- the session ---- */

static void send_waiting(struct mqtt_client *client)
{
	const struct mqtt_packet *packet;

	while (client->state == OPEN && (packet = mqtt_outbox_next(&client->outbox)))
		send_packet(client, packet);
}

static int on_connack(struct mqtt_client *client, const struct mqtt_connack *connack)
{
	client->refusal = connack->code;
	if (connack->code != 0)
		return -ECONNREFUSED;
	client->resumed = connack->session_present;
	client->state = SUBSCRIBING;
	/* Also in a session that the broker knows: topics may have been set anew. */
	send_packet(client,
		&(struct mqtt_packet){
			.type = MQTT_SUBSCRIBE, .id = SUBSCRIBE_ID, .subscribe = *client->config.subscriptions });
	return 0;
}

static int on_suback(struct mqtt_client *client, const struct mqtt_packet *packet)
{
	if (packet->id != SUBSCRIBE_ID || packet->suback.count != client->config.subscriptions->count)
		return -EBADMSG;
	for (size_t i = 0; i < packet->suback.count; i++)
		if (packet->suback.codes[i] == MQTT_FAILURE ||
			packet->suback.codes[i] < client->config.subscriptions->filters[i].quality)
			return -EACCES;
	client->state = OPEN;
	mqtt_outbox_restart(&client->outbox, client->resumed);
	client->host.opened(client->host.context, client->resumed);
	send_waiting(client);
	return 0;
}

static void on_puback(struct mqtt_client *client, uint16_t id)
{
	char topic[TOPIC_MAX];

	if (!mqtt_outbox_acknowledge(&client->outbox, id, topic, sizeof(topic)))
		return;
	client->host.published(client->host.context, topic);
	send_waiting(client);
}

static int on_packet(struct mqtt_client *client, const struct mqtt_packet *packet)
{
	if (client->state == CONNECTING)
		return packet->type == MQTT_CONNACK ? on_connack(client, &packet->connack) : -EBADMSG;
	switch (packet->type) {
	case MQTT_PUBLISH:
		return on_publish(client, packet);
	case MQTT_SUBACK:
		return client->state == SUBSCRIBING ? on_suback(client, packet) : -EBADMSG;
	case MQTT_PUBACK:
		on_puback(client, packet->id);
		return 0;
	case MQTT_PINGRESP:
		return 0;
	default:
		return -EBADMSG;
	}
}

/* The packet, or what is left of one passed over, that begins at `data`: its bytes, -EAGAIN, or another error. */
static int take_one(struct mqtt_client *client, const uint8_t *data, size_t size)
{
	struct mqtt_packet packet;
	int result = 0;

	if (client->skip == 0) {
		int used = mqtt_packet_parse(&packet, data, size, MQTT_MESSAGE_MAX);
		if (used > 0)
			result = on_packet(client, &packet);
		if (used != -EMSGSIZE)
			return result < 0 ? result : used;
		result = client->state == CONNECTING ? -EBADMSG : pass_over(client, data, size);
	}
	size_t passed = size < client->skip ? size : client->skip;
	client->skip -= passed;
	return result < 0 ? result : (int)passed;
}

int mqtt_client_take(struct mqtt_client *client, const void *data, size_t size, int64_t now_ms)
{
	const uint8_t *at = data;
	size_t used = 0;

	client->received_ms = now_ms;
	while (used < size && client->state != IDLE && !mqtt_client_is_full(client)) {
		int result = take_one(client, at + used, size - used);

		if (result == -EAGAIN)
			break;
		if (result < 0)
			return result;
		used += (size_t)result;
	}
	return (int)used;
}

const char *mqtt_client_refusal(const struct mqtt_client *client)
{
	/* Section 3.2.2.3. */
	static const char *const reasons[] = { "accepted", "unacceptable protocol version",
		"client identifier rejected", "broker unavailable", "bad user name or password", "not authorised" };

	return client->refusal < sizeof(reasons) / sizeof(reasons[0]) ? reasons[client->refusal] : "refused";
}

int64_t mqtt_client_tick(struct mqtt_client *client, int64_t now_ms)
{
	int64_t keep_alive_ms = client->config.keep_alive_ms;

	if (client->state != OPEN)
		return keep_alive_ms;
	if (now_ms - client->ping_ms < keep_alive_ms)
		return client->ping_ms + keep_alive_ms - now_ms;
	/* While nothing is read for want of room, no answer can be seen. */
	if (mqtt_client_is_full(client))
		client->received_ms = now_ms;
	if (client->received_ms < client->ping_ms)
		return -ETIMEDOUT;
	client->ping_ms = now_ms;
	send_packet(client, &(struct mqtt_packet){ .type = MQTT_PINGREQ });
	return keep_alive_ms;
}

int mqtt_client_publish(struct mqtt_client *client, const struct mqtt_publish *message)
{
	if (message->quality == 0) {
		if (client->state != OPEN)
			return -ENOTCONN;
		send_packet(client, &(struct mqtt_packet){ .type = MQTT_PUBLISH, .publish = *message });
		return 0;
	}
	int result = mqtt_outbox_put(&client->outbox, message);
	if (result == 0)
		send_waiting(client);
	return result;
}
