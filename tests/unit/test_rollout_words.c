#include "gateway/cli/rollout_words.h"

#include <string.h>

#include "tests/unit/suite.h"

#define HOUR_MS (INT64_C(3600) * 1000)
#define NOW_MS INT64_C(1790000000000)

static char text[ROLLOUT_WORDS_SIZE];

static json_t *rollout(const char *state)
{
	return json_pack("{s:s, s:s, s:i, s:i, s:s, s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:{s:I}}", "rollout", "spring",
		"state", state, "wave", 2, "waves", 3, "hardware", "m4", "image",
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "nodes", 20, "reached", 11,
		"confirmed", 8, "failed", 1, "silent", 0, "open", 2, "plan", "soak_ms", (json_int_t)(24 * HOUR_MS));
}

static void set(json_t *json, const char *name, json_t *value)
{
	ck_assert_int_eq(json_object_set_new(json, name, value), 0);
}

START_TEST(a_state_tells_of_its_wave_and_for_what_it_waits)
{
	json_t *json = rollout("soaking");

	set(json, "soak_until_ms", json_integer(NOW_MS + 3 * HOUR_MS));
	ck_assert_str_eq(rollout_words_state(text, json, NOW_MS), "soaking, wave 2 of 3, judged in 3 h");
	json_decref(json);
	json = rollout("rolling");
	ck_assert_str_eq(rollout_words_short(text, json), "rolling");
	set(json, "waits", json_string("no node can have the image now: 2 held"));
	ck_assert_str_eq(rollout_words_state(text, json, NOW_MS),
		"rolling, wave 2 of 3: no node can have the image now: 2 held");
	ck_assert_str_eq(rollout_words_short(text, json), "rolling, waits");
	json_decref(json);
	json = rollout("rolled_back");
	ck_assert_str_eq(rollout_words_state(text, json, NOW_MS), "rolled back");
	json_decref(json);
	json = rollout("waiting");
	set(json_object_get(json, "plan"), "start_ms", json_integer(NOW_MS + 2 * HOUR_MS));
	ck_assert_str_eq(rollout_words_state(text, json, NOW_MS), "waiting, begins in 2 h");
	json_decref(json);
}
END_TEST

/* Whether a rollout in that state says how to go on with `verb`. */
static void ck_next(json_t *json, const char *verb)
{
	char command[64] = "";

	if (*verb)
		snprintf(command, sizeof(command), "wakegate rollout %s spring ", verb);
	(void)rollout_words_next(text, json);
	ck_assert_msg(*verb ? strncmp(text, command, strlen(command)) == 0 : !*text, "%s", text);
	json_decref(json);
}

START_TEST(one_that_does_not_go_on_by_itself_says_what_may_be_done)
{
	json_t *json;

	ck_next(rollout("tripped"), "resume");
	ck_next(rollout("paused"), "resume");
	ck_next(rollout("rolling"), "");
	ck_next(rollout("complete"), "");
	json = rollout("waiting");
	set(json, "approved", json_false());
	ck_next(json, "approve");
	json = rollout("waiting");
	set(json, "approved", json_true());
	ck_next(json, "");
	/* Nodes that were reached go on, though others wait for their windows. */
	json = rollout("rolling");
	set(json, "waits", json_string("the window"));
	ck_next(json, "");
	json = rollout("rolling");
	set(json, "waits", json_string("no node can have the image now: 2 held"));
	set(json, "reached", json_integer(0));
	ck_next(json, "abort");
}
END_TEST

START_TEST(soaks_are_told_as_they_were_said)
{
	json_t *json = rollout("rolling");

	ck_assert_str_eq(rollout_words_soak(text, json), "24 h after each wave but the last");
	set(json, "waves", json_integer(2));
	ck_assert_str_eq(rollout_words_soak(text, json), "24 h after the first wave");
	set(json, "waves", json_integer(1));
	ck_assert_str_eq(rollout_words_soak(text, json), "");
	set(json, "waves", json_integer(3));
	set(json_object_get(json, "plan"), "soak_ms",
		json_pack("[I, I]", (json_int_t)(2 * HOUR_MS), (json_int_t)(72 * HOUR_MS)));
	ck_assert_str_eq(rollout_words_soak(text, json), "2 h after wave 1, 3 d after wave 2");
	json_decref(json);
}
END_TEST

START_TEST(nodes_are_counted_by_what_became_of_them)
{
	json_t *json = rollout("rolling");

	ck_assert_str_eq(rollout_words_nodes(text, json), "11 of 20 reached: 8 confirmed, 1 failed, 0 silent, 2 open");
	ck_assert_str_eq(rollout_words_held_back(text, json), "");
	set(json, "excused", json_pack("{s:i, s:i, s:i}", "held", 2, "battery", 0, "unfit", 3));
	ck_assert_ptr_nonnull(strstr(rollout_words_held_back(text, json), "2 by an operator"));
	ck_assert_ptr_nonnull(strstr(text, "3 that the image is not for"));
	set(json, "returns",
		json_pack("{s:i, s:i, s:i, s:i}", "done", 7, "under_way", 1, "refused", 0, "impossible", 0));
	ck_assert_str_eq(rollout_words_nodes(text, json), "20 in all: 7 back, 1 on their way, 0 refuse, 0 cannot");
	json_decref(json);
}
END_TEST

START_TEST(an_image_is_told_with_its_version_where_it_is_here)
{
	json_t *json = rollout("rolling");

	ck_assert_str_eq(rollout_words_image(text, json), "0123456789abcdef");
	set(json, "version", json_string("1.3.0"));
	ck_assert_str_eq(rollout_words_image(text, json), "m4@1.3.0, 0123456789abcdef");
	json_decref(json);
}
END_TEST

TEST_SUITE(rollout_words, a_state_tells_of_its_wave_and_for_what_it_waits,
	one_that_does_not_go_on_by_itself_says_what_may_be_done, soaks_are_told_as_they_were_said,
	nodes_are_counted_by_what_became_of_them, an_image_is_told_with_its_version_where_it_is_here)
