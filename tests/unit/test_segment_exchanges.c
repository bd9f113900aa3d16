#include "gateway/segment_exchanges.h"

#include <errno.h>
#include <string.h>

#include "gateway/commit_exchanges.h"
#include "gateway/random.h"
#include "gateway/segment_pack.h"
#include "protocols/fingerprint.h"
#include "protocols/segment.h"
#include "store/segment_store.h"
#include "tests/unit/sample_readings.h"
#include "tests/unit/suite.h"

#define REPORTS 300

static struct commit_exchanges kept;
static struct segment_writer writer;
static uint8_t rows[SEGMENT_BYTES_MAX];
static size_t count; /* readings in the rows */

static struct reading dated(int64_t time_us, int64_t value)
{
	return (struct reading){ .name = { "t", 1 },
		.kind = READING_NUMBER,
		.number = { .mantissa = value },
		.has_time = true,
		.is_dated = true,
		.time_us = time_us };
}

static void begin(void)
{
	commit_exchanges_finish(&kept);
	segment_writer_init(&writer, rows, sizeof(rows));
	count = 0;
}

/* Puts the report into the rows and returns its fingerprint. */
static uint64_t take(const char *node, int64_t received_ms, const struct reading *readings, size_t of)
{
	struct segment_report report = { { node, strlen(node) }, received_ms, readings, of };

	ck_assert_int_eq(segment_write_report(&writer, &report), 0);
	count += of;
	uint64_t told = fingerprint_of_report((struct span){ node, strlen(node) }, readings, of);
	struct reading_report taken = { .node = node, .told = told != 0 };
	taken.exchange = told ? told : fingerprint_of_message(4711 + count);
	ck_assert_int_eq(commit_exchanges_make_room(&kept), 0);
	commit_exchanges_add(&kept, &taken, received_ms);
	return taken.exchange;
}

static bool is_among(uint64_t exchange, const uint64_t *exchanges, size_t of)
{
	for (size_t i = 0; i < of; i++)
		if (exchanges[i] == exchange)
			return true;
	return false;
}

/* Every fingerprint is kept beside or found again in the packed segment, and none both; how many are beside. */
static size_t check_found(const uint64_t *exchanges, size_t of)
{
	static uint64_t found[4 * REPORTS];
	struct segment_packer *packer;
	struct packed_segment packed;

	ck_assert_uint_eq(kept.count, of);
	ck_assert_mem_eq(kept.all, exchanges, of * sizeof(exchanges[0]));
	ck_assert_int_eq(segment_packer_open(&packer), 0);
	segment_pack(packer, rows, segment_writer_size(&writer), count, &packed);
	struct stored_segment segment = {
		.count = (uint32_t)count, .codec = packed.codec, .data = packed.data, .size = packed.size
	};
	int result = segment_exchanges_told(&segment, found, 4 * REPORTS);
	segment_packer_close(packer);
	ck_assert_int_ge(result, (int)(of - kept.beside_count));
	for (size_t i = 0; i < of; i++)
		ck_assert(is_among(exchanges[i], kept.beside, kept.beside_count) !=
			  is_among(exchanges[i], found, (size_t)result));
	size_t beside = kept.beside_count;
	commit_exchanges_finish(&kept);
	return beside;
}

START_TEST(dated_reports_are_told_by_the_segment)
{
	uint64_t exchanges[REPORTS];
	char node[16];

	begin();
	for (int i = 0; i < REPORTS; i++) {
		struct reading readings[] = { dated(1700000000000000 + i, i), dated(1700000000000000 + i, 2 * i) };
		snprintf(node, sizeof(node), "node-%d", i % 50);
		exchanges[i] = take(node, 1700000000000 + i / 100, readings, 2);
	}
	ck_assert_uint_eq(check_found(exchanges, REPORTS), 0);
}
END_TEST

START_TEST(a_single_report_is_told_by_its_rows)
{
	struct reading reading = dated(5, 7);
	uint64_t exchange, found;

	begin();
	exchange = take("node", 1700000000000, &reading, 1);
	struct stored_segment segment = {
		.count = 1, .codec = SEGMENT_ROWS, .data = rows, .size = segment_writer_size(&writer)
	};
	ck_assert_int_eq(segment_exchanges_told(&segment, &found, 1), 1);
	ck_assert_uint_eq(found, exchange);
	ck_assert_uint_eq(check_found(&exchange, 1), 0);
	segment.codec = 77;
	ck_assert_int_eq(segment_exchanges_told(&segment, &found, 1), -ENOTSUP);
}
END_TEST

START_TEST(messages_are_left_over)
{
	uint64_t exchanges[REPORTS];

	begin();
	for (int i = 0; i < REPORTS; i++) {
		struct reading reading = dated(1700000000000000, i);
		reading.is_dated = i % 3 > 0;
		exchanges[i] = take("node", 1700000000000 + i, &reading, 1);
	}
	ck_assert_uint_eq(check_found(exchanges, REPORTS), REPORTS / 3);
}
END_TEST

START_TEST(a_long_run_of_messages_hides_no_report)
{
	uint64_t exchanges[REPORTS];

	begin();
	for (int i = 0; i < REPORTS; i++) {
		struct reading reading = dated(1700000000000000, i);
		reading.is_dated = i < 10 || i >= REPORTS - 10;
		exchanges[i] = take("node", 1700000000000 + i, &reading, 1);
	}
	ck_assert_uint_eq(check_found(exchanges, REPORTS), REPORTS - 20);
}
END_TEST

/* Where one ends and the next begins is not in the columns. */
START_TEST(reports_of_a_node_in_one_millisecond_are_left_over)
{
	uint64_t exchanges[REPORTS];

	begin();
	for (int i = 0; i < REPORTS; i++) {
		struct reading reading = dated(1700000000000000, i);
		exchanges[i] = take(i % 10 < 2 ? "twice" : "node", 1700000000000 + i - (i % 10 == 1), &reading, 1);
	}
	ck_assert_uint_eq(check_found(exchanges, REPORTS), REPORTS / 5);
}
END_TEST

START_TEST(reports_that_went_into_windows_are_left_over)
{
	uint64_t exchanges[REPORTS];

	begin();
	for (int i = 0; i < REPORTS; i++) {
		struct reading reading = dated(1700000000000000, i);
		if (i % 3 > 0) {
			exchanges[i] = take("node", 1700000000000 + i, &reading, 1);
			continue;
		}
		exchanges[i] = fingerprint_of_report((struct span){ "node", 4 }, &reading, 1);
		ck_assert_int_eq(commit_exchanges_make_room(&kept), 0);
		commit_exchanges_add_alone(&kept, exchanges[i]);
	}
	ck_assert_uint_eq(check_found(exchanges, REPORTS), REPORTS / 3);
}
END_TEST

/* What windows say has no fingerprint, but may be of the node and millisecond of a report. */
START_TEST(a_report_beside_what_nobody_sent_is_left_over)
{
	const struct reading_report nobodys = { .node = "node" };
	struct reading reading = dated(1700000000000000, 1);
	struct segment_report said = { { "node", 4 }, 1700000000001, &reading, 1 };
	uint64_t exchanges[2];

	begin();
	exchanges[0] = take("node", 1700000000000, &reading, 1);
	reading.number.mantissa = 2;
	exchanges[1] = take("node", 1700000000001, &reading, 1);
	ck_assert_int_eq(segment_write_report(&writer, &said), 0);
	count++;
	ck_assert_int_eq(commit_exchanges_make_room(&kept), 0);
	commit_exchanges_add(&kept, &nobodys, 1700000000001);
	ck_assert_uint_eq(check_found(exchanges, 2), 1);
}
END_TEST

START_TEST(whatever_a_report_says_is_found_again)
{
	static struct sample samples[READINGS_MAX];
	static struct reading readings[READINGS_MAX];
	static uint64_t exchanges[REPORTS];
	struct random random;
	char node[16];

	random_init(&random, 11);
	for (int round = 0; round < 40; round++) {
		begin();
		for (int i = 0; i < REPORTS; i++) {
			size_t of = 1 + random_below(&random, 6);
			for (size_t j = 0; j < of; j++) {
				sample_fill(&random, &samples[j]);
				readings[j] = samples[j].reading;
				readings[j].has_time = true;
				readings[j].is_dated = round % 4 > 0 || random_below(&random, 4);
			}
			snprintf(node, sizeof(node), "node-%u", (unsigned)random_below(&random, 1 + (unsigned)round));
			exchanges[i] = take(node, 1700000000000 + i / (1 + round % 7), readings, of);
		}
		size_t left = check_found(exchanges, REPORTS);
		ck_assert_uint_le(left, round % 7 == 0 && round % 4 > 0 ? 0 : REPORTS);
	}
}
END_TEST

START_TEST(damaged_segments_tell_nothing_or_something)
{
	uint64_t exchanges[REPORTS], found[REPORTS];
	struct segment_packer *packer;
	struct packed_segment packed;

	begin();
	for (int i = 0; i < REPORTS; i++) {
		struct reading reading = dated(1700000000000000 + i, i);
		exchanges[i] = take("node", 1700000000000 + i, &reading, 1);
	}
	ck_assert_int_eq(segment_packer_open(&packer), 0);
	segment_pack(packer, rows, segment_writer_size(&writer), count, &packed);
	uint8_t *copy = malloc(packed.size);
	struct stored_segment segment = { .count = REPORTS, .codec = packed.codec, .data = copy, .size = packed.size };
	for (size_t bit = 0; bit < 8 * packed.size; bit += 7) {
		memcpy(copy, packed.data, packed.size);
		copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_int_le(segment_exchanges_told(&segment, found, REPORTS), REPORTS);
	}
	memcpy(copy, packed.data, packed.size);
	ck_assert_int_eq(segment_exchanges_told(&segment, found, 10), 10);
	ck_assert_mem_eq(found, exchanges, 10 * sizeof(exchanges[0]));
	segment.size = 3;
	ck_assert_int_eq(segment_exchanges_told(&segment, found, REPORTS), -EBADMSG);
	free(copy);
	segment_packer_close(packer);
}
END_TEST

TEST_SUITE(segment_exchanges, dated_reports_are_told_by_the_segment, a_single_report_is_told_by_its_rows,
	messages_are_left_over, a_long_run_of_messages_hides_no_report,
	reports_of_a_node_in_one_millisecond_are_left_over, reports_that_went_into_windows_are_left_over,
	a_report_beside_what_nobody_sent_is_left_over, whatever_a_report_says_is_found_again,
	damaged_segments_tell_nothing_or_something)
