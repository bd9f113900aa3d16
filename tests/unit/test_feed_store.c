#include "store/feed_store.h"

#include <errno.h>
#include <sqlite3.h>

#include "store/exchange_store.h"
#include "store/segment_store.h"
#include "tests/unit/stepped_store.h"
#include "tests/unit/suite.h"

struct seen {
	size_t rows, damaged;
	uint64_t first, last;
	struct outcome outcome;
};

static void see_row(void *context, const struct stored_feed *feed)
{
	struct seen *seen = context;

	ck_assert_uint_gt(feed->id, seen->last);
	seen->first = seen->rows == 0 ? feed->id : seen->first;
	seen->last = feed->id;
	seen->rows++;
	seen->damaged += feed->data == NULL;
	for (size_t i = 0; i < feed->size; i++)
		ck_assert_uint_eq(((const uint8_t *)feed->data)[i], (uint8_t)feed->id);
	ck_assert_uint_eq(feed->count, 3);
}

static void see_done(void *context, int result)
{
	outcome_done(&((struct seen *)context)->outcome, result);
}

static struct seen load(struct stepped_store *stepped, uint64_t from, size_t max_bytes)
{
	struct seen seen = { 0 };
	struct feed_reader reader = { see_row, see_done, &seen };

	ck_assert_int_eq(store_feed_load(stepped->store, from, max_bytes, reader), 0);
	ck_assert_int_eq(outcome_of(stepped, &seen.outcome), 0);
	return seen;
}

/* A commit with `count` readings that fed a row of 100 bytes. */
static int append(struct stepped_store *stepped, uint32_t count, const struct stored_feed *feed, int64_t kept_at_ms)
{
	static uint64_t first = 1;
	uint8_t data[100];
	uint64_t exchanges[] = { feed->id * 2, feed->id * 2 + 1 };
	struct stored_feed whole = *feed;
	struct outcome outcome;

	memset(data, (uint8_t)feed->id, sizeof(data));
	whole.count = 3;
	whole.data = data;
	whole.size = sizeof(data);
	const struct stored_segment segment = { .first = first,
		.count = count,
		.data = data,
		.size = count,
		.exchanges = exchanges,
		.exchange_count = 2,
		.kept_at_ms = kept_at_ms,
		.feed = &whole };
	ck_assert_int_eq(store_segment_append(stepped->store, &segment, outcome_reply(&outcome)), 0);
	first += count;
	return outcome_of(stepped, &outcome);
}

START_TEST(a_feed_is_kept_with_its_segment_or_alone)
{
	struct stepped_store stepped;
	struct segment_summary summary;
	uint64_t next = 7;

	stepped_open(&stepped);
	ck_assert_int_eq(store_feed_next(stepped.store, &next), 0);
	ck_assert_uint_eq(next, 0);
	ck_assert_int_eq(append(&stepped, 5, &(struct stored_feed){ .id = 3 }, 1000), 0);
	ck_assert_int_eq(append(&stepped, 0, &(struct stored_feed){ .id = 4 }, 2000), 0);
	stepped_reopen(&stepped);
	ck_assert_int_eq(store_feed_next(stepped.store, &next), 0);
	ck_assert_uint_eq(next, 5);
	struct seen seen = load(&stepped, 0, SIZE_MAX);
	ck_assert_uint_eq(seen.rows, 2);
	ck_assert_uint_eq(seen.first, 3);
	ck_assert_int_eq(store_segment_summary(stepped.store, &summary), 0);
	ck_assert_uint_eq(summary.segments, 1);
	ck_assert_uint_eq(summary.readings, 5);
	stepped_close(&stepped);
}
END_TEST

START_TEST(rows_are_loaded_in_pieces)
{
	struct stepped_store stepped;

	stepped_open(&stepped);
	for (uint64_t id = 1; id <= 10; id++)
		ck_assert_int_eq(append(&stepped, 0, &(struct stored_feed){ .id = id }, 1000), 0);
	struct seen seen = load(&stepped, 3, 250);
	ck_assert_uint_eq(seen.rows, 2);
	ck_assert_uint_eq(seen.first, 3);
	ck_assert_uint_eq(load(&stepped, 5, 1).rows, 1);
	ck_assert_uint_eq(load(&stepped, 11, 1).rows, 0);
	stepped_close(&stepped);
}
END_TEST

START_TEST(what_no_window_needs_goes_when_its_messages_are_no_longer_repeated)
{
	struct stepped_store stepped;

	stepped_open(&stepped);
	for (uint64_t id = 1; id <= 4; id++)
		ck_assert_int_eq(append(&stepped, 0, &(struct stored_feed){ .id = id }, (int64_t)id * 1000), 0);
	ck_assert_int_eq(
		append(&stepped, 1, &(struct stored_feed){ .id = 5, .needless = 4, .repeated_since_ms = 3000 }, 9000),
		0);
	struct seen seen = load(&stepped, 0, SIZE_MAX);
	ck_assert_uint_eq(seen.rows, 3);
	ck_assert_uint_eq(seen.first, 3);
	ck_assert_int_eq(
		append(&stepped, 1, &(struct stored_feed){ .id = 6, .needless = 7, .repeated_since_ms = 99999 }, 9000),
		0);
	ck_assert_uint_eq(load(&stepped, 0, SIZE_MAX).rows, 2);
	stepped_close(&stepped);
}
END_TEST

START_TEST(nothing_is_kept_after_what_was_not)
{
	struct stepped_store stepped;
	struct segment_summary summary;

	stepped_open(&stepped);
	ck_assert_int_eq(append(&stepped, 1, &(struct stored_feed){ .id = 3 }, 1000), 0);
	ck_assert_int_eq(append(&stepped, 1, &(struct stored_feed){ .id = 5, .after = 4 }, 1000), -ECANCELED);
	ck_assert_int_eq(append(&stepped, 1, &(struct stored_feed){ .id = 4, .after = 3 }, 1000), 0);
	ck_assert_int_eq(append(&stepped, 1, &(struct stored_feed){ .id = 5, .after = 4 }, 1000), 0);
	ck_assert_int_eq(store_segment_summary(stepped.store, &summary), 0);
	ck_assert_uint_eq(summary.segments, 3);
	stepped_close(&stepped);
}
END_TEST

static void count_exchange(void *context, uint64_t exchange, int64_t kept_at_ms)
{
	++*(size_t *)context;
}

START_TEST(messages_that_only_fed_windows_are_remembered)
{
	struct stepped_store stepped;
	size_t count = 0;

	stepped_open(&stepped);
	ck_assert_int_eq(append(&stepped, 0, &(struct stored_feed){ .id = 1 }, 1000), 0);
	ck_assert_int_eq(append(&stepped, 0, &(struct stored_feed){ .id = 2 }, 2000), 0);
	ck_assert_int_eq(append(&stepped, 3, &(struct stored_feed){ .id = 3 }, 3000), 0);
	ck_assert_int_eq(store_exchanges_load(stepped.store, 3000, 1500, count_exchange, &count), 0);
	ck_assert_uint_eq(count, 4);
	stepped_close(&stepped);
}
END_TEST

START_TEST(a_damaged_row_is_told_without_its_bytes)
{
	struct stepped_store stepped;
	sqlite3 *connection;

	stepped_open(&stepped);
	ck_assert_int_eq(append(&stepped, 0, &(struct stored_feed){ .id = 1 }, 1000), 0);
	ck_assert_int_eq(append(&stepped, 0, &(struct stored_feed){ .id = 2 }, 1000), 0);
	stepped_shut(&stepped);
	ck_assert_int_eq(sqlite3_open(stepped_path(&stepped, "telemetry.db"), &connection), SQLITE_OK);
	ck_assert_int_eq(
		sqlite3_exec(connection, "UPDATE feed SET data = x'00' WHERE id = 1", NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_close(connection), SQLITE_OK);
	ck_assert_int_eq(stepped_try_open(&stepped), 0);
	struct seen seen = load(&stepped, 0, SIZE_MAX);
	ck_assert_uint_eq(seen.rows, 2);
	ck_assert_uint_eq(seen.damaged, 1);
	stepped_close(&stepped);
}
END_TEST

START_TEST(a_feed_that_finds_no_room_leaves_no_segment)
{
	struct stepped_store stepped;
	struct segment_summary summary;
	struct outcome outcome;
	static uint8_t data[1 << 20];
	const struct stored_feed feed = { .id = 1, .count = 3, .data = data, .size = sizeof(data) };
	const struct stored_segment segment = { .first = 1, .count = 1, .data = data, .size = 10, .feed = &feed };

	stepped_make_directory(&stepped);
	stepped.options.telemetry_quota_bytes = 512 * 1024;
	ck_assert_int_eq(stepped_try_open(&stepped), 0);
	ck_assert_int_eq(store_segment_append(stepped.store, &segment, outcome_reply(&outcome)), 0);
	ck_assert_int_eq(outcome_of(&stepped, &outcome), -ENOSPC);
	ck_assert_int_eq(store_segment_summary(stepped.store, &summary), 0);
	ck_assert_uint_eq(summary.segments, 0);
	stepped_close(&stepped);
}
END_TEST

TEST_SUITE(feed_store, a_feed_is_kept_with_its_segment_or_alone, rows_are_loaded_in_pieces,
	what_no_window_needs_goes_when_its_messages_are_no_longer_repeated, nothing_is_kept_after_what_was_not,
	messages_that_only_fed_windows_are_remembered, a_damaged_row_is_told_without_its_bytes,
	a_feed_that_finds_no_room_leaves_no_segment)
