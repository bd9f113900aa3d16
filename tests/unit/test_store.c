#include "store/store.h"

#include <errno.h>
#include <time.h>

#include "store/image_store.h"
#include "store/node_store.h"
#include "store/segment_store.h"
#include "tests/unit/scratch_store.h"
#include "tests/unit/stepped_store.h"
#include "tests/unit/suite.h"

/* The order in which replies came. */
struct order {
	int count;
	int values[64];
	int results[64];
};

struct ticket {
	struct order *order;
	int value;
};

static void note_order(void *context, int result)
{
	struct ticket *ticket = context;

	ticket->order->results[ticket->order->count] = result;
	ticket->order->values[ticket->order->count++] = ticket->value;
}

static int append(struct store *store, uint64_t first, struct store_reply reply)
{
	struct stored_segment segment = { .first = first, .count = 1, .data = "some bytes", .size = 10 };

	return store_segment_append(store, &segment, reply);
}

START_TEST(all_that_waits_is_one_commit)
{
	struct stepped_store stepped;
	struct store_figures figures;
	struct outcome outcomes[50];

	stepped_open(&stepped);
	for (uint64_t i = 0; i < 50; i++)
		ck_assert_int_eq(append(stepped.store, i + 1, outcome_reply(&outcomes[i])), 0);
	store_dispatch(stepped.store);
	for (int i = 0; i < 50; i++)
		ck_assert_int_eq(outcomes[i].result, 0);
	store_figures(stepped.store, &figures);
	ck_assert_uint_eq(figures.commits, 1);
	ck_assert_uint_eq(figures.queued, 0);
	ck_assert_uint_gt(figures.longest_commit_us, 0);
	ck_assert_uint_gt(figures.telemetry_bytes, 0);
	stepped_close(&stepped);
}
END_TEST

START_TEST(an_operation_that_fails_leaves_its_neighbours_alone)
{
	struct stepped_store stepped;
	struct outcome before, wrong, after;
	struct segment_summary summary;

	stepped_open(&stepped);
	ck_assert_int_eq(append(stepped.store, 10, outcome_reply(&before)), 0);
	ck_assert_int_eq(append(stepped.store, 10, outcome_reply(&wrong)), 0);
	ck_assert_int_eq(append(stepped.store, 11, outcome_reply(&after)), 0);
	store_dispatch(stepped.store);
	ck_assert_int_eq(before.result, 0);
	ck_assert_int_eq(wrong.result, -EEXIST);
	ck_assert_int_eq(after.result, 0);
	stepped_reopen(&stepped);
	ck_assert_int_eq(store_segment_summary(stepped.store, &summary), 0);
	ck_assert_uint_eq(summary.segments, 2);
	stepped_close(&stepped);
}
END_TEST

START_TEST(replies_of_one_file_come_in_order)
{
	struct stepped_store stepped;
	struct order order = { 0 };
	struct ticket tickets[60];

	stepped_open(&stepped);
	for (int i = 0; i < 60; i++) {
		tickets[i] = (struct ticket){ &order, i };
		uint64_t first = i % 7 == 3 ? 1 : (uint64_t)i + 1;
		ck_assert_int_eq(append(stepped.store, first, (struct store_reply){ note_order, &tickets[i] }), 0);
	}
	store_dispatch(stepped.store);
	ck_assert_int_eq(order.count, 60);
	for (int i = 0; i < 60; i++) {
		ck_assert_int_eq(order.values[i], i);
		ck_assert_int_eq(order.results[i], i % 7 == 3 ? -EEXIST : 0);
	}
	stepped_close(&stepped);
}
END_TEST

START_TEST(the_queue_is_bounded_in_bytes)
{
	struct stepped_store stepped;
	struct store_figures figures;
	static uint8_t data[SEGMENT_SIZE_MAX];
	struct stored_segment segment = { .count = 1, .data = data, .size = sizeof(data) };
	int result = 0;

	stepped_open(&stepped);
	for (segment.first = 1; result == 0; segment.first++)
		result = store_segment_append(stepped.store, &segment, (struct store_reply){ 0 });
	ck_assert_int_eq(result, -ENOBUFS);
	store_figures(stepped.store, &figures);
	ck_assert_uint_eq(figures.queued, STORE_QUEUE_BYTES_MAX / SEGMENT_SIZE_MAX - 1);
	store_dispatch(stepped.store);
	ck_assert_int_eq(store_segment_append(stepped.store, &segment, (struct store_reply){ 0 }), 0);
	stepped_close(&stepped);
}
END_TEST

START_TEST(the_queue_is_bounded_in_operations)
{
	struct stepped_store stepped;
	const uint8_t sha256[32] = { 0 };
	int count = 0;

	stepped_open(&stepped);
	while (store_image_touch(stepped.store, sha256, 1, (struct store_reply){ 0 }) == 0)
		count++;
	ck_assert_int_eq(count, STORE_QUEUE_MAX);
	stepped_close(&stepped);
}
END_TEST

static void put_again(void *context, int result)
{
	struct stepped_store *stepped = context;

	ck_assert_int_eq(store_setting_put(stepped->store, "late", "x", 1, (struct store_reply){ 0 }), -ESHUTDOWN);
	stepped->options.telemetry_quota_bytes = 77;
}

START_TEST(closing_completes_and_takes_no_more)
{
	struct stepped_store stepped;

	stepped_open(&stepped);
	ck_assert_int_eq(
		store_setting_put(stepped.store, "last", "x", 1, (struct store_reply){ put_again, &stepped }), 0);
	store_close(stepped.store);
	ck_assert_uint_eq(stepped.options.telemetry_quota_bytes, 77);
	stepped.options.telemetry_quota_bytes = 0;
	char byte;
	ck_assert_int_eq(stepped_try_open(&stepped), 0);
	ck_assert_int_eq(store_setting_get(stepped.store, "last", &byte, 1), 1);
	ck_assert_int_eq(store_setting_get(stepped.store, "late", &byte, 1), -ENOENT);
	stepped_close(&stepped);
}
END_TEST

START_TEST(settings_are_kept_within_their_limits)
{
	struct stepped_store stepped;
	struct outcome outcome;
	static char buffer[4097];
	char name[66] = "";

	stepped_open(&stepped);
	ck_assert_int_eq(store_setting_put(stepped.store, "boot", "12345", 5, outcome_reply(&outcome)), 0);
	ck_assert_int_eq(outcome_of(&stepped, &outcome), 0);
	ck_assert_int_eq(store_setting_put(stepped.store, "boot", "678", 3, outcome_reply(&outcome)), 0);
	ck_assert_int_eq(store_setting_get(stepped.store, "boot", buffer, sizeof(buffer)), 3);
	ck_assert_mem_eq(buffer, "678", 3);
	ck_assert_int_eq(store_setting_get(stepped.store, "boot", buffer, 2), -ENOBUFS);
	ck_assert_int_eq(store_setting_put(stepped.store, "big", buffer, 4097, outcome_reply(&outcome)), -EINVAL);
	ck_assert_int_eq(store_setting_put(stepped.store, "", buffer, 0, outcome_reply(&outcome)), 0);
	memset(name, 'n', 65);
	ck_assert_int_eq(store_setting_put(stepped.store, name, "x", 1, outcome_reply(&outcome)), -EINVAL);
	stepped_reopen(&stepped);
	ck_assert_int_eq(store_setting_get(stepped.store, "boot", buffer, sizeof(buffer)), 3);
	ck_assert_int_eq(store_setting_get(stepped.store, "", buffer, sizeof(buffer)), 0);
	stepped_close(&stepped);
}
END_TEST

START_TEST(the_thread_completes_what_the_loop_submits)
{
	struct scratch_store scratch;
	static struct outcome outcomes[1000];
	struct segment_summary summary;

	scratch_store_open(&scratch);
	for (uint64_t i = 0; i < 1000; i++) {
		ck_assert_int_eq(append(scratch.store, i + 1, outcome_reply(&outcomes[i])), 0);
		if (i % 10 == 0)
			store_dispatch(scratch.store);
	}
	ck_assert_int_eq(store_segment_summary(scratch.store, &summary), 0);
	ck_assert_uint_eq(summary.readings, 1000);
	scratch_store_settle(&scratch);
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(outcomes[i].result, 0);
	scratch_store_close(&scratch);
}
END_TEST

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

START_TEST(a_deletion_alone_is_durable_within_a_second)
{
	struct scratch_store scratch;
	struct outcome appended, discarded;
	struct store_figures figures;
	uint64_t first = 1;

	scratch_store_open(&scratch);
	ck_assert_int_eq(append(scratch.store, 1, outcome_reply(&appended)), 0);
	scratch_store_settle(&scratch);
	int64_t start_ms = now_ms();
	ck_assert_int_eq(store_segment_discard(scratch.store, &first, 1, 0, outcome_reply(&discarded)), 0);
	scratch_store_settle(&scratch);
	int64_t took_ms = now_ms() - start_ms;
	ck_assert_int_ge(took_ms, 900);
	ck_assert_int_lt(took_ms, 5000);
	ck_assert_int_eq(discarded.result, 0);
	store_figures(scratch.store, &figures);
	ck_assert_uint_eq(figures.commits, 2);
	scratch_store_close(&scratch);
}
END_TEST

START_TEST(a_deletion_rides_in_the_commit_of_an_append)
{
	struct scratch_store scratch;
	struct outcome appended, discarded;
	struct segment_summary summary;
	struct store_figures figures;
	uint64_t first = 1;

	scratch_store_open(&scratch);
	ck_assert_int_eq(append(scratch.store, 1, outcome_reply(&appended)), 0);
	scratch_store_settle(&scratch);
	ck_assert_int_eq(store_segment_discard(scratch.store, &first, 1, 0, outcome_reply(&discarded)), 0);
	/* Seen by a reader at once, though not durable yet. */
	ck_assert_int_eq(store_segment_summary(scratch.store, &summary), 0);
	ck_assert_uint_eq(summary.segments, 0);
	ck_assert_int_eq(append(scratch.store, 2, outcome_reply(&appended)), 0);
	scratch_store_settle(&scratch);
	ck_assert_int_eq(discarded.result, 0);
	store_figures(scratch.store, &figures);
	ck_assert_uint_eq(figures.commits, 2);
	scratch_store_close(&scratch);
}
END_TEST

START_TEST(closing_with_the_thread_at_work_completes_all)
{
	struct scratch_store scratch;
	static struct outcome outcomes[300];
	struct segment_summary summary;

	scratch_store_open(&scratch);
	for (uint64_t i = 0; i < 300; i++)
		ck_assert_int_eq(append(scratch.store, i + 1, outcome_reply(&outcomes[i])), 0);
	scratch_store_shut(&scratch);
	for (int i = 0; i < 300; i++)
		ck_assert_int_eq(outcomes[i].result, 0);
	scratch_store_start(&scratch);
	ck_assert_int_eq(store_segment_summary(scratch.store, &summary), 0);
	ck_assert_uint_eq(summary.segments, 300);
	scratch_store_close(&scratch);
}
END_TEST

TEST_SUITE(store, all_that_waits_is_one_commit, an_operation_that_fails_leaves_its_neighbours_alone,
	replies_of_one_file_come_in_order, the_queue_is_bounded_in_bytes, the_queue_is_bounded_in_operations,
	closing_completes_and_takes_no_more, settings_are_kept_within_their_limits,
	the_thread_completes_what_the_loop_submits, a_deletion_alone_is_durable_within_a_second,
	a_deletion_rides_in_the_commit_of_an_append, closing_with_the_thread_at_work_completes_all)
