#include "protocols/columns.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "tests/unit/sample_readings.h"
#include "tests/unit/suite.h"

#define MOST 1024

static const struct columns_limits limits = { MOST, 1 << 20, 1 << 20 };
static struct columns_writer *writer;
static void *memory;
static uint8_t message[1 << 20];

static void begin(void)
{
	memory = malloc(columns_writer_memory(&limits));
	ck_assert_ptr_nonnull(memory);
	writer = columns_writer_init(memory, &limits);
}

static size_t finish(void)
{
	struct writer out;

	writer_init(&out, message, sizeof(message));
	columns_write(writer, &out);
	ck_assert(!out.failed);
	ck_assert_uint_le(writer_size(&out), columns_bound(writer));
	return writer_size(&out);
}

/* A reader of a copy of the bytes, which is gone afterwards; NULL: they are refused. */
static struct columns_reader *read_message(const void *data, size_t size, void **place)
{
	struct columns_reader *reader = NULL;
	uint8_t *copy = malloc(size + 1);

	memcpy(copy, data, size);
	size_t bytes = columns_reader_memory(copy, size);
	ck_assert_uint_le(bytes, 8u << 20);
	*place = bytes ? malloc(bytes) : NULL;
	if (bytes && columns_reader_init(&reader, *place, copy, size) < 0)
		reader = NULL;
	free(copy);
	return reader;
}

static void check_same(struct columns_reader *reader, const struct segment_entry *entries, size_t count)
{
	struct segment_entry entry;

	ck_assert_ptr_nonnull(reader);
	ck_assert_uint_eq(columns_readings(reader), count);
	for (size_t i = 0; i < count; i++) {
		ck_assert_int_eq(columns_next(reader, &entry), 1);
		ck_assert(sample_same_text(entry.node, entries[i].node));
		ck_assert_int_eq(entry.received_ms, entries[i].received_ms);
		ck_assert(sample_same(&entries[i].reading, &entry.reading, false));
		ck_assert_int_eq(entry.reading.is_dated, entries[i].reading.is_dated);
	}
	ck_assert_int_eq(columns_next(reader, &entry), 0);
}

static void check_round_trip(const struct segment_entry *entries, size_t count)
{
	void *place;

	columns_begin(writer);
	for (size_t i = 0; i < count; i++)
		ck_assert_int_eq(columns_add(writer, &entries[i]), 0);
	ck_assert_uint_eq(columns_count(writer), count);
	size_t size = finish();
	check_same(read_message(message, size, &place), entries, count);
	free(place);
}

static struct segment_entry entry_of(const char *node, int64_t received_ms, const char *name)
{
	return (struct segment_entry){ { node, strlen(node) }, received_ms, { .name = { name, strlen(name) } } };
}

/* Random reports of a few nodes: what sample_readings makes, times in any order. */
static size_t fill(struct random *random, struct sample *samples, struct segment_entry *entries)
{
	static const char *const nodes[] = { "", "node-1", "node-2", "site/room-12/sensor-00a1b2c3d4", "n" };
	size_t count = random_below(random, MOST);
	int64_t received_ms = 0;
	size_t left = 0;
	const char *node = "";

	for (size_t i = 0; i < count; i++, left--) {
		if (left == 0) {
			left = 1 + random_below(random, 8);
			node = nodes[random_below(random, 5)];
			received_ms = INT64_C(1700000000000) + (int64_t)random_below(random, 1000000);
		}
		sample_fill(random, &samples[i]);
		entries[i] = (struct segment_entry){ { node, strlen(node) }, received_ms, samples[i].reading };
	}
	return count;
}

START_TEST(any_readings_come_back_exactly)
{
	static struct sample samples[MOST];
	static struct segment_entry entries[MOST];
	struct random random;

	begin();
	random_init(&random, 17);
	for (int round = 0; round < 200; round++)
		check_round_trip(entries, fill(&random, samples, entries));
	free(memory);
}
END_TEST

START_TEST(no_readings_are_a_message_too)
{
	begin();
	check_round_trip(NULL, 0);
	free(memory);
}
END_TEST

START_TEST(numbers_at_the_edges_come_back)
{
	static const int64_t mantissas[] = { INT64_MAX, INT64_MIN, 0, -1, 1, INT64_MIN, INT64_MAX, 10, 100, -10 };
	static const int exponents[] = { 127, -128, 0, -1, 18 };
	struct segment_entry entries[60];
	size_t count = 0;

	begin();
	for (size_t i = 0; i < 50; i++) {
		entries[count] = entry_of(i % 3 ? "a" : "b", INT64_MAX - (int64_t)i, "x");
		entries[count].reading.kind = READING_NUMBER;
		entries[count].reading.number =
			(struct number){ .mantissa = mantissas[i % 10], .exponent = (int8_t)exponents[i / 10] };
		entries[count].reading.has_time = true;
		entries[count++].reading.time_us = i % 2 ? INT64_MIN + (int64_t)i : INT64_MAX;
		check_round_trip(entries, count);
		check_round_trip(entries + i, 1);
	}
	free(memory);
}
END_TEST

static void check_doubles(const double *doubles, size_t count)
{
	struct segment_entry entries[64];

	for (size_t i = 0; i < count; i++) {
		entries[i] = entry_of(i % 2 ? "a" : "b", 1, "x");
		entries[i].reading.kind = READING_NUMBER;
		entries[i].reading.number = (struct number){ .is_double = true, .real = doubles[i] };
	}
	check_round_trip(entries, count);
}

START_TEST(doubles_come_back_bit_for_bit)
{
	static const double mixed[] = { 0.0, -0.0, 1.0, -1.0, 0x1.fffffffffffffp1023, -0x1.fffffffffffffp1023, 5e-324,
		-5e-324, 1.0 / 3, 22.3, 0x1p53, 0x1p53 + 2, 1e22 };
	static const double decimals[] = { 22.3, 22.31, -0.07, 1013.25, 0.0, 1e9 };
	static const double zeros[] = { 22.3, -0.0 };
	double singles[8], halves[4] = { 22.296875, -0.5, 65504.0, 0x1p-24 };

	begin();
	check_doubles(mixed, sizeof(mixed) / sizeof(mixed[0]));
	check_doubles(decimals, sizeof(decimals) / sizeof(decimals[0]));
	check_doubles(zeros, 2);
	for (int i = 0; i < 8; i++)
		singles[i] = (double)(float)(21.37 + i * 0.41);
	check_doubles(singles, 8);
	check_doubles(halves, 4);
	for (size_t i = 0; i < sizeof(mixed) / sizeof(mixed[0]); i++)
		check_doubles(&mixed[i], 1);
	free(memory);
}
END_TEST

START_TEST(texts_of_any_length_come_back)
{
	static char text[2000];
	struct segment_entry entries[40];

	begin();
	memset(text, 'x', sizeof(text));
	for (size_t i = 0; i < 40; i++) {
		entries[i] = entry_of("a", 1, "x");
		entries[i].node.size = i % 2;
		entries[i].reading.name = (struct span){ text + i, i * 50 };
		entries[i].reading.kind = i % 3 ? READING_STRING : READING_DATA;
		entries[i].reading.text = (struct span){ text, i % 7 == 0 ? 0 : i * 49 };
	}
	check_round_trip(entries, 40);
	free(memory);
}
END_TEST

/* A thousand reports of four readings, as a site of many nodes sends them. */
static size_t site_message(void)
{
	static const char *const names[] = { "temperature", "humidity", "battery", "rssi" };
	struct random random;
	char node[16];

	begin();
	random_init(&random, 3);
	for (unsigned i = 0; i < MOST; i++) {
		(void)snprintf(node, sizeof(node), "node-%03u", i / 4 * 7 % 1000);
		struct segment_entry entry = entry_of(node, INT64_C(1700000000000) + i / 4 * 4, names[i % 4]);
		entry.reading.kind = READING_NUMBER;
		entry.reading.number =
			(struct number){ .mantissa = 2000 + (int64_t)random_below(&random, 200), .exponent = -2 };
		entry.reading.has_time = true;
		entry.reading.time_us = (entry.received_ms - (int64_t)random_below(&random, 1) * 20) * 1000;
		ck_assert_int_eq(columns_add(writer, &entry), 0);
	}
	return finish();
}

START_TEST(a_report_of_four_readings_takes_few_bytes)
{
	/* Three digits of the node and a byte for each reading are in it, uncompressed. */
	ck_assert_uint_le(site_message(), 9 * MOST / 4);
	free(memory);
}
END_TEST

START_TEST(cut_messages_are_refused)
{
	size_t size = site_message();
	void *place;

	for (size_t cut = 0; cut < size; cut++) {
		ck_assert_ptr_null(read_message(message, cut, &place));
		free(place);
	}
	message[size] = 0;
	ck_assert_ptr_null(read_message(message, size + 1, &place));
	free(place);
	free(memory);
}
END_TEST

START_TEST(flipped_bits_are_refused_or_read)
{
	size_t size = site_message();
	void *place;

	for (size_t bit = 0; bit < 8 * size; bit += 3) {
		message[bit / 8] ^= (uint8_t)(1 << bit % 8);
		(void)read_message(message, size, &place);
		free(place);
		message[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	free(memory);
}
END_TEST

START_TEST(a_reading_beyond_a_limit_leaves_no_trace)
{
	static const struct columns_limits small = { 8, 64, 900 };
	static struct sample samples[MOST];
	static struct segment_entry entries[MOST], kept[8];
	struct random random;

	random_init(&random, 5);
	memory = malloc(columns_writer_memory(&small));
	writer = columns_writer_init(memory, &small);
	for (int round = 0; round < 300; round++) {
		size_t count = fill(&random, samples, entries);
		size_t kept_count = 0;
		void *place;

		columns_begin(writer);
		for (size_t i = 0; i < count; i++)
			if (columns_add(writer, &entries[i]) == 0)
				kept[kept_count++] = entries[i];
		ck_assert_uint_le(columns_bound(writer), 900);
		size_t size = finish();
		check_same(read_message(message, size, &place), kept, kept_count);
		free(place);
	}
	free(memory);
}
END_TEST

TEST_SUITE(columns, any_readings_come_back_exactly, no_readings_are_a_message_too, numbers_at_the_edges_come_back,
	doubles_come_back_bit_for_bit, texts_of_any_length_come_back, a_report_of_four_readings_takes_few_bytes,
	cut_messages_are_refused, flipped_bits_are_refused_or_read, a_reading_beyond_a_limit_leaves_no_trace)
