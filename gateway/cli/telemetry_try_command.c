/*
 * Shows what rules do to readings that were recorded. Needs no daemon.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config/config.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/recording.h"
#include "gateway/cli/table.h"
#include "gateway/labels.h"
#include "gateway/rule_settings.h"
#include "gateway/rules.h"
#include "gateway/tables.h"
#include "gateway/window_plan.h"
#include "gateway/windows.h"
#include "protocols/number.h"

#define TEXT_SIZE 256
#define NODE_DEFAULT "node"

static const struct cli_option try_options[] = {
	{ 0, "node", "NODE", "whose readings they are, where the file does not say (node)" },
	{ 0, "hardware", "TYPE", "of what type the nodes are, for labels" },
	{ 0 },
};

static const struct table_column columns[] = {
	{ "TIME", false, false },
	{ "READING", false, true },
	{ "RULE", false, true },
	{ "BECOMES", false, true },
};

/* Rules on trial. */
struct trial {
	const struct cli *cli;
	const char *hardware;
	const struct labels_settings *labels;
	struct rules *rules;
	struct windows *windows;
	struct table *table;
	json_t *rows;
	uint64_t taken[RULES_MAX];      /* by each rule, before the reading at hand */
	const struct recorded *reading; /* at hand */
	bool shown;                     /* it has a row */
	bool ending;                    /* the recording is over */
	uint64_t out, alarms, told;
};

static const char *print_value(char out[TEXT_SIZE], const struct reading *reading)
{
	char number[NUMBER_TEXT_MAX];

	switch (reading->kind) {
	case READING_NUMBER:
		snprintf(out, TEXT_SIZE, "%.*s%s%.*s", (int)number_print(&reading->number, number), number,
			reading->unit.size ? " " : "", (int)reading->unit.size, reading->unit.data);
		break;
	case READING_BOOLEAN:
		snprintf(out, TEXT_SIZE, "%s", reading->boolean ? "true" : "false");
		break;
	case READING_STRING:
		snprintf(out, TEXT_SIZE, "\"%.*s\"", (int)reading->text.size, reading->text.data);
		break;
	case READING_DATA:
		snprintf(out, TEXT_SIZE, "%zu bytes", reading->text.size);
		break;
	case READING_NOTHING:
		snprintf(out, TEXT_SIZE, "-");
		break;
	}
	return out;
}

static const char *print_reading(char out[TEXT_SIZE], const struct reading *reading)
{
	char value[TEXT_SIZE];

	int size = snprintf(
		out, TEXT_SIZE, "%.*s %s", (int)reading->name.size, reading->name.data, print_value(value, reading));
	if (size >= TEXT_SIZE)
		memcpy(out + TEXT_SIZE - sizeof("…"), "…", sizeof("…"));
	return out;
}

static const char *print_time(char out[TEXT_SIZE], int64_t time_ms)
{
	time_t seconds = (time_t)(time_ms / 1000);
	struct tm local;

	if (!localtime_r(&seconds, &local) || !strftime(out, TEXT_SIZE, "%m-%d %H:%M:%S", &local))
		snprintf(out, TEXT_SIZE, "-");
	return out;
}

/* A thing that came of something: `what` says which kind it is, to programs. */
struct outcome {
	const char *rule;
	const char *what;
	const char *text; /* to people */
	enum tone tone;
	const struct reading *reading; /* NULL: nothing goes upstream */
};

static void set_reading(json_t *object, const struct reading *reading)
{
	char text[TEXT_SIZE];
	struct reading bare = *reading;

	bare.unit.size = 0;
	(void)json_object_set_new(object, "name", json_stringn(reading->name.data, reading->name.size));
	(void)json_object_set_new(object, "value",
		reading->kind == READING_BOOLEAN ? json_boolean(reading->boolean)
						 : json_string(print_value(text, &bare)));
	if (reading->unit.size > 0)
		(void)json_object_set_new(object, "unit", json_stringn(reading->unit.data, reading->unit.size));
}

static void add_json(struct trial *trial, struct span node, int64_t time_ms, const struct outcome *outcome)
{
	json_t *row = json_pack(
		"{s:I, s:s, s:s}", "time_ms", (json_int_t)time_ms, "rule", outcome->rule, "what", outcome->what);

	(void)json_object_set_new(row, "node", json_stringn(node.data, node.size));
	if (!trial->ending && trial->reading) {
		json_t *of = json_object();
		set_reading(of, &trial->reading->reading);
		(void)json_object_set_new(row, "of", of);
	}
	if (outcome->reading) {
		json_t *becomes = json_object();
		set_reading(becomes, outcome->reading);
		(void)json_object_set_new(row, "becomes", becomes);
	}
	(void)json_array_append_new(trial->rows, row);
}

/* A row of what came of the reading at hand; the reading itself is shown in the first. */
static void add_row(struct trial *trial, const struct outcome *outcome)
{
	const struct recorded *of = trial->reading;
	char time[TEXT_SIZE], text[TEXT_SIZE];

	if (trial->rows) {
		add_json(trial, of->node, of->received_ms, outcome);
		return;
	}
	table_cell(trial->table, TONE_QUIET, "%s", trial->shown ? "" : print_time(time, of->received_ms));
	if (trial->shown)
		table_cell(trial->table, TONE_PLAIN, "%s", "");
	else
		table_cell(trial->table, TONE_PLAIN, "%.*s/%s", (int)of->node.size, of->node.data,
			print_reading(text, &of->reading));
	table_cell(trial->table, TONE_PLAIN, "%s", outcome->rule);
	table_cell(trial->table, outcome->tone, "%s", outcome->text);
	trial->shown = true;
}

/* The names of all rules that the reading at hand went through. */
static void name_rules(const struct trial *trial, char out[TEXT_SIZE])
{
	size_t size = 0;

	out[0] = '\0';
	for (size_t i = 0; i < rules_count(trial->rules) && size < TEXT_SIZE; i++)
		if (rules_counts(trial->rules, i)->taken != trial->taken[i])
			size += (size_t)snprintf(out + size, TEXT_SIZE - size, "%s%s", size > 0 ? ", " : "",
				rules_name(trial->rules, i));
}

static int on_pass(void *context, const struct reading *reading)
{
	struct trial *trial = context;
	char rules[TEXT_SIZE], text[TEXT_SIZE];

	name_rules(trial, rules);
	add_row(trial,
		&(struct outcome){ *rules ? rules : "-", "kept", print_reading(text, reading), TONE_PLAIN, reading });
	trial->out++;
	return 0;
}

static int on_alarm(void *context, const struct rules_alarm *alarm)
{
	struct trial *trial = context;
	char text[TEXT_SIZE];
	enum tone tone = !alarm->urgent ? TONE_QUIET : alarm->state->boolean ? TONE_BAD : TONE_GOOD;

	print_reading(text, alarm->state);
	add_row(trial, &(struct outcome){ alarm->rule, alarm->urgent ? "alarm" : "state", text, tone, alarm->state });
	trial->out += 2;
	trial->alarms += alarm->urgent;
	return 0;
}

static int on_gather(void *context, const struct rules_gathered *gathered)
{
	struct trial *trial = context;

	return windows_add(trial->windows, &(struct window_entry){
						   .plan = gathered->plan,
						   .node = trial->reading->node,
						   .name = { gathered->tag.data + 2 + strlen(gathered->plan->rule),
							   gathered->tag.size - 2 - strlen(gathered->plan->rule) },
						   .unit = gathered->reading->unit,
						   .value = gathered->reading->number,
						   .time_us = gathered->reading->time_us,
						   .received_ms = trial->reading->received_ms,
					   });
}

static void on_gone(void *context, const char *rule, enum rule_loss loss)
{
	static const char *const what[] = { "dropped", "deadband", "interval", "window" };
	static const char *const texts[] = { "dropped", "nothing: in the dead-band", "nothing: too soon",
		"part of a window" };

	add_row(context, &(struct outcome){ rule, what[loss], texts[loss], TONE_QUIET, NULL });
}

static void add_window_row(struct trial *trial, const struct window_told *told, size_t index)
{
	char time[TEXT_SIZE], text[TEXT_SIZE];
	const struct reading *reading = &told->readings[index];
	const char *what = trial->ending ? "window_open" : "window_told";
	const struct recorded *at_hand = trial->reading;

	if (trial->rows) {
		trial->reading = NULL;
		add_json(trial, told->node, told->start_us / 1000,
			&(struct outcome){ told->plan->rule, what, NULL, TONE_PLAIN, reading });
		trial->reading = at_hand;
		return;
	}
	table_cell(trial->table, TONE_QUIET, "%s", index > 0 ? "" : print_time(time, told->start_us / 1000));
	if (index > 0)
		table_cell(trial->table, TONE_QUIET, "%s", "");
	else
		table_cell(trial->table, TONE_QUIET, "%s %.*s/%.*s", trial->ending ? "open window" : "window",
			(int)told->node.size, told->node.data, (int)told->name.size, told->name.data);
	table_cell(trial->table, TONE_PLAIN, "%s", told->plan->rule);
	table_cell(trial->table, TONE_GOOD, "%s", print_reading(text, reading));
}

static bool on_told(void *context, const struct window_told *told)
{
	struct trial *trial = context;

	for (size_t i = 0; i < told->count; i++)
		add_window_row(trial, told, i);
	trial->out += told->count;
	trial->told++;
	return true;
}

static int try_reading(struct trial *trial, const struct recorded *recorded)
{
	const struct rules_sink sink = { trial, on_pass, on_alarm, on_gather, on_gone };
	const struct rules_source source = { recorded->node,
		labels_of_node(
			trial->labels, recorded->node, (struct span){ trial->hardware, strlen(trial->hardware) }),
		recorded->received_ms };

	trial->reading = recorded;
	trial->shown = false;
	(void)windows_tick(trial->windows, recorded->received_ms, on_told, trial);
	(void)windows_make_room(trial->windows, RULES_MAX, on_told, trial);
	for (size_t i = 0; i < rules_count(trial->rules); i++)
		trial->taken[i] = rules_counts(trial->rules, i)->taken;
	return rules_apply(trial->rules, &source, &recorded->reading, &sink);
}

static int tell(struct trial *trial, size_t count)
{
	if (trial->rows)
		return cli_print_json(trial->cli, json_pack("{s:I, s:I, s:I, s:I, s:o}", "in", (json_int_t)count, "out",
							  (json_int_t)trial->out, "alarms", (json_int_t)trial->alarms,
							  "windows", (json_int_t)trial->told, "rows", trial->rows));
	table_print(trial->table, stdout, trial->cli->terminal.width, trial->cli->terminal.colour);
	printf("\nreadings in: %zu, out: %" PRIu64 "; alarms raised or cleared: %" PRIu64 "; windows: %" PRIu64 "\n",
		count, trial->out, trial->alarms, trial->told);
	return CLI_OK;
}

static int try_recording(struct trial *trial, const struct recording *recording)
{
	int result = 0;

	for (size_t i = 0; i < recording->count && result == 0; i++)
		result = try_reading(trial, &recording->list[i]);
	if (result < 0)
		return cli_fail(trial->cli, CLI_FAILED, "%s", strerror(-result));
	trial->ending = true;
	(void)windows_tell_before(trial->windows, UINT64_MAX, on_told, trial);
	return tell(trial, recording->count);
}

static int run_trial(const struct cli *cli, const struct config *config, const struct recording *recording)
{
	const struct rules_settings *settings = config_values(config, &rules_settings_table);
	struct trial trial = {
		.cli = cli,
		.hardware = cli_value(cli, "hardware") ? cli_value(cli, "hardware") : "",
		.labels = config_values(config, &labels_settings_table),
		.rows = cli->json ? json_array() : NULL,
		.table = cli->json ? NULL : table_open(columns, sizeof(columns) / sizeof(columns[0])),
	};
	int code = CLI_FAILED;

	if (rules_open(&trial.rules, settings, trial.labels, 1) < 0 ||
		windows_open(&trial.windows, (size_t)settings->series, 1) < 0)
		(void)cli_fail(cli, CLI_FAILED, "out of memory");
	else
		code = try_recording(&trial, recording);
	windows_close(trial.windows);
	rules_close(trial.rules);
	table_close(trial.table);
	return code;
}

static int load_rules(const struct cli *cli, const char *path, struct config **out)
{
	static struct tables tables;
	struct config_faults faults;
	int code = CLI_OK;

	tables_init(&tables);
	if (config_load(out, path, tables.list, tables.count, &faults) < 0)
		code = CLI_FAILED;
	for (size_t i = 0; i < faults.count; i++)
		(void)cli_fail(cli, CLI_FAILED, "%s", faults.faults[i].text);
	config_faults_finish(&faults);
	return code;
}

static int run_try(struct cli *cli)
{
	const char *node = cli_value(cli, "node") ? cli_value(cli, "node") : NODE_DEFAULT;
	struct config *config = NULL;
	struct recording recording;
	int code = load_rules(cli, cli->arguments[0], &config);

	if (code == CLI_OK)
		code = recording_read(cli, cli->arguments[1], node, &recording);
	if (code == CLI_OK) {
		code = run_trial(cli, config, &recording);
		recording_finish(&recording);
	}
	config_free(config);
	return code;
}

const struct cli_command command_telemetry_try = {
	.verb = "try",
	.arguments = "RULES FILE",
	.least = 2,
	.most = 2,
	.summary = "show what edge rules do to recorded readings",
	.help = "RULES is a config file, of which the groups rules and labels count. FILE is a SenML pack\n"
		"in JSON or CBOR, one or one a line; a batch as it went upstream, in JSON, CBOR or\n"
		"columns; or what \"telemetry tail --json\" printed; any of it may be compressed with zstd.\n"
		"Time is that of the readings. Windows that are open when the file ends are shown as\n"
		"they are then. Needs no running daemon.\n"
		"\n"
		"Examples:\n"
		"  mosquitto_sub -h broker -t telemetry/gw-1 -C 1 -N > batch\n"
		"  wakegate telemetry try /etc/wakegate/wakegate.cfg batch\n"
		"  wakegate telemetry tail --json -n 1000 > sample.jsonl\n"
		"  wakegate telemetry try /etc/wakegate/wakegate.cfg sample.jsonl\n",
	.options = try_options,
	.run = run_try,
};
