#include "gateway/rollout_targets.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "gateway/labels.h"
#include "gateway/nodes.h"
#include "tests/unit/suite.h"

static const char *const hall[] = { "hall-*" };
static const char *const roof[] = { "roof-*" };
static const char *const indoor[] = { "indoor", "mains" };
static const char *const outdoor[] = { "outdoor", "mains" };
static struct labelled_nodes entries[] = {
	{ .match = { hall, 1 }, .labels = { indoor, 2 } },
	{ .match = { roof, 1 }, .labels = { outdoor, 2 } },
};
static const struct labels_settings labels = { .nodes = { entries, 2 } };

/* `json` has what limits the targets beside their hardware; takes it. */
static struct rollout_targets targets_of(json_t *json)
{
	char why[ROLLOUT_SENTENCE_SIZE] = "";
	struct rollout_targets out;

	(void)json_object_set_new(json, "hardware", json_string("meter-2"));
	ck_assert_msg(rollout_targets_parse(&out, json, why) == 0, "%s", why);
	json_decref(json);
	return out;
}

static void ck_refused(json_t *json, const char *word)
{
	char why[ROLLOUT_SENTENCE_SIZE] = "";
	struct rollout_targets out = { .hardware = "kept" };

	if (!json_object_get(json, "hardware"))
		(void)json_object_set_new(json, "hardware", json_string("meter-2"));
	ck_assert_int_eq(rollout_targets_parse(&out, json, why), -EINVAL);
	ck_assert_msg(strstr(why, word), "%s", why);
	ck_assert_str_eq(out.hardware, "kept");
	json_decref(json);
}

static enum target_verdict judge(const struct rollout_targets *targets, const char *id, const char *version)
{
	struct node_record node = { .id = id, .hardware = "meter-2", .version = version };

	return rollout_targets_judge(targets, &labels, &node, false);
}

START_TEST(each_way_to_choose_nodes_says_why_not)
{
	struct rollout_targets named = targets_of(json_pack("{s:s}", "only", "hall-[0-9]*"));
	struct rollout_targets labelled = targets_of(json_pack("{s:[s, s]}", "labels", "mains", "indoor"));
	struct rollout_targets old = targets_of(json_pack("{s:s}", "versions", ">=1.0 <1.5"));
	struct rollout_targets listed = targets_of(json_pack("{s:[s, s]}", "nodes", "hall-1", "hall-12"));
	struct node_record valve = { .id = "hall-1", .hardware = "valve-1", .version = "1.2" };

	ck_assert_int_eq(judge(&named, "hall-1", "1.2"), TARGET_MEANT);
	ck_assert_int_eq(judge(&named, "roof-1", "1.2"), TARGET_OTHER_NAME);
	ck_assert_int_eq(judge(&labelled, "hall-1", "1.2"), TARGET_MEANT);
	ck_assert_int_eq(judge(&labelled, "roof-1", "1.2"), TARGET_WITHOUT_LABEL);
	ck_assert_int_eq(judge(&old, "hall-1", "1.2"), TARGET_MEANT);
	ck_assert_int_eq(judge(&old, "hall-1", "1.5"), TARGET_OTHER_VERSION);
	ck_assert_int_eq(judge(&old, "hall-1", ""), TARGET_VERSION_UNKNOWN);
	ck_assert_int_eq(judge(&listed, "hall-12", ""), TARGET_MEANT);
	ck_assert_int_eq(judge(&listed, "hall-2", ""), TARGET_NOT_LISTED);
	ck_assert_int_eq(rollout_targets_judge(&named, &labels, &valve, false), TARGET_OTHER_HARDWARE);
}
END_TEST

START_TEST(all_that_is_said_must_hold_at_once)
{
	struct rollout_targets targets = targets_of(json_pack("{s:s, s:[s], s:s, s:[s, s, s]}", "only", "hall-*",
		"labels", "indoor", "versions", "<2", "nodes", "hall-1", "hall-2", "roof-1"));

	ck_assert_int_eq(judge(&targets, "hall-1", "1.9"), TARGET_MEANT);
	ck_assert_int_ne(judge(&targets, "hall-3", "1.9"), TARGET_MEANT);
	ck_assert_int_ne(judge(&targets, "hall-2", "2.0"), TARGET_MEANT);
	ck_assert_int_ne(judge(&targets, "roof-1", "1.9"), TARGET_MEANT);
}
END_TEST

START_TEST(a_node_on_its_way_is_not_asked_for_its_version)
{
	struct rollout_targets targets = targets_of(json_pack("{s:s}", "versions", "<2"));
	struct node_record node = { .id = "hall-1", .hardware = "meter-2", .version = "3.0" };

	ck_assert_int_eq(rollout_targets_judge(&targets, NULL, &node, false), TARGET_OTHER_VERSION);
	ck_assert_int_eq(rollout_targets_judge(&targets, NULL, &node, true), TARGET_MEANT);
}
END_TEST

START_TEST(without_a_config_no_node_has_a_label)
{
	struct rollout_targets targets = targets_of(json_pack("{s:[s]}", "labels", "indoor"));
	struct node_record node = { .id = "hall-1", .hardware = "meter-2", .version = "" };

	ck_assert_int_eq(rollout_targets_judge(&targets, NULL, &node, false), TARGET_WITHOUT_LABEL);
}
END_TEST

START_TEST(targets_that_make_no_sense_are_refused)
{
	json_t *many = json_array();

	for (int i = 0; i < 100; i++)
		(void)json_array_append_new(many, json_string("a-name-that-is-as-long-as-names-of-nodes-are-seldom"));
	ck_refused(json_pack("{s:s}", "hardware", ""), "hardware");
	ck_refused(json_pack("{s:i}", "only", 5), "only");
	ck_refused(json_pack("{s:s}", "versions", "from 1 to 2"), "versions");
	ck_refused(json_pack("{s:s}", "labels", "indoor"), "labels");
	ck_refused(json_pack("{s:[s]}", "labels", "in door"), "labels");
	ck_refused(json_pack("{s:[i]}", "nodes", 7), "nodes");
	ck_refused(json_pack("{s:[s]}", "nodes", ""), "nodes");
	ck_refused(json_pack("{s:o}", "nodes", many), "4095");
}
END_TEST

TEST_SUITE(rollout_targets, each_way_to_choose_nodes_says_why_not, all_that_is_said_must_hold_at_once,
	a_node_on_its_way_is_not_asked_for_its_version, without_a_config_no_node_has_a_label,
	targets_that_make_no_sense_are_refused)
