/*
 * small_broker: a broker on the loopback, on the test's own loop, that does what the test says; packets by our own
 * codec.
 */
#ifndef WAKEGATE_TESTS_SMALL_BROKER_H
#define WAKEGATE_TESTS_SMALL_BROKER_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "protocols/mqtt_packet.h"
#include "tests/unit/suite.h"

#define BROKER_INPUT (4 * 1024 * 1024)

struct small_broker {
	uv_loop_t loop;
	uv_tcp_t server;
	uv_tcp_t *client; /* the connection that stands, or NULL */
	int port;
	bool resumes;   /* says that it knows the session */
	bool is_silent; /* does not answer by itself but to CONNECT and SUBSCRIBE */
	unsigned connections;
	char *said; /* what came, "PUBLISH ota/n q1 r {…}" or "PUBACK 7" a line */
	size_t said_size;
	uint8_t *input;
	size_t input_size;
};

static inline void broker_free(uv_handle_t *handle)
{
	free(handle);
}

static inline void broker_written(uv_write_t *request, int status)
{
	free(request);
}

static inline void broker_give_bytes(struct small_broker *broker, const void *data, size_t size)
{
	uv_write_t *request = malloc(sizeof(*request) + size);

	memcpy(request + 1, data, size);
	uv_buf_t buffer = uv_buf_init((char *)(request + 1), (unsigned)size);
	ck_assert_int_eq(uv_write(request, (uv_stream_t *)broker->client, &buffer, 1, broker_written), 0);
}

static inline void broker_give(struct small_broker *broker, const struct mqtt_packet *packet)
{
	size_t size = mqtt_packet_size(packet);
	uint8_t *bytes = malloc(size);
	struct writer out;

	writer_init(&out, bytes, size);
	mqtt_packet_write(&out, packet);
	ck_assert(!out.failed);
	broker_give_bytes(broker, bytes, size);
	free(bytes);
}

/* A message to the client: at quality 0 where `id` is 0. */
struct broker_message {
	const char *topic, *payload;
	uint16_t id;
	bool repeated, retain;
};

static inline void broker_publish(struct small_broker *broker, const struct broker_message *message)
{
	broker_give(broker, &(struct mqtt_packet){ .type = MQTT_PUBLISH,
				    .id = message->id,
				    .publish = {
					    .topic = { message->topic, strlen(message->topic) },
					    .payload = { message->payload, strlen(message->payload) },
					    .quality = message->id > 0,
					    .repeated = message->repeated,
					    .retain = message->retain,
				    } });
}

static inline void broker_note(struct small_broker *broker, const struct mqtt_packet *packet)
{
	const struct mqtt_publish *message = &packet->publish;
	char *at = broker->said + broker->said_size;

	if (packet->type == MQTT_PUBLISH)
		broker->said_size += (size_t)sprintf(at, "PUBLISH %.*s q%d%s%s %.*s\n", (int)message->topic.size,
			message->topic.data, message->quality, message->retain ? " r" : "",
			message->repeated ? " d" : "", (int)message->payload.size, message->payload.data);
	if (packet->type == MQTT_PUBACK)
		broker->said_size += (size_t)sprintf(at, "PUBACK %u\n", packet->id);
	if (packet->type == MQTT_DISCONNECT)
		broker->said_size += (size_t)sprintf(at, "DISCONNECT\n");
}

static inline void broker_answer(struct small_broker *broker, const struct mqtt_packet *packet)
{
	struct mqtt_packet answer = { .id = packet->id };

	if (packet->type == MQTT_CONNECT) {
		answer = (struct mqtt_packet){ .type = MQTT_CONNACK, .connack = { broker->resumes, 0 } };
	} else if (packet->type == MQTT_SUBSCRIBE) {
		answer.type = MQTT_SUBACK;
		answer.suback.count = packet->subscribe.count;
		for (size_t i = 0; i < packet->subscribe.count; i++)
			answer.suback.codes[i] = packet->subscribe.filters[i].quality;
	} else if (broker->is_silent) {
		return;
	} else if (packet->type == MQTT_PUBLISH && packet->publish.quality == 1) {
		answer.type = MQTT_PUBACK;
	} else if (packet->type == MQTT_PINGREQ) {
		answer = (struct mqtt_packet){ .type = MQTT_PINGRESP };
	}
	if (answer.type)
		broker_give(broker, &answer);
}

static inline void broker_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct small_broker *broker = handle->data;

	*buffer =
		uv_buf_init((char *)broker->input + broker->input_size, (unsigned)(BROKER_INPUT - broker->input_size));
}

static inline void broker_drop(struct small_broker *broker)
{
	if (broker->client)
		uv_close((uv_handle_t *)broker->client, broker_free);
	broker->client = NULL;
	broker->input_size = 0;
}

static inline void broker_on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
	struct small_broker *broker = stream->data;
	struct mqtt_packet packet;
	int used = 0;

	if (size < 0) {
		if ((uv_stream_t *)broker->client == stream)
			broker_drop(broker);
		return;
	}
	broker->input_size += (size_t)size;
	while (broker->client &&
		(used = mqtt_packet_parse(&packet, broker->input, broker->input_size, BROKER_INPUT)) > 0) {
		broker_note(broker, &packet);
		broker_answer(broker, &packet);
		broker->input_size -= (size_t)used;
		memmove(broker->input, broker->input + used, broker->input_size);
	}
	ck_assert(used > 0 || used == -EAGAIN);
}

static inline void broker_on_connection(uv_stream_t *server, int status)
{
	struct small_broker *broker = server->data;

	broker_drop(broker);
	broker->client = malloc(sizeof(*broker->client));
	ck_assert_int_eq(uv_tcp_init(&broker->loop, broker->client), 0);
	broker->client->data = broker;
	ck_assert_int_eq(uv_accept(server, (uv_stream_t *)broker->client), 0);
	ck_assert_int_eq(uv_read_start((uv_stream_t *)broker->client, broker_allocate, broker_on_read), 0);
	broker->connections++;
}

static inline void broker_open(struct small_broker *broker)
{
	struct sockaddr_in address;
	int size = sizeof(address);

	*broker = (struct small_broker){ .said = calloc(1, BROKER_INPUT), .input = malloc(BROKER_INPUT) };
	ck_assert_int_eq(uv_loop_init(&broker->loop), 0);
	ck_assert_int_eq(uv_tcp_init(&broker->loop, &broker->server), 0);
	broker->server.data = broker;
	ck_assert_int_eq(uv_ip4_addr("127.0.0.1", 0, &address), 0);
	ck_assert_int_eq(uv_tcp_bind(&broker->server, (struct sockaddr *)&address, 0), 0);
	ck_assert_int_eq(uv_listen((uv_stream_t *)&broker->server, 4, broker_on_connection), 0);
	ck_assert_int_eq(uv_tcp_getsockname(&broker->server, (struct sockaddr *)&address, &size), 0);
	broker->port = ntohs(address.sin_port);
}

/* Runs the loop until the broker was told this, from `begin` of what it was told. */
static inline void broker_await(struct small_broker *broker, size_t begin, const char *text)
{
	while (!strstr(broker->said + begin, text))
		(void)uv_run(&broker->loop, UV_RUN_ONCE);
}

/* Forgets what it was told. */
static inline void broker_forget(struct small_broker *broker)
{
	memset(broker->said, 0, broker->said_size);
	broker->said_size = 0;
}

/* How many times it was told this. */
static inline unsigned broker_count(const struct small_broker *broker, const char *text)
{
	unsigned count = 0;

	for (const char *at = broker->said; (at = strstr(at, text)); at += strlen(text))
		count++;
	return count;
}

/* After whoever spoke to it has closed. */
static inline void broker_close(struct small_broker *broker)
{
	broker_drop(broker);
	uv_close((uv_handle_t *)&broker->server, NULL);
	ck_assert_int_eq(uv_run(&broker->loop, UV_RUN_DEFAULT), 0);
	ck_assert_int_eq(uv_loop_close(&broker->loop), 0);
	free(broker->said);
	free(broker->input);
}

#endif
