#include <inttypes.h>
#include <stdio.h>

#include "gateway/cli/ask.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/field.h"
#include "gateway/cli/human.h"
#include "gateway/cli/listing.h"
#include "gateway/moment.h"

static const struct cli_option hold_options[] = {
	{ 'r', "reason", "TEXT", "why, for those who wonder later" },
	{ 0 },
};

/* Asks the same of each node that was typed. */
static int ask_each(struct cli *cli, const char *command, const char *said)
{
	for (size_t i = 0; i < cli->argument_count; i++) {
		int code = ask(cli,
			json_pack("{s:s, s:s, s:s*}", "command", command, "node", cli->arguments[i], "reason",
				cli_value(cli, "reason")),
			NULL);
		if (code != CLI_OK)
			return code;
	}
	if (cli->json)
		return cli_print_json(cli, json_pack("{s:I}", "nodes", (json_int_t)cli->argument_count));
	printf("%zu %s\n", cli->argument_count, said);
	return CLI_OK;
}

static int run_hold(struct cli *cli)
{
	return ask_each(cli, "node.hold", "held");
}

const struct cli_command command_node_hold = {
	.verb = "hold",
	.arguments = "NODE…",
	.least = 1,
	.most = SIZE_MAX,
	.summary = "keep nodes from being updated",
	.help = "A node that is held is offered nothing, by no rollout and no order; what it fetches\n"
		"ends, and goes on when it is released. A rollout does not wait for it. It stays held\n"
		"when the gateway restarts.\n"
		"\n"
		"Examples:\n"
		"  wakegate node hold n0042 --reason \"being calibrated until Friday\"\n"
		"  wakegate node holds\n",
	.options = hold_options,
	.run = run_hold,
};

static int run_release(struct cli *cli)
{
	return ask_each(cli, "node.release", "released");
}

const struct cli_command command_node_release = {
	.verb = "release",
	.arguments = "NODE…",
	.least = 1,
	.most = SIZE_MAX,
	.summary = "let nodes be updated again that were held",
	.run = run_release,
};

static const struct table_column columns[] = {
	{ "NODE", false, true },
	{ "BY", false, false },
	{ "SINCE", true, false },
	{ "REASON", false, false, true },
};

static void add_hold(struct table *table, const json_t *hold, int64_t now_ms)
{
	char age[HUMAN_SIZE];

	table_cell(table, TONE_PLAIN, "%s", field_text(hold, "node"));
	table_cell(table, TONE_PLAIN, "%s", field_text(hold, "by"));
	table_cell(table, TONE_PLAIN, "%s", human_age(age, field_number(hold, "at_ms"), now_ms));
	table_cell(table, TONE_PLAIN, "%s", field_text(hold, "reason"));
}

static const struct listing listing = {
	.member = "holds",
	.columns = columns,
	.column_count = sizeof(columns) / sizeof(columns[0]),
	.add = add_hold,
	.none = "No node is held.",
};

static int run_holds(struct cli *cli)
{
	json_t *holds;
	int code = ask_pages(cli, json_pack("{s:s}", "command", "node.holds"), "holds", &holds);

	return code == CLI_OK ? listing_print(cli, &listing, json_pack("{s:o}", "holds", holds)) : code;
}

const struct cli_command command_node_holds = {
	.verb = "holds",
	.summary = "the nodes that are held, since when and why",
	.run = run_holds,
};

/* Says what was done, or as JSON nothing but that. */
static int finish(const struct cli *cli, const char *sentence)
{
	if (cli->json)
		return cli_print_json(cli, json_object());
	puts(sentence);
	return CLI_OK;
}

static int run_halt(struct cli *cli)
{
	int code =
		ask(cli, json_pack("{s:s, s:s*}", "command", "update.halt", "reason", cli_value(cli, "reason")), NULL);

	return code == CLI_OK ? finish(cli, "Nothing is offered any more. To go on: wakegate update go-on") : code;
}

const struct cli_command command_update_halt = {
	.verb = "halt",
	.summary = "emergency stop: no offer and no transfer to any node",
	.help = "It takes hold at once and asks nothing. Transfers end at their next block; a node\n"
		"that has a whole image may restart into it all the same. Rollouts stand still and\n"
		"judge nothing; orders stay. It holds when the gateway restarts, until\n"
		"\"wakegate update go-on\".\n",
	.options = hold_options,
	.run = run_halt,
};

static int run_go_on(struct cli *cli)
{
	int code = cli_confirm(cli, "Offer images to nodes again?");

	if (code == CLI_OK)
		code = ask(cli, json_pack("{s:s}", "command", "update.go_on"), NULL);
	return code == CLI_OK ? finish(cli, "Orders and rollouts go on.") : code;
}

const struct cli_command command_update_go_on = {
	.verb = "go-on",
	.summary = "end the emergency stop",
	.run = run_go_on,
};
