#include "config/value.h"

#include <errno.h>
#include <string.h>

#include "config/describe.h"
#include "tests/unit/suite.h"

START_TEST(durations_are_read_with_their_unit)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = { { "0 s", 0 }, { "250 ms", 250 }, { "90s", 90000 }, { "15 min", 900000 }, { "6  h", 21600000 },
		{ "2 d", 172800000 }, { "106751991167 d", INT64_C(9223372036828800000) } };
	int64_t ms;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ck_assert_int_eq(value_parse_duration(&ms, good[i].text), 0);
		ck_assert_int_eq(ms, good[i].ms);
	}
}
END_TEST

START_TEST(durations_that_are_none_are_refused)
{
	static const char *const bad[] = { "", " ", "5", "min", "5 m", "5 Min", "5 min ", " 5 min", "-5 min", "+5 min",
		"1.5 h", "5 min 3 s", "0x5 s", "106751991168 d", "99999999999999999999 ms", "5 KB" };
	int64_t ms = 77;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(value_parse_duration(&ms, bad[i]) == -EINVAL, "%s", bad[i]);
	ck_assert_int_eq(ms, 77);
}
END_TEST

START_TEST(sizes_are_powers_of_1024)
{
	int64_t bytes;

	ck_assert_int_eq(value_parse_size(&bytes, "512 B"), 0);
	ck_assert_int_eq(bytes, 512);
	ck_assert_int_eq(value_parse_size(&bytes, "64 KB"), 0);
	ck_assert_int_eq(bytes, 65536);
	ck_assert_int_eq(value_parse_size(&bytes, "3 MB"), 0);
	ck_assert_int_eq(bytes, 3 << 20);
	ck_assert_int_eq(value_parse_size(&bytes, "2GB"), 0);
	ck_assert_int_eq(bytes, INT64_C(2) << 30);
	ck_assert_int_eq(value_parse_size(&bytes, "1 TB"), 0);
	ck_assert_int_eq(bytes, INT64_C(1) << 40);
	ck_assert_int_eq(value_parse_size(&bytes, "8388608 TB"), -EINVAL);
	ck_assert_int_eq(value_parse_size(&bytes, "1 kB"), -EINVAL);
}
END_TEST

START_TEST(sizes_for_each_day_say_so)
{
	static const char *const bad[] = { "", "/day", "1 GB", "1 GB/d", "1 GB/day ", "1 GB /day", "-1 GB/day", "00",
		"8388608 TB/day", "1 GB/hour", "111111111111111111111111111111111 B/day" };
	int64_t bytes;

	ck_assert_int_eq(value_parse_daily(&bytes, "1 GB/day"), 0);
	ck_assert_int_eq(bytes, INT64_C(1) << 30);
	ck_assert_int_eq(value_parse_daily(&bytes, "200MB/day"), 0);
	ck_assert_int_eq(bytes, 200 << 20);
	ck_assert_int_eq(value_parse_daily(&bytes, "0"), 0);
	ck_assert_int_eq(bytes, 0);
	bytes = 77;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(value_parse_daily(&bytes, bad[i]) == -EINVAL, "%s", bad[i]);
	ck_assert_int_eq(bytes, 77);
}
END_TEST

START_TEST(what_is_written_reads_back_the_same)
{
	static const int64_t numbers[] = { 0, 1, 999, 1000, 1024, 60000, 61000, 3600000, 86400000, 65536, 1 << 30,
		INT64_MAX };
	char text[40];
	int64_t back;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		value_write_duration(text, sizeof(text), numbers[i]);
		ck_assert_int_eq(value_parse_duration(&back, text), 0);
		ck_assert_int_eq(back, numbers[i]);
		value_write_daily(text, sizeof(text), numbers[i]);
		ck_assert_int_eq(value_parse_daily(&back, text), 0);
		ck_assert_int_eq(back, numbers[i]);
		value_write_size(text, sizeof(text), numbers[i]);
		ck_assert_int_eq(value_parse_size(&back, text), 0);
		ck_assert_int_eq(back, numbers[i]);
	}
	value_write_duration(text, sizeof(text), 900000);
	ck_assert_str_eq(text, "15 min");
}
END_TEST

START_TEST(ranges_are_put_in_words)
{
	static const char *const colours[] = { "red", "green", NULL };
	static const struct {
		struct setting setting;
		const char *words;
	} all[] = {
		{ { .type = SETTING_BOOLEAN }, "true or false" },
		{ { .type = SETTING_INTEGER }, "a whole number" },
		{ { .type = SETTING_INTEGER, .least = -3, .most = 5 }, "a whole number from -3 to 5" },
		{ { .type = SETTING_INTEGER, .least = 1, .most = INT64_MAX }, "a whole number of at least 1" },
		{ { .type = SETTING_NUMBER, .least = 0, .most = 100 }, "a number from 0 to 100" },
		{ { .type = SETTING_DURATION, .least = 500, .most = 90000 },
			"a duration from 500 ms to 90 s in ms, s, min, h or d, such as \"15 min\"" },
		{ { .type = SETTING_SIZE, .least = 1 << 20, .most = INT64_MAX },
			"a size of at least 1 MB in B, KB, MB, GB or TB, such as \"64 KB\"" },
		{ { .type = SETTING_DAILY, .least = 0, .most = INT64_C(1) << 40 },
			"a size for each day from 0 B/day to 1 TB/day in B, KB, MB, GB or TB, such as \"1 GB/day\"" },
		{ { .type = SETTING_TEXT }, "a text of at most 4096 bytes in quotes" },
		{ { .type = SETTING_TEXT, .least = 1, .most = 64 }, "a text of 1 to 64 bytes in quotes" },
		{ { .type = SETTING_FILE }, "a path in quotes" },
		{ { .type = SETTING_SECRET }, "the path, in quotes, of a file that holds the secret" },
		{ { .type = SETTING_CHOICE, .choices = colours }, "\"red\" or \"green\"" },
		{ { .type = SETTING_LIST, .least = 1, .most = 8 }, "a list of 1 to 8 texts, such as [ \"a\", \"b\" ]" },
		{ { .type = SETTING_FILES }, "a list of at most 64 paths, such as [ \"a\", \"b\" ]" },
		{ { .type = SETTING_GROUPS }, "a list of at most 1000 groups, such as ( { ... }, { ... } )" },
	};
	char words[256];

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		describe_allowed(&all[i].setting, words, sizeof(words));
		ck_assert_str_eq(words, all[i].words);
	}
}
END_TEST

START_TEST(words_are_cut_to_the_room_there_is)
{
	static const char *const colours[] = { "red", "green", "blue", NULL };
	static const struct setting choice = { .type = SETTING_CHOICE, .choices = colours };
	char words[10];

	describe_allowed(&choice, words, sizeof(words));
	ck_assert_str_eq(words, "\"red\", \"g");
}
END_TEST

TEST_SUITE(value, durations_are_read_with_their_unit, durations_that_are_none_are_refused, sizes_are_powers_of_1024,
	sizes_for_each_day_say_so, what_is_written_reads_back_the_same, ranges_are_put_in_words,
	words_are_cut_to_the_room_there_is)
