#include "gateway/numbers.h"

#include "gateway/gaps.h"
#include "protocols/cursor.h"
#include "store/segment_store.h"
#include "tests/unit/stepped_store.h"
#include "tests/unit/suite.h"

static struct stepped_store stepped;
static struct gaps *gaps;
static struct numbers numbers;

/* A start of the gateway; `known` as in numbers_start(). */
static void start(bool early, uint64_t known)
{
	struct numbers_found found;

	ck_assert_int_eq(gaps_open(&gaps, stepped.store), 0);
	ck_assert_int_eq(numbers_load(&numbers, stepped.store, 4711, &found), 0);
	numbers.early = early;
	numbers_start(&numbers, &found, known, gaps);
	store_dispatch(stepped.store);
	store_dispatch(stepped.store);
}

static void end(void)
{
	stepped_reopen(&stepped);
	gaps_close(gaps);
}

/* Numbers that are published and never stored. */
static void publish(uint32_t count)
{
	uint64_t first = numbers_give(&numbers, count);

	numbers_seen(&numbers, first + count);
}

static void store(uint32_t count)
{
	struct outcome outcome;
	struct stored_segment segment = {
		.first = numbers_give(&numbers, count), .count = count, .data = "x", .size = 1
	};

	ck_assert_int_eq(store_segment_append(stepped.store, &segment, outcome_reply(&outcome)), 0);
	ck_assert_int_eq(outcome_of(&stepped, &outcome), 0);
	numbers_seen(&numbers, segment.first + count);
}

START_TEST(numbers_begin_with_one_and_go_on_after_a_stop)
{
	stepped_open(&stepped);
	start(true, 0);
	ck_assert_uint_eq(numbers.next, 1);
	store(10);
	publish(5);
	numbers_stop(&numbers);
	end();
	start(true, 0);
	ck_assert_uint_eq(numbers.next, 16);
	ck_assert_uint_eq(numbers.journal, 4711);
	ck_assert_uint_eq(numbers.session, 2);
	ck_assert_uint_eq(gaps_count(gaps), 0);
	end();
	stepped_close(&stepped);
}
END_TEST

START_TEST(nothing_is_reserved_before_the_mark_is_durable)
{
	struct numbers_found found;

	stepped_open(&stepped);
	ck_assert_int_eq(gaps_open(&gaps, stepped.store), 0);
	ck_assert_int_eq(numbers_load(&numbers, stepped.store, 4711, &found), 0);
	numbers.early = true;
	numbers_start(&numbers, &found, 0, gaps);
	ck_assert(!numbers_are_reserved(&numbers, 1));
	store_dispatch(stepped.store);
	store_dispatch(stepped.store);
	ck_assert(numbers_are_reserved(&numbers, 1000));
	ck_assert(!numbers_are_reserved(&numbers, UINT32_MAX));
	end();
	start(false, 0);
	ck_assert(!numbers_are_reserved(&numbers, 1));
	end();
	stepped_close(&stepped);
}
END_TEST

START_TEST(the_reservation_moves_ahead_of_the_numbers)
{
	stepped_open(&stepped);
	start(true, 0);
	for (int i = 0; i < 100; i++) {
		ck_assert(numbers_are_reserved(&numbers, 100000));
		publish(100000);
		store_dispatch(stepped.store);
	}
	end();
	start(true, 0);
	ck_assert_uint_gt(numbers.next, 10000000);
	end();
	stepped_close(&stepped);
}
END_TEST

START_TEST(after_a_power_cut_numbers_go_on_above_the_mark_and_the_rest_is_told)
{
	stepped_open(&stepped);
	start(true, 0);
	store(10);
	publish(5);
	end();
	start(true, 0);
	ck_assert_uint_gt(numbers.next, 15);
	ck_assert_uint_eq(gaps_count(gaps), 1);
	ck_assert_uint_eq(gaps_at(gaps, 0)->first, 11);
	ck_assert_uint_eq(gaps_at(gaps, 0)->last, numbers.next - 1);
	ck_assert_uint_eq(gaps_at(gaps, 0)->lost, 0);
	ck_assert_int_eq(gaps_at(gaps, 0)->reason, GAP_UNUSED);
	end();
	stepped_close(&stepped);
}
END_TEST

START_TEST(who_knows_the_last_number_keeps_the_gap_away)
{
	stepped_open(&stepped);
	start(true, 0);
	store(10);
	publish(5);
	end();
	start(true, 16);
	ck_assert_uint_eq(numbers.next, 16);
	store(10);
	end();
	start(true, 16);
	ck_assert_uint_eq(numbers.next, 26);
	ck_assert_uint_eq(gaps_count(gaps), 0);
	end();
	stepped_close(&stepped);
}
END_TEST

START_TEST(without_early_numbers_a_crash_leaves_no_gap)
{
	stepped_open(&stepped);
	start(false, 0);
	store(10);
	end();
	start(false, 0);
	ck_assert_uint_eq(numbers.next, 11);
	ck_assert_uint_eq(gaps_count(gaps), 0);
	end();
	stepped_close(&stepped);
}
END_TEST

START_TEST(a_store_that_never_had_a_reading_is_not_lost)
{
	stepped_open(&stepped);
	for (unsigned i = 0; i < 3; i++) {
		start(true, 0);
		ck_assert_uint_eq(numbers.next, 1 + 5 * i);
		ck_assert_uint_eq(gaps_count(gaps), 0);
		publish(5);
		numbers_stop(&numbers);
		end();
	}
	stepped_close(&stepped);
}
END_TEST

START_TEST(a_lost_database_is_told_and_no_number_comes_twice)
{
	stepped_open(&stepped);
	start(true, 0);
	store(10);
	publish(5);
	end();
	stepped_shut(&stepped);
	ck_assert_int_eq(unlink(stepped_path(&stepped, "telemetry.db")), 0);
	ck_assert_int_eq(stepped_try_open(&stepped), 0);
	start(true, 0);
	ck_assert_uint_gt(numbers.next, 15);
	ck_assert_uint_eq(gaps_count(gaps), 1);
	ck_assert_uint_eq(gaps_at(gaps, 0)->first, 1);
	ck_assert_int_eq(gaps_at(gaps, 0)->reason, GAP_DATABASE_LOST);
	end();
	stepped_close(&stepped);
}
END_TEST

START_TEST(the_mark_of_a_former_version_is_understood)
{
	uint8_t mark[16];
	struct writer out;

	stepped_open(&stepped);
	writer_init(&out, mark, sizeof(mark));
	write_le64(&out, 100);
	write_le64(&out, 5000);
	ck_assert_int_eq(
		store_setting_put(stepped.store, "telemetry.mark", mark, sizeof(mark), (struct store_reply){ 0 }), 0);
	start(true, 0);
	ck_assert_uint_eq(numbers.next, 5000);
	ck_assert_uint_eq(gaps_at(gaps, 0)->first, 100);
	end();
	stepped_close(&stepped);
}
END_TEST

START_TEST(numbers_that_nobody_saw_are_taken_back)
{
	stepped_open(&stepped);
	start(true, 0);
	publish(5);
	ck_assert_uint_eq(numbers_give(&numbers, 10), 6);
	numbers_take_back(&numbers);
	ck_assert_uint_eq(numbers_give(&numbers, 10), 6);
	end();
	stepped_close(&stepped);
}
END_TEST

TEST_SUITE(numbers, numbers_begin_with_one_and_go_on_after_a_stop, nothing_is_reserved_before_the_mark_is_durable,
	the_reservation_moves_ahead_of_the_numbers, after_a_power_cut_numbers_go_on_above_the_mark_and_the_rest_is_told,
	who_knows_the_last_number_keeps_the_gap_away, without_early_numbers_a_crash_leaves_no_gap,
	a_store_that_never_had_a_reading_is_not_lost, a_lost_database_is_told_and_no_number_comes_twice,
	the_mark_of_a_former_version_is_understood, numbers_that_nobody_saw_are_taken_back)
