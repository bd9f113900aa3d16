#include "gateway/offer_files.h"

#include <errno.h>

#include "protocols/segment.h"
#include "store/segment_store.h"
#include "tests/unit/runtime_fixture.h"
#include "tests/unit/suite.h"

#define FIRST_FILE "offer-0000000000001267-1001"

static struct runtime_fixture fixture;
static unsigned found;
static uint64_t exchanges[3] = { 7, 8, 9 };

static struct stored_segment sample(uint64_t first)
{
	return (struct stored_segment){ .first = first,
		.count = 5,
		.boot = 3,
		.oldest_us = -1,
		.newest_us = INT64_C(1700000000000000),
		.codec = SEGMENT_ROWS,
		.data = "bytes of it",
		.size = 11,
		.exchanges = exchanges,
		.exchange_count = 3,
		.kept_at_ms = INT64_C(1700000000000) };
}

static void on_offer(void *context, const struct stored_segment *segment)
{
	struct stored_segment expected = sample(segment->first);

	found++;
	ck_assert_uint_eq(segment->count, expected.count);
	ck_assert_uint_eq(segment->boot, expected.boot);
	ck_assert_int_eq(segment->oldest_us, expected.oldest_us);
	ck_assert_int_eq(segment->newest_us, expected.newest_us);
	ck_assert_int_eq(segment->kept_at_ms, expected.kept_at_ms);
	ck_assert_uint_eq(segment->codec, expected.codec);
	ck_assert_uint_eq(segment->size, expected.size);
	ck_assert_mem_eq(segment->data, expected.data, expected.size);
	ck_assert_uint_eq(segment->exchange_count, 3);
	ck_assert_mem_eq(segment->exchanges, exchanges, sizeof(exchanges));
}

static unsigned load(uint64_t session)
{
	found = 0;
	ck_assert_int_eq(offer_files_load(&fixture.folder, session, on_offer, NULL), 0);
	return found;
}

static void write_one(uint64_t session, uint64_t first)
{
	struct stored_segment segment = sample(first);

	ck_assert_int_eq(offer_file_write(&fixture.folder, session, &segment), 0);
}

START_TEST(what_was_written_is_found)
{
	runtime_build(&fixture);
	ck_assert_uint_eq(load(1), 0);
	write_one(1, 1001);
	write_one(1, 2001);
	ck_assert_uint_eq(load(1), 2);
	offer_file_remove(&fixture.folder, 1001);
	offer_file_remove(&fixture.folder, 1001);
	ck_assert_uint_eq(load(1), 1);
	runtime_tear_down(&fixture);
}
END_TEST

START_TEST(what_an_earlier_session_left_is_removed)
{
	runtime_build(&fixture);
	write_one(1, 1001);
	write_one(2, 2001);
	ck_assert_uint_eq(load(2), 1);
	ck_assert_uint_eq(runtime_each(&fixture, NULL), 1);
	runtime_tear_down(&fixture);
}
END_TEST

START_TEST(a_file_cut_short_anywhere_is_removed)
{
	runtime_build(&fixture);
	write_one(1, 1001);
	for (off_t size = runtime_file_size(&fixture, FIRST_FILE) - 1; size >= 0; size--) {
		write_one(1, 1001);
		runtime_cut(&fixture, FIRST_FILE, size);
		ck_assert_uint_eq(load(1), 0);
		ck_assert_uint_eq(runtime_each(&fixture, NULL), 0);
	}
	runtime_tear_down(&fixture);
}
END_TEST

START_TEST(a_changed_byte_is_noticed)
{
	runtime_build(&fixture);
	write_one(1, 1001);
	for (off_t at = runtime_file_size(&fixture, FIRST_FILE) - 1; at >= 0; at--) {
		char byte;

		write_one(1, 1001);
		int fd = openat(fixture.folder.fd, FIRST_FILE, O_RDWR);
		ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
		byte ^= 0x10;
		ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
		close(fd);
		ck_assert_uint_eq(load(1), 0);
	}
	runtime_tear_down(&fixture);
}
END_TEST

START_TEST(other_gateways_and_other_boots_are_left_alone)
{
	runtime_build(&fixture);
	write_one(1, 1001);
	fixture.folder.name++;
	ck_assert_uint_eq(load(1), 0);
	ck_assert_uint_eq(runtime_each(&fixture, NULL), 1);
	fixture.folder.name--;
	fixture.folder.boot += 2;
	ck_assert_uint_eq(load(1), 0);
	runtime_tear_down(&fixture);
}
END_TEST

START_TEST(a_folder_that_others_may_write_to_is_not_believed)
{
	struct runtime_folder folder;

	runtime_build(&fixture);
	ck_assert_int_eq(chmod(fixture.path, 0770), 0);
	ck_assert_int_eq(runtime_folder_open(&folder, fixture.path, 4711), -EPERM);
	ck_assert_int_eq(chmod(fixture.path, 0755), 0);
	ck_assert_int_eq(runtime_folder_open(&folder, fixture.path, 4711), 0);
	runtime_folder_close(&folder);
	/* Where the test may give the folder to somebody. */
	if (chown(fixture.path, 65534, (gid_t)-1) == 0) {
		ck_assert_int_eq(runtime_folder_open(&folder, fixture.path, 4711), -EPERM);
		ck_assert_int_eq(chown(fixture.path, geteuid(), (gid_t)-1), 0);
	}
	runtime_tear_down(&fixture);
}
END_TEST

TEST_SUITE(offer_files, a_folder_that_others_may_write_to_is_not_believed, what_was_written_is_found,
	what_an_earlier_session_left_is_removed, a_file_cut_short_anywhere_is_removed, a_changed_byte_is_noticed,
	other_gateways_and_other_boots_are_left_alone)
