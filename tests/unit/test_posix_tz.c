#include "protocols/posix_tz.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/suite.h"

static struct posix_tz zone_of(const char *text)
{
	struct posix_tz zone;

	ck_assert_msg(posix_tz_parse(&zone, text, strlen(text)) == 0, "%s", text);
	return zone;
}

static void expect(const char *text, int64_t at_s, int32_t seconds)
{
	struct posix_tz zone = zone_of(text);
	struct utc_offset offset = posix_tz_at(&zone, at_s);

	ck_assert_msg(offset.seconds == seconds, "%s at %lld: %d", text, (long long)at_s, offset.seconds);
	ck_assert(offset.from_s <= at_s && offset.until_s > at_s);
}

START_TEST(a_zone_without_summer_time_never_changes)
{
	struct posix_tz zone = zone_of("<+0545>-5:45");
	struct utc_offset offset = posix_tz_at(&zone, 1790000000);

	ck_assert_int_eq(offset.seconds, 20700);
	ck_assert(offset.from_s == INT64_MIN && offset.until_s == INT64_MAX);
}
END_TEST

START_TEST(summer_begins_and_ends_at_its_second)
{
	const char *berlin = "CET-1CEST,M3.5.0,M10.5.0/3";

	expect(berlin, 1774745999, 3600); /* 2026-03-29 00:59:59 UTC */
	expect(berlin, 1774746000, 7200);
	expect(berlin, 1792889999, 7200); /* 2026-10-25 00:59:59 UTC */
	expect(berlin, 1792890000, 3600);
	struct posix_tz zone = zone_of(berlin);
	struct utc_offset offset = posix_tz_at(&zone, 1780000000);
	ck_assert_int_eq(offset.from_s, 1774746000);
	ck_assert_int_eq(offset.until_s, 1792890000);
}
END_TEST

START_TEST(the_south_has_its_summer_over_new_year)
{
	const char *sydney = "AEST-10AEDT,M10.1.0,M4.1.0/3";

	expect(sydney, 1767225600, 39600); /* 2026-01-01 */
	expect(sydney, 1782864000, 36000); /* 2026-07-01 */
}
END_TEST

START_TEST(summer_may_be_behind_winter)
{
	expect("IST-1GMT0,M10.5.0,M3.5.0/1", 1767225600, 0);
	expect("IST-1GMT0,M10.5.0,M3.5.0/1", 1782864000, 3600);
}
END_TEST

START_TEST(days_of_the_year_count_with_and_without_the_leap_day)
{
	/* Day 60 of a year without its 29th of February is the first of March; from 0 it is the 29th, or the first. */
	expect("AAA0BBB,J60/0,J61/0", 1835481599, 0);    /* 2028-02-29 23:59:59 */
	expect("AAA0BBB,J60/0,J61/0", 1835481600, 3600); /* 2028-03-01 00:00:00 */
	expect("AAA0BBB,59/0,60/0", 1835395199, 0);      /* 2028-02-28 23:59:59 */
	expect("AAA0BBB,59/0,60/0", 1835395200, 3600);
	expect("AAA0BBB,59/0,60/0", 1803859200, 3600); /* 2027-03-01 */
}
END_TEST

START_TEST(a_change_may_lie_days_away_from_its_day)
{
	expect("EET-2EEST,M3.4.4/50,M10.4.4/50", 1774655999, 7200); /* 2026-03-27 23:59:59 UTC */
	expect("EET-2EEST,M3.4.4/50,M10.4.4/50", 1774656000, 10800);
	expect("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 1774745999, -7200); /* 2026-03-29 01:00 UTC, Saturday there */
	expect("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 1774746000, -3600);
}
END_TEST

START_TEST(summer_may_last_all_year)
{
	for (int64_t at_s = 1700000000; at_s < 1900000000; at_s += 86399)
		expect("XXX3EDT4,0/0,J365/23", at_s, -14400);
}
END_TEST

START_TEST(what_is_no_rule_is_refused)
{
	static const char *const wrong[] = { "", "C", "CE-1", "CET", "CET-25", "CET-1CEST", "CET-1CEST,M3.5.0",
		"CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0", "<CET-1", "CET-1 ",
		"CET-1CEST,J0,J365", "CET-1CEST,J1,366", "CET-1CEST,M3.5.0/168,M10.5.0", "CET-1:60",
		"CET-1CEST,M3-5.0,M10.5.0" };
	struct posix_tz zone;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_assert_msg(posix_tz_parse(&zone, wrong[i], strlen(wrong[i])) == -EBADMSG, "%s", wrong[i]);
}
END_TEST

START_TEST(no_time_is_too_far_away)
{
	struct posix_tz zone = zone_of("CET-1CEST,M3.5.0,M10.5.0/3");

	ck_assert_int_eq(posix_tz_at(&zone, INT64_MAX).seconds, 3600);
	ck_assert_int_eq(posix_tz_at(&zone, INT64_MIN).seconds, 3600);
	ck_assert_int_eq(posix_tz_at(&zone, -62000000000).seconds, 7200); /* May of the year 5 */
}
END_TEST

TEST_SUITE(posix_tz, a_zone_without_summer_time_never_changes, summer_begins_and_ends_at_its_second,
	the_south_has_its_summer_over_new_year, summer_may_be_behind_winter,
	days_of_the_year_count_with_and_without_the_leap_day, a_change_may_lie_days_away_from_its_day,
	summer_may_last_all_year, what_is_no_rule_is_refused, no_time_is_too_far_away)
