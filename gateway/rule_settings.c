#include "gateway/rule_settings.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gateway/labels.h"
#include "gateway/pattern.h"
#include "protocols/reading.h"

#define HOUR_MS (INT64_C(3600) * 1000)
#define DAY_MS (24 * HOUR_MS)
#define LARGE INT64_C(1000000000000000)
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

/* In the order of enum window_function. */
static const char *const functions[] = { "min", "max", "mean", "sum", "count", "last", "percentile", NULL };

const char *window_function_name(enum window_function function)
{
	return functions[function];
}

/* RFC 8428 section 4.5.1, with {name} for what the reading was called. */
static int check_name_text(const char *setting, const char *text, char *why, size_t why_size)
{
	const char *at = text;

	while (at && *at) {
		size_t plain = strspn(at, LETTERS "-:./_");
		at += plain;
		if (strncmp(at, PATTERN_NAME, strlen(PATTERN_NAME)) == 0)
			at += strlen(PATTERN_NAME);
		else if (*at)
			break;
	}
	if (!at || !*at)
		return 0;
	snprintf(why, why_size, "%s: found \"%.60s\", allowed are letters, digits, - : . / _ and " PATTERN_NAME,
		setting, text);
	return -EINVAL;
}

#define OUTPUT(member) .offset = offsetof(struct rule_output_settings, member)

static const struct setting output_settings[] = {
	{ .name = "value",
		.type = SETTING_CHOICE,
		OUTPUT(value),
		.choices = functions,
		.required = true,
		.reloadable = true,
		.example = "mean",
		.help = "What is said of the window's readings." },
	{ .name = "percentile",
		.type = SETTING_NUMBER,
		OUTPUT(percentile),
		.most = 100,
		.reloadable = true,
		.example = "95",
		.help = "Which percentile, where that is the value." },
	{ .name = "name",
		.type = SETTING_TEXT,
		OUTPUT(name),
		.least = 1,
		.most = READING_NAME_MAX,
		.reloadable = true,
		.example = "{name}/mean",
		.help = "Name of the output; {name} is the reading's. Without it {name} and the value, as in the "
			"example." },
	{ .name = "unit",
		.type = SETTING_TEXT,
		OUTPUT(unit),
		.most = READING_UNIT_MAX,
		.reloadable = true,
		.example = "Cel",
		.help = "Its unit; without it that of the readings, and none for a count." },
};

static int check_output(const void *values, bool present, char *why, size_t why_size)
{
	const struct rule_output_settings *output = values;

	if (check_name_text("name", output->name, why, why_size) < 0)
		return -EINVAL;
	if ((output->value == WINDOW_PERCENTILE) != isnan(output->percentile))
		return 0;
	snprintf(why, why_size, "percentile must be set where the value is \"percentile\", and only there");
	return -EINVAL;
}

static const struct settings_table output_table = {
	.group = "outputs",
	.help = "One value of a window.",
	.settings = output_settings,
	.count = sizeof(output_settings) / sizeof(output_settings[0]),
	.struct_size = sizeof(struct rule_output_settings),
	.check = check_output,
};

#define ALARM(member) .offset = offsetof(struct rule_alarm_settings, member)

static const struct setting alarm_settings[] = {
	{ .name = "name",
		.type = SETTING_TEXT,
		ALARM(name),
		.least = 1,
		.most = 100,
		.required = true,
		.reloadable = true,
		.example = "hot",
		.help = "Makes the reading alarm/NAME: true when it is raised, false when it is cleared. {name} is the "
			"reading's name." },
	{ .name = "above",
		.type = SETTING_NUMBER,
		ALARM(above),
		.reloadable = true,
		.example = "30.5",
		.help = "Raised by a value above this." },
	{ .name = "below",
		.type = SETTING_NUMBER,
		ALARM(below),
		.reloadable = true,
		.example = "-5",
		.help = "Raised by a value below this." },
	{ .name = "hysteresis",
		.type = SETTING_NUMBER,
		ALARM(hysteresis),
		.initial = "0",
		.most = LARGE,
		.reloadable = true,
		.help = "How far back inside the threshold a value must be to clear it." },
	{ .name = "hold",
		.type = SETTING_DURATION,
		ALARM(hold_ms),
		.initial = "0 ms",
		.most = DAY_MS,
		.reloadable = true,
		.help = "How long all values must be beyond the threshold before it is raised." },
};

static int check_alarm(const void *values, bool present, char *why, size_t why_size)
{
	const struct rule_alarm_settings *alarm = values;

	if (check_name_text("name", alarm->name, why, why_size) < 0)
		return -EINVAL;
	if (isnan(alarm->above) && isnan(alarm->below))
		snprintf(why, why_size, "above or below must be set");
	else if (alarm->above - alarm->hysteresis < alarm->below + alarm->hysteresis)
		snprintf(why, why_size, "no value between below and above could clear it with that hysteresis");
	else
		return 0;
	return -EINVAL;
}

static const struct settings_table alarm_table = {
	.group = "alarms",
	.help = "A threshold of values.",
	.settings = alarm_settings,
	.count = sizeof(alarm_settings) / sizeof(alarm_settings[0]),
	.struct_size = sizeof(struct rule_alarm_settings),
	.check = check_alarm,
};

#define RULE(member) .offset = offsetof(struct rule_settings, member)

static const struct setting rule_settings[] = {
	{ .name = "name",
		.type = SETTING_TEXT,
		RULE(name),
		.least = 1,
		.most = RULE_NAME_MAX,
		.required = true,
		.reloadable = true,
		.example = "climate",
		.help = "What the rule is called in figures and in what is told of it." },
	{ .name = "nodes",
		.type = SETTING_LIST,
		RULE(nodes),
		.reloadable = true,
		.example = "[ \"meter-*\" ]",
		.help = "Which nodes, by id; * stands for any text and ? for one character. Without it all." },
	{ .name = "labels",
		.type = SETTING_LIST,
		RULE(labels),
		.reloadable = true,
		.example = "[ \"indoor\" ]",
		.help = "Which nodes, by label: those that have all of these. See the group labels." },
	{ .name = "names",
		.type = SETTING_LIST,
		RULE(names),
		.reloadable = true,
		.example = "[ \"temperature\", \"*/temperature\" ]",
		.help = "Which readings, by the name that the rules before this one left them, with * and ?. Without "
			"it all." },
	{ .name = "scale",
		.type = SETTING_NUMBER,
		RULE(scale),
		.reloadable = true,
		.example = "0.1",
		.help = "Numbers are multiplied by this." },
	{ .name = "offset",
		.type = SETTING_NUMBER,
		RULE(offset),
		.reloadable = true,
		.example = "-273.15",
		.help = "Added to numbers after scale." },
	{ .name = "unit",
		.type = SETTING_TEXT,
		RULE(unit),
		.most = READING_UNIT_MAX,
		.reloadable = true,
		.example = "Cel",
		.help = "The unit that numbers get." },
	{ .name = "alarms",
		.type = SETTING_GROUPS,
		RULE(alarms),
		.table = &alarm_table,
		.most = RULE_ALARMS_MAX,
		.reloadable = true,
		.help = "Thresholds that are told at once." },
	{ .name = "window",
		.type = SETTING_DURATION,
		RULE(window_ms),
		.least = 1000,
		.most = RULE_WINDOW_MAX_MS,
		.reloadable = true,
		.example = "5 min",
		.help = "Readings are gathered over this time, counted from 1970-01-01 UTC." },
	{ .name = "late",
		.type = SETTING_DURATION,
		RULE(late_ms),
		.initial = "5 s",
		.most = DAY_MS,
		.reloadable = true,
		.help = "How long a window waits for late readings after its end." },
	{ .name = "outputs",
		.type = SETTING_GROUPS,
		RULE(outputs),
		.table = &output_table,
		.most = RULE_OUTPUTS_MAX,
		.reloadable = true,
		.help = "What goes upstream of each window." },
	{ .name = "deadband",
		.type = SETTING_NUMBER,
		RULE(deadband),
		.most = LARGE,
		.reloadable = true,
		.example = "0.5",
		.help = "A value goes on only if it differs by more than this from the one that went before." },
	{ .name = "deadband_percent",
		.type = SETTING_NUMBER,
		RULE(deadband_percent),
		.most = 1000,
		.reloadable = true,
		.example = "2",
		.help = "The same in percent of the one before; with both the wider one counts." },
	{ .name = "heartbeat",
		.type = SETTING_DURATION,
		RULE(heartbeat_ms),
		.most = 7 * DAY_MS,
		.reloadable = true,
		.example = "1 h",
		.help = "A value goes on in spite of the dead-band if none did for so long." },
	{ .name = "interval",
		.type = SETTING_DURATION,
		RULE(interval_ms),
		.most = 7 * DAY_MS,
		.reloadable = true,
		.example = "1 min",
		.help = "A reading goes on only so long after the one that went before." },
	{ .name = "drop",
		.type = SETTING_BOOLEAN,
		RULE(drop),
		.initial = "false",
		.reloadable = true,
		.help = "The reading itself does not go on; with a window, what the window took." },
	{ .name = "rename",
		.type = SETTING_TEXT,
		RULE(rename),
		.least = 1,
		.most = READING_NAME_MAX,
		.reloadable = true,
		.example = "room/{name}",
		.help = "The name with which it goes on; {name} is the one it had." },
	{ .name = "final",
		.type = SETTING_BOOLEAN,
		RULE(final),
		.initial = "false",
		.reloadable = true,
		.help = "No rule behind this one is for the readings that it is for." },
};

static bool has_gate(const struct rule_settings *rule)
{
	return !isnan(rule->deadband) || !isnan(rule->deadband_percent) || rule->interval_ms > 0;
}

static bool changes_values(const struct rule_settings *rule)
{
	return !isnan(rule->scale) || !isnan(rule->offset) || rule->unit;
}

static const char *what_is_wrong(const struct rule_settings *rule)
{
	bool banded = !isnan(rule->deadband) || !isnan(rule->deadband_percent);

	if (strspn(rule->name, LETTERS "-_.") != strlen(rule->name))
		return "name: allowed are letters, digits, - _ and .";
	if ((rule->window_ms > 0) != (rule->outputs.count > 0))
		return "window and outputs need each other";
	if (rule->heartbeat_ms > 0 && !banded)
		return "heartbeat needs a deadband";
	if (rule->heartbeat_ms > 0 && rule->heartbeat_ms < rule->interval_ms)
		return "heartbeat is shorter than interval";
	if (rule->drop && !rule->window_ms && (has_gate(rule) || rule->rename))
		return "drop leaves nothing that a deadband, an interval or a new name could be for";
	if (!rule->drop && !rule->final && !rule->window_ms && !rule->alarms.count && !rule->rename &&
		!has_gate(rule) && !changes_values(rule))
		return "the rule does nothing";
	return NULL;
}

static int check_rule(const void *values, bool present, char *why, size_t why_size)
{
	const struct rule_settings *rule = values;
	const char *wrong = what_is_wrong(rule);

	if (!wrong)
		return check_name_text("rename", rule->rename, why, why_size);
	snprintf(why, why_size, "%s", wrong);
	return -EINVAL;
}

static const struct settings_table rule_table = {
	.group = "list",
	.help = "A rule for some readings.",
	.settings = rule_settings,
	.count = sizeof(rule_settings) / sizeof(rule_settings[0]),
	.struct_size = sizeof(struct rule_settings),
	.check = check_rule,
};

static const struct setting settings[] = {
	{ .name = "list",
		.type = SETTING_GROUPS,
		.offset = offsetof(struct rules_settings, list),
		.table = &rule_table,
		.most = RULES_MAX,
		.reloadable = true,
		.help = "The rules, in their order: each takes what the ones before it let through, unless one was "
			"final." },
	{ .name = "series",
		.type = SETTING_INTEGER,
		.offset = offsetof(struct rules_settings, series),
		.initial = "20000",
		.least = RULES_SERIES_LEAST,
		.most = 1000000,
		.reloadable = true,
		.help = "How many readings, by node and name, are remembered, and how many windows may be open; the "
			"one longest not heard of gives way." },
	{ .name = "window_room",
		.type = SETTING_SIZE,
		.offset = offsetof(struct rules_settings, window_bytes),
		.initial = "16 MB",
		.least = 1024 * 1024,
		.most = INT64_C(1) << 40,
		.reloadable = true,
		.help = "How much of telemetry.db readings in open windows may take; beyond it the oldest windows end "
			"early." },
};

static int check_rules(const void *values, bool present, char *why, size_t why_size)
{
	const struct rules_settings *rules = values;
	const struct rule_settings *list = rules->list.items;

	for (size_t i = 0; i < rules->list.count; i++) {
		for (size_t j = 0; j < i; j++) {
			if (strcmp(list[i].name, list[j].name) != 0)
				continue;
			snprintf(why, why_size, "list[%zu] and list[%zu] are both named \"%s\"", j, i, list[i].name);
			return -EINVAL;
		}
	}
	return 0;
}

static int check_labels(const void *values, const void *others, char *why, size_t why_size)
{
	const struct rules_settings *rules = values;
	const struct rule_settings *list = rules->list.items;

	for (size_t i = 0; i < rules->list.count; i++) {
		for (size_t j = 0; j < list[i].labels.count; j++) {
			if (labels_find(others, list[i].labels.items[j]))
				continue;
			snprintf(why, why_size, "list[%zu]: no node has the label \"%.40s\", see the group labels", i,
				list[i].labels.items[j]);
			return -EINVAL;
		}
	}
	return 0;
}

const struct settings_table rules_settings_table = {
	.group = "rules",
	.help = "What is made of readings before they are kept: thinned, gathered, renamed, watched.",
	.settings = settings,
	.count = sizeof(settings) / sizeof(settings[0]),
	.struct_size = sizeof(struct rules_settings),
	.check = check_rules,
	.beside = &labels_settings_table,
	.check_beside = check_labels,
};
