#include "gateway/rollout_file.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "gateway/rollout_plan.h"
#include "gateway/soak_times.h"
#include "protocols/node_json.h"
#include "protocols/reading.h"
#include "protocols/utf8.h"

/* The groups, as the tables read them. */

struct rollout_group {
	const char *name, *image, *start, *window, *apply_window;
	int64_t priority;
	bool fleet, approval;
	int on_failure;
};

struct targets_group {
	const char *hardware, *only, *versions;
	struct setting_list labels, nodes;
};

struct waves_group {
	const char *shares, *soak;
	int64_t deadline_wakes;
};

struct gates_group {
	int64_t confirmed, failed, failed_most, battery, traffic, drain, confidence;
	bool drops, online;
};

int rollout_file_parse_start(int64_t *out_ms, const char *text)
{
	int64_t time_us;
	int error = node_json_parse_date(&time_us, (struct span){ text, strlen(text) });

	if (error || time_us < 0)
		return -EINVAL;
	*out_ms = time_us / 1000;
	return 0;
}

/* What is wrong with the members of a plan that is right otherwise. Takes `members`. */
static int check_members(json_t *members, char *why, size_t why_size)
{
	static const char no_image[] = "0000000000000000000000000000000000000000000000000000000000000000";
	char sentence[ROLLOUT_SENTENCE_SIZE] = "there is no memory";
	json_t *plan = json_pack("{s:s, s:s, s:s}", "rollout", "a", "image", no_image, "hardware", "a");
	struct rollout_plan parsed;

	if (!members)
		strcpy(sentence, "a text is not UTF-8");
	bool whole = members && plan && json_object_update(plan, members) == 0;
	int error = whole ? rollout_plan_parse(&parsed, plan, sentence) : -EINVAL;
	json_decref(plan);
	json_decref(members);
	if (error)
		snprintf(why, why_size, "%s", sentence);
	return error;
}

static int check_rollout(const void *values, bool present, char *why, size_t why_size)
{
	const struct rollout_group *group = values;
	int64_t start_ms;

	if (!present) {
		snprintf(why, why_size, "the group is missing");
		return -EINVAL;
	}
	if (group->start && rollout_file_parse_start(&start_ms, group->start) < 0) {
		snprintf(why, why_size, "start: found \"%.40s\", allowed is a time such as \"2026-12-01T02:00+01:00\"",
			group->start);
		return -EINVAL;
	}
	if (group->image && !utf8_valid((struct span){ group->image, strlen(group->image) })) {
		snprintf(why, why_size, "image: the text is not UTF-8");
		return -EINVAL;
	}
	if (group->window && check_members(json_pack("{s:s}", "window", group->window), why, why_size) < 0)
		return -EINVAL;
	if (group->apply_window &&
		check_members(json_pack("{s:s}", "apply_window", group->apply_window), why, why_size) < 0)
		return -EINVAL;
	return group->name ? check_members(json_pack("{s:s}", "rollout", group->name), why, why_size) : 0;
}

static const char *const on_failure_words[] = { "pause", "rollback", NULL };

#define AT(member) .offset = offsetof(struct rollout_group, member)
static const struct setting rollout_settings[] = {
	{ .name = "name",
		.type = SETTING_TEXT,
		AT(name),
		.least = 1,
		.most = ROLLOUT_ID_MAX,
		.required = true,
		.example = "spring",
		.help = "What the rollout is called: letters, digits and -_. ; which wave a node is in follows from "
			"it." },
	{ .name = "image",
		.type = SETTING_TEXT,
		AT(image),
		.least = 1,
		.most = 70,
		.required = true,
		.example = "sensor-a@1.3.0",
		.help = "The image: its file's name, the head of its digest, or HARDWARE@VERSION." },
	{ .name = "start",
		.type = SETTING_TEXT,
		AT(start),
		.least = 1,
		.most = 40,
		.example = "2026-12-01T02:00+01:00",
		.help = "Not before this time, which is UTC where no zone is said; without it at once." },
	{ .name = "window",
		.type = SETTING_TEXT,
		AT(window),
		.most = UPDATE_WINDOW_TEXT_MAX,
		.example = "Mon-Fri 22:00-05:00; Sat,Sun 00:00-24:00 Europe/Berlin",
		.help = "When nodes may fetch the image and activate it, by the clock of a time zone; without one "
			"UTC." },
	{ .name = "apply_window",
		.type = SETTING_TEXT,
		AT(apply_window),
		.most = UPDATE_WINDOW_TEXT_MAX,
		.example = "Sun 02:00-05:00 Europe/Berlin",
		.help = "When they may activate it, if that is another time; alone: they may fetch it at any time." },
	{ .name = "priority",
		.type = SETTING_INTEGER,
		AT(priority),
		.initial = "0",
		.least = -100,
		.most = 100,
		.help = "Of two rollouts that want a node the one with the higher priority gets it." },
	{ .name = "on_failure",
		.type = SETTING_CHOICE,
		AT(on_failure),
		.initial = "pause",
		.choices = on_failure_words,
		.help = "What is done when a gate says no: nothing more, or the former images are ordered back." },
	{ .name = "approval",
		.type = SETTING_BOOLEAN,
		AT(approval),
		.initial = "false",
		.help = "Begin only after wakegate rollout approve." },
	{ .name = "fleet",
		.type = SETTING_BOOLEAN,
		AT(fleet),
		.initial = "false",
		.help = "The shares are of a fleet of gateways, so that a wave may hold no node here." },
};
#undef AT

static const struct settings_table rollout_table = {
	.group = "rollout",
	.help = "What is rolled out, and when.",
	.settings = rollout_settings,
	.count = sizeof(rollout_settings) / sizeof(rollout_settings[0]),
	.struct_size = sizeof(struct rollout_group),
	.check = check_rollout,
};

/* NULL: a text is not UTF-8. */
static json_t *list_json(const struct setting_list *list)
{
	json_t *json = json_array();

	for (size_t i = 0; i < list->count; i++)
		if (json_array_append_new(json, json_string(list->items[i])) < 0) {
			json_decref(json);
			return NULL;
		}
	return json;
}

static json_t *targets_json(const struct targets_group *group)
{
	return json_pack("{s:s*, s:s*, s:s*, s:o, s:o}", "hardware", group->hardware, "only", group->only, "versions",
		group->versions, "labels", list_json(&group->labels), "nodes", list_json(&group->nodes));
}

static int check_targets(const void *values, bool present, char *why, size_t why_size)
{
	return check_members(targets_json(values), why, why_size);
}

#define AT(member) .offset = offsetof(struct targets_group, member)
static const struct setting targets_settings[] = {
	{ .name = "hardware",
		.type = SETTING_TEXT,
		AT(hardware),
		.least = 1,
		.most = 32,
		.example = "sensor-a",
		.help = "Nodes of this type; without it those of the image's." },
	{ .name = "only",
		.type = SETTING_TEXT,
		AT(only),
		.least = 1,
		.most = ROLLOUT_PATTERN_MAX,
		.example = "hall-*",
		.help = "Nodes whose names match this pattern of the shell." },
	{ .name = "labels",
		.type = SETTING_LIST,
		AT(labels),
		.example = "[ \"indoor\", \"mains\" ]",
		.help = "Nodes that have all these labels of the config." },
	{ .name = "versions",
		.type = SETTING_TEXT,
		AT(versions),
		.least = 1,
		.most = VERSION_RANGE_TEXT_MAX,
		.example = ">=1.2.0 <1.3.0",
		.help = "Nodes that run such a version when their turn comes." },
	{ .name = "nodes",
		.type = SETTING_LIST,
		AT(nodes),
		.most = ROLLOUT_NODES_SIZE / 2,
		.example = "[ \"hall-17\", \"hall-18\" ]",
		.help = "Nodes that are listed here; names of at most 4095 bytes in all." },
};
#undef AT

static const struct settings_table targets_table = {
	.group = "targets",
	.help = "Which nodes; what is not said limits nothing.",
	.settings = targets_settings,
	.count = sizeof(targets_settings) / sizeof(targets_settings[0]),
	.struct_size = sizeof(struct targets_group),
	.check = check_targets,
};

static int check_waves(const void *values, bool present, char *why, size_t why_size)
{
	const struct waves_group *group = values;
	json_t *soak;

	if (soak_times_parse(&soak, group->soak) < 0) {
		snprintf(why, why_size, "soak: found \"%.40s\", allowed is " SOAK_TIMES_EXAMPLE, group->soak);
		return -EINVAL;
	}
	return check_members(json_pack("{s:s, s:o}", "waves", group->shares, "soak_ms", soak), why, why_size);
}

#define AT(member) .offset = offsetof(struct waves_group, member)
static const struct setting waves_settings[] = {
	{ .name = "shares",
		.type = SETTING_TEXT,
		AT(shares),
		.initial = "1 5 10 100",
		.least = 1,
		.most = 120,
		.help = "Shares of the nodes in percent, rising to 100." },
	{ .name = "soak",
		.type = SETTING_TEXT,
		AT(soak),
		.initial = "24 h",
		.least = 1,
		.most = 160,
		.help = "How long the nodes of a wave are watched before the next one begins: one time up to 365 d, or "
			"one for each wave but the last, as \"1 h, 4 h, 1 d\"." },
	{ .name = "deadline",
		.type = SETTING_INTEGER,
		AT(deadline_wakes),
		.initial = "20",
		.least = 1,
		.most = 100000,
		.help = "After how many wakes a node that is not done counts as silent." },
};
#undef AT

static const struct settings_table waves_table = {
	.group = "waves",
	.help = "In which steps.",
	.settings = waves_settings,
	.count = sizeof(waves_settings) / sizeof(waves_settings[0]),
	.struct_size = sizeof(struct waves_group),
	.check = check_waves,
};

#define AT(member) .offset = offsetof(struct gates_group, member)
static const struct setting gates_settings[] = {
	{ .name = "confirmed",
		.type = SETTING_INTEGER,
		AT(confirmed),
		.initial = "90",
		.least = 0,
		.most = 100,
		.help = "Percent of the nodes reached that must run the image for the next wave." },
	{ .name = "failed",
		.type = SETTING_INTEGER,
		AT(failed),
		.initial = "10",
		.least = 0,
		.most = 100,
		.help = "Percent of them that may have failed or fallen silent." },
	{ .name = "failed_most",
		.type = SETTING_INTEGER,
		AT(failed_most),
		.initial = "0",
		.least = 0,
		.most = 1000000,
		.help = "How many of them may have in all; 0 is no such limit." },
	{ .name = "battery",
		.type = SETTING_INTEGER,
		AT(battery),
		.initial = "0",
		.least = 0,
		.most = 100,
		.help = "Nodes that say they have less percent of battery are not offered the image; 0 is no such "
			"gate." },
	{ .name = "drops",
		.type = SETTING_BOOLEAN,
		AT(drops),
		.initial = "true",
		.help = "Compare how often updated nodes lose contact with how often the others do." },
	{ .name = "online",
		.type = SETTING_BOOLEAN,
		AT(online),
		.initial = "true",
		.help = "Compare how many of the updated nodes went away with how many of the others did." },
	{ .name = "traffic",
		.type = SETTING_INTEGER,
		AT(traffic),
		.initial = "50",
		.least = 0,
		.most = 10000,
		.help = "Percent by which the updated nodes may make more traffic than the others; 0 is any." },
	{ .name = "drain",
		.type = SETTING_INTEGER,
		AT(drain),
		.initial = "50",
		.least = 0,
		.most = 10000,
		.help = "Percent by which their batteries may go faster; 0 is any." },
	{ .name = "confidence",
		.type = SETTING_INTEGER,
		AT(confidence),
		.initial = "99",
		.least = 50,
		.most = 99,
		.help = "Percent of the rollouts of a good image that no comparison may stop." },
};
#undef AT

static const struct settings_table gates_table = {
	.group = "gates",
	.help = "What stops it.",
	.settings = gates_settings,
	.count = sizeof(gates_settings) / sizeof(gates_settings[0]),
	.struct_size = sizeof(struct gates_group),
};

static const struct settings_table *const tables[] = { &rollout_table, &targets_table, &waves_table, &gates_table };
#define TABLES (sizeof(tables) / sizeof(tables[0]))

static json_t *arguments(const struct config *config)
{
	const struct rollout_group *rollout = config_values(config, &rollout_table);
	const struct waves_group *waves = config_values(config, &waves_table);
	const struct gates_group *gates = config_values(config, &gates_table);
	int64_t start_ms = 0;
	json_t *soak = NULL, *json;

	if (soak_times_parse(&soak, waves->soak) < 0)
		return NULL;
	json = json_pack("{s:s, s:s, s:I, s:s, s:b, s:b, s:s, s:o, s:I, s:I, s:I, s:I, s:I, s:b, s:b, s:I, s:I, s:I}",
		"rollout", rollout->name, "image", rollout->image, "priority", (json_int_t)rollout->priority,
		"on_failure", on_failure_words[rollout->on_failure], "approval", (int)rollout->approval, "fleet",
		(int)rollout->fleet, "waves", waves->shares, "soak_ms", soak, "deadline_wakes",
		(json_int_t)waves->deadline_wakes, "confirmed_percent", (json_int_t)gates->confirmed, "failed_percent",
		(json_int_t)gates->failed, "failed_most", (json_int_t)gates->failed_most, "battery_percent",
		(json_int_t)gates->battery, "ignore_drops", (int)!gates->drops, "ignore_online", (int)!gates->online,
		"traffic_percent", (json_int_t)gates->traffic, "drain_percent", (json_int_t)gates->drain,
		"confidence_percent", (json_int_t)gates->confidence);
	json_t *targets = targets_json(config_values(config, &targets_table));

	if (rollout->start && rollout_file_parse_start(&start_ms, rollout->start) == 0)
		(void)json_object_set_new(json, "start_ms", json_integer(start_ms));
	if (rollout->window)
		(void)json_object_set_new(json, "window", json_string(rollout->window));
	if (rollout->apply_window)
		(void)json_object_set_new(json, "apply_window", json_string(rollout->apply_window));
	(void)json_object_update(json, targets);
	json_decref(targets);
	return json;
}

int rollout_file_read(json_t **out, const char *path, struct config_faults *faults)
{
	struct config *config;
	int error = config_load_file(&config, path, tables, TABLES, faults);

	if (error)
		return error;
	*out = arguments(config);
	config_free(config);
	return *out ? 0 : -ENOMEM;
}

void rollout_file_print_sample(FILE *out)
{
	fputs("# A rollout, with every setting: a file needs only what differs from it, but name and image. Settings\n"
	      "# without a default stand in a comment, with an example. To see what it would do, and to begin it:\n"
	      "#     wakegate rollout create --file FILE --dry-run\n"
	      "#     wakegate rollout create --file FILE\n",
		out);
	config_print_groups(out, tables, TABLES);
}
