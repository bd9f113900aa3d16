#include "protocols/version.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/suite.h"

static struct version version(const char *text)
{
	struct version out;

	ck_assert_msg(version_parse(&out, text) == 0, "%s", text);
	return out;
}

static int order_of(const char *a, const char *b)
{
	struct version first = version(a), second = version(b);
	int order = version_compare(&first, &second);

	return (order > 0) - (order < 0);
}

START_TEST(versions_of_every_format_are_in_order)
{
	/* The pre-releases are those of semver.org 2.0.0, section 11. */
	static const char *const rising[] = { "0.9", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta",
		"1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.0+1", "1.0.0+20", "1.2", "1.10.0",
		"v5.1-dev-2-gabc", "v5.1", "255.255.65535+4294967295", "0x00010203" };

	for (size_t i = 1; i < sizeof(rising) / sizeof(rising[0]); i++)
		for (size_t j = 0; j < i; j++)
			ck_assert_msg(order_of(rising[j], rising[i]) == -1 && order_of(rising[i], rising[j]) == 1,
				"%s %s", rising[j], rising[i]);
}
END_TEST

START_TEST(what_is_not_said_is_zero)
{
	ck_assert_int_eq(order_of("1", "1.0.0.0+0"), 0);
	ck_assert_int_eq(order_of("V1.2", "1.2.0"), 0);
	ck_assert_int_eq(order_of("0x10", "16"), 0);
	ck_assert_int_eq(order_of("1.0.0+build.7", "1.0.0"), 0);
	ck_assert_int_eq(order_of("1.0.0-rc.007", "1.0.0-rc.7"), 0);
}
END_TEST

START_TEST(words_that_are_no_versions_are_refused)
{
	static const char *const wrong[] = { "", "v", "one", "1.", ".1", "1..2", "1.2.3.4.5", "1.2-", "1.2+", "1.2 ",
		" 1.2", "4294967296", "0x", "0x123456789", "0x12g4", "1.2.3-rc_1", "vv1",
		"1.0.0-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
	struct version out = { .build = 77 };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_assert_msg(version_parse(&out, wrong[i]) == -EINVAL, "\"%s\"", wrong[i]);
	ck_assert_uint_eq(out.build, 77);
}
END_TEST

TEST_SUITE(version, versions_of_every_format_are_in_order, what_is_not_said_is_zero,
	words_that_are_no_versions_are_refused)
