#include "gateway/sparkplug_edge.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/uplink.h"
#include "gateway/batch.h"
#include "gateway/sparkplug_devices.h"
#include "gateway/sparkplug_settings.h"
#include "gateway/telemetry_settings.h"
#include "protocols/segment.h"
#include "protocols/sparkplug.h"
#include "tests/unit/suite.h"

#define SENT_MAX 1024

struct sent {
	char topic[128];
	uint8_t payload[1024];
	size_t size;
};

static struct sparkplug_settings settings;
static struct sparkplug_edge *edge;
static struct batch *batch;
static struct sent sent[SENT_MAX];
static size_t count;
static int refusal; /* of the next sends */
static unsigned gate;
static struct moment now = { 1000, 1700000000000 };

static int on_send(void *context, const struct uplink_message *message, uint64_t ticket)
{
	ck_assert_uint_lt(count, SENT_MAX);
	ck_assert_uint_le(message->size, sizeof(sent[0].payload));
	if (refusal < 0)
		return refusal;
	snprintf(sent[count].topic, sizeof(sent[0].topic), "%s", message->topic);
	memcpy(sent[count].payload, message->payload, message->size);
	sent[count++].size = message->size;
	return 0;
}

static void on_gate(void *context, unsigned window, struct moment at)
{
	gate = window;
}

static void open_edge(const char *host)
{
	const struct sparkplug_edge_parts parts = {
		.settings = &settings, .gateway = "gw", .boot = 1, .send = on_send, .gate = on_gate
	};

	settings = (struct sparkplug_settings){ .group = "g", .primary_host = host, .aliases = true, .quality = 1 };
	count = 0;
	refusal = 0;
	gate = 0;
	ck_assert_int_eq(sparkplug_edge_open(&edge, &parts), 0);
	struct batch_options options = { "gw", BATCH_SPARKPLUG, BATCH_PLAIN, 16384, edge };
	ck_assert_int_eq(batch_open(&batch, &options), 0);
}

static void close_edge(void)
{
	batch_close(batch);
	sparkplug_edge_close(edge);
}

static void connect_edge(void)
{
	struct uplink_message will;

	sparkplug_edge_will(edge, &will);
	sparkplug_edge_on_connected(edge, 20, now);
}

static int add(const char *node, const char *name, double value)
{
	struct segment_entry entry = { { node, strlen(node) }, now.wall_ms,
		{ .name = { name, strlen(name) },
			.unit = { "Cel", 3 },
			.kind = READING_NUMBER,
			.number = { .is_double = true, .real = value } } };

	return batch_add(batch, &entry);
}

/* As gateway/publish does. */
static int send_reading(const char *node, const char *name, double value)
{
	static uint64_t number = 1;
	struct uplink_message message = { 0 };

	batch_begin(batch);
	ck_assert_int_eq(add(node, name, value), 0);
	int result = batch_announce(batch);
	if (result < 0)
		return result;
	batch_finish(batch, &(struct batch_label){ 1, number++ }, &message);
	result = on_send(NULL, &message, 0);
	if (result == 0)
		batch_sent(batch);
	return result;
}

static const struct sent *last(void)
{
	return &sent[count - 1];
}

static uint64_t seq_of(const struct sent *message)
{
	struct sparkplug_payload payload;

	ck_assert_int_eq(sparkplug_parse(&payload, message->payload, message->size), 0);
	ck_assert(payload.has_seq);
	return payload.seq;
}

/* The metric of that name, or with that alias if there is no name. */
static struct sparkplug_metric metric_of(const void *data, size_t size, const char *name)
{
	struct sparkplug_metric metric = { 0 };
	struct reader rest;

	reader_init(&rest, data, size);
	while (sparkplug_next(&rest, &metric))
		if (!name || (metric.name.size == strlen(name) && memcmp(metric.name.data, name, strlen(name)) == 0))
			return metric;
	ck_abort_msg("no metric %s", name ? name : "");
}

static void receive(const char *topic, const void *payload, size_t size)
{
	const struct uplink_message message = { .topic = topic, .payload = payload, .size = size };

	sparkplug_edge_on_message(edge, &message, now);
}

static void say_state(const char *payload)
{
	receive("spBv1.0/STATE/scada", payload, strlen(payload));
	(void)sparkplug_edge_tick(edge, now);
}

static void ask_rebirth(bool truth)
{
	static const char name[] = "Node Control/Rebirth";
	const struct sparkplug_metric metric = {
		.name = { name, sizeof(name) - 1 }, .kind = SPARKPLUG_A_TRUTH, .truth = truth
	};
	uint8_t bytes[64];
	struct writer out;

	writer_init(&out, bytes, sizeof(bytes));
	sparkplug_write_metric(&out, &metric);
	receive("spBv1.0/g/NCMD/gw", bytes, writer_size(&out));
	(void)sparkplug_edge_tick(edge, now);
}

START_TEST(births_come_before_data)
{
	open_edge(NULL);
	connect_edge();
	ck_assert_uint_eq(gate, 20);
	ck_assert_str_eq(last()->topic, "spBv1.0/g/NBIRTH/gw");
	ck_assert_uint_eq(seq_of(last()), 0);
	ck_assert_int_eq(send_reading("n+1", "t", 22.5), 0);
	ck_assert_uint_eq(count, 3);
	ck_assert_str_eq(sent[1].topic, "spBv1.0/g/DBIRTH/gw/n%2B1");
	ck_assert_str_eq(sent[2].topic, "spBv1.0/g/DDATA/gw/n%2B1");
	struct sparkplug_metric birth = metric_of(sent[1].payload, sent[1].size, "t");
	struct sparkplug_metric data = metric_of(sent[2].payload, sent[2].size, NULL);
	ck_assert_mem_eq(birth.unit.data, "Cel", 3);
	ck_assert_double_eq(birth.real, 22.5);
	ck_assert(birth.alias > 0 && birth.alias == data.alias && data.name.size == 0);
	ck_assert_double_eq(data.real, 22.5);
	close_edge();
}
END_TEST

START_TEST(numbers_go_round_without_a_hole)
{
	open_edge(NULL);
	connect_edge();
	for (int i = 0; i < 600; i++) {
		refusal = i % 7 == 0 ? -ENOBUFS : 0;
		int result = send_reading(i % 2 ? "a" : "b", "t", i);
		ck_assert_int_eq(result, refusal);
	}
	for (size_t i = 0; i < count; i++)
		ck_assert_uint_eq(seq_of(&sent[i]), i % 256);
	close_edge();
}
END_TEST

START_TEST(what_is_new_of_a_node_is_told_by_another_birth)
{
	open_edge(NULL);
	connect_edge();
	ck_assert_int_eq(send_reading("a", "t", 1), 0);
	ck_assert_int_eq(send_reading("a", "t", 2), 0);
	ck_assert_uint_eq(count, 4);
	ck_assert_int_eq(send_reading("a", "h", 3), 0);
	ck_assert_uint_eq(count, 6);
	ck_assert_str_eq(sent[4].topic, "spBv1.0/g/DBIRTH/gw/a");
	ck_assert_double_eq(metric_of(sent[4].payload, sent[4].size, "t").real, 2);
	close_edge();
}
END_TEST

START_TEST(a_message_has_readings_of_one_node)
{
	open_edge(NULL);
	connect_edge();
	batch_begin(batch);
	batch_mark_historical(batch);
	ck_assert_int_eq(add("a", "t", 1), 0);
	ck_assert_int_eq(add("a", "h", 1), 0);
	ck_assert_int_eq(add("b", "t", 1), -ENOBUFS);
	ck_assert_uint_eq(batch_count(batch), 2);
	struct uplink_message message = { 0 };
	ck_assert_int_eq(batch_announce(batch), 0);
	ck_assert(metric_of(last()->payload, last()->size, "t").is_null);
	batch_finish(batch, &(struct batch_label){ 7, 41 }, &message);
	struct sparkplug_payload payload;
	ck_assert_int_eq(sparkplug_parse(&payload, message.payload, message.size), 0);
	ck_assert_mem_eq(payload.body.data, "boot=7 first=41 last=42", payload.body.size);
	ck_assert_uint_eq(payload.timestamp_ms, 1700000000000);
	ck_assert(metric_of(message.payload, message.size, NULL).is_historical);
	close_edge();
}
END_TEST

START_TEST(a_metric_that_changes_its_type_has_a_message_of_its_own)
{
	struct segment_entry entry = { { "a", 1 }, now.wall_ms,
		{ .name = { "t", 1 }, .unit = { "Cel", 3 }, .kind = READING_STRING, .text = { "broken", 6 } } };

	open_edge(NULL);
	connect_edge();
	batch_begin(batch);
	ck_assert_int_eq(add("a", "t", 1), 0);
	ck_assert_int_eq(batch_add(batch, &entry), -ENOBUFS);
	ck_assert_int_eq(batch_announce(batch), 0);
	ck_assert_uint_eq(metric_of(last()->payload, last()->size, "t").datatype, SPARKPLUG_DOUBLE);
	batch_begin(batch);
	ck_assert_int_eq(batch_add(batch, &entry), 0);
	ck_assert_int_eq(batch_announce(batch), 0);
	ck_assert_str_eq(last()->topic, "spBv1.0/g/DBIRTH/gw/a");
	ck_assert_uint_eq(metric_of(last()->payload, last()->size, "t").datatype, SPARKPLUG_STRING);
	entry.reading.unit = (struct span){ 0 };
	for (int i = 0; i < 2; i++) {
		batch_begin(batch);
		ck_assert_int_eq(batch_add(batch, &entry), 0);
		ck_assert_int_eq(batch_announce(batch), 0);
		ck_assert_uint_eq(count, 4);
	}
	close_edge();
}
END_TEST

START_TEST(a_message_never_has_a_metric_that_its_birth_has_not)
{
	char name[16];

	open_edge(NULL);
	connect_edge();
	batch_begin(batch);
	for (int i = 0; i < SPARKPLUG_METRICS_MAX; i++) {
		snprintf(name, sizeof(name), "m%d", i);
		ck_assert_int_eq(add("n", name, i), 0);
	}
	/* One more and those known are forgotten, with the aliases that the message has. */
	ck_assert_int_eq(add("n", "one more", 1), -ENOBUFS);
	ck_assert_int_eq(add("n", "m0", 2), 0);
	ck_assert_uint_eq(sparkplug_devices_at(sparkplug_edge_devices(edge), 0)->count, SPARKPLUG_METRICS_MAX);
	batch_begin(batch);
	ck_assert_int_eq(add("n", "one more", 1), 0);
	ck_assert_uint_eq(sparkplug_devices_at(sparkplug_edge_devices(edge), 0)->count, 1);
	close_edge();
}
END_TEST

START_TEST(each_session_has_a_last_will_of_its_own)
{
	struct uplink_message will;
	uint64_t before = 0;

	open_edge(NULL);
	for (int i = 0; i < 300; i++) {
		sparkplug_edge_will(edge, &will);
		ck_assert_str_eq(will.topic, "spBv1.0/g/NDEATH/gw");
		ck_assert(will.quality == 1 && !will.retain);
		uint64_t number = metric_of(will.payload, will.size, "bdSeq").integer;
		ck_assert_uint_le(number, 255);
		ck_assert(i == 0 || number == (before + 1) % 256);
		before = number;
		sparkplug_edge_on_connected(edge, 20, now);
		ck_assert_uint_eq(metric_of(last()->payload, last()->size, "bdSeq").integer, number);
		sparkplug_edge_on_disconnected(edge, now);
		ck_assert_uint_eq(gate, 0);
	}
	close_edge();
}
END_TEST

START_TEST(a_rebirth_tells_all_with_the_same_bd_seq)
{
	open_edge(NULL);
	connect_edge();
	uint64_t number = metric_of(last()->payload, last()->size, "bdSeq").integer;
	ck_assert_int_eq(send_reading("a", "t", 1), 0);
	ck_assert_int_eq(send_reading("b", "t", 1), 0);
	count = 0;
	ask_rebirth(false);
	ck_assert_uint_eq(count, 0);
	refusal = -ENOBUFS;
	ask_rebirth(true);
	refusal = 0;
	(void)sparkplug_edge_tick(edge, now);
	ck_assert_uint_eq(count, 3);
	ck_assert_str_eq(sent[0].topic, "spBv1.0/g/NBIRTH/gw");
	ck_assert_uint_eq(metric_of(sent[0].payload, sent[0].size, "bdSeq").integer, number);
	for (size_t i = 0; i < 3; i++)
		ck_assert_uint_eq(seq_of(&sent[i]), i);
	(void)sparkplug_edge_tick(edge, now);
	ck_assert_uint_eq(count, 3);
	close_edge();
}
END_TEST

START_TEST(data_wait_for_the_primary_host)
{
	open_edge("scada");
	connect_edge();
	ck_assert_uint_eq(count, 0);
	ck_assert_uint_eq(gate, 0);
	say_state("{\"online\":true,\"timestamp\":100}");
	ck_assert_uint_eq(count, 1);
	ck_assert_uint_eq(gate, 20);
	say_state("{\"online\":false,\"timestamp\":99}"); /* late */
	say_state("OFFLINE");
	ck_assert_uint_eq(gate, 20);
	say_state("{\"online\":false,\"timestamp\":100}");
	ck_assert_uint_eq(gate, 0);
	ck_assert_str_eq(last()->topic, "spBv1.0/g/NDEATH/gw");
	say_state("{\"online\":true,\"timestamp\":101}");
	ck_assert_uint_eq(gate, 20);
	ck_assert_str_eq(last()->topic, "spBv1.0/g/NBIRTH/gw");
	sparkplug_edge_on_disconnected(edge, now);
	connect_edge();
	ck_assert_uint_eq(gate, 0);
	close_edge();
}
END_TEST

static bool is_b(void *context, const char *node, struct moment at)
{
	return strcmp(node, "b") == 0;
}

START_TEST(nodes_that_are_not_heard_of_die)
{
	open_edge(NULL);
	connect_edge();
	ck_assert_int_eq(send_reading("a", "t", 1), 0);
	ck_assert_int_eq(send_reading("b", "t", 1), 0);
	count = 0;
	refusal = -ENOBUFS;
	sparkplug_edge_mourn(edge, is_b, NULL, now);
	refusal = 0;
	sparkplug_edge_mourn(edge, is_b, NULL, now);
	sparkplug_edge_mourn(edge, is_b, NULL, now);
	ck_assert_uint_eq(count, 1);
	ck_assert_str_eq(sent[0].topic, "spBv1.0/g/DDEATH/gw/a");
	ck_assert_int_eq(send_reading("a", "t", 1), 0);
	ck_assert_str_eq(sent[1].topic, "spBv1.0/g/DBIRTH/gw/a");
	sparkplug_edge_on_closing(edge);
	ck_assert_str_eq(last()->topic, "spBv1.0/g/NDEATH/gw");
	close_edge();
}
END_TEST

TEST_SUITE(sparkplug_edge, a_message_never_has_a_metric_that_its_birth_has_not, births_come_before_data,
	numbers_go_round_without_a_hole, what_is_new_of_a_node_is_told_by_another_birth,
	a_message_has_readings_of_one_node, a_metric_that_changes_its_type_has_a_message_of_its_own,
	each_session_has_a_last_will_of_its_own, a_rebirth_tells_all_with_the_same_bd_seq,
	data_wait_for_the_primary_host, nodes_that_are_not_heard_of_die)
