#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config/value.h"
#include "gateway/cli/ask.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/field.h"
#include "gateway/cli/human.h"
#include "gateway/cli/table.h"
#include "gateway/moment.h"

#define LIMIT_DEFAULT 20
#define LIMIT_MOST 1000

static const struct table_column columns[] = {
	{ "TIME", false, false },
	{ "WHO", false, true },
	{ "COMMAND", false, false },
	{ "OUTCOME", false, false },
	{ "ARGUMENTS", false, false, true },
};

/* The user of the process that asked, and in brackets who that says to be. */
static void name_asker(char *out, size_t size, const json_t *action)
{
	const json_t *uid = json_object_get(action, "uid");
	const struct passwd *user = uid ? getpwuid((uid_t)json_integer_value(uid)) : NULL;
	const char *by = field_text(action, "by");
	char name[64];

	if (user)
		snprintf(name, sizeof(name), "%s", user->pw_name);
	else if (uid)
		snprintf(name, sizeof(name), "uid %" JSON_INTEGER_FORMAT, json_integer_value(uid));
	else
		snprintf(name, sizeof(name), "%s", field_text(action, "asker"));
	snprintf(out, size, *by ? "%s (%s)" : "%s", name, by);
}

static void add_action(struct table *table, const json_t *action)
{
	char time[HUMAN_SIZE], who[160];
	char *arguments = json_dumps(json_object_get(action, "arguments"), JSON_COMPACT);
	enum tone tone = strcmp(field_text(action, "outcome"), "ok") == 0 ? TONE_PLAIN : TONE_BAD;

	name_asker(who, sizeof(who), action);
	table_cell(table, TONE_QUIET, "%s", human_time(time, field_number(action, "at_ms")));
	table_cell(table, TONE_PLAIN, "%s", who);
	table_cell(table, TONE_PLAIN, "%s", field_text(action, "command"));
	table_cell(table, tone, "%s", field_text(action, "outcome"));
	table_cell(table, TONE_PLAIN, "%s", arguments ? arguments : "");
	free(arguments);
}

static void print(const struct cli *cli, const json_t *actions)
{
	struct table *table = table_open(columns, sizeof(columns) / sizeof(columns[0]));

	for (size_t i = json_array_size(actions); i > 0; i--)
		add_action(table, json_array_get(actions, i - 1));
	table_print(table, stdout, cli->terminal.width, cli->terminal.colour);
	table_close(table);
}

/* "2 d" is two days ago; a date is its beginning in local time. */
static int read_since(const struct cli *cli, int64_t *out_ms)
{
	static const char *const forms[] = { "%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S" };
	const char *text = cli_value(cli, "since");
	int64_t ago_ms;

	if (!text)
		return CLI_OK;
	if (value_parse_duration(&ago_ms, text) == 0) {
		*out_ms = clock_moment(&machine_clock).wall_ms - ago_ms;
		return CLI_OK;
	}
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct tm parts = { .tm_isdst = -1 };
		const char *end = strptime(text, forms[i], &parts);
		if (!end || *end)
			continue;
		*out_ms = (int64_t)mktime(&parts) * 1000;
		return CLI_OK;
	}
	return cli_fail(cli, CLI_USAGE,
		"--since takes a time ago such as \"2 d\", or a date such as 2026-05-04, not \"%s\"", text);
}

static const struct cli_option audit_options[] = {
	{ 0, "since", "WHEN", "a time ago (\"2 d\") or a date (2026-05-04, \"2026-05-04 13:30\")" },
	{ 'n', "limit", "COUNT", "how many of the newest (20; 1000 at most)" },
	{ 0 },
};

static int run_audit(struct cli *cli)
{
	int64_t limit = LIMIT_DEFAULT, since_ms = 0;
	json_t *result;
	int code = cli_number(cli, "limit", 1, LIMIT_MOST, &limit);

	if (code == CLI_OK)
		code = read_since(cli, &since_ms);
	if (code == CLI_OK)
		code = ask(cli,
			json_pack("{s:s, s:I, s:I}", "command", "audit", "since_ms", (json_int_t)since_ms, "limit",
				(json_int_t)limit),
			&result);
	if (code != CLI_OK)
		return code;
	if (cli->json)
		return cli_print_json(cli, result);
	print(cli, json_object_get(result, "audit"));
	json_decref(result);
	return CLI_OK;
}

const struct cli_command command_audit = {
	.verb = "audit",
	.summary = "what operators did here and from the cloud, or tried to",
	.help = "WHO is the user whose process asked, as the kernel knows it, and in brackets who that\n"
		"said to be: under sudo the user who called it. What only asks is not listed.\n"
		"\n"
		"Examples:\n"
		"  wakegate audit --since \"2 d\"\n"
		"  wakegate audit -n 100 --json\n",
	.options = audit_options,
	.run = run_audit,
};
