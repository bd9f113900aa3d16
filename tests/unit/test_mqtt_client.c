#include "drivers/mqtt_client.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/suite.h"

#define IN_FLIGHT 3
#define KEEP_ALIVE_MS 30000

/* What the client did, seen from the broker and from its user. */
static uint8_t sent[16384];
static size_t sent_size, sent_at;
static char said[1024]; /* a word per callback */
static uint64_t tickets[16];
static size_t ticket_count;
static struct mqtt_client *client;

static void send_packet(void *context, const struct mqtt_packet *packet)
{
	struct writer out;

	writer_init(&out, sent + sent_size, sizeof(sent) - sent_size);
	mqtt_packet_write(&out, packet);
	ck_assert(!out.failed);
	sent_size += writer_size(&out);
}

static void say(const char *word)
{
	strcat(said, *said ? " " : "");
	strcat(said, word);
}

static void opened(void *context, bool resumed)
{
	say(resumed ? "resumed" : "opened");
}

static void message(void *context, const struct mqtt_arrival *arrival)
{
	char word[64];

	(void)snprintf(word, sizeof(word), "%.*s%s", (int)arrival->message.payload.size, arrival->message.payload.data,
		arrival->message.repeated ? "!" : "");
	say(word);
	tickets[ticket_count++] = arrival->ticket;
}

static void published(void *context, const char *topic)
{
	say(topic);
}

static void oversized(void *context, size_t bytes)
{
	say("oversized");
}

static const struct mqtt_subscribe subscriptions = { .count = 1, .filters = { { { "t/+", 3 }, 1 } } };
static const struct mqtt_client_config config = { .client_id = "gate",
	.user_name = "user",
	.keep_alive_ms = KEEP_ALIVE_MS,
	.in_flight = IN_FLIGHT,
	.subscriptions = &subscriptions,
	.send = send_packet };
static const struct mqtt_client_host host = { NULL, opened, message, published, oversized };

/* The next packet that the broker got. */
static struct mqtt_packet received(void)
{
	struct mqtt_packet packet;
	int used = mqtt_packet_parse(&packet, sent + sent_at, sent_size - sent_at, sizeof(sent));

	ck_assert_int_gt(used, 0);
	sent_at += (size_t)used;
	return packet;
}

static void assert_quiet(void)
{
	ck_assert_uint_eq(sent_at, sent_size);
}

static int give(const struct mqtt_packet *packet)
{
	uint8_t bytes[1024];
	struct writer out;

	writer_init(&out, bytes, sizeof(bytes));
	mqtt_packet_write(&out, packet);
	int used = mqtt_client_take(client, bytes, writer_size(&out), 0);
	return used < 0 ? used : used == (int)writer_size(&out) ? 0 : -EAGAIN;
}

static int give_message(uint16_t id, const char *payload, bool repeated)
{
	return give(&(struct mqtt_packet){ .type = MQTT_PUBLISH,
		.id = id,
		.publish = { .topic = { "t/n", 3 },
			.payload = { payload, strlen(payload) },
			.quality = id > 0,
			.repeated = repeated } });
}

static void connect_anew(bool resumed)
{
	mqtt_client_begin(client, NULL, 0);
	ck_assert_int_eq(received().type, MQTT_CONNECT);
	ck_assert_int_eq(give(&(struct mqtt_packet){ .type = MQTT_CONNACK, .connack = { resumed, 0 } }), 0);
	struct mqtt_packet subscribe = received();
	ck_assert_int_eq(subscribe.type, MQTT_SUBSCRIBE);
	ck_assert_int_eq(give(&(struct mqtt_packet){
				 .type = MQTT_SUBACK, .id = subscribe.id, .suback = { .count = 1, .codes = { 1 } } }),
		0);
	ck_assert(mqtt_client_is_open(client));
}

static void open_client(void)
{
	ck_assert_int_eq(mqtt_client_open(&client, &config, &host), 0);
	connect_anew(false);
	said[0] = '\0';
}

static void assert_acknowledged(uint16_t id)
{
	struct mqtt_packet packet = received();

	ck_assert_int_eq(packet.type, MQTT_PUBACK);
	ck_assert_uint_eq(packet.id, id);
}

START_TEST(a_session_is_kept_over_connections)
{
	ck_assert_int_eq(mqtt_client_open(&client, &config, &host), 0);
	mqtt_client_begin(client, "secret", 0);
	struct mqtt_packet connect = received();
	ck_assert(!connect.connect.clean_session);
	ck_assert_uint_eq(connect.connect.keep_alive_s, 30);
	ck_assert_uint_eq(connect.connect.password.size, 6);
	ck_assert(!mqtt_client_is_open(client));
	connect_anew(true);
	ck_assert_str_eq(said, "resumed");
	mqtt_client_close(client);
}
END_TEST

START_TEST(a_message_is_acknowledged_when_its_taker_says_so)
{
	open_client();
	ck_assert_int_eq(give_message(7, "a", false), 0);
	assert_quiet();
	mqtt_client_acknowledge(client, tickets[0]);
	assert_acknowledged(7);
	mqtt_client_acknowledge(client, tickets[0]);
	assert_quiet();
	mqtt_client_close(client);
}
END_TEST

START_TEST(acknowledgements_leave_in_the_order_of_the_messages)
{
	open_client();
	ck_assert_int_eq(give_message(7, "a", false), 0);
	ck_assert_int_eq(give_message(3, "b", false), 0);
	mqtt_client_acknowledge(client, tickets[1]);
	assert_quiet();
	ck_assert(!mqtt_client_is_waiting(client, tickets[1]));
	ck_assert(mqtt_client_is_waiting(client, tickets[0]));
	mqtt_client_acknowledge(client, tickets[0]);
	assert_acknowledged(7);
	assert_acknowledged(3);
	mqtt_client_close(client);
}
END_TEST

START_TEST(no_more_messages_are_taken_than_may_wait)
{
	open_client();
	for (uint16_t id = 1; id <= IN_FLIGHT; id++)
		ck_assert_int_eq(give_message(id, "m", false), 0);
	ck_assert(mqtt_client_is_full(client));
	ck_assert_int_eq(give_message(9, "x", false), -EAGAIN);
	mqtt_client_acknowledge(client, tickets[0]);
	ck_assert_int_eq(give_message(9, "x", false), 0);
	ck_assert_str_eq(said, "m m m x");
	mqtt_client_close(client);
}
END_TEST

START_TEST(tickets_of_a_lost_connection_do_nothing)
{
	open_client();
	ck_assert_int_eq(give_message(7, "a", false), 0);
	mqtt_client_end(client);
	connect_anew(true);
	ck_assert(!mqtt_client_is_waiting(client, tickets[0]));
	mqtt_client_acknowledge(client, tickets[0]);
	assert_quiet();
	ck_assert_int_eq(give_message(7, "a", true), 0);
	mqtt_client_acknowledge(client, tickets[0]);
	assert_quiet();
	mqtt_client_acknowledge(client, tickets[1]);
	assert_acknowledged(7);
	ck_assert_str_eq(said, "a resumed a!");
	mqtt_client_close(client);
}
END_TEST

START_TEST(a_repetition_of_what_waits_is_not_handed_on)
{
	open_client();
	ck_assert_int_eq(give_message(7, "a", false), 0);
	ck_assert_int_eq(give_message(7, "a", true), 0);
	ck_assert_str_eq(said, "a");
	mqtt_client_acknowledge(client, tickets[0]);
	assert_acknowledged(7);
	assert_quiet();
	mqtt_client_close(client);
}
END_TEST

START_TEST(quality_0_needs_no_acknowledgement)
{
	open_client();
	ck_assert_int_eq(give_message(0, "a", false), 0);
	ck_assert_uint_eq(tickets[0], 0);
	mqtt_client_acknowledge(client, 0);
	assert_quiet();
	mqtt_client_close(client);
}
END_TEST

/* 0x32, remaining length 100,000, topic "t", identifier 5, then a payload that comes piece by piece. */
START_TEST(a_message_that_is_too_large_is_acknowledged_and_passed_over)
{
	static uint8_t head[] = "\x32\xa0\x8d\x06\x00\x01t\x00\x05";
	static uint8_t rest[99995];

	open_client();
	for (size_t size = 1; size < sizeof(head) - 1; size++)
		ck_assert_int_eq(mqtt_client_take(client, head, size, 0), 0);
	ck_assert_int_eq(mqtt_client_take(client, head, sizeof(head) - 1, 0), sizeof(head) - 1);
	assert_acknowledged(5);
	ck_assert_int_eq(mqtt_client_take(client, rest, 60000, 0), 60000);
	ck_assert_int_eq(mqtt_client_take(client, rest, sizeof(rest) - 60000, 0), sizeof(rest) - 60000);
	ck_assert_int_eq(give_message(6, "next", false), 0);
	ck_assert_str_eq(said, "oversized next");
	mqtt_client_close(client);
}
END_TEST

START_TEST(what_the_broker_may_not_say_ends_the_connection)
{
	const struct mqtt_packet wrong[] = { { .type = MQTT_PINGREQ }, { .type = MQTT_CONNACK },
		{ .type = MQTT_SUBACK, .id = 1, .suback = { .count = 1 } },
		{ .type = MQTT_PUBLISH, .id = 1, .publish = { .topic = { "t", 1 }, .quality = 2 } } };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		open_client();
		ck_assert_int_eq(give(&wrong[i]), -EBADMSG);
		mqtt_client_close(client);
	}
	ck_assert_int_eq(mqtt_client_open(&client, &config, &host), 0);
	mqtt_client_begin(client, NULL, 0);
	ck_assert_int_eq(give_message(1, "early", false), -EBADMSG);
	mqtt_client_close(client);
}
END_TEST

START_TEST(refusals_are_told)
{
	ck_assert_int_eq(mqtt_client_open(&client, &config, &host), 0);
	mqtt_client_begin(client, NULL, 0);
	ck_assert_int_eq(give(&(struct mqtt_packet){ .type = MQTT_CONNACK, .connack = { false, 5 } }), -ECONNREFUSED);
	ck_assert_str_eq(mqtt_client_refusal(client), "not authorised");
	mqtt_client_begin(client, NULL, 0);
	ck_assert_int_eq(give(&(struct mqtt_packet){ .type = MQTT_CONNACK }), 0);
	ck_assert_int_eq(
		give(&(struct mqtt_packet){ .type = MQTT_SUBACK, .id = 1, .suback = { .count = 1, .codes = { 0 } } }),
		-EACCES);
	mqtt_client_close(client);
}
END_TEST

START_TEST(a_silent_broker_is_given_up)
{
	open_client();
	ck_assert_int_eq(mqtt_client_tick(client, KEEP_ALIVE_MS - 1), 1);
	assert_quiet();
	ck_assert_int_eq(mqtt_client_tick(client, KEEP_ALIVE_MS), KEEP_ALIVE_MS);
	ck_assert_int_eq(received().type, MQTT_PINGREQ);
	ck_assert_int_eq(mqtt_client_take(client, "\xd0\x00", 2, KEEP_ALIVE_MS + 5), 2);
	ck_assert_int_eq(mqtt_client_tick(client, 2 * KEEP_ALIVE_MS), KEEP_ALIVE_MS);
	ck_assert_int_eq(mqtt_client_tick(client, 3 * KEEP_ALIVE_MS), -ETIMEDOUT);
	mqtt_client_close(client);
}
END_TEST

START_TEST(a_broker_is_not_judged_while_nothing_is_read)
{
	open_client();
	for (uint16_t id = 1; id <= IN_FLIGHT; id++)
		ck_assert_int_eq(give_message(id, "m", false), 0);
	for (int64_t i = 1; i < 5; i++)
		ck_assert_int_eq(mqtt_client_tick(client, i * KEEP_ALIVE_MS), KEEP_ALIVE_MS);
	mqtt_client_close(client);
}
END_TEST

START_TEST(what_was_published_goes_again_until_the_broker_has_it)
{
	const struct mqtt_publish manifest = { .topic = { "ota/n", 5 }, .payload = { "m", 1 }, .quality = 1 };

	ck_assert_int_eq(mqtt_client_open(&client, &config, &host), 0);
	ck_assert_int_eq(mqtt_client_publish(client, &manifest), 0);
	connect_anew(false);
	struct mqtt_packet first = received();
	ck_assert(!first.publish.repeated);
	mqtt_client_end(client);
	connect_anew(true);
	struct mqtt_packet second = received();
	ck_assert(second.publish.repeated);
	ck_assert_uint_eq(second.id, first.id);
	ck_assert_int_eq(give(&(struct mqtt_packet){ .type = MQTT_PUBACK, .id = first.id }), 0);
	mqtt_client_end(client);
	connect_anew(true);
	assert_quiet();
	ck_assert_str_eq(said, "opened resumed ota/n resumed");
	mqtt_client_close(client);
}
END_TEST

START_TEST(few_messages_are_under_way_at_once)
{
	const struct mqtt_publish word = { .topic = { "cmd/n", 5 }, .quality = 1 };

	open_client();
	for (int i = 0; i < 40; i++)
		ck_assert_int_eq(mqtt_client_publish(client, &word), 0);
	uint16_t first = received().id;
	for (int i = 1; i < 16; i++)
		(void)received();
	assert_quiet();
	ck_assert_int_eq(give(&(struct mqtt_packet){ .type = MQTT_PUBACK, .id = first }), 0);
	(void)received();
	assert_quiet();
	for (int i = 39; i < 256; i++)
		ck_assert_int_eq(mqtt_client_publish(client, &word), 0);
	ck_assert_int_eq(mqtt_client_publish(client, &word), -ENOBUFS);
	mqtt_client_close(client);
}
END_TEST

START_TEST(quality_0_leaves_now_or_not_at_all)
{
	const struct mqtt_publish block = { .topic = { "ota/n/block", 11 } };

	ck_assert_int_eq(mqtt_client_open(&client, &config, &host), 0);
	ck_assert_int_eq(mqtt_client_publish(client, &block), -ENOTCONN);
	connect_anew(false);
	assert_quiet();
	ck_assert_int_eq(mqtt_client_publish(client, &block), 0);
	ck_assert_int_eq(received().type, MQTT_PUBLISH);
	mqtt_client_close(client);
}
END_TEST

TEST_SUITE(mqtt_client, a_session_is_kept_over_connections, a_message_is_acknowledged_when_its_taker_says_so,
	acknowledgements_leave_in_the_order_of_the_messages, no_more_messages_are_taken_than_may_wait,
	tickets_of_a_lost_connection_do_nothing, a_repetition_of_what_waits_is_not_handed_on,
	quality_0_needs_no_acknowledgement, a_message_that_is_too_large_is_acknowledged_and_passed_over,
	what_the_broker_may_not_say_ends_the_connection, refusals_are_told, a_silent_broker_is_given_up,
	a_broker_is_not_judged_while_nothing_is_read, what_was_published_goes_again_until_the_broker_has_it,
	few_messages_are_under_way_at_once, quality_0_leaves_now_or_not_at_all)
