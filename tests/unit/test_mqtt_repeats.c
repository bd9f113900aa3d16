#include "drivers/mqtt_repeats.h"

#include <string.h>

#include "tests/unit/suite.h"

static struct mqtt_repeats repeats, after_restart;

static struct mqtt_arrival arrival(uint16_t id, bool repeated)
{
	return (struct mqtt_arrival){
		.message = { .payload = { "{\"data\":{\"door\":true}}", 22 }, .quality = id > 0, .repeated = repeated },
		.id = id
	};
}

static uint64_t ask(struct mqtt_repeats *of, const char *node, uint16_t id, bool repeated, bool dated)
{
	struct mqtt_arrival asked = arrival(id, repeated);

	return mqtt_repeats_exchange(of, node, &asked, dated);
}

START_TEST(dated_readings_are_known_by_their_bytes)
{
	uint64_t first = ask(&repeats, "a", 1, false, true);

	ck_assert_uint_eq(ask(&repeats, "a", 2, false, true), first);
	ck_assert_uint_eq(ask(&repeats, "a", 0, false, true), first);
	ck_assert_uint_ne(ask(&repeats, "b", 1, false, true), first);
}
END_TEST

START_TEST(undated_readings_are_known_while_they_are_repeated)
{
	uint64_t first = ask(&repeats, "a", 1, false, false);

	ck_assert_uint_eq(ask(&repeats, "a", 1, true, false), first);
	ck_assert_uint_eq(ask(&repeats, "a", 1, true, false), first);
	ck_assert_uint_ne(ask(&repeats, "a", 2, false, false), first);
}
END_TEST

START_TEST(an_identifier_that_begins_anew_means_other_readings)
{
	uint64_t first = ask(&repeats, "a", 1, false, false);
	uint64_t second = ask(&repeats, "a", 1, false, false);

	ck_assert_uint_ne(first, second);
	ck_assert_uint_eq(ask(&repeats, "a", 1, true, false), second);
}
END_TEST

START_TEST(a_repetition_is_known_after_a_restart)
{
	uint64_t first = ask(&repeats, "a", 1, false, false);

	ck_assert_uint_eq(ask(&after_restart, "a", 1, true, false), first);
	ck_assert_uint_ne(ask(&after_restart, "a", 1, false, false), first);
}
END_TEST

START_TEST(undated_readings_at_quality_0_are_never_repetitions)
{
	ck_assert_uint_eq(ask(&repeats, "a", 0, false, false), 0);
}
END_TEST

START_TEST(uses_are_told_apart_for_as_long_as_they_can_be)
{
	uint64_t first = ask(&repeats, "a", 1, false, false);

	for (unsigned i = 2; i < 65536; i++)
		ck_assert_uint_ne(ask(&repeats, "a", 1, false, false), first);
}
END_TEST

TEST_SUITE(mqtt_repeats, dated_readings_are_known_by_their_bytes, undated_readings_are_known_while_they_are_repeated,
	an_identifier_that_begins_anew_means_other_readings, a_repetition_is_known_after_a_restart,
	undated_readings_at_quality_0_are_never_repetitions, uses_are_told_apart_for_as_long_as_they_can_be)
