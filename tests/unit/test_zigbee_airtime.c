#include "drivers/zigbee_airtime.h"

#include "tests/unit/suite.h"

/* 65 bytes of data are 127 bytes of MAC frame and 6 of PHY; the acknowledgement is 11 bytes 192 us later. */
START_TEST(a_full_frame_takes_its_time_on_every_hop)
{
	ck_assert_int_eq(zigbee_airtime_of(82, 0), 133 * 32 + 192 + 11 * 32);
	ck_assert_int_eq(zigbee_airtime_of(78, 1), 2 * (133 * 32 + 192 + 11 * 32));
}
END_TEST

START_TEST(without_a_limit_only_the_window_counts)
{
	struct zigbee_airtime air;

	zigbee_airtime_init(&air, 100, 0);
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_int_eq(zigbee_airtime_wait_ms(&air, 0), 0);
		zigbee_airtime_spend(&air, 1000000);
	}
	ck_assert_int_eq(zigbee_airtime_wait_ms(&air, 0), INT64_MAX);
	zigbee_airtime_done(&air, 5, false);
	ck_assert_int_eq(zigbee_airtime_wait_ms(&air, 0), 0);
}
END_TEST

START_TEST(the_budget_holds_over_time)
{
	struct zigbee_airtime air;
	int64_t spent = 0;

	zigbee_airtime_init(&air, 20, 0);
	for (int64_t now = 0; now < 60000;) {
		int64_t wait = zigbee_airtime_wait_ms(&air, now);
		if (wait > 0) {
			now += wait;
			continue;
		}
		zigbee_airtime_spend(&air, 8000);
		spent += 8000;
		zigbee_airtime_done(&air, 5, false);
	}
	ck_assert_int_ge(spent, 60000 * 200 - 60000);
	ck_assert_int_le(spent, 60000 * 200 + 60000);
}
END_TEST

START_TEST(a_channel_that_is_slow_or_full_gets_less_at_a_time)
{
	struct zigbee_airtime air;

	zigbee_airtime_init(&air, 100, 0);
	for (int i = 0; i < 100; i++) {
		zigbee_airtime_spend(&air, 1);
		zigbee_airtime_done(&air, 5, false);
	}
	ck_assert_uint_eq(air.window, 6);
	zigbee_airtime_spend(&air, 1);
	zigbee_airtime_done(&air, 600, false);
	ck_assert_uint_eq(air.window, 3);
	for (int i = 0; i < 5; i++) {
		zigbee_airtime_spend(&air, 1);
		zigbee_airtime_done(&air, 5, true);
	}
	ck_assert_uint_eq(air.window, 1);
}
END_TEST

START_TEST(what_was_spent_is_measured_every_two_seconds)
{
	struct zigbee_airtime air;

	zigbee_airtime_init(&air, 50, 0);
	zigbee_airtime_spend(&air, 300000);
	ck_assert(!zigbee_airtime_measure(&air, 1999));
	zigbee_airtime_done(&air, 40, false);
	ck_assert(zigbee_airtime_measure(&air, 2000));
	ck_assert_uint_eq(air.load, 30); /* 300 ms of the 1000 that are granted */
	ck_assert_int_eq(air.delay_ms, 40);
	ck_assert(!zigbee_airtime_measure(&air, 2001));
	ck_assert(zigbee_airtime_measure(&air, 4000));
	ck_assert_uint_eq(air.load, 0);
	ck_assert_int_lt(air.delay_ms, 0);
}
END_TEST

TEST_SUITE(zigbee_airtime, a_full_frame_takes_its_time_on_every_hop, without_a_limit_only_the_window_counts,
	the_budget_holds_over_time, a_channel_that_is_slow_or_full_gets_less_at_a_time,
	what_was_spent_is_measured_every_two_seconds)
