#include "gateway/alerts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "gateway/clock.h"
#include "tests/unit/suite.h"

#define HOLD_MS 60000
#define ALL UINT32_MAX

/* What was told, newest last. */
static struct alert told[ALERTS_MAX * 3];
static size_t told_count;

static void on_changed(void *context, const struct alert *alert, struct moment now)
{
	told[told_count++] = *alert;
}

static struct moment at(int64_t seconds)
{
	return (struct moment){ .monotonic_ms = seconds * 1000, .wall_ms = 1790000000000 + seconds * 1000 };
}

static struct alerts *open_alerts(void)
{
	struct alerts *alerts;

	ck_assert_int_eq(alerts_open(&alerts, on_changed, NULL), 0);
	return alerts;
}

static void find(struct alerts *alerts, enum alert_kind kind, const char *subject, struct moment now)
{
	alerts_find(alerts, &(struct alert_finding){ kind, ALERT_WARNING, subject, "why" }, now);
}

START_TEST(a_trouble_that_lasts_is_told_once)
{
	struct alerts *alerts = open_alerts();

	for (int i = 0; i < 5; i++) {
		find(alerts, ALERT_NODE_SILENT, "n1", at(10 * i));
		alerts_end_look(alerts, ALL, HOLD_MS, at(10 * i));
	}
	ck_assert_uint_eq(told_count, 1);
	ck_assert(told[0].stands);
	ck_assert_str_eq(told[0].subject, "n1");
	ck_assert_uint_eq(told[0].times, 1);
	ck_assert_int_eq(told[0].raised_ms, at(0).wall_ms);
	alerts_close(alerts);
}
END_TEST

START_TEST(it_is_cleared_when_it_was_gone_for_the_hold_time)
{
	struct alerts *alerts = open_alerts();

	find(alerts, ALERT_UPLINK_DOWN, "", at(0));
	alerts_end_look(alerts, ALL, HOLD_MS, at(0));
	alerts_end_look(alerts, ALL, HOLD_MS, at(10));
	alerts_end_look(alerts, ALL, HOLD_MS, at(69));
	ck_assert_uint_eq(told_count, 1);
	alerts_end_look(alerts, ALL, HOLD_MS, at(70));
	ck_assert_uint_eq(told_count, 2);
	ck_assert(!told[1].stands);
	ck_assert_int_eq(told[1].changed_ms, at(70).wall_ms);
	alerts_end_look(alerts, ALL, HOLD_MS, at(80));
	ck_assert_uint_eq(told_count, 2);
	alerts_close(alerts);
}
END_TEST

START_TEST(a_trouble_that_comes_and_goes_is_one_that_stands)
{
	struct alerts *alerts = open_alerts();

	for (int i = 0; i < 20; i++) {
		if (i % 2 == 0)
			find(alerts, ALERT_UPLINK_DOWN, "", at(30 * i));
		alerts_end_look(alerts, ALL, HOLD_MS, at(30 * i));
	}
	ck_assert_uint_eq(told_count, 1);
	alerts_close(alerts);
}
END_TEST

START_TEST(one_that_returns_says_how_often)
{
	struct alerts *alerts = open_alerts();

	for (int i = 0; i < 3; i++) {
		find(alerts, ALERT_UPLINK_DOWN, "", at(1000 * i));
		alerts_end_look(alerts, ALL, 0, at(1000 * i));
		alerts_end_look(alerts, ALL, 0, at(1000 * i + 10));
	}
	ck_assert_uint_eq(told_count, 6);
	ck_assert_uint_eq(told[4].times, 3);
	ck_assert_int_eq(told[4].raised_ms, at(2000).wall_ms);
	alerts_close(alerts);
}
END_TEST

START_TEST(a_look_clears_only_the_kinds_that_it_was_about)
{
	struct alerts *alerts = open_alerts();

	find(alerts, ALERT_UPLINK_DOWN, "", at(0));
	find(alerts, ALERT_CACHE_FULL, "", at(0));
	alerts_end_look(alerts, ALL, 0, at(0));
	alerts_end_look(alerts, 1u << ALERT_CACHE_FULL, 0, at(10));
	ck_assert_uint_eq(told_count, 3);
	ck_assert_int_eq(told[2].kind, ALERT_CACHE_FULL);
	ck_assert(alerts_get(alerts, ALERT_UPLINK_DOWN, "")->stands);
	alerts_close(alerts);
}
END_TEST

START_TEST(a_severity_rises_but_does_not_fall)
{
	struct alerts *alerts = open_alerts();
	struct alert_finding finding = { ALERT_UPLINK_DOWN, ALERT_WARNING, "", "minutes" };
	unsigned counts[ALERT_CRITICAL + 1];

	alerts_find(alerts, &finding, at(0));
	finding.severity = ALERT_CRITICAL;
	finding.text = "hours";
	alerts_find(alerts, &finding, at(10));
	finding.severity = ALERT_WARNING;
	alerts_find(alerts, &finding, at(20));
	ck_assert_uint_eq(told_count, 2);
	ck_assert_int_eq(told[1].severity, ALERT_CRITICAL);
	ck_assert_str_eq(told[1].text, "hours");
	ck_assert_uint_eq(told[1].times, 1);
	alerts_tally(alerts, counts);
	ck_assert_uint_eq(counts[ALERT_CRITICAL], 1);
	ck_assert_uint_eq(counts[ALERT_WARNING], 0);
	alerts_close(alerts);
}
END_TEST

START_TEST(what_was_restored_is_not_raised_again)
{
	struct alerts *alerts = open_alerts();
	struct alert before = {
		.kind = ALERT_NODE_SILENT,
		.severity = ALERT_WARNING,
		.stands = true,
		.subject = "n1",
		.times = 4,
		.raised_ms = 7,
		.told = true,
	};

	ck_assert_int_eq(alerts_restore(alerts, &before, at(0)), 0);
	find(alerts, ALERT_NODE_SILENT, "n1", at(1));
	alerts_end_look(alerts, ALL, HOLD_MS, at(1));
	ck_assert_uint_eq(told_count, 0);
	ck_assert_int_eq(alerts_at(alerts, 0)->raised_ms, 7);
	alerts_end_look(alerts, ALL, HOLD_MS, at(100));
	alerts_end_look(alerts, ALL, HOLD_MS, at(200));
	ck_assert_uint_eq(told_count, 1);
	ck_assert(!told[0].stands);
	ck_assert_uint_eq(told[0].times, 4);
	alerts_close(alerts);
}
END_TEST

START_TEST(a_cleared_one_is_forgotten_after_a_day_once_upstream_knows)
{
	struct alerts *alerts = open_alerts();
	int64_t day_s = ALERTS_MEMORY_MS / 1000;

	find(alerts, ALERT_UPLINK_DOWN, "", at(0));
	find(alerts, ALERT_CACHE_FULL, "", at(0));
	alerts_end_look(alerts, ALL, 0, at(0));
	alerts_end_look(alerts, ALL, 0, at(10));
	ck_assert(!alerts_told(alerts, ALERT_CACHE_FULL, "", 1));
	ck_assert(alerts_told(alerts, ALERT_CACHE_FULL, "", 2));
	alerts_end_look(alerts, ALL, 0, at(day_s));
	ck_assert_uint_eq(alerts_count(alerts), 2);
	alerts_end_look(alerts, ALL, 0, at(day_s + 20));
	ck_assert_uint_eq(alerts_count(alerts), 1);
	ck_assert_int_eq(alerts_at(alerts, 0)->kind, ALERT_UPLINK_DOWN);
	alerts_close(alerts);
}
END_TEST

START_TEST(a_full_table_forgets_what_is_over_and_counts_what_it_cannot_take)
{
	struct alerts *alerts = open_alerts();
	char node[16];

	find(alerts, ALERT_UPLINK_DOWN, "", at(0));
	alerts_end_look(alerts, ALL, 0, at(0));
	alerts_end_look(alerts, ALL, 0, at(10));
	for (int i = 0; i < ALERTS_MAX + 3; i++) {
		snprintf(node, sizeof(node), "n%d", i);
		find(alerts, ALERT_NODE_SILENT, node, at(20));
	}
	ck_assert_uint_eq(alerts_count(alerts), ALERTS_MAX);
	ck_assert_ptr_null(alerts_get(alerts, ALERT_UPLINK_DOWN, ""));
	ck_assert_uint_eq(alerts_unlisted(alerts), 3);
	alerts_end_look(alerts, ALL, 0, at(30));
	alerts_end_look(alerts, ALL, 0, at(40));
	ck_assert_uint_eq(told_count, 2 + 2 * ALERTS_MAX);
	alerts_close(alerts);
}
END_TEST

START_TEST(times_follow_the_clock)
{
	struct alerts *alerts = open_alerts();
	struct clock_jump jump = { .from_ms = at(100).wall_ms, .to_ms = at(100).wall_ms + 5000000 };

	find(alerts, ALERT_UPLINK_DOWN, "", at(0));
	alerts_follow_clock(alerts, &jump);
	ck_assert_int_eq(alerts_at(alerts, 0)->raised_ms, at(0).wall_ms + 5000000);
	alerts_close(alerts);
}
END_TEST

START_TEST(names_are_read_back)
{
	for (int kind = 0; kind < ALERT_KINDS; kind++)
		ck_assert_int_eq(alert_kind_parse(alert_kind_name((enum alert_kind)kind)), kind);
	for (int severity = 0; severity <= ALERT_CRITICAL; severity++)
		ck_assert_int_eq(alert_severity_parse(alert_severity_name((enum alert_severity)severity)), severity);
	ck_assert_int_eq(alert_kind_parse("node.bored"), -EINVAL);
	ck_assert_int_eq(alert_severity_parse(""), -EINVAL);
}
END_TEST

TEST_SUITE(alerts, a_trouble_that_lasts_is_told_once, it_is_cleared_when_it_was_gone_for_the_hold_time,
	a_trouble_that_comes_and_goes_is_one_that_stands, one_that_returns_says_how_often,
	a_look_clears_only_the_kinds_that_it_was_about, a_severity_rises_but_does_not_fall,
	what_was_restored_is_not_raised_again, a_cleared_one_is_forgotten_after_a_day_once_upstream_knows,
	a_full_table_forgets_what_is_over_and_counts_what_it_cannot_take, times_follow_the_clock, names_are_read_back)
