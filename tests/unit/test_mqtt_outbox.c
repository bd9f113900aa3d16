#include "drivers/mqtt_outbox.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/suite.h"

static struct mqtt_outbox outbox;
static char topic[64];

static int put(const char *text)
{
	return mqtt_outbox_put(
		&outbox, &(struct mqtt_publish){ .topic = { text, strlen(text) }, .payload = { "payload", 7 } });
}

static uint16_t next_is(const char *text)
{
	const struct mqtt_packet *packet = mqtt_outbox_next(&outbox);

	ck_assert_ptr_nonnull(packet);
	ck_assert_uint_eq(packet->publish.topic.size, strlen(text));
	ck_assert_mem_eq(packet->publish.topic.data, text, strlen(text));
	ck_assert_mem_eq(packet->publish.payload.data, "payload", 7);
	ck_assert_uint_eq(packet->publish.quality, 1);
	return packet->id;
}

START_TEST(messages_leave_in_their_order_and_stay_until_the_broker_has_them)
{
	mqtt_outbox_init(&outbox);
	ck_assert_int_eq(put("a"), 0);
	ck_assert_int_eq(put("b"), 0);
	uint16_t a = next_is("a"), b = next_is("b");
	ck_assert_uint_ne(a, b);
	ck_assert_ptr_null(mqtt_outbox_next(&outbox));
	ck_assert(mqtt_outbox_acknowledge(&outbox, b, topic, sizeof(topic)));
	ck_assert_str_eq(topic, "b");
	ck_assert(!mqtt_outbox_acknowledge(&outbox, b, topic, sizeof(topic)));
	ck_assert_uint_eq(outbox.count, 1);
	ck_assert(mqtt_outbox_acknowledge(&outbox, a, topic, sizeof(topic)));
	ck_assert_uint_eq(outbox.bytes, 0);
	ck_assert_int_eq(put("c"), 0);
	(void)next_is("c");
	mqtt_outbox_finish(&outbox);
}
END_TEST

START_TEST(only_a_window_is_under_way)
{
	uint16_t first = 0;

	mqtt_outbox_init(&outbox);
	for (int i = 0; i <= MQTT_OUTBOX_WINDOW; i++)
		ck_assert_int_eq(put("a"), 0);
	for (int i = 0; i < MQTT_OUTBOX_WINDOW; i++) {
		uint16_t id = next_is("a");
		first = i == 0 ? id : first;
	}
	ck_assert_ptr_null(mqtt_outbox_next(&outbox));
	ck_assert(mqtt_outbox_acknowledge(&outbox, first, topic, sizeof(topic)));
	(void)next_is("a");
	mqtt_outbox_finish(&outbox);
}
END_TEST

START_TEST(a_known_session_gets_repetitions_and_a_new_one_does_not)
{
	mqtt_outbox_init(&outbox);
	ck_assert_int_eq(put("a"), 0);
	ck_assert_int_eq(put("b"), 0);
	uint16_t a = next_is("a");
	mqtt_outbox_restart(&outbox, true);
	const struct mqtt_packet *again = mqtt_outbox_next(&outbox);
	ck_assert_uint_eq(again->id, a);
	ck_assert(again->publish.repeated);
	ck_assert(!mqtt_outbox_next(&outbox)->publish.repeated);
	mqtt_outbox_restart(&outbox, false);
	ck_assert(!mqtt_outbox_next(&outbox)->publish.repeated);
	mqtt_outbox_finish(&outbox);
}
END_TEST

START_TEST(an_acknowledgement_of_what_was_not_sent_again_yet_means_nothing)
{
	mqtt_outbox_init(&outbox);
	ck_assert_int_eq(put("a"), 0);
	uint16_t a = next_is("a");
	mqtt_outbox_restart(&outbox, true);
	ck_assert(!mqtt_outbox_acknowledge(&outbox, a, topic, sizeof(topic)));
	ck_assert_uint_eq(next_is("a"), a);
	mqtt_outbox_finish(&outbox);
}
END_TEST

START_TEST(there_is_room_for_so_many_messages_and_bytes)
{
	static char large[MQTT_OUTBOX_BYTES];
	const struct mqtt_publish message = { .topic = { "a", 1 }, .payload = { large, sizeof(large) - 1 } };

	mqtt_outbox_init(&outbox);
	for (int i = 0; i < MQTT_OUTBOX_MESSAGES; i++)
		ck_assert_int_eq(put("a"), 0);
	ck_assert_int_eq(put("a"), -ENOBUFS);
	mqtt_outbox_finish(&outbox);
	ck_assert_int_eq(mqtt_outbox_put(&outbox, &message), 0);
	ck_assert_int_eq(put("a"), -ENOBUFS);
	mqtt_outbox_finish(&outbox);
}
END_TEST

START_TEST(identifiers_in_use_are_not_given_again)
{
	mqtt_outbox_init(&outbox);
	ck_assert_int_eq(put("old"), 0);
	uint16_t old = next_is("old");
	outbox.id = UINT16_MAX - 2; /* most are given; they begin anew */
	for (unsigned i = 0; i < 10; i++) {
		ck_assert_int_eq(put("a"), 0);
		uint16_t id = next_is("a");
		ck_assert_uint_ne(id, 0);
		ck_assert_uint_ne(id, old);
		ck_assert(mqtt_outbox_acknowledge(&outbox, id, topic, sizeof(topic)));
	}
	mqtt_outbox_finish(&outbox);
}
END_TEST

TEST_SUITE(mqtt_outbox, messages_leave_in_their_order_and_stay_until_the_broker_has_them, only_a_window_is_under_way,
	a_known_session_gets_repetitions_and_a_new_one_does_not,
	an_acknowledgement_of_what_was_not_sent_again_yet_means_nothing, there_is_room_for_so_many_messages_and_bytes,
	identifiers_in_use_are_not_given_again)
