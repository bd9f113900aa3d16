#include "protocols/version_range.h"

#include <errno.h>
#include <stdio.h>

#include "tests/unit/suite.h"

static bool holds(const char *text, const char *version_text)
{
	struct version_range range;
	struct version version;

	ck_assert_msg(version_range_parse(&range, text) == 0, "%s", text);
	ck_assert_int_eq(version_parse(&version, version_text), 0);
	return version_range_holds(&range, &version);
}

START_TEST(all_conditions_have_to_hold)
{
	ck_assert(holds(">=1.2.0 <2", "1.2.0"));
	ck_assert(holds(">= 1.2.0, < 2", "1.99.3+4"));
	ck_assert(!holds(">=1.2.0 <2", "2.0"));
	ck_assert(!holds(">=1.2.0 <2", "1.1.9"));
	ck_assert(!holds(">=1.2.0 <2 !=1.5", "1.5.0"));
}
END_TEST

START_TEST(each_relation_means_what_it_says)
{
	static const struct {
		const char *sign;
		bool below, same, above;
	} relations[] = {
		{ "", false, true, false },
		{ "=", false, true, false },
		{ "!=", true, false, true },
		{ "<", true, false, false },
		{ "<=", true, true, false },
		{ ">", false, false, true },
		{ ">=", false, true, true },
	};

	for (size_t i = 0; i < sizeof(relations) / sizeof(relations[0]); i++) {
		char text[16];
		snprintf(text, sizeof(text), "%s1.5", relations[i].sign);
		ck_assert(holds(text, "1.4.9") == relations[i].below);
		ck_assert(holds(text, "1.5.0") == relations[i].same);
		ck_assert(holds(text, "1.5.0+1") == relations[i].above);
	}
}
END_TEST

START_TEST(no_condition_lets_all_in)
{
	ck_assert(holds("", "0.0.1"));
	ck_assert(holds(" , ", "0.0.1"));
}
END_TEST

START_TEST(conditions_that_make_no_sense_are_refused)
{
	static const char *const wrong[] = { "<", "1.2 -", "=>1", "<<1", ">=one", "1 2 3 4 5", "~1.2",
		">=1.0.0-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
	struct version_range range = { .count = 77 };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_assert_msg(version_range_parse(&range, wrong[i]) == -EINVAL, "%s", wrong[i]);
	ck_assert_uint_eq(range.count, 77);
}
END_TEST

TEST_SUITE(version_range, all_conditions_have_to_hold, each_relation_means_what_it_says, no_condition_lets_all_in,
	conditions_that_make_no_sense_are_refused)
