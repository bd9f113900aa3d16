#include "gateway/stream.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/batch.h"
#include "gateway/telemetry_settings.h"
#include "tests/unit/suite.h"

static struct stream stream;
static struct batch *batch;
static uint64_t gone[8];
static size_t gone_count;

static void begin(void)
{
	struct batch_options options = { "gw-1", BATCH_JSON, BATCH_PLAIN, 65536 };

	ck_assert_int_eq(batch_open(&batch, &options), 0);
	stream_init(&stream);
	gone_count = 0;
}

static void end(void)
{
	struct held_segment *segment;

	while ((segment = stream_pop(&stream)))
		held_segment_free(segment);
	batch_close(batch);
}

/* A segment of readings that are worth their own sequence numbers. */
static void push(uint64_t first, uint32_t count, uint32_t boot)
{
	static struct segment_writer writer;
	static uint8_t buffer[65536];
	struct held_segment *segment = calloc(1, sizeof(*segment));

	segment_writer_init(&writer, buffer, sizeof(buffer));
	for (uint32_t i = 0; i < count; i++) {
		struct reading reading = {
			.name = { "v", 1 }, .kind = READING_NUMBER, .number = { .mantissa = (int64_t)(first + i) }
		};
		struct segment_report report = { { "n", 1 }, 1700000000000, &reading, 1 };

		ck_assert_int_eq(segment_write_report(&writer, &report), 0);
	}
	ck_assert_ptr_nonnull(segment);
	segment->first = first;
	segment->count = segment->undelivered = count;
	segment->boot = boot;
	segment->size = segment_writer_size(&writer);
	segment->data = malloc(segment->size);
	ck_assert_ptr_nonnull(segment->data);
	memcpy(segment->data, buffer, segment->size);
	stream_push(&stream, segment);
}

static void check_fill(size_t limit, uint64_t first, size_t count)
{
	struct batch_label label;

	batch_begin(batch);
	stream_fill(&stream, &(struct stream_filling){ .batch = batch, .limit = limit }, &label);
	ck_assert_uint_eq(label.first, first);
	ck_assert_uint_eq(batch_count(batch), count);
}

static void on_gone(void *context, struct held_segment *segment)
{
	gone[gone_count++] = segment->first;
	held_segment_free(segment);
}

START_TEST(a_batch_takes_small_segments_together_and_splits_large_ones)
{
	begin();
	push(1, 3, 1);
	push(4, 2, 1);
	push(6, 10, 1);
	ck_assert_uint_eq(stream.waiting, 15);
	check_fill(8, 1, 8);
	check_fill(8, 9, 7);
	ck_assert_uint_eq(stream.waiting, 0);
	ck_assert_ptr_null(stream.at);
	push(16, 1, 1);
	check_fill(8, 16, 1);
	end();
}
END_TEST

START_TEST(a_batch_ends_at_a_hole_and_at_another_boot)
{
	begin();
	push(1, 3, 1);
	push(5, 3, 1);
	push(8, 3, 2);
	check_fill(100, 1, 3);
	check_fill(100, 5, 3);
	check_fill(100, 8, 3);
	end();
}
END_TEST

START_TEST(a_segment_goes_when_all_of_it_is_delivered)
{
	begin();
	push(1, 4, 1);
	push(5, 4, 1);
	check_fill(6, 1, 6);
	check_fill(6, 7, 2);
	stream_delivered(&stream, 7, 8, on_gone, NULL);
	ck_assert_uint_eq(gone_count, 0);
	stream_delivered(&stream, 1, 6, on_gone, NULL);
	ck_assert_uint_eq(gone_count, 2);
	ck_assert_uint_eq(gone[0], 1);
	ck_assert_uint_eq(gone[1], 5);
	ck_assert_ptr_null(stream.head);
	ck_assert_uint_eq(stream.bytes, 0);
	end();
}
END_TEST

START_TEST(a_rewound_stream_gives_the_same_again)
{
	begin();
	push(1, 5, 1);
	push(6, 5, 1);
	check_fill(2, 1, 2);
	struct stream_place within = stream_place(&stream);
	check_fill(2, 3, 2);
	stream_rewind(&stream, &within);
	check_fill(2, 3, 2);
	stream_rewind(&stream, &within);
	check_fill(100, 3, 8);
	stream_rewind(&stream, &within);
	ck_assert_uint_eq(stream.waiting, 8);
	check_fill(100, 3, 8);
	end();
}
END_TEST

START_TEST(held_segments_are_found_by_their_number)
{
	begin();
	push(1, 5, 1);
	push(6, 5, 1);
	ck_assert_uint_eq(stream_find(&stream, 6)->first, 6);
	ck_assert_ptr_null(stream_find(&stream, 5));
	ck_assert_ptr_null(stream_find(&stream, 11));
	end();
}
END_TEST

TEST_SUITE(stream, a_batch_takes_small_segments_together_and_splits_large_ones,
	a_batch_ends_at_a_hole_and_at_another_boot, a_segment_goes_when_all_of_it_is_delivered,
	a_rewound_stream_gives_the_same_again, held_segments_are_found_by_their_number)
