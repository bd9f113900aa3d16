/*
 * fuzz_mqtt_client: what a broker may say, in pieces: the first byte of each piece is its size and what is done
 * between.
 */
#include "drivers/mqtt_client.h"

#include <stdlib.h>
#include <string.h>

#define IN_FLIGHT 4
#define INPUT_SIZE (2 * MQTT_MESSAGE_MAX)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the client's user holds, and the input that is not taken yet. */
struct user {
	struct mqtt_client *client;
	uint64_t tickets[IN_FLIGHT];
	unsigned ticket_count;
	uint8_t input[INPUT_SIZE];
	size_t input_size;
};

static void send_packet(void *context, const struct mqtt_packet *packet)
{
	if (mqtt_packet_size(packet) == 0)
		abort();
}

static void opened(void *context, bool resumed)
{
}

static void message(void *context, const struct mqtt_arrival *arrival)
{
	struct user *user = context;

	if (arrival->ticket == 0)
		return;
	if (user->ticket_count == IN_FLIGHT || !mqtt_client_is_waiting(user->client, arrival->ticket))
		abort();
	user->tickets[user->ticket_count++] = arrival->ticket;
}

static void published(void *context, const char *topic)
{
	if (strlen(topic) > MQTT_MESSAGE_MAX)
		abort();
}

static void oversized(void *context, size_t bytes)
{
	if (bytes <= MQTT_MESSAGE_MAX)
		abort();
}

static void begin(struct user *user)
{
	user->input_size = 0;
	user->ticket_count = 0;
	mqtt_client_begin(user->client, NULL, 0);
}

static void acknowledge_all(struct user *user)
{
	while (user->ticket_count > 0)
		mqtt_client_acknowledge(user->client, user->tickets[--user->ticket_count]);
}

static void take(struct user *user)
{
	int used = mqtt_client_take(user->client, user->input, user->input_size, 0);

	if (used < 0) {
		begin(user);
		return;
	}
	user->input_size -= (size_t)used;
	memmove(user->input, user->input + used, user->input_size);
}

static void play(struct user *user, const uint8_t *data, size_t size)
{
	const struct mqtt_publish word = { .topic = { "cmd/n", 5 }, .quality = 1 };

	while (size > 0) {
		uint8_t step = *data++;
		size_t piece = step & 0x3f;

		size--;
		piece = piece < size ? piece : size;
		piece = piece < INPUT_SIZE - user->input_size ? piece : INPUT_SIZE - user->input_size;
		memcpy(user->input + user->input_size, data, piece);
		user->input_size += piece;
		data += piece;
		size -= piece;
		take(user);
		if (step & 0x40)
			acknowledge_all(user);
		if (step & 0x80)
			(void)mqtt_client_publish(user->client, &word);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct mqtt_subscribe subscriptions = { .count = 1, .filters = { { { "t/+", 3 }, 1 } } };
	static struct user user;
	const struct mqtt_client_config config = { .client_id = "gate",
		.keep_alive_ms = 30000,
		.in_flight = IN_FLIGHT,
		.subscriptions = &subscriptions,
		.send = send_packet };
	const struct mqtt_client_host host = { &user, opened, message, published, oversized };

	if (mqtt_client_open(&user.client, &config, &host) < 0)
		return 0;
	begin(&user);
	play(&user, data, size);
	mqtt_client_close(user.client);
	return 0;
}
