#include "gateway/rule_settings.h"

#include "tests/unit/rules_fixture.h"
#include "tests/unit/suite.h"

/* The first fault of a rule that stands on line 2. */
static void expect(const char *rule, const char *said)
{
	char text[2048], fault[512] = "";

	snprintf(text, sizeof(text), "rules: { list = (\n{ name = \"a\"; %s } ); };", rule);
	ck_assert_ptr_null(rules_config(text, fault));
	ck_assert_str_eq(fault, said);
}

START_TEST(a_wrong_value_is_told_with_its_line)
{
	expect("deadbond = 1;", "2: rules.list[0].deadbond is unknown, did you mean deadband?");
	expect("deadband = -1;", "2: rules.list[0].deadband: found -1, allowed is a number from 0 to 1000000000000000");
	expect("window = \"5 parsecs\"; outputs = ( { value = \"min\"; } );",
		"2: rules.list[0].window: found \"5 parsecs\", allowed is a duration from 1 s to 7 d in ms, s, "
		"min, h or d, such as \"15 min\"");
	expect("window = \"5 s\"; outputs = ( { value = \"medium\"; } );",
		"2: rules.list[0].outputs[0].value: found \"medium\", allowed is \"min\", \"max\", \"mean\", "
		"\"sum\", \"count\", \"last\" or \"percentile\"");
}
END_TEST

START_TEST(settings_that_do_not_go_together_are_told)
{
	expect("window = \"5 s\";", "2: rules.list[0]: window and outputs need each other");
	expect("heartbeat = \"5 s\";", "2: rules.list[0]: heartbeat needs a deadband");
	expect("deadband = 1; interval = \"1 h\"; heartbeat = \"5 s\";",
		"2: rules.list[0]: heartbeat is shorter than interval");
	expect("drop = true; rename = \"x\";",
		"2: rules.list[0]: drop leaves nothing that a deadband, an interval or a new name could be for");
	expect("", "2: rules.list[0]: the rule does nothing");
	expect("window = \"5 s\"; outputs = ( { value = \"percentile\"; } );",
		"2: rules.list[0].outputs[0]: percentile must be set where the value is \"percentile\", and only "
		"there");
	expect("alarms = ( { name = \"x\"; } );", "2: rules.list[0].alarms[0]: above or below must be set");
	expect("alarms = ( { name = \"x\"; above = 3; below = 1; hysteresis = 1.5; } );",
		"2: rules.list[0].alarms[0]: no value between below and above could clear it with that hysteresis");
}
END_TEST

START_TEST(names_that_senml_cannot_say_are_told)
{
	expect("rename = \"a b\";",
		"2: rules.list[0]: rename: found \"a b\", allowed are letters, digits, - : . / _ and {name}");
	expect("rename = \"{node}\";",
		"2: rules.list[0]: rename: found \"{node}\", allowed are letters, digits, - : . / _ and {name}");
}
END_TEST

START_TEST(two_rules_of_one_name_are_told)
{
	char fault[512] = "";

	ck_assert_ptr_null(rules_config(
		"rules: { list = (\n { name = \"a\"; scale = 2; },\n { name = \"a\"; scale = 3; } ); };", fault));
	ck_assert_str_eq(fault, "1: rules: list[0] and list[1] are both named \"a\"");
}
END_TEST

START_TEST(a_label_that_no_node_has_is_told)
{
	char fault[512] = "";

	ck_assert_ptr_null(rules_config("labels: { nodes = ( { labels = [ \"indoor\" ]; } ); };\n"
					"rules: { list = ( { name = \"a\"; scale = 2; labels = [ \"indor\" ]; } ); };",
		fault));
	ck_assert_str_eq(fault, "2: rules: list[0]: no node has the label \"indor\", see the group labels");
}
END_TEST

START_TEST(a_label_is_one_word)
{
	char fault[512] = "";

	ck_assert_ptr_null(rules_config("labels: { nodes = (\n{ labels = [ \"in door\" ]; } ); };", fault));
	ck_assert_str_eq(fault, "2: labels.nodes[0]: labels: found \"in door\", allowed is a word of at most 32 bytes");
}
END_TEST

START_TEST(there_are_64_labels_at_most)
{
	char text[8192] = "labels: { nodes = ( ", fault[512] = "";
	size_t size = strlen(text);

	for (int i = 0; i <= LABELS_MAX; i++)
		size += (size_t)snprintf(
			text + size, sizeof(text) - size, "%s{ labels = [ \"l%d\" ]; }", i ? "," : "", i);
	snprintf(text + size, sizeof(text) - size, " ); };");
	ck_assert_ptr_null(rules_config(text, fault));
	ck_assert_str_eq(fault, "1: labels: nodes: more than 64 different labels");
}
END_TEST

TEST_SUITE(rule_settings, a_wrong_value_is_told_with_its_line, settings_that_do_not_go_together_are_told,
	names_that_senml_cannot_say_are_told, two_rules_of_one_name_are_told, a_label_that_no_node_has_is_told,
	a_label_is_one_word, there_are_64_labels_at_most)
