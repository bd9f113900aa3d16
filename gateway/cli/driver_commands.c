#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gateway/cli/ask.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/field.h"
#include "gateway/cli/listing.h"

static const struct table_column columns[] = {
	{ "DRIVER", false, false },
	{ "RUNS", false, false },
	{ "STATE", false, false },
	{ "PID", true, false },
	{ "RESTARTS", true, false },
	{ "FIGURES", false, true },
};

/* What is not 0, as it fits. */
static void write_figures(char *out, size_t size, const json_t *counters)
{
	const char *name, *between = "";
	json_t *value;
	size_t used = 0;

	*out = '\0';
	json_object_foreach ((json_t *)counters, name, value) {
		if (json_integer_value(value) == 0 || used >= size)
			continue;
		used += (size_t)snprintf(out + used, size - used, "%s%s %" JSON_INTEGER_FORMAT, between, name,
			json_integer_value(value));
		between = ", ";
	}
}

static void add_driver(struct table *table, const json_t *driver, int64_t now_ms)
{
	const char *state = field_text(driver, "state");
	bool apart = strcmp(field_text(driver, "runs"), "apart") == 0;
	char figures[TABLE_CELL_MAX];

	write_figures(figures, sizeof(figures), json_object_get(driver, "counters"));
	table_cell(table, TONE_PLAIN, "%s", field_text(driver, "driver"));
	table_cell(table, TONE_PLAIN, "%s", field_text(driver, "runs"));
	table_cell(table, strcmp(state, "running") == 0 ? TONE_GOOD : TONE_BAD, "%s", state);
	if (field_number(driver, "pid") > 0)
		table_cell(table, TONE_PLAIN, "%" PRId64, field_number(driver, "pid"));
	else
		table_cell(table, TONE_QUIET, "-");
	if (apart)
		table_cell(table, TONE_PLAIN, "%" PRId64, field_number(driver, "restarts"));
	else
		table_cell(table, TONE_QUIET, "-");
	table_cell(
		table, TONE_PLAIN, "%s", json_object_get(driver, "trouble") ? field_text(driver, "trouble") : figures);
}

static const struct listing listing = {
	.member = "drivers",
	.columns = columns,
	.column_count = sizeof(columns) / sizeof(columns[0]),
	.add = add_driver,
	.none = "No driver is in the config.",
};

static int run_list(struct cli *cli)
{
	json_t *result;
	int code = ask(cli, json_pack("{s:s}", "command", "driver.list"), &result);

	return code == CLI_OK ? listing_print(cli, &listing, result) : code;
}

const struct cli_command command_driver_list = {
	.verb = "list",
	.summary = "the drivers of the networks, and what they run in",
	.help = "RUNS says whether a driver runs inside the gateway or apart, in a process of its own,\n"
		"which the gateway starts anew when it ends. FIGURES are what it counted since, or why\n"
		"it was ended last. --json has all figures.\n",
	.run = run_list,
};

static const struct cli_option ask_options[] = {
	{ 't', "timeout", "SECONDS", "how long to wait for the answer, 30 unless told" },
	{ 0 },
};

static int run_ask(struct cli *cli)
{
	const char *text = cli->argument_count > 2 ? cli->arguments[2] : "{}";
	json_t *arguments = json_loads(text, 0, NULL), *result;
	int64_t timeout_s = 30;

	int code = cli_number(cli, "timeout", 1, 600, &timeout_s);
	if (code == CLI_OK && !json_is_object(arguments))
		code = cli_fail(cli, CLI_USAGE, "\"%s\" is not a JSON object", text);
	if (code != CLI_OK) {
		json_decref(arguments);
		return code;
	}
	code = ask_for(cli,
		json_pack("{s:s, s:s, s:s, s:o, s:I}", "command", "driver.ask", "driver", cli->arguments[0], "verb",
			cli->arguments[1], "arguments", arguments, "timeout", (json_int_t)timeout_s),
		(int)timeout_s * 1000, &result);
	return code == CLI_OK ? cli_print_json(cli, result) : code;
}

const struct cli_command command_driver_ask = {
	.verb = "ask",
	.arguments = "DRIVER VERB [JSON]",
	.least = 2,
	.most = 3,
	.summary = "ask a driver in its own words and print its answer",
	.help = "What a driver can be asked is said on its page in docs/. The answer is JSON. The audit\n"
		"trail keeps the verb and, of the arguments, numbers only: texts may be secrets.\n"
		"\n"
		"Examples:\n"
		"  wakegate driver ask zigbee permit '{\"seconds\": 120}'\n",
	.options = ask_options,
	.run = run_ask,
};
