#include "protocols/mqtt_packet.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/suite.h"

#define LIMIT 65536

static struct span span_of(const char *text)
{
	return (struct span){ text, strlen(text) };
}

static void assert_span(struct span found, const char *text)
{
	ck_assert_uint_eq(found.size, strlen(text));
	ck_assert_mem_eq(found.data, text, found.size);
}

static void assert_written(const struct mqtt_packet *packet, const char *bytes, size_t size)
{
	uint8_t buffer[512];
	struct writer out;

	writer_init(&out, buffer, sizeof(buffer));
	mqtt_packet_write(&out, packet);
	ck_assert_uint_eq(writer_size(&out), size);
	ck_assert_uint_eq(mqtt_packet_size(packet), size);
	ck_assert_mem_eq(buffer, bytes, size);
}

/* The variable header of figure 3.6 of the standard, with a payload. */
START_TEST(the_connect_of_the_standard_is_read_and_written)
{
	static const char bytes[] = "\x10\x29\x00\x04MQTT\x04\xce\x00\x0a"
				    "\x00\x04gate\x00\x03s/g\x00\x04gone\x00\x04user\x00\x06secret";
	struct mqtt_packet packet;

	ck_assert_int_eq(mqtt_packet_parse(&packet, bytes, sizeof(bytes) - 1, LIMIT), sizeof(bytes) - 1);
	ck_assert_int_eq(packet.type, MQTT_CONNECT);
	ck_assert(packet.connect.clean_session);
	ck_assert_uint_eq(packet.connect.keep_alive_s, 10);
	ck_assert_uint_eq(packet.connect.will_quality, 1);
	ck_assert(!packet.connect.will_retain);
	assert_span(packet.connect.client_id, "gate");
	assert_span(packet.connect.will_topic, "s/g");
	assert_span(packet.connect.will_message, "gone");
	assert_span(packet.connect.user_name, "user");
	assert_span(packet.connect.password, "secret");
	assert_written(&packet, bytes, sizeof(bytes) - 1);
}
END_TEST

/* Figure 3.11: topic "a/b", packet identifier 10. */
START_TEST(the_publish_of_the_standard_is_read_and_written)
{
	static const char bytes[] = "\x3b\x09\x00\x03"
				    "a/b\x00\x0a"
				    "hi";
	struct mqtt_packet packet;

	ck_assert_int_eq(mqtt_packet_parse(&packet, bytes, sizeof(bytes) - 1, LIMIT), sizeof(bytes) - 1);
	ck_assert_int_eq(packet.type, MQTT_PUBLISH);
	ck_assert_uint_eq(packet.id, 10);
	ck_assert_uint_eq(packet.publish.quality, 1);
	ck_assert(packet.publish.repeated);
	ck_assert(packet.publish.retain);
	assert_span(packet.publish.topic, "a/b");
	assert_span(packet.publish.payload, "hi");
	assert_written(&packet, bytes, sizeof(bytes) - 1);
}
END_TEST

/* Figures 3.20 to 3.23, with the packet identifier 10. */
START_TEST(the_subscribe_of_the_standard_is_read_and_written)
{
	static const char bytes[] = "\x82\x0e\x00\x0a\x00\x03"
				    "a/b\x01\x00\x03"
				    "c/d\x02";
	struct mqtt_packet packet;

	ck_assert_int_eq(mqtt_packet_parse(&packet, bytes, sizeof(bytes) - 1, LIMIT), sizeof(bytes) - 1);
	ck_assert_uint_eq(packet.id, 10);
	ck_assert_uint_eq(packet.subscribe.count, 2);
	assert_span(packet.subscribe.filters[0].topic, "a/b");
	ck_assert_uint_eq(packet.subscribe.filters[0].quality, 1);
	assert_span(packet.subscribe.filters[1].topic, "c/d");
	ck_assert_uint_eq(packet.subscribe.filters[1].quality, 2);
	assert_written(&packet, bytes, sizeof(bytes) - 1);
}
END_TEST

START_TEST(acknowledgements_are_read_and_written)
{
	struct mqtt_packet packet;

	ck_assert_int_eq(mqtt_packet_parse(&packet, "\x20\x02\x01\x00", 4, LIMIT), 4);
	ck_assert(packet.connack.session_present);
	assert_written(&packet, "\x20\x02\x01\x00", 4);
	ck_assert_int_eq(mqtt_packet_parse(&packet, "\x40\x02\xff\xfe", 4, LIMIT), 4);
	ck_assert_uint_eq(packet.id, 0xfffe);
	assert_written(&packet, "\x40\x02\xff\xfe", 4);
	ck_assert_int_eq(mqtt_packet_parse(&packet, "\x90\x04\x00\x0a\x01\x80", 6, LIMIT), 6);
	ck_assert_uint_eq(packet.suback.count, 2);
	ck_assert_uint_eq(packet.suback.codes[1], MQTT_FAILURE);
	assert_written(&packet, "\x90\x04\x00\x0a\x01\x80", 6);
}
END_TEST

START_TEST(packets_without_a_body_are_read_and_written)
{
	static const char *const packets[] = { "\xc0", "\xd0", "\xe0" };

	for (size_t i = 0; i < 3; i++) {
		char bytes[2] = { packets[i][0], 0 };
		struct mqtt_packet packet;

		ck_assert_int_eq(mqtt_packet_parse(&packet, bytes, 2, LIMIT), 2);
		assert_written(&packet, bytes, 2);
	}
}
END_TEST

START_TEST(malformed_packets_are_refused)
{
	static const struct {
		const char *fault;
		const char *bytes;
		size_t size;
	} cases[] = {
		{ "type 0", "\x00\x00", 2 },
		{ "a type of QoS 2", "\x50\x02\x00\x01", 4 },
		{ "flags of CONNACK", "\x21\x02\x00\x00", 4 },
		{ "flags of SUBSCRIBE", "\x80\x06\x00\x01\x00\x01t\x00", 8 },
		{ "a length of five bytes", "\xd0\x80\x80\x80\x80\x01", 6 },
		{ "a body that should not be", "\xd0\x01\x00", 3 },
		{ "CONNACK too short", "\x20\x01\x00", 3 },
		{ "CONNACK with other flags", "\x20\x02\x02\x00", 4 },
		{ "a session with a refusal", "\x20\x02\x01\x05", 4 },
		{ "PUBLISH at quality 3", "\x36\x05\x00\x01t\x00\x01", 7 },
		{ "PUBLISH with identifier 0", "\x32\x05\x00\x01t\x00\x00", 7 },
		{ "PUBLISH without identifier", "\x32\x03\x00\x01t", 5 },
		{ "an empty topic", "\x30\x02\x00\x00", 4 },
		{ "a topic beyond the packet", "\x30\x03\x00\x09t", 5 },
		{ "a wildcard",
			"\x30\x05\x00\x03"
			"a/+",
			7 },
		{ "another wildcard", "\x30\x03\x00\x01#", 5 },
		{ "a topic that is no UTF-8", "\x30\x04\x00\x02\xc0\x80", 6 },
		{ "a topic with U+0000", "\x30\x03\x00\x01\x00", 5 },
		{ "PUBACK with identifier 0", "\x40\x02\x00\x00", 4 },
		{ "PUBACK too long", "\x40\x03\x00\x01\x00", 5 },
		{ "SUBACK without codes", "\x90\x02\x00\x01", 4 },
		{ "SUBACK with an unknown code", "\x90\x03\x00\x01\x03", 5 },
		{ "SUBSCRIBE without filters", "\x82\x02\x00\x01", 4 },
		{ "CONNECT of another protocol", "\x10\x0c\x00\x04MQTX\x04\x02\x00\x0a\x00\x00", 14 },
		{ "CONNECT of version 5", "\x10\x0c\x00\x04MQTT\x05\x02\x00\x0a\x00\x00", 14 },
		{ "CONNECT with a reserved flag", "\x10\x0c\x00\x04MQTT\x04\x03\x00\x0a\x00\x00", 14 },
		{ "a password without a user", "\x10\x0e\x00\x04MQTT\x04\x42\x00\x0a\x00\x00\x00\x00", 16 },
		{ "a will's quality without a will", "\x10\x0c\x00\x04MQTT\x04\x0a\x00\x0a\x00\x00", 14 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mqtt_packet packet = { .id = 77 };

		ck_assert_msg(mqtt_packet_parse(&packet, cases[i].bytes, cases[i].size, LIMIT) == -EBADMSG, "%s",
			cases[i].fault);
		ck_assert_uint_eq(packet.id, 77);
	}
}
END_TEST

START_TEST(a_packet_that_is_not_all_here_is_waited_for)
{
	static const char bytes[] = "\x32\x80\x01\x00\x01t\x00\x07";
	char whole[131] = { 0 };
	struct mqtt_packet packet;

	memcpy(whole, bytes, sizeof(bytes) - 1);
	for (size_t size = 0; size < sizeof(whole); size++)
		ck_assert_int_eq(mqtt_packet_parse(&packet, whole, size, LIMIT), -EAGAIN);
	ck_assert_int_eq(mqtt_packet_parse(&packet, whole, sizeof(whole), LIMIT), sizeof(whole));
	ck_assert_uint_eq(packet.publish.payload.size, 123);
}
END_TEST

START_TEST(a_packet_over_the_limit_is_known_by_its_header)
{
	struct mqtt_packet packet;

	ck_assert_int_eq(mqtt_packet_parse(&packet, "\x30\xff\xff\xff\x7f", 5, LIMIT), -EMSGSIZE);
	ck_assert_int_eq(mqtt_packet_parse(&packet, "\x30\x7f", 2, 128), -EMSGSIZE);
	ck_assert_int_eq(mqtt_packet_parse(&packet, "\x30\x7f", 2, 129), -EAGAIN);
}
END_TEST

START_TEST(dup_means_nothing_at_quality_0)
{
	struct mqtt_packet packet;

	ck_assert_int_eq(mqtt_packet_parse(&packet, "\x38\x03\x00\x01t", 5, LIMIT), 5);
	ck_assert(!packet.publish.repeated);
}
END_TEST

/* Table 2.4 of the standard: where the remaining length takes one more byte. */
START_TEST(the_remaining_length_takes_one_to_four_bytes)
{
	static const struct {
		size_t body, header;
	} cases[] = { { 3, 2 }, { 127, 2 }, { 128, 3 }, { 16383, 3 }, { 16384, 4 }, { 2097151, 4 }, { 2097152, 5 } };
	static char payload[2097152], buffer[2097200];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mqtt_packet packet = { .type = MQTT_PUBLISH,
			.publish = { .topic = span_of("t"), .payload = { payload, cases[i].body - 3 } } };
		struct mqtt_packet back;
		struct writer out;

		writer_init(&out, buffer, sizeof(buffer));
		mqtt_packet_write(&out, &packet);
		ck_assert_uint_eq(writer_size(&out), cases[i].header + cases[i].body);
		ck_assert_uint_eq(mqtt_packet_size(&packet), cases[i].header + cases[i].body);
		ck_assert_int_eq(mqtt_packet_parse(&back, buffer, writer_size(&out), sizeof(buffer)),
			(int)(cases[i].header + cases[i].body));
		ck_assert_uint_eq(back.publish.payload.size, cases[i].body - 3);
	}
}
END_TEST

START_TEST(what_does_not_fit_fails_the_writer)
{
	static char long_text[70000];
	uint8_t buffer[8];
	struct writer out;
	struct mqtt_packet packet = { .type = MQTT_PUBLISH, .publish = { .topic = span_of("topic/of/more") } };

	writer_init(&out, buffer, sizeof(buffer));
	mqtt_packet_write(&out, &packet);
	ck_assert(out.failed);
	memset(long_text, 'x', sizeof(long_text));
	packet.publish.topic = (struct span){ long_text, sizeof(long_text) };
	static uint8_t room[80000];
	writer_init(&out, room, sizeof(room));
	mqtt_packet_write(&out, &packet);
	ck_assert(out.failed);
}
END_TEST

TEST_SUITE(mqtt_packet, the_connect_of_the_standard_is_read_and_written,
	the_publish_of_the_standard_is_read_and_written, the_subscribe_of_the_standard_is_read_and_written,
	acknowledgements_are_read_and_written, packets_without_a_body_are_read_and_written,
	malformed_packets_are_refused, a_packet_that_is_not_all_here_is_waited_for,
	a_packet_over_the_limit_is_known_by_its_header, dup_means_nothing_at_quality_0,
	the_remaining_length_takes_one_to_four_bytes, what_does_not_fit_fails_the_writer)
