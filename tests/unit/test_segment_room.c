#include "store/segment_room.h"

#include <errno.h>
#include <stdint.h>

#include "store/loss_store.h"
#include "tests/sim/fault_vfs.h"
#include "tests/unit/stepped_store.h"
#include "tests/unit/suite.h"

#define SEEN_MAX 256

struct seen {
	size_t count;
	uint64_t firsts[SEEN_MAX];
	uint64_t readings;
	size_t damaged;
	struct outcome outcome;
};

static void see_segment(void *context, const struct stored_segment *segment)
{
	struct seen *seen = context;

	ck_assert_uint_lt(seen->count, SEEN_MAX);
	seen->firsts[seen->count++] = segment->first;
	seen->readings += segment->count;
	seen->damaged += segment->data == NULL;
}

static void see_dropped(void *context, uint64_t first, uint32_t count)
{
	struct seen *seen = context;

	ck_assert_uint_lt(seen->count, SEEN_MAX);
	seen->firsts[seen->count++] = first;
	seen->readings += count;
}

static void see_done(void *context, int result)
{
	outcome_done(&((struct seen *)context)->outcome, result);
}

/* Ten readings that begin at `oldest_us`. */
static struct stored_segment ten(uint64_t first, enum segment_kind kind, int64_t oldest_us, size_t size)
{
	static const uint8_t data[40000] = { 7 };

	return (struct stored_segment){ .first = first,
		.count = 10,
		.boot = 1,
		.oldest_us = oldest_us,
		.newest_us = oldest_us + 9,
		.codec = 1,
		.data = data,
		.size = size,
		.kind = kind };
}

static int append(struct stepped_store *stepped, uint64_t first, enum segment_kind kind, int64_t oldest_us)
{
	struct stored_segment segment = ten(first, kind, oldest_us, 40000);
	struct outcome outcome;

	ck_assert_int_eq(store_segment_append(stepped->store, &segment, outcome_reply(&outcome)), 0);
	return outcome_of(stepped, &outcome);
}

static struct seen load(struct stepped_store *stepped)
{
	struct seen seen = { 0 };

	ck_assert_int_eq(store_segment_load(stepped->store, 0, UINT64_MAX, SEGMENT_LOAD_MAX,
				 (struct segment_reader){ see_segment, see_done, &seen }),
		0);
	ck_assert_int_eq(outcome_of(stepped, &seen.outcome), 0);
	ck_assert_uint_eq(seen.damaged, 0);
	return seen;
}

static struct seen evict(struct stepped_store *stepped, uint64_t bytes, uint64_t alarm_bytes, uint64_t thinned_bytes)
{
	struct seen seen = { 0 };

	ck_assert_int_eq(store_segment_evict(stepped->store, bytes,
				 (struct segment_eviction){ see_dropped, see_done, &seen, alarm_bytes, thinned_bytes }),
		0);
	ck_assert_int_eq(outcome_of(stepped, &seen.outcome), 0);
	return seen;
}

/* The segments with `firsts` become two with the numbers 1001 to 1010 and 1011 to 1020. */
static int replace(struct stepped_store *stepped, const uint64_t *firsts, size_t count)
{
	struct stored_segment segments[2] = { ten(1001, SEGMENT_THINNED, 5, 500), ten(1011, SEGMENT_THINNED, 9, 500) };
	struct segment_replacement replacement = { firsts, count, segments, 2, 0 };
	struct outcome outcome;

	ck_assert_int_eq(store_segment_replace(stepped->store, &replacement, outcome_reply(&outcome)), 0);
	return outcome_of(stepped, &outcome);
}

static char told[256];

static void tell_loss(void *context, const struct stored_loss *loss)
{
	size_t used = strlen(told);

	(void)context;
	snprintf(told + used, sizeof(told) - used, "%llu-%llu %s%llu ", (unsigned long long)loss->first,
		(unsigned long long)loss->last, loss->reason == LOSS_THINNED ? "thinned " : "",
		(unsigned long long)loss->became);
}

static const char *losses(struct stepped_store *stepped)
{
	told[0] = '\0';
	ck_assert_int_eq(store_losses_load(stepped->store, tell_loss, NULL), 0);
	return told;
}

START_TEST(replaced_segments_make_way_for_others_and_are_noted)
{
	const uint64_t firsts[] = { 1, 11, 31 };
	struct stepped_store stepped;
	struct segment_summary summary;

	stepped_open(&stepped);
	for (uint64_t first = 1; first <= 41; first += 10)
		ck_assert_int_eq(append(&stepped, first, SEGMENT_PLAIN, (int64_t)first), 0);
	ck_assert_int_eq(replace(&stepped, firsts, 3), 0);
	stepped_reopen(&stepped);
	struct seen seen = load(&stepped);
	ck_assert_uint_eq(seen.count, 4);
	ck_assert_uint_eq(seen.firsts[0], 21);
	ck_assert_uint_eq(seen.firsts[1], 41);
	ck_assert_uint_eq(seen.firsts[2], 1001);
	ck_assert_uint_eq(seen.firsts[3], 1011);
	ck_assert_int_eq(store_segment_summary(stepped.store, &summary), 0);
	ck_assert_uint_eq(summary.readings, 40);
	ck_assert_uint_eq(summary.segments, 4);
	ck_assert_uint_eq(summary.next, 1021);
	ck_assert_str_eq(losses(&stepped), "1-20 thinned 20 31-40 thinned 0 ");
	stepped_close(&stepped);
}
END_TEST

START_TEST(everything_may_be_replaced)
{
	const uint64_t firsts[] = { 1, 11 };
	struct stepped_store stepped;
	struct segment_summary summary;

	stepped_open(&stepped);
	ck_assert_int_eq(append(&stepped, 1, SEGMENT_PLAIN, 1), 0);
	ck_assert_int_eq(append(&stepped, 11, SEGMENT_PLAIN, 1), 0);
	ck_assert_int_eq(replace(&stepped, firsts, 2), 0);
	ck_assert_int_eq(store_segment_summary(stepped.store, &summary), 0);
	ck_assert_uint_eq(summary.readings, 20);
	ck_assert_uint_eq(summary.segments, 2);
	ck_assert_int_eq(append(&stepped, 1021, SEGMENT_PLAIN, 1), 0);
	ck_assert_int_eq(store_segment_summary(stepped.store, &summary), 0);
	ck_assert_uint_eq(summary.readings, 30);
	stepped_close(&stepped);
}
END_TEST

START_TEST(nothing_is_replaced_if_one_of_them_is_gone)
{
	const uint64_t firsts[] = { 1, 12 };
	struct stepped_store stepped;

	stepped_open(&stepped);
	ck_assert_int_eq(append(&stepped, 1, SEGMENT_PLAIN, 1), 0);
	ck_assert_int_eq(replace(&stepped, firsts, 2), -ENOENT);
	ck_assert_uint_eq(load(&stepped).count, 1);
	ck_assert_str_eq(losses(&stepped), "");
	stepped_close(&stepped);
}
END_TEST

START_TEST(a_plain_load_leaves_out_alarms_and_thinned_ones)
{
	struct stepped_store stepped;
	struct seen seen = { 0 };

	stepped_open(&stepped);
	ck_assert_int_eq(append(&stepped, 1, SEGMENT_PLAIN, 1), 0);
	ck_assert_int_eq(append(&stepped, 11, SEGMENT_ALARM, 1), 0);
	ck_assert_int_eq(append(&stepped, 21, SEGMENT_THINNED, 1), 0);
	ck_assert_int_eq(append(&stepped, 31, SEGMENT_PLAIN, 1), 0);
	ck_assert_int_eq(store_segment_load_plain(stepped.store, 0, SEGMENT_LOAD_MAX,
				 (struct segment_reader){ see_segment, see_done, &seen }),
		0);
	ck_assert_int_eq(outcome_of(&stepped, &seen.outcome), 0);
	ck_assert_uint_eq(seen.count, 2);
	ck_assert_uint_eq(seen.firsts[1], 31);
	stepped_close(&stepped);
}
END_TEST

START_TEST(what_begins_first_is_dropped_first_whatever_its_number)
{
	struct stepped_store stepped;

	stepped_open(&stepped);
	ck_assert_int_eq(append(&stepped, 1, SEGMENT_PLAIN, 100), 0);
	ck_assert_int_eq(append(&stepped, 11, SEGMENT_THINNED, 50), 0);
	ck_assert_int_eq(append(&stepped, 21, SEGMENT_PLAIN, 200), 0);
	struct seen seen = evict(&stepped, 30000, 0, 0);
	ck_assert_uint_eq(seen.count, 2);
	ck_assert_uint_eq(load(&stepped).firsts[0], 21);
	ck_assert_str_eq(losses(&stepped), "1-20 0 ");
	ck_assert_int_eq(append(&stepped, 31, SEGMENT_THINNED, 50), 0);
	seen = evict(&stepped, 30000, 0, 0);
	ck_assert_uint_eq(seen.firsts[0], 31);
	stepped_close(&stepped);
}
END_TEST

START_TEST(alarms_go_last_unless_they_take_more_than_their_share)
{
	struct stepped_store stepped;

	stepped_open(&stepped);
	ck_assert_int_eq(append(&stepped, 1, SEGMENT_ALARM, 1), 0);
	ck_assert_int_eq(append(&stepped, 11, SEGMENT_PLAIN, 2), 0);
	ck_assert_int_eq(append(&stepped, 21, SEGMENT_ALARM, 3), 0);
	ck_assert_int_eq(append(&stepped, 31, SEGMENT_PLAIN, 4), 0);
	struct seen seen = evict(&stepped, 1000, 80000, 0);
	ck_assert_uint_eq(seen.count, 1);
	ck_assert_uint_eq(seen.firsts[0], 11);
	seen = evict(&stepped, 30000, 79999, 0);
	ck_assert_uint_eq(seen.firsts[0], 1);
	seen = evict(&stepped, 1000000, 80000, 0);
	ck_assert_uint_eq(seen.count, 2);
	ck_assert_uint_eq(seen.firsts[0], 21);
	ck_assert_uint_eq(seen.firsts[1], 31);
	stepped_close(&stepped);
}
END_TEST

START_TEST(thinned_ones_beyond_their_share_go_although_there_is_room)
{
	struct stepped_store stepped;

	stepped_open(&stepped);
	ck_assert_int_eq(append(&stepped, 1, SEGMENT_PLAIN, 1), 0);
	for (uint64_t first = 11; first <= 41; first += 10)
		ck_assert_int_eq(append(&stepped, first, SEGMENT_THINNED, 5), 0);
	struct seen seen = evict(&stepped, 0, 0, 100000);
	ck_assert_uint_eq(seen.count, 2);
	ck_assert_uint_eq(seen.firsts[0], 11);
	ck_assert_uint_eq(seen.firsts[1], 21);
	ck_assert_uint_eq(evict(&stepped, 0, 0, 80000).count, 0);
	stepped_close(&stepped);
}
END_TEST

struct measured {
	struct segment_usage usage;
	struct outcome outcome;
};

static void on_usage(void *context, int result, const struct segment_usage *usage)
{
	struct measured *measured = context;

	measured->usage = *usage;
	outcome_done(&measured->outcome, result);
}

START_TEST(usage_counts_what_there_is_of_each_kind)
{
	struct measured measured = { 0 };
	struct stepped_store stepped;

	stepped_make_directory(&stepped);
	stepped.options.telemetry_quota_bytes = 1 << 20;
	ck_assert_int_eq(stepped_try_open(&stepped), 0);
	ck_assert_int_eq(append(&stepped, 1, SEGMENT_PLAIN, 1), 0);
	ck_assert_int_eq(append(&stepped, 11, SEGMENT_ALARM, 1), 0);
	ck_assert_int_eq(append(&stepped, 21, SEGMENT_THINNED, 1), 0);
	ck_assert_int_eq(append(&stepped, 31, SEGMENT_THINNED, 1), 0);
	ck_assert_int_eq(store_segment_usage(stepped.store, (struct segment_usage_reader){ on_usage, &measured }), 0);
	ck_assert_int_eq(outcome_of(&stepped, &measured.outcome), 0);
	ck_assert_uint_eq(measured.usage.quota_bytes, 1 << 20);
	ck_assert_uint_eq(measured.usage.alarm_bytes, 40000);
	ck_assert_uint_eq(measured.usage.thinned_bytes, 80000);
	ck_assert_uint_gt(measured.usage.used_bytes, 160000);
	ck_assert_uint_lt(measured.usage.used_bytes, 240000);
	stepped_close(&stepped);
}
END_TEST

/* Either what was there or what stands for it, with the note that belongs to it. */
static void check_one_or_the_other(struct stepped_store *stepped, bool done)
{
	ck_assert_msg(stepped_try_open(stepped) == 0, "%s", stepped->why);
	for (int i = 0; i < 3; i++)
		ck_assert_str_eq(stepped->findings.set_aside[i], "");
	struct seen seen = load(stepped);
	struct segment_summary summary;

	ck_assert_int_eq(store_segment_summary(stepped->store, &summary), 0);
	ck_assert_uint_eq(summary.readings, seen.readings);
	ck_assert_uint_eq(summary.segments, seen.count);
	if (done || seen.firsts[0] == 41) {
		ck_assert_uint_eq(seen.count, 3);
		ck_assert_uint_eq(seen.firsts[1], 1001);
		ck_assert_str_eq(losses(stepped), "1-40 thinned 20 ");
	} else {
		ck_assert_uint_eq(seen.count, 5);
		ck_assert_uint_eq(seen.firsts[0], 1);
		ck_assert_str_eq(losses(stepped), "");
	}
}

#define STRIDE 5 /* the changes are the frames of small pages, by the hundred */

/* Replaces four of five segments while the disk fails at that change; how many changes there were. */
static uint64_t replace_with(enum fault what, uint64_t change, uint64_t count)
{
	const uint64_t firsts[] = { 1, 11, 21, 31 };
	struct fault_vfs *fault = fault_vfs_open("fault", change + 1);
	struct stepped_store stepped;

	stepped_make_directory(&stepped);
	stepped.options.vfs = "fault";
	ck_assert_int_eq(stepped_try_open(&stepped), 0);
	for (uint64_t first = 1; first <= 41; first += 10)
		ck_assert_int_eq(append(&stepped, first, SEGMENT_PLAIN, (int64_t)first), 0);
	fault_vfs_plan(fault, &(struct fault_plan){ .fault = what, .first = change, .count = count });
	bool done = replace(&stepped, firsts, 4) == 0;
	stepped_shut(&stepped);
	uint64_t changes = fault_vfs_changes(fault);
	if (what == FAULT_POWER_CUT)
		fault_vfs_restore(fault);
	fault_vfs_plan(fault, &(struct fault_plan){ .fault = FAULT_NONE });
	check_one_or_the_other(&stepped, done);
	stepped_close(&stepped);
	fault_vfs_close(fault);
	return changes;
}

START_TEST(a_power_cut_in_between_leaves_the_one_or_the_other)
{
	uint64_t changes = replace_with(FAULT_NONE, 0, 0);

	ck_assert_uint_gt(changes, 10);
	for (uint64_t change = 1; change <= changes; change += STRIDE)
		replace_with(FAULT_POWER_CUT, change, 0);
}
END_TEST

START_TEST(a_disk_that_fails_in_between_leaves_the_one_or_the_other)
{
	uint64_t changes = replace_with(FAULT_NONE, 0, 0);

	for (uint64_t change = 1; change <= changes; change += STRIDE) {
		replace_with(FAULT_IO_ERROR, change, change % 2 ? 1 : UINT32_MAX);
		replace_with(FAULT_NO_SPACE, change, UINT32_MAX);
	}
}
END_TEST

TEST_SUITE(segment_room, replaced_segments_make_way_for_others_and_are_noted, everything_may_be_replaced,
	nothing_is_replaced_if_one_of_them_is_gone, a_plain_load_leaves_out_alarms_and_thinned_ones,
	what_begins_first_is_dropped_first_whatever_its_number, alarms_go_last_unless_they_take_more_than_their_share,
	thinned_ones_beyond_their_share_go_although_there_is_room, usage_counts_what_there_is_of_each_kind,
	a_power_cut_in_between_leaves_the_one_or_the_other, a_disk_that_fails_in_between_leaves_the_one_or_the_other)
