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

START_TEST(what_is_durable_is_known_however_late_it_is_repeated)
{
	const struct mqtt_arrival first = arrival(9, false), again = arrival(9, true);
	uint64_t exchange = ask(&repeats, "a", 9, false, true);

	ck_assert(!mqtt_repeats_is_kept(&repeats, &again, exchange));
	mqtt_repeats_keep(&repeats, 9, exchange);
	/* Meanwhile all other identifiers are used. */
	for (unsigned id = 1; id < 65536; id++)
		if (id != 9)
			(void)ask(&repeats, "b", (uint16_t)id, false, true);
	ck_assert_uint_eq(ask(&repeats, "a", 9, true, true), exchange);
	ck_assert(mqtt_repeats_is_kept(&repeats, &again, exchange));
	ck_assert(!mqtt_repeats_is_kept(&repeats, &first, exchange));
}
END_TEST

START_TEST(a_message_begun_since_is_not_taken_for_a_durable_one)
{
	const struct mqtt_arrival again = arrival(9, true);

	for (int dated = 0; dated < 2; dated++) {
		mqtt_repeats_keep(&repeats, 9, ask(&repeats, "a", 9, false, dated));
		(void)ask(&repeats, "a", 9, false, dated);
		ck_assert(!mqtt_repeats_is_kept(&repeats, &again, ask(&repeats, "a", 9, true, dated)));
	}
}
END_TEST

START_TEST(nothing_is_kept_of_quality_0)
{
	const struct mqtt_arrival again = arrival(0, true);

	mqtt_repeats_keep(&repeats, 0, 5);
	ck_assert(!mqtt_repeats_is_kept(&repeats, &again, 5));
	ck_assert(!mqtt_repeats_is_kept(&repeats, &again, 0));
}
END_TEST

TEST_SUITE(mqtt_repeats, dated_readings_are_known_by_their_bytes, undated_readings_are_known_while_they_are_repeated,
	an_identifier_that_begins_anew_means_other_readings, a_repetition_is_known_after_a_restart,
	undated_readings_at_quality_0_are_never_repetitions, uses_are_told_apart_for_as_long_as_they_can_be,
	what_is_durable_is_known_however_late_it_is_repeated, a_message_begun_since_is_not_taken_for_a_durable_one,
	nothing_is_kept_of_quality_0)
