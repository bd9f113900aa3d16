#include "gateway/puback_pace.h"

#include "tests/unit/suite.h"

START_TEST(nobody_waits_before_a_first_acknowledgement)
{
	struct puback_pace pace;

	puback_pace_init(&pace);
	ck_assert_int_eq(puback_pace_patience_ms(&pace), 0);
	puback_pace_note(&pace, 0);
	ck_assert_int_eq(puback_pace_patience_ms(&pace), PUBACK_PATIENCE_LEAST_MS);
}
END_TEST

START_TEST(the_patience_is_some_times_what_is_expected)
{
	struct puback_pace pace;

	puback_pace_init(&pace);
	puback_pace_note(&pace, 200);
	ck_assert_int_eq(puback_pace_patience_ms(&pace), 600);
	puback_pace_note(&pace, 300);
	ck_assert_int_eq(puback_pace_patience_ms(&pace), 900);
	puback_pace_note(&pace, 500);
	ck_assert_int_eq(puback_pace_patience_ms(&pace), 0);
}
END_TEST

START_TEST(a_broker_that_was_slow_has_to_be_fast_several_times)
{
	struct puback_pace pace;
	int times = 0;

	puback_pace_init(&pace);
	puback_pace_note(&pace, 10);
	puback_pace_miss(&pace);
	while (puback_pace_patience_ms(&pace) == 0) {
		puback_pace_note(&pace, 10);
		times++;
	}
	ck_assert_int_ge(times, 4);
	ck_assert_int_le(times, 20);
}
END_TEST

TEST_SUITE(puback_pace, nobody_waits_before_a_first_acknowledgement, the_patience_is_some_times_what_is_expected,
	a_broker_that_was_slow_has_to_be_fast_several_times)
