#include "drivers/uplink_mqtt_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/unit/small_broker.h"
#include "tests/unit/suite.h"

#define TOPIC_SIZE 60000
#define PATIENCE_NS (UINT64_C(120) * 1000000000)

static struct small_broker broker;
static struct mqtt_threads *threads;
static struct mqtt_session *session;

static void on_wake(void *context)
{
}

/* Lets the broker and Paho's threads go on for a moment; fails when that has been done for too long. */
static void go_on(void)
{
	static uint64_t until;

	until = until ? until : uv_hrtime() + PATIENCE_NS;
	ck_assert_uint_lt(uv_hrtime(), until);
	(void)uv_run(&broker.loop, UV_RUN_NOWAIT);
	(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

static void connect_session(void)
{
	const struct uplink_message will = { .topic = "status/gw", .payload = "off", .size = 3, .quality = 1 };
	char url[64];
	struct mqtt_event *event;

	broker_open(&broker);
	snprintf(url, sizeof(url), "tcp://127.0.0.1:%d", broker.port);
	ck_assert_int_eq(mqtt_threads_hold(&threads, false), 0);
	const struct mqtt_session_options options = {
		.threads = threads,
		.url = url,
		.version = MQTT_VERSION_3_1_1,
		.client_id = "gw",
		.will = &will,
		.keepalive_s = 600,
		.connect_timeout_s = 60,
		.wake = on_wake,
	};
	ck_assert_int_eq(mqtt_session_open(&session, &options), 0);
	while (!(event = mqtt_session_next(session)))
		go_on();
	ck_assert_int_eq(event->kind, MQTT_EVENT_CONNECTED);
	mqtt_event_free(event);
}

static void end_session(void)
{
	mqtt_session_free(session);
	mqtt_threads_release(threads, 2000);
	broker_close(&broker);
}

/* Takes the events that wait, all of which are messages on this topic. */
static size_t take_all(const char *topic)
{
	struct mqtt_event *event;
	size_t count = 0;

	for (; (event = mqtt_session_next(session)); count++) {
		ck_assert_int_eq(event->kind, MQTT_EVENT_MESSAGE);
		ck_assert_str_eq(event->message.topic, topic);
		mqtt_event_free(event);
	}
	return count;
}

START_TEST(messages_that_are_all_topic_are_bounded_too)
{
	const size_t sent = SESSION_QUEUE_BYTES_MAX / TOPIC_SIZE + 10;
	char *topic = malloc(TOPIC_SIZE + 1);
	uint64_t dropped;
	size_t taken = 0;

	memset(topic, 'a', TOPIC_SIZE);
	topic[TOPIC_SIZE] = '\0';
	connect_session();
	for (size_t i = 0; i < sent; i++)
		broker_publish(&broker, &(struct broker_message){ .topic = topic, .payload = "" });
	while ((dropped = mqtt_session_dropped(session)) == 0)
		go_on();
	/* What is taken gives its room back, to those that are still to come. */
	while (taken + dropped < sent) {
		taken += take_all(topic);
		dropped += mqtt_session_dropped(session);
		go_on();
	}
	ck_assert_uint_eq(taken + dropped, sent);
	broker_publish(&broker, &(struct broker_message){ .topic = "t", .payload = "x" });
	while (take_all("t") == 0)
		go_on();
	end_session();
	free(topic);
}
END_TEST

TEST_SUITE(uplink_mqtt_session, messages_that_are_all_topic_are_bounded_too)
