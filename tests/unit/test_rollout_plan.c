#include "gateway/rollout_plan.h"

#include <string.h>

#include "tests/unit/suite.h"

#define IMAGE "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static json_t *least(void)
{
	return json_pack("{s:s, s:s, s:s}", "rollout", "spring", "image", IMAGE, "hardware", "meter-2");
}

/* Takes `json`. */
static int parse(json_t *json, struct rollout_plan *out, char *why)
{
	int result = rollout_plan_parse(out, json, why);

	json_decref(json);
	return result;
}

static struct rollout_plan plan_with(const char *name, json_t *value)
{
	char why[ROLLOUT_SENTENCE_SIZE] = "";
	struct rollout_plan plan;
	json_t *json = least();

	if (name)
		(void)json_object_set_new(json, name, value);
	ck_assert_msg(parse(json, &plan, why) == 0, "%s", why);
	return plan;
}

/* Asserts that the member is refused with a sentence that has `word`, and that nothing was written. */
static void ck_refused(const char *name, json_t *value, const char *word)
{
	char why[ROLLOUT_SENTENCE_SIZE] = "";
	struct rollout_plan plan = { .wave_count = 77 };
	json_t *json = least();

	(void)json_object_set_new(json, name, value);
	ck_assert_int_lt(parse(json, &plan, why), 0);
	ck_assert_msg(strstr(why, word), "%s", why);
	ck_assert_uint_eq(plan.wave_count, 77);
}

START_TEST(what_is_not_said_has_a_default)
{
	struct rollout_plan plan = plan_with(NULL, NULL);

	ck_assert_uint_eq(plan.wave_count, 4);
	ck_assert_uint_eq(plan.waves[0], 10000);
	ck_assert_uint_eq(plan.waves[3], WAVE_ALL);
	for (int wave = 0; wave < 3; wave++)
		ck_assert_int_eq(plan.soak_ms[wave], 24 * 3600 * 1000);
	ck_assert_int_eq(plan.soak_ms[3], 0);
	ck_assert(plan.drops);
	ck_assert(!plan.fleet);
	ck_assert_int_eq(plan.on_failure, ROLLOUT_PAUSES);
	ck_assert_uint_eq(plan.sha256[31], 0xff);
}
END_TEST

START_TEST(waves_are_written_as_people_write_them)
{
	struct rollout_plan plan = plan_with("waves", json_string("0.01 %, 2.5%, 100 %"));

	ck_assert_uint_eq(plan.wave_count, 3);
	ck_assert_uint_eq(plan.waves[0], 100);
	ck_assert_uint_eq(plan.waves[1], 25000);
	ck_assert_uint_eq(plan_with("waves", json_string("100")).wave_count, 1);
}
END_TEST

START_TEST(waves_that_make_no_sense_are_refused)
{
	static const char *const wrong[] = { "", "10", "100 10", "10 10 100", "0 100", "1 101", "one 100", "1e1 100",
		"0x10 100", "-1 100", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 100", "1;100", "1.2.3 100" };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_refused("waves", json_string(wrong[i]), "waves");
	ck_refused("waves", json_integer(100), "waves");
}
END_TEST

START_TEST(a_wave_may_have_a_soak_time_of_its_own)
{
	struct rollout_plan plan = plan_with("soak_ms", json_pack("[i, i, i]", 1000, 4000, 9000));

	ck_assert_int_eq(plan.soak_ms[0], 1000);
	ck_assert_int_eq(plan.soak_ms[2], 9000);
	ck_refused("soak_ms", json_pack("[i, i]", 1000, 4000), "2 soak times for 4 waves");
}
END_TEST

START_TEST(wrong_members_are_named)
{
	ck_refused("rollout", json_string("no/slash"), "rollout");
	ck_refused("rollout", json_string(""), "rollout");
	ck_refused("rollout", json_string("longer-than-thirty-two-characters-it-is"), "rollout");
	ck_refused("image", json_string("0011"), "SHA-256");
	ck_refused("hardware", json_string(""), "hardware");
	ck_refused("hardware", json_integer(5), "hardware");
	ck_refused("soak_ms", json_integer(-1), "soak_ms");
	ck_refused("soak_ms", json_string("1 h"), "soak_ms");
	ck_refused("failed_percent", json_integer(101), "failed_percent");
	ck_refused("deadline_wakes", json_integer(0), "deadline_wakes");
	ck_refused("on_failure", json_string("panic"), "on_failure");
	ck_refused("on_failure", json_true(), "on_failure");
	ck_refused("fleet", json_string("yes"), "fleet");
	ck_refused("window", json_string("at night"), "\"window\": found \"at night\"");
	ck_refused("apply_window", json_integer(5), "apply_window");
}
END_TEST

START_TEST(a_plan_comes_back_from_its_json)
{
	char why[ROLLOUT_SENTENCE_SIZE];
	struct rollout_plan again, plan = plan_with("waves", json_string("0.1 33.3333 100"));

	snprintf(plan.targets.only, sizeof(plan.targets.only), "hall-*");
	snprintf(plan.targets.labels, sizeof(plan.targets.labels), "indoor mains");
	snprintf(plan.targets.nodes, sizeof(plan.targets.nodes), "hall-1 hall-2");
	snprintf(plan.targets.versions, sizeof(plan.targets.versions), ">=1.2 <2");
	ck_assert_int_eq(version_range_parse(&plan.targets.range, ">=1.2 <2"), 0);
	snprintf(plan.window.text, sizeof(plan.window.text), "Mon 22:00-05:00 Europe/Berlin");
	ck_assert_int_eq(update_window_parse(&plan.window.window, plan.window.text, why, sizeof(why)), 0);
	plan.soak_ms[0] = 5000;
	plan.priority = -7;
	plan.failed_most = 12;
	plan.drops = plan.online = false;
	plan.traffic_percent = 7;
	plan.drain_percent = 0;
	plan.fleet = plan.approval = true;
	plan.on_failure = ROLLOUT_ROLLS_BACK;
	ck_assert_int_eq(parse(rollout_plan_json(&plan), &again, why), 0);
	ck_assert_mem_eq(&again, &plan, sizeof(plan));
}
END_TEST

TEST_SUITE(rollout_plan, what_is_not_said_has_a_default, waves_are_written_as_people_write_them,
	waves_that_make_no_sense_are_refused, a_wave_may_have_a_soak_time_of_its_own, wrong_members_are_named,
	a_plan_comes_back_from_its_json)
