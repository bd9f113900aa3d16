#include "gateway/soak_times.h"

#include <errno.h>
#include <string.h>

#include "gateway/rollout_targets.h"
#include "tests/unit/suite.h"

#define HOUR_MS (INT64_C(3600) * 1000)

/* Asserts that the text means the JSON; takes it. */
static void ck_means(const char *text, json_t *wanted)
{
	json_t *found;

	ck_assert_msg(soak_times_parse(&found, text) == 0, "%s", text);
	ck_assert_msg(json_equal(found, wanted), "%s", text);
	json_decref(found);
	json_decref(wanted);
}

START_TEST(times_are_written_as_people_write_them)
{
	static const char *const lists[] = { "1 h, 4 h, 1 d", "1h 4h 1d", "1h,4h,1d", "60 min 240min 24 h" };

	ck_means("24 h", json_integer(24 * HOUR_MS));
	ck_means("0 s", json_integer(0));
	ck_means("90min ", json_integer(90 * 60000));
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		ck_means(lists[i], json_pack("[I, I, I]", (json_int_t)HOUR_MS, (json_int_t)(4 * HOUR_MS),
					   (json_int_t)(24 * HOUR_MS)));
}
END_TEST

START_TEST(texts_that_are_no_times_are_refused)
{
	static const char *const wrong[] = { "", " ", "1", "h", "1 h,, x", "1 h; 4 h", "1h4h", "-1 h", "1 h 4", "366 d",
		"99999999999999999999 h", "1 month", ", 1 h", "100000000000000000000000000000000000000000 h",
		"1h 1h 1h 1h 1h 1h 1h 1h 1h 1h 1h 1h 1h 1h 1h 1h 1h" };
	json_t *found = NULL;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_assert_msg(soak_times_parse(&found, wrong[i]) == -EINVAL, "%s", wrong[i]);
	ck_assert_ptr_null(found);
}
END_TEST

/* Takes `json`. */
static int read_times(int64_t out[WAVES_MAX], json_t *json, unsigned waves, char *why)
{
	int result = soak_times_read(out, json, waves, why);

	json_decref(json);
	return result;
}

START_TEST(one_time_is_for_all_waves_and_a_list_for_each)
{
	char why[ROLLOUT_SENTENCE_SIZE];
	int64_t times[WAVES_MAX];

	ck_assert_int_eq(read_times(times, json_integer(5), 3, why), 0);
	ck_assert(times[0] == 5 && times[1] == 5 && times[2] == 0);
	ck_assert_int_eq(read_times(times, json_pack("[i, i]", 7, 9), 3, why), 0);
	ck_assert(times[0] == 7 && times[1] == 9 && times[2] == 0 && times[15] == 0);
	ck_assert_int_eq(read_times(times, json_pack("[i, i, i]", 7, 9, 0), 3, why), 0);
	ck_assert(times[0] == 7 && times[1] == 9 && times[2] == 0);
	/* Nothing follows the only one. */
	ck_assert_int_eq(read_times(times, json_integer(5), 1, why), 0);
	ck_assert_int_eq(times[0], 0);
	ck_assert_int_eq(read_times(times, json_array(), 1, why), 0);
}
END_TEST

static void ck_refused(json_t *json, unsigned waves, const char *sentence)
{
	int64_t times[WAVES_MAX] = { 77 };
	char why[ROLLOUT_SENTENCE_SIZE] = "";

	ck_assert_int_eq(read_times(times, json, waves, why), -EINVAL);
	ck_assert_msg(strstr(why, sentence), "%s", why);
	ck_assert_int_eq(times[0], 77);
}

START_TEST(a_wrong_number_of_them_is_told_with_the_number_of_waves)
{
	ck_refused(json_pack("[i, i]", 1, 2), 4,
		"2 soak times for 4 waves: it is one for all of them, or one for each but the last");
	ck_refused(json_pack("[i, i, i]", 1, 2, 3), 2, "3 soak times for 2 waves");
	ck_refused(json_array(), 4, "0 soak times for 4 waves");
	ck_refused(json_pack("[i, i, i]", 1, 2, 3), 3, "3 soak times for 3 waves, of which none follows the last");
	ck_refused(json_pack("[i, s]", 1, "2 h"), 3, "soak_ms");
	ck_refused(json_pack("[i, i]", 1, -1), 3, "soak_ms");
	ck_refused(json_string("1 h"), 3, "soak_ms");
	ck_refused(json_integer(SOAK_TIME_MOST + 1), 3, "soak_ms");
}
END_TEST

START_TEST(what_is_written_reads_to_the_same)
{
	static const int64_t alike[WAVES_MAX] = { 5, 5 }, apart[WAVES_MAX] = { 5, 6 }, none[WAVES_MAX] = { 0 };
	int64_t again[WAVES_MAX];
	char why[ROLLOUT_SENTENCE_SIZE];
	json_t *json = soak_times_json(apart, 3);

	ck_assert_uint_eq(json_array_size(json), 2);
	ck_assert_int_eq(soak_times_after(json, 1), 6);
	ck_assert_int_eq(read_times(again, json, 3, why), 0);
	ck_assert_mem_eq(again, apart, sizeof(again));
	json = soak_times_json(alike, 3);
	ck_assert(json_is_integer(json));
	ck_assert_int_eq(soak_times_after(json, 1), 5);
	ck_assert_int_eq(read_times(again, json, 3, why), 0);
	ck_assert_mem_eq(again, alike, sizeof(again));
	json = soak_times_json(none, 1);
	ck_assert_int_eq(json_integer_value(json), 0);
	json_decref(json);
}
END_TEST

TEST_SUITE(soak_times, times_are_written_as_people_write_them, texts_that_are_no_times_are_refused,
	one_time_is_for_all_waves_and_a_list_for_each, a_wrong_number_of_them_is_told_with_the_number_of_waves,
	what_is_written_reads_to_the_same)
