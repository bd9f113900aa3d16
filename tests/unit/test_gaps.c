#include "gateway/gaps.h"

#include "tests/unit/suite.h"
#include "tests/unit/telemetry_house.h"

static void check_gap(const struct house *house, size_t i, const struct gap *expected)
{
	const struct gap *gap = gaps_at(house->gaps, i);

	ck_assert_uint_eq(gap->first, expected->first);
	ck_assert_uint_eq(gap->last, expected->last);
	ck_assert_uint_eq(gap->lost, expected->lost);
	ck_assert_int_eq(gap->reason, expected->reason);
	ck_assert_uint_eq(gap->became, expected->became);
}

START_TEST(neighbours_of_one_reason_are_joined)
{
	struct house *house = house_build();

	house_open(house);
	gaps_add(house->gaps, &(struct gap){ 1, 10, 10, GAP_QUOTA });
	gaps_add(house->gaps, &(struct gap){ 21, 30, 10, GAP_QUOTA });
	gaps_add(house->gaps, &(struct gap){ 31, 40, 10, GAP_DAMAGED });
	ck_assert_uint_eq(gaps_count(house->gaps), 3);
	gaps_add(house->gaps, &(struct gap){ 11, 20, 10, GAP_QUOTA });
	ck_assert_uint_eq(gaps_count(house->gaps), 2);
	check_gap(house, 0, &(struct gap){ 1, 30, 30, GAP_QUOTA });
	check_gap(house, 1, &(struct gap){ 31, 40, 10, GAP_DAMAGED });
	house_tear_down(house);
}
END_TEST

START_TEST(what_was_told_is_forgotten_and_what_grew_stays)
{
	struct house *house = house_build();
	struct gap told = { 11, 20, 10, GAP_QUOTA };

	house_open(house);
	gaps_add(house->gaps, &told);
	gaps_add(house->gaps, &(struct gap){ 21, 25, 5, GAP_QUOTA });
	gaps_forget(house->gaps, &told);
	ck_assert_uint_eq(gaps_count(house->gaps), 1);
	check_gap(house, 0, &(struct gap){ 21, 25, 5, GAP_QUOTA });
	gaps_add(house->gaps, &told);
	gaps_forget(house->gaps, &(struct gap){ 21, 25, 5, GAP_QUOTA });
	check_gap(house, 0, &told);
	gaps_forget(house->gaps, &told);
	ck_assert_uint_eq(gaps_count(house->gaps), 0);
	gaps_forget(house->gaps, &told);
	house_tear_down(house);
}
END_TEST

START_TEST(the_list_is_bounded_and_the_count_stays_true)
{
	struct house *house = house_build();
	uint64_t lost = 0;

	house_open(house);
	for (uint64_t i = 0; i < 1000; i++)
		gaps_add(house->gaps, &(struct gap){ 1 + i * 10, 3 + i * 10, 3, GAP_DAMAGED });
	ck_assert_uint_eq(gaps_count(house->gaps), GAPS_MAX);
	for (size_t i = 0; i < GAPS_MAX; i++) {
		lost += gaps_at(house->gaps, i)->lost;
		ck_assert(i == 0 || gaps_at(house->gaps, i)->first > gaps_at(house->gaps, i - 1)->last);
	}
	ck_assert_uint_eq(lost, 3000);
	house_tear_down(house);
}
END_TEST

START_TEST(no_loss_hides_among_numbers_that_were_not_used)
{
	struct house *house = house_build();
	uint64_t lost = 0;

	house_open(house);
	for (uint64_t i = 0; i < 500; i++) {
		gaps_add(house->gaps, &(struct gap){ 1 + i * 20, 3 + i * 20, 3, GAP_THINNED, 1 });
		if (i % 50 == 0)
			gaps_add(house->gaps, &(struct gap){ 5 + i * 20, 12 + i * 20, 0, GAP_UNUSED });
	}
	for (size_t i = 0; i < gaps_count(house->gaps); i++)
		if (gaps_at(house->gaps, i)->reason == GAP_THINNED)
			lost += gaps_at(house->gaps, i)->lost;
	ck_assert_uint_eq(lost, 1500);
	house_tear_down(house);
}
END_TEST

START_TEST(losses_of_all_kinds_in_turn_keep_their_count)
{
	struct house *house = house_build();
	uint64_t lost = 0;

	house_open(house);
	for (uint64_t i = 0; i < 500; i++)
		gaps_add(house->gaps,
			&(struct gap){ 1 + i * 20, 3 + i * 20, i % 2 ? 3 : 0, i % 2 ? GAP_QUOTA : GAP_UNUSED });
	ck_assert_uint_eq(gaps_count(house->gaps), GAPS_MAX);
	for (size_t i = 0; i < GAPS_MAX; i++)
		lost += gaps_at(house->gaps, i)->lost;
	ck_assert_uint_eq(lost, 750);
	house_tear_down(house);
}
END_TEST

START_TEST(gaps_outlive_a_crash)
{
	struct house *house = house_build();

	house_open(house);
	gaps_add(house->gaps, &(struct gap){ 1, 10, 10, GAP_QUOTA });
	gaps_add(house->gaps, &(struct gap){ 100, 200, 0, GAP_DATABASE_LOST });
	gaps_add(house->gaps, &(struct gap){ 300, 399, 100, GAP_THINNED, 7 });
	gaps_add(house->gaps, &(struct gap){ 400, 409, 10, GAP_THINNED, 2 });
	house_turn(house);
	house_turn(house);
	house_crash(house);
	ck_assert_uint_eq(gaps_count(house->gaps), 3);
	check_gap(house, 0, &(struct gap){ 1, 10, 10, GAP_QUOTA });
	check_gap(house, 1, &(struct gap){ 100, 200, 0, GAP_DATABASE_LOST });
	check_gap(house, 2, &(struct gap){ 300, 409, 110, GAP_THINNED, 9 });
	house_tear_down(house);
}
END_TEST

START_TEST(a_power_cut_right_after_dropping_still_leaves_the_gap)
{
	struct house *house = house_build();
	uint64_t lost = 0;

	house->quota = 200 * 1024;
	house_open(house);
	while (gaps_count(house->gaps) == 0) {
		house_take(house, 250);
		house->now.monotonic_ms += 300;
		house->now.wall_ms += 300;
		(void)telemetry_tick(house->telemetry, house->now);
		store_dispatch(house->store);
		(void)publish_tick(house->publish, house->now);
	}
	lost = gaps_at(house->gaps, 0)->lost;
	house_crash(house);
	ck_assert_uint_eq(gaps_count(house->gaps), 1);
	check_gap(house, 0, &(struct gap){ 1, lost, lost, GAP_QUOTA });
	for (int i = 0; i < 5; i++)
		house_turn(house);
	house_crash(house);
	check_gap(house, 0, &(struct gap){ 1, lost, lost, GAP_QUOTA });
	house_connect(house);
	house_advance(house, 3000);
	ck_assert_uint_eq(house->gap_records, 1);
	house_crash(house);
	ck_assert_uint_eq(gaps_count(house->gaps), 0);
	house_tear_down(house);
}
END_TEST

TEST_SUITE(gaps, neighbours_of_one_reason_are_joined, what_was_told_is_forgotten_and_what_grew_stays,
	the_list_is_bounded_and_the_count_stays_true, no_loss_hides_among_numbers_that_were_not_used,
	losses_of_all_kinds_in_turn_keep_their_count, gaps_outlive_a_crash,
	a_power_cut_right_after_dropping_still_leaves_the_gap)
