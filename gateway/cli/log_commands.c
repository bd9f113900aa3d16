#include <stdio.h>

#include "gateway/cli/ask.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/field.h"
#include "gateway/cli/human.h"
#include "gateway/cli/journal.h"
#include "gateway/cli/table.h"

#define LIMIT_DEFAULT 20
#define LIMIT_MOST 1000

static const struct table_column columns[] = {
	{ "TIME", false, false },
	{ "SUBJECT", false, true },
	{ "EVENT", false, false },
	{ "DETAIL", false, false, true },
};
static const struct table_column columns_of_one[] = {
	{ "TIME", false, false },
	{ "EVENT", false, false },
	{ "DETAIL", false, false, true },
};

void journal_print(const struct cli *cli, const json_t *entries, bool with_subject)
{
	struct table *table = with_subject ? table_open(columns, 4) : table_open(columns_of_one, 3);

	for (size_t i = json_array_size(entries); i > 0; i--) {
		const json_t *entry = json_array_get(entries, i - 1);
		char time[HUMAN_SIZE];
		table_cell(table, TONE_QUIET, "%s", human_time(time, field_number(entry, "at_ms")));
		if (with_subject)
			table_cell(table, TONE_PLAIN, "%s", field_text(entry, "subject"));
		table_cell(table, TONE_PLAIN, "%s", field_text(entry, "event"));
		table_cell(table, TONE_PLAIN, "%s", field_text(entry, "detail"));
	}
	table_print(table, stdout, cli->terminal.width, cli->terminal.colour);
	table_close(table);
}

static const struct cli_option journal_options[] = {
	{ 'n', "limit", "COUNT", "how many of the newest (20; 1000 at most)" },
	{ 0 },
};

static int run_journal(struct cli *cli)
{
	int64_t limit = LIMIT_DEFAULT;
	json_t *result;
	int code = cli_number(cli, "limit", 1, LIMIT_MOST, &limit);

	if (code == CLI_OK)
		code = ask(cli,
			json_pack("{s:s, s:s*, s:I}", "command", "journal", "subject", cli->arguments[0], "limit",
				(json_int_t)limit),
			&result);
	if (code != CLI_OK)
		return code;
	if (cli->json)
		return cli_print_json(cli, result);
	journal_print(cli, json_object_get(result, "journal"), true);
	json_decref(result);
	return CLI_OK;
}

const struct cli_command command_journal = {
	.verb = "journal",
	.arguments = "[SUBJECT]",
	.most = 1,
	.summary = "what happened: updates, images, nodes",
	.help = "SUBJECT is a node's id or an image's name. The daemon's log (journalctl -u wakegate)\n"
		"says more, but not for as long.\n"
		"\n"
		"Examples:\n"
		"  wakegate journal\n"
		"  wakegate journal n0042 -n 100\n",
	.options = journal_options,
	.run = run_journal,
};

static int run_level(struct cli *cli)
{
	json_t *result;
	int code = ask(cli, json_pack("{s:s, s:s*}", "command", "log.level", "level", cli->arguments[0]), &result);

	if (code != CLI_OK)
		return code;
	if (cli->json)
		return cli_print_json(cli, result);
	printf("%s\n", field_text(result, "level"));
	json_decref(result);
	return CLI_OK;
}

const struct cli_command command_log_level = {
	.verb = "level",
	.arguments = "[LEVEL]",
	.most = 1,
	.summary = "show or set how much the daemon logs",
	.help = "LEVEL is error, warning, notice, info or debug. It holds until the daemon restarts or\n"
		"reads its config again; the lasting place is gateway.log_level in the config file.\n",
	.run = run_level,
};
