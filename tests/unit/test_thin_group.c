#include "gateway/thin_group.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/boot_clock.h"
#include "gateway/clock.h"
#include "gateway/segment_pack.h"
#include "protocols/number.h"
#include "protocols/segment.h"
#include "tests/unit/suite.h"

#define WINDOW_US INT64_C(60000000)
#define UP_MS INT64_C(120000)         /* the machine's clock begins in 1970: a window's start */
#define SET_MS INT64_C(1700000100000) /* what it should have said then */
#define BOOT 3
#define REPORTS 10

static struct segment_writer writer;

/* Ten reports, a second each: a reading without a time, and one that the node dated with the right time. */
static struct stored_segment taken_before_the_clock_was_set(uint8_t *data, size_t size)
{
	segment_writer_init(&writer, data, size);
	for (int i = 0; i < REPORTS; i++) {
		struct reading readings[2] = {
			{ .name = { "timed", 5 }, .kind = READING_NUMBER, .number = number_from_integer(i) },
			{ .name = { "dated", 5 }, .kind = READING_NUMBER, .has_time = true, .is_dated = true },
		};
		readings[1].time_us = (SET_MS + i * 1000) * 1000;
		const struct segment_report report = { { "n", 1 }, UP_MS + i * 1000, readings, 2 };
		ck_assert_int_eq(segment_write_report(&writer, &report), 0);
	}
	return (struct stored_segment){ .first = 1,
		.count = 2 * REPORTS,
		.boot = BOOT,
		.codec = SEGMENT_ROWS,
		.data = data,
		.size = segment_writer_size(&writer) };
}

static struct boot_clock set_clock(void)
{
	const struct clock_jump jump = { UP_MS + 3600000, SET_MS + 3600000 };
	struct boot_clock clock = { 0 };

	boot_clock_start(&clock, 1, BOOT, (struct moment){ UP_MS, UP_MS });
	boot_clock_jumped(&clock, &jump, (struct moment){ jump.from_ms, jump.to_ms });
	return clock;
}

/* Min, mean, max and count, of this boot, all with the time at which their readings were really made. */
static void check_mended(const struct stored_segment *segment)
{
	static struct segment_walk walk;
	const struct packed_segment packed = { segment->data, segment->size, segment->codec };
	struct boot_clock clock = set_clock();
	struct segment_entry entry;
	uint8_t *rows = NULL;
	size_t size = 0;

	ck_assert_uint_eq(segment->count, 8);
	ck_assert_int_eq(segment_unpack(&packed, segment->count, &rows, &size), 0);
	segment_walk_init(&walk, rows, size);
	while (segment_walk_next(&walk, &entry) == 1) {
		boot_clock_mend(&clock, segment->boot, &entry);
		ck_assert_int_eq(entry.reading.time_us, SET_MS * 1000);
	}
	free(rows);
}

START_TEST(what_was_thinned_before_the_clock_was_set_gets_its_time)
{
	static uint8_t data[4096];
	struct stored_segment raw = taken_before_the_clock_was_set(data, sizeof(data));
	struct thin_group *group;
	size_t count;

	/* Whole windows of either clock, so that nothing else can be the cause of a wrong time. */
	ck_assert_int_eq(UP_MS * 1000 % WINDOW_US, 0);
	ck_assert_int_eq(SET_MS * 1000 % WINDOW_US, 0);
	ck_assert_int_eq(thin_group_open(&group, WINDOW_US, 1), 0);
	ck_assert_int_eq(thin_group_take(group, &raw), 0);
	ck_assert_int_eq(thin_group_gather(group, 1000), 0);
	ck_assert_int_eq(thin_group_pack(group, 1000), 0);
	const struct stored_segment *thinned = thin_group_packed(group, &count);
	ck_assert_uint_eq(count, 1);
	check_mended(thinned);
	thin_group_close(group);
}
END_TEST

TEST_SUITE(thin_group, what_was_thinned_before_the_clock_was_set_gets_its_time)
