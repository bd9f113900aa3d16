#include "gateway/cli/rollout_pace.h"

#include <string.h>

#include "tests/unit/suite.h"

#define HOUR_MS (INT64_C(3600) * 1000)
#define NOW_MS INT64_C(1790000000000)

/* The second of three waves, which began five hours ago; two nodes of the first one are held. */
static json_t *rollout(const char *state, int confirmed, int open)
{
	return json_pack("{s:s, s:i, s:i, s:i, s:I, s:[i, i, i], s:{s:I}}", "state", state, "wave", 2, "waves", 3,
		"open", open, "wave_ms", (json_int_t)(NOW_MS - 5 * HOUR_MS), "wave_confirmed", 8, confirmed, 0, "plan",
		"soak_ms", (json_int_t)(24 * HOUR_MS));
}

static struct rollout_pace pace_of(json_t *json)
{
	struct rollout_pace pace;

	rollout_pace_of(&pace, json, NOW_MS);
	json_decref(json);
	return pace;
}

START_TEST(its_rate_is_that_of_its_wave)
{
	struct rollout_pace pace = pace_of(rollout("rolling", 20, 20));
	char text[ROLLOUT_PACE_SIZE];

	ck_assert_double_eq_tol(pace.nodes_per_hour, 4, 0.001);
	ck_assert_int_eq(pace.wave_left_ms, 5 * HOUR_MS);
	ck_assert_int_eq(pace.least_left_ms, 29 * HOUR_MS);
	ck_assert_str_eq(
		rollout_pace_text(text, &pace), "4.0 nodes an hour, this wave in about 5 h, all in 29 h at least");
}
END_TEST

START_TEST(one_that_stands_still_has_no_end)
{
	struct rollout_pace pace = pace_of(rollout("rolling", 0, 40));
	char text[ROLLOUT_PACE_SIZE];

	ck_assert_double_eq(pace.nodes_per_hour, 0);
	ck_assert_int_eq(pace.wave_left_ms, -1);
	ck_assert_str_eq(rollout_pace_text(text, &pace), "no node of this wave is done yet");
}
END_TEST

START_TEST(a_soak_and_those_to_come_take_their_time)
{
	json_t *json = rollout("soaking", 50, 0);
	char text[ROLLOUT_PACE_SIZE];

	(void)json_object_set_new(json, "soak_until_ms", json_integer(NOW_MS + 3 * HOUR_MS));
	struct rollout_pace pace = pace_of(json);
	ck_assert_int_eq(pace.least_left_ms, 3 * HOUR_MS);
	ck_assert_str_eq(rollout_pace_text(text, &pace), "all in 3 h at least");
}
END_TEST

START_TEST(soaks_that_differ_are_told_apart)
{
	json_t *json = rollout("rolling", 20, 20);
	json_t *soaks = json_pack("[I, I]", (json_int_t)(24 * HOUR_MS), (json_int_t)HOUR_MS);

	(void)json_object_set_new(json_object_get(json, "plan"), "soak_ms", soaks);
	ck_assert_int_eq(pace_of(json).least_left_ms, 6 * HOUR_MS);
}
END_TEST

START_TEST(what_is_over_or_waits_has_no_pace)
{
	static const char *const states[] = { "waiting", "paused", "tripped", "complete" };
	char text[ROLLOUT_PACE_SIZE];

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		struct rollout_pace pace = pace_of(rollout(states[i], 30, 20));
		ck_assert_str_eq(rollout_pace_text(text, &pace), "");
	}
}
END_TEST

TEST_SUITE(rollout_pace, its_rate_is_that_of_its_wave, one_that_stands_still_has_no_end,
	a_soak_and_those_to_come_take_their_time, soaks_that_differ_are_told_apart, what_is_over_or_waits_has_no_pace)
