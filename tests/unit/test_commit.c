#include "gateway/commit.h"

#include <errno.h>
#include <string.h>

#include "drivers/driver.h"
#include "gateway/segment_pack.h"
#include "protocols/segment.h"
#include "tests/unit/suite.h"

static struct segment_writer writer;
static struct segment_walk walk;
static struct reading readings[READINGS_MAX];
static char text[READING_TEXT_MAX];

static void on_done(void *context, int result, uint32_t retry_s)
{
}

static struct reading_report make_report(size_t count, int64_t time_us)
{
	memset(text, 'x', sizeof(text));
	for (size_t i = 0; i < count; i++)
		readings[i] = (struct reading){ .name = { "note", 4 },
			.kind = READING_STRING,
			.text = { text, sizeof(text) },
			.has_time = true,
			.time_us = time_us + (int64_t)i };
	return (struct reading_report){ "node-1", readings, count, .exchange = 7, .done = on_done };
}

START_TEST(a_commit_grows_with_its_reports_up_to_its_bound)
{
	struct commit *commit = commit_new(&writer);
	struct reading_report report = make_report(READINGS_MAX, 1000);
	struct moment now = { 1, 1700000000000 };

	ck_assert_int_eq(commit_add(commit, &writer, &report, now), 0);
	size_t size = commit->size;
	ck_assert_uint_gt(size, READINGS_MAX * READING_TEXT_MAX);
	ck_assert_int_eq(commit_add(commit, &writer, &report, now), -ENOBUFS);
	ck_assert_uint_eq(commit->size, size);
	ck_assert_uint_eq(commit->count, READINGS_MAX);
	ck_assert_uint_le(commit->room, SEGMENT_BYTES_MAX);
	commit_free(commit);
}
END_TEST

START_TEST(a_commit_knows_its_range_of_times)
{
	struct commit *commit = commit_new(&writer);
	struct reading_report report = make_report(3, 5000);

	readings[1].has_time = false;
	ck_assert_int_eq(commit_add(commit, &writer, &report, (struct moment){ 1, 1700000000000 }), 0);
	ck_assert_int_eq(commit->oldest_us, 5000);
	ck_assert_int_eq(commit->newest_us, INT64_C(1700000000000000));
	commit_free(commit);
}
END_TEST

START_TEST(what_was_added_can_be_read)
{
	struct commit *commit = commit_new(&writer);
	struct reading_report report = make_report(2, 9000);
	struct segment_entry entry;

	ck_assert_int_eq(commit_add(commit, &writer, &report, (struct moment){ 1, 77 }), 0);
	segment_walk_init(&walk, commit->data, commit->size);
	ck_assert_int_eq(segment_walk_next(&walk, &entry), 1);
	ck_assert_mem_eq(entry.node.data, "node-1", 6);
	ck_assert_int_eq(entry.received_ms, 77);
	ck_assert_uint_eq(entry.reading.text.size, READING_TEXT_MAX);
	ck_assert_int_eq(segment_walk_next(&walk, &entry), 1);
	ck_assert_int_eq(segment_walk_next(&walk, &entry), 0);
	commit_free(commit);
	commit_free(NULL);
}
END_TEST

TEST_SUITE(commit, a_commit_grows_with_its_reports_up_to_its_bound, a_commit_knows_its_range_of_times,
	what_was_added_can_be_read)
