#include "gateway/batch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <zstd.h>

#include "drivers/uplink.h"
#include "gateway/gaps.h"
#include "gateway/telemetry_settings.h"
#include "protocols/columns.h"
#include "protocols/segment.h"
#include "protocols/senml.h"
#include "tests/unit/suite.h"

static struct batch *batch;

static void open_batch(int format, int compression)
{
	struct batch_options options = { "gw-1", format, compression, 16384 };

	ck_assert_int_eq(batch_open(&batch, &options), 0);
}

static int add(const char *node, int64_t value)
{
	struct segment_entry entry = { { node, strlen(node) }, 1700000000000 + value,
		{ .name = { "t", 1 }, .unit = { "Cel", 3 }, .kind = READING_NUMBER, .number = { .mantissa = value } } };

	return batch_add(batch, &entry);
}

START_TEST(a_batch_is_a_pack_whose_first_record_names_it)
{
	static const char expected[] = "[{\"bn\":\"gw-1/\",\"n\":\"batch\",\"vs\":\"boot=3 first=1001 last=1003\"},"
				       "{\"bn\":\"n1/\",\"bt\":1700000000.001,\"n\":\"t\",\"u\":\"Cel\",\"v\":1},"
				       "{\"n\":\"t\",\"u\":\"Cel\",\"v\":2,\"t\":0.001},"
				       "{\"bn\":\"n2/\",\"n\":\"t\",\"u\":\"Cel\",\"v\":3,\"t\":0.002}]";
	struct uplink_message message = { 0 };

	open_batch(BATCH_JSON, BATCH_PLAIN);
	for (int round = 0; round < 2; round++) {
		batch_begin(batch);
		ck_assert_int_eq(add("n1", 1), 0);
		ck_assert_int_eq(add("n1", 2), 0);
		ck_assert_int_eq(add("n2", 3), 0);
		batch_finish(batch, &(struct batch_label){ 3, 1001 }, &message);
		ck_assert_uint_eq(message.size, sizeof(expected) - 1);
		ck_assert_mem_eq(message.payload, expected, sizeof(expected) - 1);
		ck_assert_str_eq(message.content_type, "application/senml+json");
	}
	batch_close(batch);
}
END_TEST

static size_t parse(
	const struct uplink_message *message, enum token_format format, struct reading *readings, size_t capacity)
{
	static char scratch[65536];
	struct senml_pack pack = { readings, capacity, scratch, sizeof(scratch), 0, 0 };
	struct senml_source source = { format, { message->payload, message->size }, 0 };

	ck_assert_int_eq(senml_parse(&pack, &source), 0);
	return pack.count;
}

START_TEST(both_kinds_of_senml_say_the_same)
{
	static struct reading readings[200];
	static uint8_t plain[32768];

	for (int kind = 0; kind < 4; kind++) {
		struct uplink_message message = { 0 };

		open_batch(kind / 2, kind % 2);
		batch_begin(batch);
		for (int i = 0; i < 150; i++)
			ck_assert_int_eq(add(i % 3 ? "n1" : "node-2", i), 0);
		ck_assert_uint_eq(batch_count(batch), 150);
		batch_finish(batch, &(struct batch_label){ 3, 7 }, &message);
		if (kind % 2) {
			message.size = ZSTD_decompress(plain, sizeof(plain), message.payload, message.size);
			ck_assert(!ZSTD_isError(message.size));
			message.payload = plain;
		}
		ck_assert_uint_eq(parse(&message, kind / 2 ? FORMAT_CBOR : FORMAT_JSON, readings, 200), 151);
		ck_assert_mem_eq(readings[0].text.data, "boot=3 first=7 last=156", 23);
		ck_assert_mem_eq(readings[1].name.data, "node-2/t", 8);
		ck_assert_int_eq(readings[150].number.mantissa, 149);
		ck_assert_int_eq(readings[150].time_us, INT64_C(1700000000149000));
		batch_close(batch);
	}
}
END_TEST

/* The head of a batch of columns: who, which boot and which numbers; then the columns. */
START_TEST(columns_follow_a_head_that_names_the_batch)
{
	static const uint8_t head[] = { 'W', 4, 'g', 'w', '-', '1', 3, 0xe9, 0x07, 0xea, 0x07, 2 };
	struct uplink_message message = { 0 };
	struct columns_reader *reader;
	struct segment_entry entry;

	open_batch(BATCH_COLUMNS, BATCH_PLAIN);
	for (int round = 0; round < 2; round++) {
		batch_begin(batch);
		ck_assert_int_eq(add("n1", 1), 0);
		ck_assert_int_eq(add("n2", 2), 0);
		batch_finish(batch, &(struct batch_label){ 3, 1001 }, &message);
		ck_assert_str_eq(message.content_type, "application/vnd.wakegate.columns");
		ck_assert_mem_eq(message.payload, head, sizeof(head));
		const uint8_t *columns = (const uint8_t *)message.payload + sizeof(head) - 1;
		size_t size = message.size - sizeof(head) + 1;
		void *memory = malloc(columns_reader_memory(columns, size));
		ck_assert_int_eq(columns_reader_init(&reader, memory, columns, size), 0);
		for (int64_t i = 1; i <= 2; i++) {
			ck_assert_int_eq(columns_next(reader, &entry), 1);
			ck_assert_int_eq(entry.received_ms, 1700000000000 + i);
			ck_assert_int_eq(entry.reading.number.mantissa, i);
		}
		ck_assert_mem_eq(entry.node.data, "n2", 2);
		free(memory);
	}
	batch_close(batch);
}
END_TEST

START_TEST(compressed_columns_are_the_same_columns)
{
	static uint8_t plain[32768], unpacked[32768];
	struct uplink_message message = { 0 };
	size_t sizes[2];

	for (int compression = BATCH_PLAIN; compression <= BATCH_ZSTD; compression++) {
		open_batch(BATCH_COLUMNS, compression);
		batch_begin(batch);
		for (int i = 0; i < 150; i++)
			ck_assert_int_eq(add(i % 3 ? "n1" : "node-2", i * i % 71), 0);
		batch_finish(batch, &(struct batch_label){ 3, 7 }, &message);
		sizes[compression] = message.size;
		memcpy(compression ? unpacked : plain, message.payload, message.size);
		batch_close(batch);
	}
	ck_assert_str_eq(message.content_type, "application/vnd.wakegate.columns;encoding=zstd");
	uint8_t *again = malloc(sizes[0]);
	ck_assert_uint_eq(ZSTD_decompress(again, sizes[0], unpacked, sizes[1]), sizes[0]);
	ck_assert_mem_eq(again, plain, sizes[0]);
	free(again);
}
END_TEST

START_TEST(a_batch_keeps_to_its_size)
{
	struct uplink_message message = { 0 };
	int added = 0;

	open_batch(BATCH_COLUMNS, BATCH_PLAIN);
	batch_begin(batch);
	while (add("node-with-a-name", added * INT64_C(7919) % 104729) == 0)
		added++;
	ck_assert_int_gt(added, 400);
	batch_finish(batch, &(struct batch_label){ 3, 1 }, &message);
	ck_assert_uint_le(message.size, 16384);
	batch_close(batch);
	open_batch(BATCH_JSON, BATCH_PLAIN);
	batch_begin(batch);
	for (added = 0; add("node-with-a-name", added) == 0;)
		added++;
	ck_assert_int_gt(added, 200);
	ck_assert_int_eq(add("node-with-a-name", added), -ENOBUFS);
	batch_finish(batch, &(struct batch_label){ 3, 1 }, &message);
	ck_assert_uint_le(message.size, 16384);
	static struct reading readings[1000];
	ck_assert_uint_eq(parse(&message, FORMAT_JSON, readings, 1000), (size_t)added + 1);
	batch_close(batch);
}
END_TEST

START_TEST(gaps_have_a_message_of_their_own)
{
	static const char expected[] =
		"[{\"bn\":\"gw-1/\",\"n\":\"gap\",\"vs\":\"first=1 last=900 lost=900 reason=quota\"},"
		"{\"n\":\"gap\",\"vs\":\"first=950 last=960 lost=11 reason=damaged\"},"
		"{\"n\":\"gap\",\"vs\":\"first=970 last=999 lost=30 reason=thinned became=4\"}]";
	static const struct gap gaps[] = { { 1, 900, 900, GAP_QUOTA }, { 950, 960, 11, GAP_DAMAGED },
		{ 970, 999, 30, GAP_THINNED, 4 } };
	struct uplink_message message = { 0 };

	for (int format = BATCH_JSON; format <= BATCH_COLUMNS; format += BATCH_COLUMNS) {
		open_batch(format, BATCH_PLAIN);
		batch_write_gaps(batch, gaps, 3, &message);
		ck_assert_uint_eq(message.size, sizeof(expected) - 1);
		ck_assert_mem_eq(message.payload, expected, sizeof(expected) - 1);
		ck_assert_str_eq(message.content_type, "application/senml+json");
		batch_close(batch);
	}
}
END_TEST

TEST_SUITE(batch, a_batch_is_a_pack_whose_first_record_names_it, both_kinds_of_senml_say_the_same,
	columns_follow_a_head_that_names_the_batch, compressed_columns_are_the_same_columns, a_batch_keeps_to_its_size,
	gaps_have_a_message_of_their_own)
