#include "protocols/segment.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/sample_readings.h"
#include "tests/unit/suite.h"

static struct segment_writer writer;
static struct segment_walk walk;
static uint8_t buffer[1 << 20];

static const struct reading room[] = {
	{ .name = { "temperature", 11 },
		.unit = { "Cel", 3 },
		.kind = READING_NUMBER,
		.number = { .mantissa = 2250, .exponent = -2 } },
	{ .name = { "door", 4 },
		.kind = READING_BOOLEAN,
		.boolean = true,
		.has_time = true,
		.time_us = INT64_C(1700000000000000) - 1500000 },
};

/* The vector of docs/segment-format.md. */
static const char vector[] = "\x02\x00\x06node-7\x80\xa0\xab\xfe\xf9\x62"
			     "\x11\x00\x0btemperature\x00\x03"
			     "Cel\x04\x94\x23"
			     "\x2b\x00\x04"
			     "door\xbf\x8d\xb7\x01"
			     "\x01\x02\xd0\x0f\x11\x03\x04\x04\x94\x23";

START_TEST(the_documented_vector_is_written)
{
	struct segment_report first = { { "node-7", 6 }, INT64_C(1700000000000), room, 2 };
	struct segment_report second = { { "node-7", 6 }, INT64_C(1700000001000), room, 1 };

	segment_writer_init(&writer, buffer, sizeof(buffer));
	ck_assert_int_eq(segment_write_report(&writer, &first), 0);
	ck_assert_int_eq(segment_write_report(&writer, &second), 0);
	ck_assert_uint_eq(segment_writer_size(&writer), sizeof(vector) - 1);
	ck_assert_mem_eq(buffer, vector, sizeof(vector) - 1);
}
END_TEST

START_TEST(the_documented_vector_is_read)
{
	struct segment_entry entry;

	segment_walk_init(&walk, vector, sizeof(vector) - 1);
	ck_assert_int_eq(segment_walk_next(&walk, &entry), 1);
	ck_assert_int_eq(entry.received_ms, INT64_C(1700000000000));
	ck_assert(sample_same(&entry.reading, &room[0], false));
	ck_assert_int_eq(segment_walk_next(&walk, &entry), 1);
	ck_assert(sample_same(&entry.reading, &room[1], false));
	ck_assert_int_eq(segment_walk_next(&walk, &entry), 1);
	ck_assert_int_eq(entry.received_ms, INT64_C(1700000001000));
	ck_assert_uint_eq(entry.node.size, 6);
	ck_assert_mem_eq(entry.node.data, "node-7", 6);
	ck_assert_int_eq(segment_walk_next(&walk, &entry), 0);
	ck_assert_int_eq(segment_walk_next(&walk, &entry), 0);
}
END_TEST

#define SAMPLES 300

static void check_entry(const struct segment_entry *entry, const struct sample *sample, size_t report)
{
	char node[16];
	int size = snprintf(node, sizeof(node), "node-%zu", report % 7);

	ck_assert_uint_eq(entry->node.size, (size_t)size);
	ck_assert_mem_eq(entry->node.data, node, (size_t)size);
	ck_assert_int_eq(entry->received_ms, INT64_C(1700000000000) + (int64_t)report * 37 - (report % 5) * 100);
	ck_assert(sample_same(&entry->reading, &sample->reading, false));
	ck_assert_int_eq(entry->reading.is_dated, sample->reading.is_dated);
}

static size_t write_samples(struct random *random, struct sample *samples, size_t *sizes)
{
	static struct reading readings[SAMPLES];
	size_t reports = 0;

	segment_writer_init(&writer, buffer, sizeof(buffer));
	for (size_t i = 0; i < SAMPLES; i++) {
		sample_fill(random, &samples[i]);
		readings[i] = samples[i].reading;
	}
	for (size_t i = 0; i < SAMPLES; i += sizes[reports++]) {
		char node[16];
		int size = snprintf(node, sizeof(node), "node-%zu", reports % 7);
		size_t most = SAMPLES - i < 8 ? SAMPLES - i : 8;

		sizes[reports] = 1 + random_below(random, most);
		ck_assert_int_eq(segment_write_report(&writer,
					 &(struct segment_report){ { node, (size_t)size },
						 INT64_C(1700000000000) + (int64_t)reports * 37 - (reports % 5) * 100,
						 &readings[i], sizes[reports] }),
			0);
	}
	return reports;
}

START_TEST(any_readings_come_back_exactly)
{
	static struct sample samples[SAMPLES];
	static size_t sizes[SAMPLES];
	struct segment_entry entry;
	struct random random;

	random_init(&random, 11);
	for (int round = 0; round < 100; round++) {
		size_t reports = write_samples(&random, samples, sizes);
		size_t at = 0;

		segment_walk_init(&walk, buffer, segment_writer_size(&writer));
		for (size_t report = 0; report < reports; report++)
			for (size_t i = 0; i < sizes[report]; i++, at++) {
				ck_assert_int_eq(segment_walk_next(&walk, &entry), 1);
				check_entry(&entry, &samples[at], report);
			}
		ck_assert_int_eq(segment_walk_next(&walk, &entry), 0);
	}
}
END_TEST

START_TEST(a_report_that_does_not_fit_leaves_no_trace)
{
	static uint8_t whole[4096], stepwise[4096];
	struct segment_report report = { { "node-7", 6 }, INT64_C(1700000000000), room, 2 };
	struct segment_report other = { { "node-8", 6 }, INT64_C(1700000000500), room, 2 };

	segment_writer_init(&writer, whole, sizeof(whole));
	ck_assert_int_eq(segment_write_report(&writer, &report), 0);
	size_t first = segment_writer_size(&writer);
	ck_assert_int_eq(segment_write_report(&writer, &other), 0);
	size_t size = segment_writer_size(&writer);

	for (size_t room_left = 0; room_left < size; room_left++) {
		segment_writer_init(&writer, stepwise, room_left);
		bool fits = segment_write_report(&writer, &report) == 0;
		ck_assert_int_eq(fits, room_left >= first);
		ck_assert_int_eq(segment_write_report(&writer, fits ? &other : &report), -ENOBUFS);
		segment_writer_move(&writer, stepwise, sizeof(stepwise));
		ck_assert_int_eq(fits ? 0 : segment_write_report(&writer, &report), 0);
		ck_assert_int_eq(segment_write_report(&writer, &other), 0);
		ck_assert_uint_eq(segment_writer_size(&writer), size);
		ck_assert_mem_eq(stepwise, whole, size);
	}
}
END_TEST

START_TEST(more_texts_than_can_be_numbered_are_written_out)
{
	struct segment_entry entry;
	char node[16];

	segment_writer_init(&writer, buffer, sizeof(buffer));
	for (unsigned i = 0; i < SEGMENT_TEXTS_MAX + 100; i++) {
		int size = snprintf(node, sizeof(node), "node-%u", i);

		ck_assert_int_eq(
			segment_write_report(&writer, &(struct segment_report){ { node, (size_t)size }, i, room, 1 }),
			0);
	}
	segment_walk_init(&walk, buffer, segment_writer_size(&writer));
	for (unsigned i = 0; i < SEGMENT_TEXTS_MAX + 100; i++) {
		int size = snprintf(node, sizeof(node), "node-%u", i);

		ck_assert_int_eq(segment_walk_next(&walk, &entry), 1);
		ck_assert_uint_eq(entry.node.size, (size_t)size);
		ck_assert_mem_eq(entry.node.data, node, (size_t)size);
		ck_assert_mem_eq(entry.reading.name.data, "temperature", 11);
	}
	ck_assert_int_eq(segment_walk_next(&walk, &entry), 0);
}
END_TEST

START_TEST(a_walk_goes_on_from_a_copied_state)
{
	struct segment_entry first;
	struct segment_entry again;

	segment_walk_init(&walk, vector, sizeof(vector) - 1);
	ck_assert_int_eq(segment_walk_next(&walk, &first), 1);
	struct segment_reader_state state = walk.state;
	ck_assert_int_eq(segment_walk_next(&walk, &first), 1);
	while (segment_walk_next(&walk, &again) == 1)
		continue;
	walk.state = state;
	ck_assert_int_eq(segment_walk_next(&walk, &again), 1);
	ck_assert(sample_same(&first.reading, &again.reading, false));
}
END_TEST

static int walk_all(const void *data, size_t size)
{
	struct segment_entry entry;
	int result = 0;

	segment_walk_init(&walk, data, size);
	while ((result = segment_walk_next(&walk, &entry)) == 1)
		continue;
	return result;
}

START_TEST(cut_segments_are_refused)
{
	size_t whole_reports = 0;

	for (size_t size = 0; size < sizeof(vector) - 1; size++)
		whole_reports += walk_all(vector, size) == 0;
	/* The empty one, and the one cut between its two reports. */
	ck_assert_uint_eq(whole_reports, 2);
}
END_TEST

START_TEST(bytes_that_no_writer_wrote_are_refused)
{
	ck_assert_int_eq(walk_all("\x00\x00\x01n\x00", 5), -EBADMSG);
	ck_assert_int_eq(walk_all("\x01\x02\x00\x00\x01n", 6), -EBADMSG);
	ck_assert_int_eq(walk_all("\x01\x00\x01n\x00\x06\x02", 7), -EBADMSG);
	ck_assert_int_eq(walk_all("\x01\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12), -EBADMSG);
}
END_TEST

TEST_SUITE(segment, the_documented_vector_is_written, the_documented_vector_is_read, any_readings_come_back_exactly,
	a_report_that_does_not_fit_leaves_no_trace, more_texts_than_can_be_numbered_are_written_out,
	a_walk_goes_on_from_a_copied_state, cut_segments_are_refused, bytes_that_no_writer_wrote_are_refused)
