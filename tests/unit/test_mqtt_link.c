#include "drivers/mqtt_link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/small_broker.h"

static struct small_broker broker;
static struct mqtt_link *joint;
static char told[4096];
static uint64_t tickets[8];
static size_t ticket_count;
static unsigned drained;

static void opened(void *context, bool resumed)
{
	strcat(told, resumed ? "resumed " : "opened ");
}

static void message(void *context, const struct mqtt_arrival *arrival)
{
	strncat(told, arrival->message.payload.data, arrival->message.payload.size);
	strcat(told, " ");
	tickets[ticket_count++] = arrival->ticket;
}

static void published(void *context, const char *topic)
{
	strcat(told, topic);
	strcat(told, " ");
}

static void oversized(void *context, size_t bytes)
{
	strcat(told, "oversized ");
}

static void down(void *context, bool stood, const char *reason, int64_t retry_ms)
{
	strcat(told, stood ? "lost:" : "failed:");
	strcat(told, reason);
	strcat(told, " ");
}

static void on_drained(void *context)
{
	drained++;
}

static const struct mqtt_subscribe subscriptions = { .count = 1, .filters = { { { "t/+", 3 }, 1 } } };
static const struct mqtt_link_host host = { { NULL, opened, message, published, oversized }, down, on_drained };
static struct mqtt_link_config config = { .host = "127.0.0.1",
	.connect_timeout_ms = 120000,
	.backoff_least_ms = 1,
	.backoff_most_ms = 1,
	.client = { .client_id = "gate", .keep_alive_ms = 3600000, .in_flight = 2, .subscriptions = &subscriptions } };

static void await(const char *text)
{
	while (!strstr(told, text))
		(void)uv_run(&broker.loop, UV_RUN_ONCE);
}

static void open_link(void)
{
	broker_open(&broker);
	config.port = (uint16_t)broker.port;
	ck_assert_int_eq(mqtt_link_open(&joint, &broker.loop, &config, &host), 0);
	ck_assert_str_eq(told, ""); /* nothing before it has returned */
}

static void close_all(void)
{
	mqtt_link_close(joint);
	broker_close(&broker);
}

START_TEST(it_connects_again_until_it_is_closed)
{
	open_link();
	await("opened ");
	broker.resumes = true;
	broker_drop(&broker);
	await("lost:the broker closed the connection resumed ");
	broker_drop(&broker);
	await("resumed lost:the broker closed the connection resumed ");
	ck_assert_uint_eq(broker.connections, 3);
	close_all();
}
END_TEST

START_TEST(a_refusal_is_told_with_its_reason)
{
	const struct mqtt_packet refusal = { .type = MQTT_CONNACK, .connack = { .code = 4 } };

	open_link();
	while (!broker.client)
		(void)uv_run(&broker.loop, UV_RUN_ONCE);
	broker_give(&broker, &refusal);
	await("failed:bad user name or password ");
	await("opened ");
	close_all();
}
END_TEST

START_TEST(what_is_no_mqtt_ends_the_connection)
{
	open_link();
	await("opened ");
	broker_give_bytes(&broker, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
	await("lost:the broker does not keep to MQTT 3.1.1 opened ");
	close_all();
}
END_TEST

START_TEST(an_attempt_that_nobody_answers_is_given_up)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int deaf = socket(AF_INET, SOCK_STREAM, 0);

	/* It takes connections, as the kernel does for it, and never says a word. */
	broker_open(&broker);
	ck_assert_int_eq(bind(deaf, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(deaf, 4), 0);
	ck_assert_int_eq(getsockname(deaf, (struct sockaddr *)&address, &size), 0);
	config.port = ntohs(address.sin_port);
	config.connect_timeout_ms = 50;
	ck_assert_int_eq(mqtt_link_open(&joint, &broker.loop, &config, &host), 0);
	await("failed:no answer in time ");
	config.connect_timeout_ms = 120000;
	(void)close(deaf);
	close_all();
}
END_TEST

START_TEST(nothing_is_read_while_as_many_wait_as_may)
{
	open_link();
	await("opened ");
	for (uint16_t id = 1; id <= 4; id++)
		broker_publish(&broker, &(struct broker_message){ "t/n", id < 3 ? "a" : "b", id, false, false });
	await("a a ");
	/* What the broker still says reaches nobody: its answer to this comes behind the messages. */
	ck_assert_int_eq(mqtt_link_publish(joint, &(struct mqtt_publish){ .topic = { "x", 1 }, .quality = 1 }), 0);
	broker_await(&broker, 0, "PUBLISH x");
	ck_assert_ptr_null(strchr(told, 'b'));
	mqtt_link_acknowledge(joint, tickets[0]);
	mqtt_link_acknowledge(joint, tickets[1]);
	await("b b ");
	broker_await(&broker, 0, "PUBACK 1\nPUBACK 2\n");
	mqtt_link_acknowledge(joint, tickets[2]);
	await("x ");
	close_all();
}
END_TEST

START_TEST(what_is_published_before_a_connection_stands_leaves_with_it)
{
	open_link();
	ck_assert(!mqtt_link_has_room(joint, 1));
	ck_assert_int_eq(mqtt_link_publish(joint, &(struct mqtt_publish){ .topic = { "x", 1 }, .quality = 1 }), 0);
	ck_assert_int_eq(mqtt_link_publish(joint, &(struct mqtt_publish){ .topic = { "y", 1 } }), -ENOTCONN);
	await("opened x ");
	ck_assert(mqtt_link_has_room(joint, 1));
	ck_assert_uint_gt(drained, 0);
	close_all();
}
END_TEST

START_TEST(output_has_a_limit)
{
	static char block[200000];
	const struct mqtt_publish large = { .topic = { "x", 1 }, .payload = { block, sizeof(block) } };
	unsigned count = 0;

	open_link();
	await("opened ");
	while (!strstr(told, "opened ") || mqtt_link_has_room(joint, sizeof(block))) {
		ck_assert_int_eq(mqtt_link_publish(joint, &large), 0);
		count++;
	}
	ck_assert_uint_lt(count, 6);
	/* What is above it all the same is the end of the connection, not of the memory. */
	for (int i = 0; i < 6; i++)
		(void)mqtt_link_publish(joint, &large);
	await("lost:the broker does not take what is sent ");
	await("opened ");
	close_all();
}
END_TEST

TEST_SUITE(mqtt_link, it_connects_again_until_it_is_closed, a_refusal_is_told_with_its_reason,
	what_is_no_mqtt_ends_the_connection, an_attempt_that_nobody_answers_is_given_up,
	nothing_is_read_while_as_many_wait_as_may, what_is_published_before_a_connection_stands_leaves_with_it,
	output_has_a_limit)
