#include "store/segment_store.h"

#include <errno.h>
#include <stdint.h>

#include "store/exchange_store.h"
#include "store/segment_room.h"
#include "tests/unit/stepped_store.h"
#include "tests/unit/suite.h"

/* What a load, an eviction or a recall called. */
struct seen {
	size_t count;
	uint64_t firsts[4096];
	size_t bytes, damaged, exchanges;
	int64_t last_kept_at_ms;
	struct outcome outcome;
};

static void see_segment(void *context, const struct stored_segment *segment)
{
	struct seen *seen = context;
	int wrong = 0;

	seen->firsts[seen->count++] = segment->first;
	seen->bytes += segment->size;
	seen->damaged += segment->data == NULL;
	for (size_t i = 0; i < segment->size; i++)
		wrong += ((const uint8_t *)segment->data)[i] != (uint8_t)segment->first;
	ck_assert_int_eq(wrong, 0);
}

static void see_dropped(void *context, uint64_t first, uint32_t count)
{
	struct seen *seen = context;

	seen->firsts[seen->count++] = first;
	ck_assert_uint_eq(count, 10);
}

static void see_exchange(void *context, uint64_t exchange, int64_t kept_at_ms)
{
	struct seen *seen = context;

	seen->firsts[seen->exchanges++] = exchange;
	ck_assert_int_ge(kept_at_ms, seen->last_kept_at_ms);
	seen->last_kept_at_ms = kept_at_ms;
}

static void see_done(void *context, int result)
{
	outcome_done(&((struct seen *)context)->outcome, result);
}

/* A segment of ten readings, its bytes all the low byte of `first`. */
static int append_as(struct stepped_store *stepped, uint64_t first, size_t size, bool late)
{
	uint64_t exchanges[2] = { first * 100, first * 100 + 1 };
	struct stored_segment segment = { .first = first,
		.count = 10,
		.boot = 3,
		.oldest_us = -5,
		.newest_us = 7,
		.codec = 1,
		.size = size,
		.exchanges = exchanges,
		.exchange_count = 2,
		.kept_at_ms = (int64_t)first,
		.late = late };
	struct outcome outcome;
	uint8_t *data = malloc(size + 1);

	memset(data, (int)(uint8_t)first, size);
	segment.data = data;
	int result = store_segment_append(stepped->store, &segment, outcome_reply(&outcome));
	free(data);
	return result < 0 ? result : outcome_of(stepped, &outcome);
}

static int append(struct stepped_store *stepped, uint64_t first, size_t size)
{
	return append_as(stepped, first, size, false);
}

static struct seen load(struct stepped_store *stepped, uint64_t from, uint64_t below, size_t max_bytes)
{
	struct seen seen = { 0 };

	ck_assert_int_eq(store_segment_load(stepped->store, from, below, max_bytes,
				 (struct segment_reader){ see_segment, see_done, &seen }),
		0);
	ck_assert_int_eq(outcome_of(stepped, &seen.outcome), 0);
	return seen;
}

static int discard(struct stepped_store *stepped, uint64_t first, int64_t remember_since_ms)
{
	struct outcome outcome;

	ck_assert_int_eq(
		store_segment_discard(stepped->store, &first, 1, remember_since_ms, outcome_reply(&outcome)), 0);
	return outcome_of(stepped, &outcome);
}

static struct segment_summary summary(struct stepped_store *stepped)
{
	struct segment_summary summary;

	ck_assert_int_eq(store_segment_summary(stepped->store, &summary), 0);
	return summary;
}

START_TEST(segments_survive_a_restart)
{
	struct stepped_store stepped;

	stepped_open(&stepped);
	for (uint64_t first = 1; first <= 91; first += 10)
		ck_assert_int_eq(append(&stepped, first, 100 * first), 0);
	stepped_reopen(&stepped);
	struct seen seen = load(&stepped, 0, UINT64_MAX, SEGMENT_LOAD_MAX);
	ck_assert_uint_eq(seen.count, 10);
	ck_assert_uint_eq(seen.damaged, 0);
	ck_assert_uint_eq(seen.firsts[0], 1);
	ck_assert_uint_eq(seen.firsts[9], 91);
	ck_assert_uint_eq(summary(&stepped).readings, 100);
	stepped_close(&stepped);
}
END_TEST

START_TEST(an_empty_store_has_nothing)
{
	struct stepped_store stepped;

	stepped_open(&stepped);
	struct segment_summary found = summary(&stepped);
	ck_assert_uint_eq(found.first + found.next + found.readings + found.segments, 0);
	ck_assert_uint_eq(load(&stepped, 0, UINT64_MAX, 1000).count, 0);
	stepped_close(&stepped);
}
END_TEST

START_TEST(a_sequence_number_is_given_once)
{
	struct stepped_store stepped;

	stepped_open(&stepped);
	ck_assert_int_eq(append(&stepped, 100, 10), 0);
	ck_assert_int_eq(append(&stepped, 100, 10), -EEXIST);
	ck_assert_int_eq(append(&stepped, 109, 10), -EEXIST);
	ck_assert_int_eq(discard(&stepped, 100, INT64_MAX), 0);
	ck_assert_int_eq(append(&stepped, 109, 10), -EEXIST);
	stepped_reopen(&stepped);
	ck_assert_uint_eq(summary(&stepped).next, 110);
	ck_assert_int_eq(append(&stepped, 109, 10), -EEXIST);
	ck_assert_int_eq(append(&stepped, 110, 10), 0);
	stepped_close(&stepped);
}
END_TEST

START_TEST(a_late_segment_finds_its_place)
{
	struct stepped_store stepped;

	stepped_open(&stepped);
	ck_assert_int_eq(append(&stepped, 100, 50), 0);
	ck_assert_int_eq(append(&stepped, 200, 50), 0);
	ck_assert_int_eq(append(&stepped, 150, 50), -EEXIST);
	ck_assert_int_eq(append_as(&stepped, 150, 50, true), 0);
	ck_assert_int_eq(append_as(&stepped, 50, 50, true), 0);
	ck_assert_int_eq(append_as(&stepped, 91, 50, true), -EEXIST);
	ck_assert_int_eq(append_as(&stepped, 105, 50, true), -EEXIST);
	ck_assert_int_eq(append_as(&stepped, 159, 50, true), -EEXIST);
	ck_assert_uint_eq(summary(&stepped).segments, 4);
	ck_assert_int_eq(append(&stepped, 210, 50), 0);
	stepped_reopen(&stepped);
	ck_assert_uint_eq(summary(&stepped).readings, 50);
	ck_assert_uint_eq(summary(&stepped).first, 50);
	ck_assert_uint_eq(load(&stepped, 0, UINT64_MAX, 100000).count, 5);
	ck_assert_int_eq(discard(&stepped, 210, INT64_MAX), 0);
	ck_assert_int_eq(append_as(&stepped, 170, 50, true), 0);
	ck_assert_int_eq(discard(&stepped, 200, INT64_MAX), 0);
	ck_assert_int_eq(append_as(&stepped, 205, 50, true), 0);
	ck_assert_uint_eq(summary(&stepped).segments, 5);
	ck_assert_uint_eq(summary(&stepped).next, 220);
	stepped_close(&stepped);
}
END_TEST

START_TEST(skipped_numbers_count_as_given)
{
	struct stepped_store stepped;
	struct outcome outcome;

	stepped_open(&stepped);
	ck_assert_int_eq(store_segment_skip(stepped.store, 500, outcome_reply(&outcome)), 0);
	ck_assert_int_eq(outcome_of(&stepped, &outcome), 0);
	ck_assert_int_eq(append(&stepped, 499, 50), -EEXIST);
	ck_assert_int_eq(append(&stepped, 500, 50), 0);
	ck_assert_int_eq(append_as(&stepped, 400, 50, true), 0);
	ck_assert_int_eq(store_segment_skip(stepped.store, 505, outcome_reply(&outcome)), 0);
	ck_assert_int_eq(outcome_of(&stepped, &outcome), 0);
	stepped_reopen(&stepped);
	ck_assert_uint_eq(summary(&stepped).next, 510);
	ck_assert_uint_eq(summary(&stepped).readings, 20);
	stepped_close(&stepped);
}
END_TEST

START_TEST(what_makes_no_sense_is_refused)
{
	struct stepped_store stepped;
	struct stored_segment segment = { .first = 1, .count = 1, .data = "x", .size = SEGMENT_SIZE_MAX + 1 };

	stepped_open(&stepped);
	ck_assert_int_eq(store_segment_append(stepped.store, &segment, (struct store_reply){ 0 }), -EINVAL);
	ck_assert_int_eq(append(&stepped, 0, 1), -EINVAL);
	ck_assert_int_eq(append(&stepped, UINT64_MAX, 1), -EINVAL);
	ck_assert_int_eq(append(&stepped, INT64_MAX, 1), -EINVAL);
	stepped_close(&stepped);
}
END_TEST

START_TEST(a_load_keeps_to_its_range_and_its_bytes)
{
	struct stepped_store stepped;

	stepped_open(&stepped);
	for (uint64_t first = 10; first < 110; first += 10)
		ck_assert_int_eq(append(&stepped, first, 1000), 0);
	ck_assert_uint_eq(load(&stepped, 30, 60, SEGMENT_LOAD_MAX).count, 3);
	ck_assert_uint_eq(load(&stepped, 31, 60, SEGMENT_LOAD_MAX).firsts[0], 40);
	ck_assert_uint_eq(load(&stepped, 0, UINT64_MAX, 2500).count, 2);
	ck_assert_uint_eq(load(&stepped, 0, UINT64_MAX, 1).count, 1);
	ck_assert_uint_eq(load(&stepped, 101, UINT64_MAX, 1).count, 0);
	stepped_close(&stepped);
}
END_TEST

START_TEST(totals_are_exact_whatever_goes_first)
{
	struct stepped_store stepped;

	stepped_open(&stepped);
	for (uint64_t first = 10; first < 110; first += 10)
		ck_assert_int_eq(append(&stepped, first, 50), 0);
	ck_assert_int_eq(discard(&stepped, 50, INT64_MAX), 0);
	ck_assert_int_eq(discard(&stepped, 50, INT64_MAX), 0);
	ck_assert_int_eq(discard(&stepped, 100, INT64_MAX), 0);
	stepped_reopen(&stepped);
	ck_assert_uint_eq(summary(&stepped).readings, 80);
	ck_assert_uint_eq(summary(&stepped).segments, 8);
	ck_assert_int_eq(append(&stepped, 110, 50), 0);
	ck_assert_int_eq(discard(&stepped, 10, INT64_MAX), 0);
	ck_assert_int_eq(append(&stepped, 120, 50), 0);
	stepped_reopen(&stepped);
	ck_assert_uint_eq(summary(&stepped).first, 20);
	ck_assert_uint_eq(summary(&stepped).readings, 90);
	for (uint64_t first = 10; first < 130; first += 10)
		ck_assert_int_eq(discard(&stepped, first, INT64_MAX), 0);
	ck_assert_uint_eq(summary(&stepped).readings, 0);
	ck_assert_uint_eq(summary(&stepped).next, 130);
	stepped_close(&stepped);
}
END_TEST

START_TEST(a_full_quota_refuses_and_an_eviction_makes_room)
{
	struct stepped_store stepped;
	struct seen seen = { 0 };
	uint64_t first = 1;
	int result;

	stepped_make_directory(&stepped);
	stepped.options.telemetry_quota_bytes = 1024 * 1024;
	ck_assert_int_eq(stepped_try_open(&stepped), 0);
	for (; (result = append(&stepped, first, 20000)) == 0; first += 10)
		ck_assert_uint_lt(first, 600);
	ck_assert_int_eq(result, -ENOSPC);
	ck_assert_uint_gt(first, 400);
	ck_assert_int_eq(
		store_segment_evict(stepped.store, 100000, (struct segment_eviction){ see_dropped, see_done, &seen }),
		0);
	ck_assert_int_eq(outcome_of(&stepped, &seen.outcome), 0);
	ck_assert_uint_ge(seen.count, 5);
	ck_assert_uint_le(seen.count, 7);
	ck_assert_uint_eq(seen.firsts[0], 1);
	ck_assert_uint_eq(summary(&stepped).first, seen.count * 10 + 1);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(append(&stepped, first + 10 * (uint64_t)i, 20000), 0);
	stepped_close(&stepped);
}
END_TEST

START_TEST(an_eviction_of_everything_ends)
{
	struct stepped_store stepped;
	struct seen seen = { 0 };

	stepped_open(&stepped);
	for (uint64_t first = 1; first < 100; first += 10)
		ck_assert_int_eq(append(&stepped, first, 5000), 0);
	ck_assert_int_eq(store_segment_evict(
				 stepped.store, UINT64_MAX, (struct segment_eviction){ see_dropped, see_done, &seen }),
		0);
	ck_assert_int_eq(outcome_of(&stepped, &seen.outcome), 0);
	ck_assert_uint_eq(seen.count, 10);
	ck_assert_uint_eq(summary(&stepped).segments, 0);
	ck_assert_uint_eq(summary(&stepped).next, 101);
	stepped_close(&stepped);
}
END_TEST

START_TEST(fingerprints_outlive_their_segments)
{
	struct stepped_store stepped;
	struct seen seen = { 0 };

	stepped_open(&stepped);
	for (uint64_t first = 10; first < 60; first += 10)
		ck_assert_int_eq(append(&stepped, first, 10), 0);
	ck_assert_int_eq(discard(&stepped, 10, 20), 0); /* too old to be remembered */
	ck_assert_int_eq(discard(&stepped, 20, 20), 0);
	ck_assert_int_eq(discard(&stepped, 40, 20), 0);
	stepped_reopen(&stepped);
	ck_assert_int_eq(store_exchanges_load(stepped.store, 100, 100, see_exchange, &seen), 0);
	ck_assert_uint_eq(seen.exchanges, 8);
	ck_assert_uint_eq(seen.firsts[0], 2000);
	ck_assert_uint_eq(seen.firsts[7], 5001);
	memset(&seen, 0, sizeof(seen));
	ck_assert_int_eq(store_exchanges_load(stepped.store, 100, 0, see_exchange, &seen), 0);
	ck_assert_uint_eq(seen.exchanges, 2);
	stepped_close(&stepped);
}
END_TEST

static void count_exchange(void *context, uint64_t exchange, int64_t kept_at_ms)
{
	struct seen *seen = context;

	seen->exchanges++;
	seen->last_kept_at_ms = seen->last_kept_at_ms ? seen->last_kept_at_ms : kept_at_ms; /* of the first */
}

START_TEST(only_the_newest_fingerprints_are_recalled)
{
	enum { EACH = 60000, SEGMENTS = 5 };
	struct stepped_store stepped;
	struct seen seen = { 0 };
	uint64_t *exchanges = calloc(EACH, sizeof(*exchanges));

	stepped_open(&stepped);
	for (int64_t i = 1; i <= SEGMENTS; i++) {
		struct stored_segment segment = { .first = (uint64_t)i,
			.count = 1,
			.data = "x",
			.size = 1,
			.exchanges = exchanges,
			.exchange_count = EACH,
			.kept_at_ms = i };
		struct outcome outcome;
		ck_assert_int_eq(store_segment_append(stepped.store, &segment, outcome_reply(&outcome)), 0);
		ck_assert_int_eq(outcome_of(&stepped, &outcome), 0);
	}
	ck_assert_int_eq(discard(&stepped, 4, 0), 0);
	ck_assert_int_eq(store_exchanges_load(stepped.store, 100, 100, count_exchange, &seen), 0);
	ck_assert_uint_eq(seen.exchanges, 3 * EACH); /* EXCHANGES_RECALLED_MAX, to the end of a segment */
	ck_assert_int_eq(seen.last_kept_at_ms, 3);
	stepped_close(&stepped);
	free(exchanges);
}
END_TEST

/* Fingerprints that the readings tell: as many as the data has bytes, but not more than one for a reading. */
static int tell_some(const struct stored_segment *segment, uint64_t *exchanges, size_t room)
{
	const uint8_t *data = segment->data;
	size_t count = segment->size < room ? segment->size : room;

	for (size_t i = 0; i < count; i++)
		exchanges[i] = data[i] + 1000u * i;
	return (int)count;
}

START_TEST(fingerprints_that_readings_tell_are_recalled_and_remembered)
{
	struct stepped_store stepped;
	struct seen seen = { 0 };
	struct stored_segment segment = { .count = 10, .data = "cab", .size = 3, .told = 3 };
	uint64_t stored = 7;

	stepped_make_directory(&stepped);
	stepped.options.tell_exchanges = tell_some;
	ck_assert_int_eq(stepped_try_open(&stepped), 0);
	for (segment.first = 1; segment.first < 40; segment.first += 10) {
		struct outcome outcome;
		segment.kept_at_ms = (int64_t)segment.first;
		segment.exchanges = &stored;
		segment.exchange_count = segment.first == 11;
		ck_assert_int_eq(store_segment_append(stepped.store, &segment, outcome_reply(&outcome)), 0);
		ck_assert_int_eq(outcome_of(&stepped, &outcome), 0);
	}
	ck_assert_int_eq(discard(&stepped, 11, 0), 0);
	ck_assert_int_eq(discard(&stepped, 31, 0), 0);
	stepped_reopen(&stepped);
	ck_assert_int_eq(store_exchanges_load(stepped.store, 100, 100, see_exchange, &seen), 0);
	ck_assert_uint_eq(seen.exchanges, 13);
	ck_assert_uint_eq(seen.firsts[2], 'b' + 2000);
	ck_assert_uint_eq(seen.firsts[3], 7);
	ck_assert_uint_eq(seen.firsts[4], 'c');
	ck_assert_uint_eq(seen.firsts[12], 'b' + 2000);
	stepped_close(&stepped);
}
END_TEST

START_TEST(fingerprints_are_forgotten)
{
	struct stepped_store stepped;
	struct seen seen = { 0 };
	struct outcome outcome;

	stepped_open(&stepped);
	for (uint64_t first = 10; first < 40; first += 10) {
		ck_assert_int_eq(append(&stepped, first, 10), 0);
		ck_assert_int_eq(discard(&stepped, first, 0), 0);
	}
	ck_assert_int_eq(store_exchanges_forget(stepped.store, 30, outcome_reply(&outcome)), 0);
	ck_assert_int_eq(outcome_of(&stepped, &outcome), 0);
	ck_assert_int_eq(store_exchanges_load(stepped.store, 100, 100, see_exchange, &seen), 0);
	ck_assert_uint_eq(seen.exchanges, 2);
	stepped_close(&stepped);
}
END_TEST

/* Flips one bit of the data of the segment that is filled with `filling`, in the closed file. */
static void damage_segment(struct stepped_store *stepped, uint8_t filling)
{
	uint8_t page[4096];

	stepped_shut(stepped);
	FILE *file = fopen(stepped_path(stepped, "telemetry.db"), "r+b");
	ck_assert_ptr_nonnull(file);
	while (fread(page, sizeof(page), 1, file) == 1) {
		if (page[2000] != filling || page[2001] != filling)
			continue;
		ck_assert_int_eq(fseek(file, 2000 - (long)sizeof(page), SEEK_CUR), 0);
		ck_assert_int_eq(fputc(filling ^ 1, file), filling ^ 1);
		break;
	}
	ck_assert_int_eq(fclose(file), 0);
}

START_TEST(a_damaged_segment_is_told_as_lost)
{
	struct stepped_store stepped;

	stepped_open(&stepped);
	for (uint64_t first = 10; first < 60; first += 10)
		ck_assert_int_eq(append(&stepped, first, 20000), 0);
	damage_segment(&stepped, 30);
	ck_assert_int_eq(stepped_try_open(&stepped), 0);
	struct seen seen = load(&stepped, 0, UINT64_MAX, SEGMENT_LOAD_MAX);
	ck_assert_uint_eq(seen.count, 5);
	ck_assert_uint_eq(seen.damaged, 1);
	ck_assert_uint_eq(seen.bytes, 80000);
	ck_assert_str_eq(stepped.findings.set_aside[2], "");
	stepped_close(&stepped);
}
END_TEST

START_TEST(a_file_that_is_nearly_empty_shrinks)
{
	struct stepped_store stepped;
	struct store_figures figures;

	stepped_open(&stepped);
	for (uint64_t first = 10; first < 110; first += 10)
		ck_assert_int_eq(append(&stepped, first, SEGMENT_SIZE_MAX), 0);
	store_figures(stepped.store, &figures);
	ck_assert_uint_gt(figures.telemetry_bytes, 40000000);
	for (uint64_t first = 10; first < 110; first += 10)
		ck_assert_int_eq(discard(&stepped, first, INT64_MAX), 0);
	stepped_reopen(&stepped);
	store_figures(stepped.store, &figures);
	ck_assert_uint_lt(figures.telemetry_bytes, 1000000);
	ck_assert_uint_eq(summary(&stepped).next, 110);
	stepped_close(&stepped);
}
END_TEST

TEST_SUITE(segment_store, segments_survive_a_restart, an_empty_store_has_nothing, a_sequence_number_is_given_once,
	a_late_segment_finds_its_place, skipped_numbers_count_as_given, what_makes_no_sense_is_refused,
	a_load_keeps_to_its_range_and_its_bytes, totals_are_exact_whatever_goes_first,
	a_full_quota_refuses_and_an_eviction_makes_room, an_eviction_of_everything_ends,
	fingerprints_outlive_their_segments, fingerprints_that_readings_tell_are_recalled_and_remembered,
	only_the_newest_fingerprints_are_recalled, fingerprints_are_forgotten, a_damaged_segment_is_told_as_lost,
	a_file_that_is_nearly_empty_shrinks)
