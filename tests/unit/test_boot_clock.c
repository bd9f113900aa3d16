#include "gateway/boot_clock.h"

#include "gateway/clock.h"
#include "gateway/machine_boot.h"
#include "protocols/segment.h"
#include "tests/unit/suite.h"
#include "tests/unit/telemetry_house.h"

#define UP_MS 20000                   /* the machine runs for so long */
#define SET_MS INT64_C(1750000000000) /* and should say this time */
#define MACHINE 7

static const struct moment unset = { UP_MS, UP_MS };

/* Sets the clock after `after_ms`, as the daemon hears of it. */
static struct moment set_clock(struct boot_clock *clock, struct moment now, int64_t after_ms, int64_t to_ms)
{
	struct clock_jump jump = { now.wall_ms + after_ms, to_ms };
	struct moment then = { now.monotonic_ms + after_ms, to_ms };

	boot_clock_jumped(clock, &jump, then);
	return then;
}

static int64_t mended(const struct boot_clock *clock, uint32_t boot, int64_t received_ms)
{
	struct segment_entry entry = { .received_ms = received_ms };

	boot_clock_mend(clock, boot, &entry);
	return entry.received_ms;
}

START_TEST(what_came_before_the_clock_was_set_gets_its_time)
{
	struct boot_clock clock = { 0 };

	boot_clock_start(&clock, MACHINE, 3, unset);
	ck_assert(boot_clock_is_unset(unset));
	ck_assert_int_eq(mended(&clock, 3, UP_MS + 500), UP_MS + 500);
	struct moment now = set_clock(&clock, unset, 10000, SET_MS);
	ck_assert(!boot_clock_is_unset(now));
	ck_assert_int_eq(mended(&clock, 3, UP_MS + 500), SET_MS - 9500);
	ck_assert_int_eq(mended(&clock, 3, UP_MS + 10000), SET_MS);
	/* With the right clock, in another start of the machine, and long ago. */
	ck_assert_int_eq(mended(&clock, 3, SET_MS + 1), SET_MS + 1);
	ck_assert_int_eq(mended(&clock, 2, UP_MS + 500), UP_MS + 500);
	ck_assert_int_eq(mended(&clock, 4, UP_MS + 500), UP_MS + 500);
}
END_TEST

START_TEST(a_date_of_the_node_is_not_touched)
{
	struct segment_entry counted = { .received_ms = UP_MS,
		.reading = { .has_time = true, .time_us = UP_MS * 1000 - 1500000 } };
	struct segment_entry dated = { .received_ms = UP_MS,
		.reading = { .has_time = true, .is_dated = true, .time_us = SET_MS * 1000 + 7 } };
	struct boot_clock clock = { 0 };

	boot_clock_start(&clock, MACHINE, 1, unset);
	(void)set_clock(&clock, unset, 1000, SET_MS);
	boot_clock_mend(&clock, 1, &counted);
	boot_clock_mend(&clock, 1, &dated);
	ck_assert_int_eq(counted.reading.time_us, (SET_MS - 1000) * 1000 - 1500000);
	ck_assert_int_eq(dated.reading.time_us, SET_MS * 1000 + 7);
	ck_assert_int_eq(dated.received_ms, SET_MS - 1000);
}
END_TEST

START_TEST(a_clock_that_is_set_twice_mends_by_both)
{
	const int64_t wrong_ms = INT64_C(946684800000); /* 2000-01-01 */
	struct boot_clock clock = { 0 };

	boot_clock_start(&clock, MACHINE, 1, unset);
	struct moment now = set_clock(&clock, unset, 1000, wrong_ms);
	ck_assert(boot_clock_is_unset(now));
	(void)set_clock(&clock, now, 5000, SET_MS);
	ck_assert_int_eq(mended(&clock, 1, UP_MS + 400), SET_MS - 5600);
	ck_assert_int_eq(mended(&clock, 1, wrong_ms + 400), SET_MS - 4600);
}
END_TEST

START_TEST(a_jump_of_a_clock_that_was_set_mends_nothing)
{
	struct boot_clock clock = { 0 };
	struct moment now = { UP_MS, SET_MS };

	boot_clock_start(&clock, MACHINE, 1, now);
	(void)set_clock(&clock, now, 1000, SET_MS + 3600000);
	ck_assert_uint_eq(clock.count, 0);
}
END_TEST

START_TEST(a_clock_set_later_mends_earlier_starts_on_the_same_machine)
{
	struct boot_clock clock = { 0 };

	boot_clock_start(&clock, MACHINE, 1, unset);
	boot_clock_start(&clock, MACHINE, 2, (struct moment){ UP_MS + 1000, UP_MS + 1000 });
	(void)set_clock(&clock, (struct moment){ UP_MS + 1000, UP_MS + 1000 }, 1000, SET_MS);
	ck_assert_int_eq(mended(&clock, 1, UP_MS), SET_MS - 2000);
	ck_assert_int_eq(mended(&clock, 2, UP_MS + 1500), SET_MS - 500);
}
END_TEST

START_TEST(a_clock_set_while_the_gateway_was_down_is_found_out)
{
	struct boot_clock same = { 0 }, other;

	boot_clock_start(&same, MACHINE, 1, unset);
	other = same;
	boot_clock_start(&same, MACHINE, 2, (struct moment){ UP_MS + 3000, SET_MS });
	ck_assert_int_eq(mended(&same, 1, UP_MS), SET_MS - 3000);
	/* The machine started again: nobody knows when that was. */
	boot_clock_start(&other, MACHINE + 1, 2, (struct moment){ UP_MS + 3000, SET_MS });
	ck_assert_int_eq(mended(&other, 1, UP_MS), UP_MS);
	/* Nor where it cannot be told which start it is. */
	other = (struct boot_clock){ 0 };
	boot_clock_start(&other, 0, 1, unset);
	boot_clock_start(&other, 0, 2, (struct moment){ UP_MS + 3000, SET_MS });
	ck_assert_int_eq(mended(&other, 1, UP_MS), UP_MS);
}
END_TEST

START_TEST(the_newest_jumps_are_remembered)
{
	struct boot_clock clock = { 0 };

	for (uint32_t boot = 1; boot <= BOOT_CLOCK_JUMPS_MAX + 5; boot++) {
		boot_clock_start(&clock, boot, boot, unset);
		(void)set_clock(&clock, unset, 1000, SET_MS + boot);
	}
	ck_assert_uint_eq(clock.count, BOOT_CLOCK_JUMPS_MAX);
	ck_assert_int_eq(mended(&clock, 5, UP_MS), UP_MS);
	ck_assert_int_eq(mended(&clock, 6, UP_MS), SET_MS + 6 - 1000);
	ck_assert_int_eq(mended(&clock, BOOT_CLOCK_JUMPS_MAX + 5, UP_MS), SET_MS + BOOT_CLOCK_JUMPS_MAX + 5 - 1000);
}
END_TEST

START_TEST(the_machine_has_one_start_at_a_time)
{
	ck_assert_uint_eq(machine_boot(), machine_boot());
}
END_TEST

static struct house *unset_house(struct boot_clock *clock)
{
	struct house *house = house_build();

	house->now = unset;
	house->clock = clock;
	boot_clock_start(clock, MACHINE, 1, house->now);
	house_open(house);
	return house;
}

START_TEST(readings_in_the_store_are_mended_on_their_way_up)
{
	struct boot_clock clock = { 0 };
	struct house *house = unset_house(&clock);
	uint32_t value = house_take(house, 4);

	house_advance(house, 1000);
	house_crash(house);
	boot_clock_start(&clock, MACHINE, 2, house->now);
	uint32_t later = house_take(house, 1);
	house_advance(house, 1000);
	house->now = set_clock(&clock, house->now, 0, SET_MS);
	uint32_t last = house_take(house, 1);
	house_connect(house);
	house_advance(house, 5000);
	ck_assert_uint_eq(house_check(house), 6);
	ck_assert_int_eq(house->time_ms[value], SET_MS - 2000);
	ck_assert_int_eq(house->time_ms[value + 3], SET_MS - 2000);
	ck_assert_int_eq(house->time_ms[later], SET_MS - 1000);
	ck_assert_int_eq(house->time_ms[last], SET_MS);
	house_tear_down(house);
}
END_TEST

START_TEST(what_is_live_waits_for_the_clock)
{
	struct boot_clock clock = { 0 };
	struct house *house = unset_house(&clock);

	house_connect(house);
	uint32_t value = house_take(house, 1);
	house_advance(house, 60000);
	ck_assert_uint_eq(house->acknowledged, 1);
	ck_assert_uint_eq(house->received, 0);
	house->now = set_clock(&clock, house->now, 0, SET_MS);
	house_advance(house, 3000);
	ck_assert_int_eq(house->time_ms[value], SET_MS - 60000);
	house_tear_down(house);
}
END_TEST

START_TEST(a_clock_that_is_never_set_is_waited_for_five_minutes)
{
	struct boot_clock clock = { 0 };
	struct house *house = unset_house(&clock);

	house_connect(house);
	uint32_t value = house_take(house, 1);
	house_advance(house, 299000);
	ck_assert_uint_eq(house->received, 0);
	house_advance(house, 3000);
	ck_assert_uint_eq(house->received, 1);
	/* Without a time: that is how a consumer knows. */
	ck_assert_int_eq(house->time_ms[value], 0);
	house_tear_down(house);
}
END_TEST

TEST_SUITE(boot_clock, what_came_before_the_clock_was_set_gets_its_time, a_date_of_the_node_is_not_touched,
	a_clock_that_is_set_twice_mends_by_both, a_jump_of_a_clock_that_was_set_mends_nothing,
	a_clock_set_later_mends_earlier_starts_on_the_same_machine, a_clock_set_while_the_gateway_was_down_is_found_out,
	the_newest_jumps_are_remembered, the_machine_has_one_start_at_a_time,
	readings_in_the_store_are_mended_on_their_way_up, what_is_live_waits_for_the_clock,
	a_clock_that_is_never_set_is_waited_for_five_minutes)
