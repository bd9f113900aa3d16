#include "drivers/reconnect.h"

#include "tests/unit/suite.h"

#define LONGEST UINT32_MAX

static struct reconnect reconnect;

static void begin(unsigned brokers)
{
	reconnect_init(&reconnect, 1000, 8000, brokers);
}

START_TEST(a_round_goes_over_all_brokers_without_a_pause)
{
	begin(3);
	ck_assert_uint_eq(reconnect.broker, 0);
	ck_assert_int_eq(reconnect_after_failure(&reconnect, false, LONGEST), 0);
	ck_assert_uint_eq(reconnect.broker, 1);
	ck_assert_int_eq(reconnect_after_failure(&reconnect, false, LONGEST), 0);
	ck_assert_uint_eq(reconnect.broker, 2);
	ck_assert_int_eq(reconnect_after_failure(&reconnect, false, LONGEST), 1000);
	ck_assert_uint_eq(reconnect.broker, 0);
}
END_TEST

START_TEST(pauses_double_up_to_the_longest)
{
	static const int64_t pauses[] = { 1000, 2000, 4000, 8000, 8000 };

	begin(1);
	for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++)
		ck_assert_int_eq(reconnect_after_failure(&reconnect, false, LONGEST), pauses[i]);
}
END_TEST

START_TEST(a_pause_is_drawn_from_its_upper_half)
{
	begin(1);
	ck_assert_int_eq(reconnect_after_failure(&reconnect, false, 0), 500);
	ck_assert_int_eq(reconnect_after_failure(&reconnect, false, LONGEST / 2), 1500);
}
END_TEST

START_TEST(the_older_version_is_tried_at_once_at_the_same_broker)
{
	begin(2);
	reconnect.falls_back = true;
	ck_assert_int_eq(reconnect_after_failure(&reconnect, true, LONGEST), 0);
	ck_assert_uint_eq(reconnect.broker, 0);
	ck_assert(reconnect.fallen_back);
	ck_assert_int_eq(reconnect_after_failure(&reconnect, true, LONGEST), 0);
	ck_assert_uint_eq(reconnect.broker, 1);
	ck_assert(!reconnect.fallen_back);
}
END_TEST

START_TEST(a_fixed_version_does_not_fall_back)
{
	begin(1);
	ck_assert_int_gt(reconnect_after_failure(&reconnect, true, 0), 0);
	ck_assert(!reconnect.fallen_back);
}
END_TEST

START_TEST(after_a_session_the_first_broker_comes_first)
{
	begin(2);
	(void)reconnect_after_failure(&reconnect, false, 0);
	ck_assert_uint_eq(reconnect.broker, 1);
	ck_assert_int_eq(reconnect_after_session(&reconnect, 60000, LONGEST), 1000);
	ck_assert_uint_eq(reconnect.broker, 0);
}
END_TEST

START_TEST(a_broker_that_drops_every_session_is_asked_ever_less)
{
	begin(1);
	ck_assert_int_eq(reconnect_after_session(&reconnect, 10, LONGEST), 1000);
	ck_assert_int_eq(reconnect_after_session(&reconnect, 10, LONGEST), 2000);
	ck_assert_int_eq(reconnect_after_session(&reconnect, 10, LONGEST), 4000);
	ck_assert_int_eq(reconnect_after_session(&reconnect, 8000, LONGEST), 1000);
}
END_TEST

TEST_SUITE(reconnect, a_round_goes_over_all_brokers_without_a_pause, pauses_double_up_to_the_longest,
	a_pause_is_drawn_from_its_upper_half, the_older_version_is_tried_at_once_at_the_same_broker,
	a_fixed_version_does_not_fall_back, after_a_session_the_first_broker_comes_first,
	a_broker_that_drops_every_session_is_asked_ever_less)
