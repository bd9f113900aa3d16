#include "gateway/rules.h"

#include <math.h>

#include "gateway/random.h"
#include "tests/unit/rules_fixture.h"
#include "tests/unit/suite.h"

#define RULES(text) "rules: { list = ( " text " ); };"

static struct rules_fixture fixture;

START_TEST(without_rules_readings_stay_as_they_are)
{
	struct reading text = { .name = { "s", 1 }, .kind = READING_STRING, .text = { "on", 2 } };

	rules_fixture_open(&fixture, "");
	ck_assert_str_eq(apply(&fixture, "t", "22.50"), "t=22.50\n");
	ck_assert_str_eq(apply_reading(&fixture, "n1", &text), "s=\"on\"\n");
	rules_fixture_close(&fixture);
}
END_TEST

START_TEST(numbers_are_converted_without_rounding)
{
	rules_fixture_open(
		&fixture, RULES("{ name = \"k\"; names = [ \"t\" ]; scale = 0.1; offset = -273.15; unit = \"Cel\"; }"));
	ck_assert_str_eq(apply(&fixture, "t", "2955"), "t=22.35 Cel\n");
	ck_assert_str_eq(apply(&fixture, "u", "2955"), "u=2955\n");
	rules_fixture_close(&fixture);
}
END_TEST

START_TEST(each_rule_sees_what_the_ones_before_left)
{
	rules_fixture_open(&fixture, RULES("{ name = \"a\"; names = [ \"t\" ]; scale = 2; rename = \"room/{name}\"; },"
					   "{ name = \"b\"; names = [ \"t\" ]; drop = true; },"
					   "{ name = \"c\"; names = [ \"room/*\" ]; offset = 1; final = true; },"
					   "{ name = \"d\"; scale = 100; }"));
	ck_assert_str_eq(apply(&fixture, "t", "3"), "room/t=7\n");
	ck_assert_str_eq(apply(&fixture, "u", "3"), "u=300\n");
	rules_fixture_close(&fixture);
}
END_TEST

START_TEST(a_rule_is_for_nodes_by_id_and_by_all_of_its_labels)
{
	rules_fixture_open(&fixture,
		"labels: { nodes = ( { match = [ \"m-*\" ]; labels = [ \"meter\" ]; },"
		"                    { hardware = [ \"x?\" ]; labels = [ \"cold\", \"meter\" ]; } ); };" RULES(
			"{ name = \"a\"; labels = [ \"meter\", \"cold\" ]; scale = 2; },"
			"{ name = \"b\"; nodes = [ \"m-1\", \"n?\" ]; offset = 100; }"));
	const struct labels_settings *labels = labels_settings_of(fixture.config);
	struct reading reading = reading_of("v", "5");

	ck_assert_str_eq(apply_reading(&fixture, "m-1", &reading), "v=105\n");
	fixture.labels = labels_of_node(labels, (struct span){ "m-2", 3 }, (struct span){ "", 0 });
	ck_assert_str_eq(apply_reading(&fixture, "m-2", &reading), "v=5\n");
	fixture.labels = labels_of_node(labels, (struct span){ "k", 1 }, (struct span){ "x2", 2 });
	ck_assert_str_eq(apply_reading(&fixture, "m-2", &reading), "v=10\n");
	ck_assert_str_eq(apply_reading(&fixture, "n7", &reading), "v=110\n");
	rules_fixture_close(&fixture);
}
END_TEST

START_TEST(a_dead_band_lets_only_changes_through)
{
	rules_fixture_open(&fixture, RULES("{ name = \"a\"; deadband = 0.5; }"));
	ck_assert_str_eq(apply(&fixture, "t", "20"), "t=20\n");
	ck_assert_str_eq(apply(&fixture, "t", "20.5"), "-a deadband\n");
	ck_assert_str_eq(apply(&fixture, "t", "19.5"), "-a deadband\n");
	ck_assert_str_eq(apply(&fixture, "t", "20.51"), "t=20.51\n");
	ck_assert_str_eq(apply(&fixture, "t", "20.02"), "-a deadband\n");
	ck_assert_str_eq(apply(&fixture, "t", "20"), "t=20\n");
	ck_assert_uint_eq(rules_counts(fixture.rules, 0)->gone[RULE_IN_DEADBAND], 3);
	ck_assert_uint_eq(rules_counts(fixture.rules, 0)->taken, 6);
	rules_fixture_close(&fixture);
}
END_TEST

START_TEST(a_dead_band_in_percent_grows_with_the_value)
{
	rules_fixture_open(&fixture, RULES("{ name = \"a\"; deadband_percent = 10; deadband = 1; }"));
	ck_assert_str_eq(apply(&fixture, "t", "-200"), "t=-200\n");
	ck_assert_str_eq(apply(&fixture, "t", "-219"), "-a deadband\n");
	ck_assert_str_eq(apply(&fixture, "t", "-221"), "t=-221\n");
	ck_assert_str_eq(apply(&fixture, "t", "2"), "t=2\n");
	ck_assert_str_eq(apply(&fixture, "t", "3"), "-a deadband\n");
	ck_assert_str_eq(apply(&fixture, "t", "3.1"), "t=3.1\n");
	rules_fixture_close(&fixture);
}
END_TEST

START_TEST(a_heartbeat_shows_that_a_quiet_sensor_lives)
{
	rules_fixture_open(&fixture, RULES("{ name = \"a\"; deadband = 0.5; heartbeat = \"1 h\"; }"));
	ck_assert_str_eq(apply(&fixture, "t", "20"), "t=20\n");
	fixture.now_ms += 3599999;
	ck_assert_str_eq(apply(&fixture, "t", "20"), "-a deadband\n");
	fixture.now_ms += 1;
	ck_assert_str_eq(apply(&fixture, "t", "20"), "t=20\n");
	rules_fixture_close(&fixture);
}
END_TEST

START_TEST(an_interval_thins_out_readings_of_any_kind)
{
	struct reading text = { .name = { "s", 1 }, .kind = READING_STRING, .text = { "on", 2 } };

	rules_fixture_open(&fixture, RULES("{ name = \"a\"; interval = \"1 min\"; }"));
	ck_assert_str_eq(apply_reading(&fixture, "n1", &text), "s=\"on\"\n");
	fixture.now_ms += 59000;
	ck_assert_str_eq(apply_reading(&fixture, "n1", &text), "-a soon\n");
	ck_assert_str_eq(apply_reading(&fixture, "n2", &text), "s=\"on\"\n");
	fixture.now_ms += 1000;
	ck_assert_str_eq(apply_reading(&fixture, "n1", &text), "s=\"on\"\n");
	rules_fixture_close(&fixture);
}
END_TEST

START_TEST(a_late_reading_is_history_and_goes_on)
{
	struct reading late = reading_of("t", "20");

	rules_fixture_open(
		&fixture, RULES("{ name = \"a\"; deadband = 5; alarms = ( { name = \"low\"; below = 0; } ); }"));
	ck_assert_str_eq(apply(&fixture, "t", "20"), ".alarm/low=false (20)\nt=20\n");
	late.has_time = true;
	late.time_us = (fixture.now_ms - 60000) * 1000;
	late.number = number_from_integer(-20);
	ck_assert_str_eq(apply_reading(&fixture, "n1", &late), "t=-20\n");
	ck_assert_str_eq(apply(&fixture, "t", "21"), "-a deadband\n");
	rules_fixture_close(&fixture);
}
END_TEST

START_TEST(a_date_in_the_future_makes_nothing_late)
{
	struct reading early = reading_of("t", "40");

	rules_fixture_open(&fixture, RULES("{ name = \"a\"; deadband = 5; }"));
	early.has_time = true;
	early.time_us = (fixture.now_ms + 86400000) * 1000;
	ck_assert_str_eq(apply_reading(&fixture, "n1", &early), "t=40\n");
	ck_assert_str_eq(apply(&fixture, "t", "41"), "-a deadband\n");
	rules_fixture_close(&fixture);
}
END_TEST

START_TEST(an_alarm_is_told_when_its_state_changes_and_not_before)
{
	rules_fixture_open(&fixture, RULES("{ name = \"cold\"; unit = \"Cel\"; alarms = ( "
					   "{ name = \"{name}/warm\"; above = 8; hysteresis = 2; } ); }"));
	ck_assert_str_eq(apply(&fixture, "t", "5"), ".alarm/t/warm=false (5)\nt=5 Cel\n");
	ck_assert_str_eq(apply(&fixture, "t", "8"), "t=8 Cel\n");
	ck_assert_str_eq(apply(&fixture, "t", "8.1"), "!alarm/t/warm=true (8.1)\nt=8.1 Cel\n");
	ck_assert_str_eq(apply(&fixture, "t", "7"), "t=7 Cel\n");
	ck_assert_str_eq(apply(&fixture, "t", "9"), "t=9 Cel\n");
	ck_assert_str_eq(apply(&fixture, "t", "6"), "!alarm/t/warm=false (6)\nt=6 Cel\n");
	ck_assert_uint_eq(rules_counts(fixture.rules, 0)->alarms, 3);
	rules_fixture_close(&fixture);
}
END_TEST

START_TEST(an_alarm_has_two_sides)
{
	rules_fixture_open(&fixture, RULES("{ name = \"a\"; drop = true; alarms = ( "
					   "{ name = \"range\"; below = 2; above = 8; hysteresis = 0.5; } ); }"));
	ck_assert_str_eq(apply(&fixture, "t", "1"), "!alarm/range=true (1)\n-a dropped\n");
	ck_assert_str_eq(apply(&fixture, "t", "2.4"), "-a dropped\n");
	ck_assert_str_eq(apply(&fixture, "t", "9"), "-a dropped\n");
	ck_assert_str_eq(apply(&fixture, "t", "7.6"), "-a dropped\n");
	ck_assert_str_eq(apply(&fixture, "t", "7.5"), "!alarm/range=false (7.5)\n-a dropped\n");
	rules_fixture_close(&fixture);
}
END_TEST

START_TEST(a_short_peak_does_not_raise_an_alarm_that_holds)
{
	rules_fixture_open(&fixture, RULES("{ name = \"a\"; drop = true; alarms = ( "
					   "{ name = \"hot\"; above = 8; hold = \"5 min\"; } ); }"));
	ck_assert_str_eq(apply(&fixture, "t", "5"), ".alarm/hot=false (5)\n-a dropped\n");
	ck_assert_str_eq(apply(&fixture, "t", "9"), "-a dropped\n");
	fixture.now_ms += 200000;
	ck_assert_str_eq(apply(&fixture, "t", "5"), "-a dropped\n");
	ck_assert_str_eq(apply(&fixture, "t", "9"), "-a dropped\n");
	fixture.now_ms += 299000;
	ck_assert_str_eq(apply(&fixture, "t", "9"), "-a dropped\n");
	fixture.now_ms += 1000;
	ck_assert_str_eq(apply(&fixture, "t", "10"), "!alarm/hot=true (10)\n-a dropped\n");
	rules_fixture_close(&fixture);
}
END_TEST

START_TEST(a_boolean_is_watched_and_gathered_as_a_number)
{
	struct reading door = { .name = { "door", 4 }, .kind = READING_BOOLEAN, .boolean = true };

	rules_fixture_open(&fixture, RULES("{ name = \"a\"; window = \"1 min\"; outputs = ( { value = \"sum\"; } );"
					   "  alarms = ( { name = \"open\"; above = 0; } ); }"));
	ck_assert_str_eq(apply_reading(&fixture, "n1", &door), "!alarm/open=true (true)\n>+a/door=1\ndoor=true\n");
	rules_fixture_close(&fixture);
}
END_TEST

START_TEST(a_window_takes_numbers_and_leaves_the_rest)
{
	struct reading text = { .name = { "t", 1 }, .kind = READING_STRING, .text = { "broken", 6 } };

	rules_fixture_open(&fixture,
		RULES("{ name = \"a\"; window = \"1 min\"; drop = true; outputs = ( { value = \"sum\"; } ); }"));
	ck_assert_str_eq(apply(&fixture, "t", "3"), ">-a/t=3\n-a window\n");
	ck_assert_str_eq(apply_reading(&fixture, "n1", &text), "t=\"broken\"\n");
	rules_fixture_close(&fixture);
}
END_TEST

START_TEST(a_sum_is_scaled_with_its_value)
{
	struct reading reading = reading_of("e", "3");
	const struct rules_source source = { { "n", 1 }, 0, FIXTURE_START_MS };
	const struct rules_sink sink = fixture_sink(&fixture);

	rules_fixture_open(&fixture, RULES("{ name = \"a\"; scale = 0.001; deadband = 1; }"));
	reading.has_sum = true;
	reading.sum = number_from_integer(1e18);
	ck_assert_int_eq(rules_apply(fixture.rules, &source, &reading, &sink), 0);
	ck_assert_str_eq(fixture.told, "e=0.003\n");
	rules_fixture_close(&fixture);
}
END_TEST

START_TEST(what_no_longer_is_known_lets_the_next_reading_pass)
{
	rules_fixture_open(
		&fixture, RULES("{ name = \"a\"; deadband = 5; alarms = ( { name = \"x\"; above = 9; } ); }"));
	ck_assert_str_eq(apply(&fixture, "t", "1"), ".alarm/x=false (1)\nt=1\n");
	ck_assert_str_eq(apply(&fixture, "t", "1"), "-a deadband\n");
	rules_forget(fixture.rules);
	ck_assert_str_eq(apply(&fixture, "t", "1"), ".alarm/x=false (1)\nt=1\n");
	rules_fixture_close(&fixture);
}
END_TEST

START_TEST(rules_that_did_not_change_keep_their_state_at_a_reload)
{
	rules_fixture_open(&fixture, RULES("{ name = \"a\"; deadband = 5; }, { name = \"b\"; scale = 2; }"));
	ck_assert_str_eq(apply(&fixture, "t", "1"), "t=2\n");
	rules_fixture_reload(&fixture, RULES("{ name = \"b\"; scale = 3; }, { name = \"a\"; deadband = 5; }"));
	ck_assert_str_eq(apply(&fixture, "t", "1"), "-a deadband\n");
	ck_assert_uint_eq(rules_counts(fixture.rules, 1)->taken, 2);
	rules_fixture_reload(&fixture, RULES("{ name = \"a\"; deadband = 6; }"));
	ck_assert_str_eq(apply(&fixture, "t", "1"), "t=1\n");
	ck_assert_uint_eq(rules_counts(fixture.rules, 0)->taken, 1);
	rules_fixture_reload(&fixture, "");
	ck_assert_str_eq(apply(&fixture, "t", "1"), "t=1\n");
	rules_fixture_close(&fixture);
}
END_TEST

START_TEST(the_series_longest_not_heard_of_gives_way)
{
	struct rules_figures figures;
	char name[16];

	rules_fixture_open(&fixture, "rules: { series = 1000; list = ( { name = \"a\"; deadband = 5; } ); };");
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "t%d", i);
		(void)apply(&fixture, name, "1");
	}
	ck_assert_str_eq(apply(&fixture, "t0", "1"), "-a deadband\n");
	ck_assert_str_eq(apply(&fixture, "new", "1"), "new=1\n");
	ck_assert_str_eq(apply(&fixture, "t0", "1"), "-a deadband\n");
	ck_assert_str_eq(apply(&fixture, "t1", "1"), "t1=1\n");
	rules_figures(fixture.rules, &figures);
	ck_assert_uint_eq(figures.series, 1000);
	ck_assert_uint_eq(figures.forgotten, 2);
	rules_fixture_close(&fixture);
}
END_TEST

START_TEST(names_are_cut_where_they_would_grow_too_long)
{
	char name[READING_NAME_MAX + 1], told[512];

	rules_fixture_open(&fixture,
		RULES("{ name = \"a\"; rename = \"{name}{name}\"; alarms = ( { name = \"{name}\"; above = 9; } ); }"));
	memset(name, 'x', 100);
	name[100] = '\0';
	snprintf(told, sizeof(told), ".alarm/%s=false (1)\n%s%.28s=1\n", name, name, name);
	ck_assert_str_eq(apply(&fixture, name, "1"), told);
	memset(name, 'y', READING_NAME_MAX);
	name[READING_NAME_MAX] = '\0';
	snprintf(told, sizeof(told), ".alarm/%.116s=false (1)\n%s=1\n", name, name);
	ck_assert_str_eq(apply(&fixture, name, "1"), told);
	rules_fixture_close(&fixture);
}
END_TEST

/* The dead-band in three lines, against which the real one is held over random walks. */
START_TEST(a_dead_band_is_never_further_from_the_truth_than_its_width)
{
	struct random random;
	double value = 20, told = NAN;

	random_init(&random, 7);
	rules_fixture_open(&fixture, RULES("{ name = \"a\"; deadband = 0.5; heartbeat = \"10 min\"; }"));
	for (int i = 0; i < 20000; i++) {
		char text[32];
		double step = (double)random_below(&random, 41) / 100 - 0.2;

		value += step;
		snprintf(text, sizeof(text), "%.2f", value);
		fixture.now_ms += random_below(&random, 20000);
		if (strncmp(apply(&fixture, "t", text), "t=", 2) == 0)
			told = strtod(text, NULL);
		ck_assert_double_le(fabs(strtod(text, NULL) - told), 0.5 + 1e-9);
	}
	rules_fixture_close(&fixture);
}
END_TEST

TEST_SUITE(rules, without_rules_readings_stay_as_they_are, numbers_are_converted_without_rounding,
	each_rule_sees_what_the_ones_before_left, a_rule_is_for_nodes_by_id_and_by_all_of_its_labels,
	a_dead_band_lets_only_changes_through, a_dead_band_in_percent_grows_with_the_value,
	a_heartbeat_shows_that_a_quiet_sensor_lives, an_interval_thins_out_readings_of_any_kind,
	a_late_reading_is_history_and_goes_on, a_date_in_the_future_makes_nothing_late,
	an_alarm_is_told_when_its_state_changes_and_not_before, an_alarm_has_two_sides,
	a_short_peak_does_not_raise_an_alarm_that_holds, a_boolean_is_watched_and_gathered_as_a_number,
	a_window_takes_numbers_and_leaves_the_rest, a_sum_is_scaled_with_its_value,
	what_no_longer_is_known_lets_the_next_reading_pass, rules_that_did_not_change_keep_their_state_at_a_reload,
	the_series_longest_not_heard_of_gives_way, names_are_cut_where_they_would_grow_too_long,
	a_dead_band_is_never_further_from_the_truth_than_its_width)
