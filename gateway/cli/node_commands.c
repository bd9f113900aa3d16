#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/cli/ask.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/field.h"
#include "gateway/cli/human.h"
#include "gateway/cli/journal.h"
#include "gateway/cli/node_table.h"
#include "gateway/cli/pair.h"
#include "gateway/moment.h"

static const struct cli_option list_options[] = {
	{ 0, "hardware", "TYPE", "only nodes of this hardware type" },
	{ 0, "version", "VERSION", "only nodes that say they run this version" },
	{ 0, "state", "STATE",
		"only nodes whose update is in this state (idle, offered, downloading, downloaded, "
		"rebooting, confirmed, failed, reverted)" },
	{ 0, "match", "TEXT", "only nodes whose id contains this text" },
	{ 0, "silent", NULL, "only nodes that missed their slots" },
	{ 0 },
};

static int run_list(struct cli *cli)
{
	json_t *nodes;
	json_t *request = json_pack("{s:s, s:s*, s:s*, s:s*, s:s*, s:b}", "command", "node.list", "hardware",
		cli_value(cli, "hardware"), "version", cli_value(cli, "version"), "state", cli_value(cli, "state"),
		"match", cli_value(cli, "match"), "silent", (int)cli_given(cli, "silent"));
	int code = ask_pages(cli, request, "nodes", &nodes);

	if (code != CLI_OK)
		return code;
	field_sort(nodes, "id");
	if (cli->json)
		return cli_print_json(cli, json_pack("{s:o}", "nodes", nodes));
	node_table_print(nodes, SIZE_MAX, clock_moment(&machine_clock).wall_ms, &cli->terminal, stdout);
	if (json_array_size(nodes) == 0)
		puts("There is no such node.");
	json_decref(nodes);
	return CLI_OK;
}

const struct cli_command command_node_list = {
	.verb = "list",
	.summary = "the nodes, what they run and when they call",
	.help = "SEEN is when the node was heard of last, NEXT when its next slot is; a node that\n"
		"sleeps through several slots is silent.\n"
		"\n"
		"Examples:\n"
		"  wakegate node list --hardware sensor-a --version 1.2.0\n"
		"  wakegate node list --state failed\n"
		"  wakegate node list --silent --json | jq -r '.nodes[].id'\n",
	.options = list_options,
	.run = run_list,
};

/* Only of a node that keeps to no slots, or whose clock is off by so much that one wonders. */
static void print_rhythm(const struct cli *cli, const json_t *node)
{
	int64_t drift_ppm = field_number(node, "drift_ppm"), period_ms = field_number(node, "own_period_ms");
	char period[HUMAN_SIZE], text[160];

	if (period_ms) {
		snprintf(text, sizeof(text), "comes as it likes, every %s, %" PRId64 " %% sure",
			human_duration(period, period_ms), field_number(node, "confidence_percent"));
		pair_print(cli, "rhythm", text);
	}
	if (drift_ppm) {
		snprintf(text, sizeof(text), "%.2f %% %s", (double)llabs(drift_ppm) / 1e4,
			drift_ppm > 0 ? "slow" : "fast");
		pair_print(cli, "clock", text);
	}
}

static void print_contact(const struct cli *cli, const json_t *node)
{
	int64_t now_ms = clock_moment(&machine_clock).wall_ms, next_ms = field_number(node, "next_contact_ms");
	char seen[HUMAN_SIZE], first[HUMAN_SIZE], next[HUMAN_SIZE], text[160];

	if (!next_ms)
		next_ms = field_number(node, "likely_contact_ms");

	snprintf(text, sizeof(text), "%s%s, first on %s", human_age(seen, field_number(node, "last_seen_ms"), now_ms),
		field_boolean(node, "silent") ? " (silent)" : "",
		human_time(first, field_number(node, "first_seen_ms")));
	pair_print(cli, "seen", text);
	pair_print(cli, "next", next_ms ? human_age(next, next_ms, now_ms) : "-");
	print_rhythm(cli, node);
	snprintf(text, sizeof(text), "%" PRId64 ", %" PRId64 " missed", field_number(node, "contacts"),
		field_number(node, "drops"));
	pair_print(cli, "contacts", text);
}

static void print_figures(const struct cli *cli, const json_t *node)
{
	char in[HUMAN_SIZE], out[HUMAN_SIZE], text[128];

	snprintf(text, sizeof(text), "%s from it, %s to it", human_size(in, (uint64_t)field_number(node, "bytes_in")),
		human_size(out, (uint64_t)field_number(node, "bytes_out")));
	pair_print(cli, "traffic", text);
	snprintf(text, sizeof(text), "%" PRId64, field_number(node, "readings"));
	pair_print(cli, "readings", text);
	if (json_object_get(node, "battery_percent")) {
		snprintf(text, sizeof(text), "%" PRId64 " %%", field_number(node, "battery_percent"));
		pair_print(cli, "battery", text);
	}
	if (field_number(node, "signal_dbm")) {
		snprintf(text, sizeof(text), "%" PRId64 " dBm", field_number(node, "signal_dbm"));
		pair_print(cli, "signal", text);
	}
}

static void print_update(const struct cli *cli, const json_t *update)
{
	int64_t now_ms = clock_moment(&machine_clock).wall_ms;
	char state[FIELD_UPDATE_SIZE], changed[HUMAN_SIZE], text[2 * FIELD_UPDATE_SIZE];

	if (!update)
		return;
	snprintf(text, sizeof(text), "%s, %s; image %s, attempt %" PRId64, field_update(state, sizeof(state), update),
		human_age(changed, field_number(update, "changed_ms"), now_ms), field_text(update, "image"),
		field_number(update, "attempts"));
	pair_print(cli, "update", text);
}

/* The words that the config gives to the node, where it gives any. */
static void print_labels(const struct cli *cli, const json_t *labels)
{
	char text[512] = "";
	size_t i, size = 0;
	const json_t *label;

	json_array_foreach (labels, i, label) {
		if (size < sizeof(text))
			size += (size_t)snprintf(
				text + size, sizeof(text) - size, "%s%s", i > 0 ? ", " : "", json_string_value(label));
	}
	if (size > 0)
		pair_print(cli, "labels", text);
}

static void print_hold(const struct cli *cli, const json_t *hold)
{
	char text[256];

	if (!hold)
		return;
	snprintf(text, sizeof(text), "%sby %s%s%s", *field_text(hold, "node") ? "" : "with all others, ",
		field_text(hold, "by"), *field_text(hold, "reason") ? ": " : "", field_text(hold, "reason"));
	pair_print(cli, "held", text);
}

static int run_show(struct cli *cli)
{
	json_t *result;
	json_t *request = json_pack("{s:s, s:s}", "command", "node.show", "node", cli->arguments[0]);
	int code = ask(cli, request, &result);

	if (code != CLI_OK)
		return code;
	if (cli->json)
		return cli_print_json(cli, result);
	const json_t *node = json_object_get(result, "node");
	pair_print(cli, "node", field_text(node, "id"));
	pair_print(cli, "network", field_text(node, "driver"));
	pair_print(cli, "hardware", field_text(node, "hardware"));
	pair_print(cli, "version", field_text(node, "version"));
	pair_print(cli, "image", field_text(node, "image"));
	print_labels(cli, json_object_get(node, "labels"));
	print_hold(cli, json_object_get(node, "hold"));
	print_contact(cli, node);
	print_figures(cli, node);
	print_update(cli, json_object_get(node, "update"));
	if (json_array_size(json_object_get(result, "journal")))
		putchar('\n');
	journal_print(cli, json_object_get(result, "journal"), false);
	json_decref(result);
	return CLI_OK;
}

const struct cli_command command_node_show = {
	.verb = "show",
	.arguments = "NODE",
	.least = 1,
	.most = 1,
	.summary = "all that is known of a node, and its latest history",
	.run = run_show,
};

static const struct cli_option add_options[] = {
	{ 0, "network", "DRIVER", "the network it is in (coap)" },
	{ 0 },
};

static int run_add(struct cli *cli)
{
	const char *driver = cli_value(cli, "network");

	for (size_t i = 0; i < cli->argument_count; i++) {
		int code = ask(cli,
			json_pack("{s:s, s:s, s:s}", "command", "node.add", "node", cli->arguments[i], "driver",
				driver ? driver : "coap"),
			NULL);
		if (code != CLI_OK)
			return code;
	}
	if (cli->json)
		return cli_print_json(cli, json_pack("{s:I}", "added", (json_int_t)cli->argument_count));
	printf("%zu added\n", cli->argument_count);
	return CLI_OK;
}

const struct cli_command command_node_add = {
	.verb = "add",
	.arguments = "NODE…",
	.least = 1,
	.most = SIZE_MAX,
	.summary = "let nodes in that were not heard of yet",
	.help = "Needed only where the config does not let unknown nodes join by themselves.\n",
	.options = add_options,
	.run = run_add,
};

static int run_remove(struct cli *cli)
{
	int code = cli_confirm(cli, "Forget %zu node%s, and what is to be updated there?", cli->argument_count,
		cli->argument_count == 1 ? "" : "s");

	for (size_t i = 0; i < cli->argument_count && code == CLI_OK; i++)
		code = ask(cli, json_pack("{s:s, s:s}", "command", "node.remove", "node", cli->arguments[i]), NULL);
	if (code != CLI_OK)
		return code;
	if (cli->json)
		return cli_print_json(cli, json_pack("{s:I}", "removed", (json_int_t)cli->argument_count));
	printf("%zu removed\n", cli->argument_count);
	return CLI_OK;
}

const struct cli_command command_node_remove = {
	.verb = "remove",
	.arguments = "NODE…",
	.least = 1,
	.most = SIZE_MAX,
	.summary = "forget nodes",
	.help = "A node that is still there joins again at its next contact, as a new one, where the\n"
		"config lets unknown nodes join.\n",
	.run = run_remove,
};

static const struct cli_option command_options[] = {
	{ 0, "timeout", "SECONDS", "how long to wait for its reply (60)" },
	{ 0 },
};

/* The words behind the node, joined; yours to free, or NULL. */
static char *join_words(const struct cli *cli)
{
	size_t size = 1;

	for (size_t i = 1; i < cli->argument_count; i++)
		size += strlen(cli->arguments[i]) + 1;
	char *text = calloc(1, size);
	for (size_t i = 1; text && i < cli->argument_count; i++) {
		strcat(text, i > 1 ? " " : "");
		strcat(text, cli->arguments[i]);
	}
	return text;
}

static int print_reply(const struct cli *cli, json_t *result)
{
	const json_t *value = json_object_get(result, "result");
	int code = json_is_true(json_object_get(result, "ok")) ? CLI_OK : CLI_FAILED;

	if (cli->json) {
		int printed = cli_print_json(cli, result);
		return printed == CLI_OK ? code : printed;
	}
	char *text = value && !json_is_string(value) ? json_dumps(value, JSON_INDENT(2) | JSON_ENCODE_ANY) : NULL;
	const char *shown = text ? text : json_string_value(value);
	if (code != CLI_OK)
		code = cli_fail(cli, CLI_FAILED, "%s refused: %s", cli->arguments[0], shown ? shown : "no reason");
	else
		puts(shown && *shown ? shown : "done");
	free(text);
	json_decref(result);
	return code;
}

static int run_command(struct cli *cli)
{
	int64_t timeout_s = 60;
	json_t *result = NULL;
	int code = cli_number(cli, "timeout", 1, 86400, &timeout_s);
	char *text = join_words(cli);

	if (code == CLI_OK && !text)
		code = cli_fail(cli, CLI_FAILED, "out of memory");
	if (code == CLI_OK)
		code = ask_for(cli,
			json_pack("{s:s, s:s, s:s, s:I}", "command", "node.command", "node", cli->arguments[0], "text",
				text, "timeout", (json_int_t)timeout_s),
			(int)timeout_s * 1000, &result);
	free(text);
	return code == CLI_OK ? print_reply(cli, result) : code;
}

const struct cli_command command_node_command = {
	.verb = "command",
	.arguments = "NODE WORD…",
	.least = 2,
	.most = SIZE_MAX,
	.summary = "tell a node something and wait for its reply",
	.help = "What a node understands is its maker's matter; all words go as one text. A node that\n"
		"sleeps is told at its next contact: give it the time with --timeout.\n"
		"\n"
		"Examples:\n"
		"  wakegate node command node-7 reboot\n"
		"  wakegate node command --timeout 3600 node-7 interval 300\n",
	.options = command_options,
	.run = run_command,
};
