#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/cli/ask.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/field.h"
#include "gateway/cli/human.h"
#include "gateway/cli/listing.h"
#include "gateway/cli/pair.h"
#include "gateway/cli/zigbee_ask.h"

#define ASK_S 30
#define SCAN_S 90
#define PERMIT_MOST_S 254
#define BAR_WIDTH 32

int ask_zigbee(struct cli *cli, const char *verb, json_t *arguments, int wait_s, json_t **result)
{
	return ask_for(cli,
		json_pack("{s:s, s:s, s:s, s:o, s:i}", "command", "driver.ask", "driver", "zigbee", "verb", verb,
			"arguments", arguments, "timeout", wait_s),
		wait_s * 1000, result);
}

/* ---- status ---- */

static void print_number(const struct cli *cli, const char *title, int64_t number, const char *unit)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "%" PRId64 "%s", number, unit);
	pair_print(cli, title, text);
}

static void print_stick(const struct cli *cli, const json_t *status)
{
	char text[128];
	const char *firmware = field_text(status, "firmware");

	(void)snprintf(text, sizeof(text), "%s%s%s", field_text(status, "stick"), *firmware ? ", " : "", firmware);
	pair_print(cli, "stick", text);
	pair_print(cli, "port", field_text(status, "port"));
}

static void print_reason(const struct cli *cli, const json_t *status)
{
	const char *reason = field_text(status, "reason");

	if (*reason)
		pair_print(cli, "reason", reason);
}

static void print_network(const struct cli *cli, const json_t *status)
{
	if (!json_object_get(status, "channel"))
		return;
	print_number(cli, "channel", field_number(status, "channel"), "");
	pair_print(cli, "PAN", field_text(status, "pan"));
	pair_print(cli, "extended", field_text(status, "extended_pan"));
	pair_print(cli, "coordinator", field_text(status, "coordinator"));
}

static bool is_up(const json_t *status)
{
	return strcmp(field_text(status, "state"), "up") == 0;
}

static void print_state(const struct cli *cli, const json_t *status)
{
	char text[64], duration[HUMAN_SIZE];

	(void)snprintf(text, sizeof(text), "%s for %s", field_text(status, "state"),
		human_duration(duration, field_number(status, "since_s") * 1000));
	pair_print(cli, "network", text);
}

static void print_nodes(const struct cli *cli, const json_t *status)
{
	char text[64];

	if (is_up(status))
		(void)snprintf(text, sizeof(text), "%" PRId64 ", %" PRId64 " of them there",
			field_number(status, "nodes"), field_number(status, "nodes_up"));
	else
		(void)snprintf(text, sizeof(text), "%" PRId64 ", none can be heard now", field_number(status, "nodes"));
	pair_print(cli, "nodes", text);
}

static void print_falls(const struct cli *cli, const json_t *status)
{
	char text[400], duration[HUMAN_SIZE];

	if (field_number(status, "falls") == 0)
		return;
	(void)snprintf(text, sizeof(text), "%" PRId64 " since the driver's start, the last %s ago: %s",
		field_number(status, "falls"), human_duration(duration, field_number(status, "fell_s") * 1000),
		field_text(status, "fall"));
	pair_print(cli, "went down", text);
}

int zigbee_print_status(struct cli *cli, json_t *status)
{
	if (cli->json)
		return cli_print_json(cli, status);
	print_state(cli, status);
	print_reason(cli, status);
	print_falls(cli, status);
	print_stick(cli, status);
	print_network(cli, status);
	print_nodes(cli, status);
	if (field_number(status, "leaving") > 0)
		print_number(cli, "leaving", field_number(status, "leaving"), ", told so at each of their contacts");
	if (field_number(status, "permit_s") > 0)
		print_number(cli, "joining", field_number(status, "permit_s"), " s more");
	json_decref(status);
	return CLI_OK;
}

static int run_status(struct cli *cli)
{
	json_t *status;
	int code = ask_zigbee(cli, "status", json_object(), ASK_S, &status);

	return code == CLI_OK ? zigbee_print_status(cli, status) : code;
}

const struct cli_command command_zigbee_status = {
	.verb = "status",
	.summary = "the stick, its network, and why it is not up",
	.run = run_status,
};

/* ---- permit ---- */

static int run_permit(struct cli *cli)
{
	json_t *arguments = json_object(), *result;
	char *end = NULL;

	if (cli->argument_count > 0) {
		long seconds = strtol(cli->arguments[0], &end, 10);
		if (*end || end == cli->arguments[0] || seconds < 0 || seconds > PERMIT_MOST_S) {
			json_decref(arguments);
			return cli_fail(cli, CLI_USAGE, "\"%s\" is not a number of seconds from 0 to %d",
				cli->arguments[0], PERMIT_MOST_S);
		}
		(void)json_object_set_new(arguments, "seconds", json_integer(seconds));
	}
	int code = ask_zigbee(cli, "permit", arguments, ASK_S, &result);
	if (code != CLI_OK)
		return code;
	if (cli->json)
		return cli_print_json(cli, result);
	if (field_number(result, "seconds") > 0)
		printf("Nodes may join for %" PRId64 " s.\n", field_number(result, "seconds"));
	else
		puts("No more nodes may join.");
	json_decref(result);
	return CLI_OK;
}

const struct cli_command command_zigbee_permit = {
	.verb = "permit",
	.arguments = "[SECONDS]",
	.most = 1,
	.summary = "let nodes join for a while",
	.help = "Without SECONDS as long as zigbee.permit_limit allows; 0 ends it. Then put the node\n"
		"into pairing mode, as its manual says.\n"
		"\n"
		"Examples:\n"
		"  wakegate zigbee permit 120\n"
		"  wakegate zigbee nodes\n",
	.run = run_permit,
};

/* ---- nodes ---- */

static const struct table_column node_columns[] = {
	{ "NODE", false, false },
	{ "STATE", false, false },
	{ "KIND", false, false },
	{ "MODEL", false, true },
	{ "ASKED", false, false },
	{ "SILENT", true, false },
	{ "LQI", true, false },
};

static void add_node(struct table *table, const json_t *node, int64_t now_ms)
{
	const char *state = field_text(node, "state"), *step = field_text(node, "interview");
	char silent[HUMAN_SIZE];
	const char *model = field_text(node, "model");

	table_cell(table, TONE_PLAIN, "%s", field_text(node, "node"));
	table_cell(table, strcmp(state, "up") == 0 ? TONE_GOOD : TONE_BAD, "%s", state);
	table_cell(table, TONE_PLAIN, "%s", field_text(node, "kind"));
	table_cell(table, TONE_PLAIN, "%s", *model ? model : "-");
	table_cell(table, strcmp(step, "done") == 0 ? TONE_GOOD : TONE_BUSY, "%s", step);
	table_cell(table, TONE_PLAIN, "%s", human_duration(silent, field_number(node, "silent_s") * 1000));
	table_cell(table, TONE_QUIET, "%" PRId64, field_number(node, "lqi"));
}

static const struct listing node_listing = {
	.member = "nodes",
	.columns = node_columns,
	.column_count = sizeof(node_columns) / sizeof(node_columns[0]),
	.add = add_node,
	.none = "No node has joined yet: \"wakegate zigbee permit\".",
};

static int run_nodes(struct cli *cli)
{
	json_t *result;
	int code = ask_zigbee(cli, "nodes", json_object(), ASK_S, &result);

	if (code != CLI_OK)
		return code;
	field_sort(json_object_get(result, "nodes"), "node");
	return listing_print(cli, &node_listing, result);
}

const struct cli_command command_zigbee_nodes = {
	.verb = "nodes",
	.summary = "the nodes of the network, as the stick and they tell",
	.help = "ASKED says how far the interview of a node is; a node that sleeps is asked when it is\n"
		"heard, so its interview may take some reports. --json has all that is known.\n",
	.run = run_nodes,
};

static int ask_node(struct cli *cli, const char *verb, const char *said)
{
	int code = ask_zigbee(cli, verb, json_pack("{s:s}", "node", cli->arguments[0]), ASK_S, NULL);

	if (code != CLI_OK)
		return code;
	if (cli->json)
		return cli_print_json(cli, json_pack("{s:s}", "node", cli->arguments[0]));
	printf("%s %s\n", cli->arguments[0], said);
	return CLI_OK;
}

static int run_interview(struct cli *cli)
{
	return ask_node(cli, "interview", "is asked anew");
}

const struct cli_command command_zigbee_interview = {
	.verb = "interview",
	.arguments = "NODE",
	.least = 1,
	.most = 1,
	.summary = "ask a node anew what it is and have it report",
	.run = run_interview,
};

static int run_remove(struct cli *cli)
{
	bool forget = cli_given(cli, "forget");
	json_t *result;

	int code = cli_confirm(
		cli, "%s will leave the network and has to be paired again to come back.", cli->arguments[0]);
	if (code == CLI_OK)
		code = ask_zigbee(cli, "remove", json_pack("{s:s, s:b}", "node", cli->arguments[0], "forget", forget),
			ASK_S, &result);
	if (code != CLI_OK)
		return code;
	if (cli->json)
		return cli_print_json(cli, result);
	if (strcmp(field_text(result, "state"), "leaving") == 0)
		printf("%s is told to leave, at each of its contacts until it has: \"wakegate zigbee nodes\"\n",
			cli->arguments[0]);
	else
		printf("%s is forgotten\n", cli->arguments[0]);
	json_decref(result);
	return CLI_OK;
}

static const struct cli_option remove_options[] = {
	{ 0, "forget", NULL, "at once: the node is broken, or gone for good" },
	{ 0 },
};

const struct cli_command command_zigbee_remove = {
	.verb = "remove",
	.arguments = "NODE",
	.least = 1,
	.most = 1,
	.options = remove_options,
	.summary = "tell a node to leave, and forget it when it has",
	.help = "A node that sleeps does not hear it before its next contact, so it is told at each\n"
		"of them until it has left, also after a restart; \"wakegate zigbee nodes\" shows it as\n"
		"leaving. \"wakegate zigbee keep\" takes that back. What is forgotten before it has left\n"
		"is taken for a new node when it comes again. What the gateway has of it besides stays\n"
		"until \"wakegate node remove\".\n",
	.run = run_remove,
};

static int run_keep(struct cli *cli)
{
	return ask_node(cli, "keep", "stays");
}

const struct cli_command command_zigbee_keep = {
	.verb = "keep",
	.arguments = "NODE",
	.least = 1,
	.most = 1,
	.summary = "let a node stay that was to leave and has not yet",
	.run = run_keep,
};

/* ---- scan ---- */

static const struct table_column scan_columns[] = {
	{ "CHANNEL", true, false },
	{ "ENERGY", true, false },
	{ "", false, false },
};

static void add_channel(struct table *table, const json_t *channel, int64_t now_ms)
{
	static const char bar[] = "################################";
	int64_t energy = field_number(channel, "energy");

	table_cell(table, TONE_PLAIN, "%" PRId64, field_number(channel, "channel"));
	table_cell(table, TONE_PLAIN, "%" PRId64, energy);
	table_cell(table, TONE_BUSY, "%.*s", (int)(energy * BAR_WIDTH / 255), bar);
}

static const struct listing scan_listing = {
	.member = "channels",
	.columns = scan_columns,
	.column_count = sizeof(scan_columns) / sizeof(scan_columns[0]),
	.add = add_channel,
	.none = "The stick measured no channel.",
};

static int run_scan(struct cli *cli)
{
	json_t *result;
	int code = ask_zigbee(cli, "scan", json_object(), SCAN_S, &result);

	return code == CLI_OK ? listing_print(cli, &scan_listing, result) : code;
}

const struct cli_command command_zigbee_scan = {
	.verb = "scan",
	.summary = "measure how busy each channel is",
	.help = "The stick listens on every channel in turn, so nodes may wait for some seconds.\n"
		"Less energy is better, 255 is the most.\n",
	.run = run_scan,
};
