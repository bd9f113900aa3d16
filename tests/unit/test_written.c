#include "store/written.h"

#include <errno.h>
#include <sqlite3.h>

#include "store/segment_store.h"
#include "tests/unit/stepped_store.h"
#include "tests/unit/suite.h"

static uint64_t telemetry_written(struct stepped_store *stepped)
{
	struct store_figures figures;

	store_figures(stepped->store, &figures);
	return figures.telemetry_written_bytes;
}

static uint64_t append(struct stepped_store *stepped, uint64_t first, size_t size)
{
	static const uint8_t data[40000];
	struct stored_segment segment = { .first = first, .count = 1, .data = data, .size = size };
	struct outcome outcome;
	uint64_t before = telemetry_written(stepped);

	ck_assert_int_eq(store_segment_append(stepped->store, &segment, outcome_reply(&outcome)), 0);
	ck_assert_int_eq(outcome_of(stepped, &outcome), 0);
	return telemetry_written(stepped) - before;
}

START_TEST(a_small_commit_is_counted_in_whole_pages)
{
	struct stepped_store stepped;

	stepped_open(&stepped);
	(void)append(&stepped, 1, 100);
	for (uint64_t first = 2; first < 8; first++) {
		uint64_t bytes = append(&stepped, first, 100);

		/* A leaf of 1 KB, with its frame's header in front, in pages of 4 KB that are synced each time. */
		ck_assert_uint_eq(bytes % 4096, 0);
		ck_assert_uint_ge(bytes, 4096);
		ck_assert_uint_le(bytes, 2 * 4096);
	}
	stepped_close(&stepped);
}
END_TEST

START_TEST(what_is_large_counts_as_its_pages)
{
	struct stepped_store stepped;

	stepped_open(&stepped);
	(void)append(&stepped, 1, 100);
	uint64_t bytes = append(&stepped, 2, 40000);
	ck_assert_uint_ge(bytes, 40000);
	ck_assert_uint_le(bytes, 40000 + 5 * 4096);
	stepped_close(&stepped);
}
END_TEST

START_TEST(the_copy_from_the_wal_counts_too)
{
	struct stepped_store stepped;
	uint64_t sum = 0;

	stepped_open(&stepped);
	for (uint64_t first = 1; first <= 120; first++)
		sum += append(&stepped, first, 40000);
	ck_assert_uint_ge(sum, UINT64_C(120) * 40000 * 18 / 10);
	stepped_close(&stepped);
}
END_TEST

START_TEST(nothing_is_counted_where_nothing_is_written)
{
	struct stepped_store stepped;
	struct segment_summary summary;

	stepped_open(&stepped);
	(void)append(&stepped, 1, 100);
	uint64_t before = telemetry_written(&stepped);
	ck_assert_uint_gt(before, 0);
	ck_assert_int_eq(store_segment_summary(stepped.store, &summary), 0);
	store_dispatch(stepped.store);
	ck_assert_uint_eq(telemetry_written(&stepped), before);
	stepped_close(&stepped);
}
END_TEST

START_TEST(a_vfs_that_is_not_there_is_an_error)
{
	struct written *written = NULL;

	ck_assert_int_eq(written_open(&written, "no such vfs"), -ENOENT);
	ck_assert_ptr_null(written);
	written_close(NULL);
}
END_TEST

TEST_SUITE(written, a_small_commit_is_counted_in_whole_pages, what_is_large_counts_as_its_pages,
	the_copy_from_the_wal_counts_too, nothing_is_counted_where_nothing_is_written,
	a_vfs_that_is_not_there_is_an_error)
