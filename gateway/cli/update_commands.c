#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gateway/cli/ask.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/field.h"
#include "gateway/cli/human.h"
#include "gateway/cli/listing.h"
#include "gateway/cli/update_watch.h"
#include "gateway/control.h"

#define LINE_SIZE 256

static const struct cli_option start_options[] = {
	{ 0, "hardware", "TYPE", "update all nodes of this hardware type" },
	{ 0, "list", "FILE", "update the nodes in this file, one a line (\"-\": standard input)" },
	{ 0, "force", NULL, "also nodes of other hardware, or that run the image already" },
	{ 0, "now", NULL, "whatever hours their labels leave for updates" },
	{ 'w', "watch", NULL, "show how it goes until all are done" },
	{ 0 },
};

/* One id a line; blank lines and those that begin with '#' are passed over. */
static int read_ids(const struct cli *cli, FILE *file, const char *path, json_t *nodes)
{
	char line[LINE_SIZE];

	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, " \t\r\n")] = '\0';
		if (!*line || *line == '#')
			continue;
		if (json_array_size(nodes) == CONTROL_LIST_MAX)
			return cli_fail(cli, CLI_USAGE, "%s has more than %d nodes", path, CONTROL_LIST_MAX);
		(void)json_array_append_new(nodes, json_string(line));
	}
	if (json_array_size(nodes) == 0)
		return cli_fail(cli, CLI_USAGE, "%s names no node", path);
	return CLI_OK;
}

static int read_list(const struct cli *cli, const char *path, json_t *nodes)
{
	bool is_input = strcmp(path, "-") == 0;
	FILE *file = is_input ? stdin : fopen(path, "re");

	if (!file)
		return cli_fail(cli, CLI_NOT_FOUND, "cannot read %s: %s", path, strerror(errno));
	int code = read_ids(cli, file, path, nodes);
	if (!is_input)
		fclose(file);
	return code;
}

static json_t *arguments_as_list(const struct cli *cli, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(list, json_string(cli->arguments[i]));
	return list;
}

/* Says which nodes the order is for; asks where that may be more than the operator has in mind. */
static int choose_nodes(const struct cli *cli, const char *image, json_t *request)
{
	const char *hardware = cli_value(cli, "hardware"), *path = cli_value(cli, "list");
	size_t named = cli->argument_count - 1;

	if (!!hardware + !!path + !!named != 1)
		return cli_fail(cli, CLI_USAGE, "say which nodes: NODE…, or --hardware TYPE, or --list FILE");
	if (hardware) {
		(void)json_object_set_new(request, "hardware", json_string(hardware));
		return cli_confirm(cli, "Update all nodes of hardware type %s to %s?", hardware, image);
	}
	json_t *nodes = arguments_as_list(cli, named);
	(void)json_object_set_new(request, "nodes", nodes);
	if (named)
		return CLI_OK;
	int code = read_list(cli, path, nodes);
	if (code != CLI_OK || strcmp(path, "-") == 0)
		return code;
	return cli_confirm(cli, "Update the %zu nodes in %s to %s?", json_array_size(nodes), path, image);
}

static const struct table_column refusal_columns[] = { { "NODE", false, true },
	{ "NOT UPDATED BECAUSE", false, false, true } };

static void print_refusals(const struct cli *cli, const json_t *result)
{
	const json_t *refusals = json_object_get(result, "refusals");
	struct table *table = table_open(refusal_columns, 2);
	int64_t more = field_number(result, "refused") - (int64_t)json_array_size(refusals);
	size_t i;
	json_t *refusal;

	json_array_foreach (refusals, i, refusal) {
		table_cell(table, TONE_PLAIN, "%s", field_text(refusal, "node"));
		table_cell(table, TONE_BAD, "%s", field_text(refusal, "message"));
	}
	table_print(table, stdout, cli->terminal.width, cli->terminal.colour);
	table_close(table);
	if (more > 0)
		printf("and %" PRId64 " more\n", more);
}

static void print_ordered(const struct cli *cli, const json_t *result)
{
	const json_t *image = json_object_get(result, "image");
	int64_t already = field_number(result, "already");

	printf("%" PRId64 " updates ordered", field_number(result, "ordered"));
	if (image)
		printf(": %.8s, version %s for %s", field_text(image, "image"), field_text(image, "version"),
			field_text(image, "hardware"));
	putchar('\n');
	if (already)
		printf("%" PRId64 " nodes run it already, or are being updated to it\n", already);
	if (field_number(result, "refused"))
		print_refusals(cli, result);
}

/* Refused nodes make the command fail: not found if that is all that was wrong. */
static int judge_order(const json_t *result)
{
	int code = CLI_OK;
	size_t i;
	json_t *refusal;

	json_array_foreach (json_object_get(result, "refusals"), i, refusal) {
		bool unknown = strcmp(field_text(refusal, "code"), "not_found") == 0;
		code = unknown && code != CLI_REFUSED ? CLI_NOT_FOUND : CLI_REFUSED;
	}
	return code;
}

static int report_order(struct cli *cli, json_t *result)
{
	int code = judge_order(result);

	if (cli->json) {
		int printed = cli_print_json(cli, result);
		return code == CLI_OK ? printed : code;
	}
	print_ordered(cli, result);
	json_decref(result);
	return code;
}

/* Watches what was just ordered. */
static int watch_order(struct cli *cli, const json_t *request, const json_t *result)
{
	json_t *filter = json_pack("{s:s, s:O}", "image", field_text(json_object_get(result, "image"), "sha256"),
		"since_ms", json_object_get(result, "at_ms"));
	json_t *nodes = json_object_get(request, "nodes");

	if (nodes)
		(void)json_object_set(filter, "nodes", nodes);
	int code = update_watch(cli, filter);
	json_decref(filter);
	return code;
}

static int run_start(struct cli *cli)
{
	const char *image = cli->arguments[cli->argument_count - 1];
	json_t *result = NULL;
	json_t *request = json_pack("{s:s, s:s, s:b, s:b}", "command", "update.start", "image", image, "force",
		(int)cli_given(cli, "force"), "now", (int)cli_given(cli, "now"));
	int code = choose_nodes(cli, image, request);

	if (code == CLI_OK)
		code = ask(cli, json_incref(request), &result);
	if (code == CLI_OK && cli_given(cli, "watch") && field_number(result, "ordered") > 0) {
		if (!cli->json)
			print_ordered(cli, result);
		code = watch_order(cli, request, result);
		if (code == CLI_OK)
			code = judge_order(result);
		json_decref(result);
	} else if (code == CLI_OK) {
		code = report_order(cli, result);
	}
	json_decref(request);
	return code;
}

const struct cli_command command_update_start = {
	.verb = "start",
	.arguments = "NODE… IMAGE\n--hardware TYPE IMAGE\n--list FILE IMAGE",
	.least = 1,
	.most = SIZE_MAX,
	.summary = "order that nodes get an image (\"start\" may be left out)",
	.help = "A sleeping node learns of it at its next contact, fetches the image piece by piece, and\n"
		"is done when it says itself that it runs it. IMAGE is the head of a digest, a file's\n"
		"name, or HARDWARE@VERSION, as \"wakegate image list\" shows them. A new order replaces\n"
		"the former one of a node.\n"
		"\n"
		"Examples:\n"
		"  wakegate update n0042 sensor-a@1.3.0 --watch\n"
		"  wakegate update --hardware sensor-a 9f3c21d4 --yes\n"
		"  wakegate node list --silent --json | jq -r '.nodes[].id' |\n"
		"      wakegate update --list - sensor-a@1.3.0\n",
	.options = start_options,
	.run = run_start,
};

#define FILTER_OPTIONS                                                 \
	{ 0, "hardware", "TYPE", "only nodes of this hardware type" }, \
	{                                                              \
		0, "image", "IMAGE", "only updates to this image"      \
	}

static const struct cli_option list_options[] = {
	FILTER_OPTIONS,
	{ 0, "state", "STATE",
		"only updates in this state (offered, downloading, downloaded, rebooting, confirmed, "
		"failed, reverted, withdrawn, unfit)" },
	{ 0 },
};

/* The filter that arguments and options make. */
static json_t *read_filter(const struct cli *cli)
{
	json_t *filter = json_pack("{s:s*, s:s*, s:s*}", "hardware", cli_value(cli, "hardware"), "image",
		cli_value(cli, "image"), "state", cli_value(cli, "state"));

	if (cli->argument_count)
		(void)json_object_set_new(filter, "nodes", arguments_as_list(cli, cli->argument_count));
	return filter;
}

static json_t *filtered_request(const struct cli *cli, const char *command)
{
	json_t *request = read_filter(cli);

	(void)json_object_set_new(request, "command", json_string(command));
	return request;
}

static const struct table_column columns[] = {
	{ "NODE", false, true },
	{ "IMAGE", false, false },
	{ "TRIES", true, false },
	{ "CHANGED", true, false },
	{ "NEXT TRY", true, false },
	{ "STATE", false, false, true },
};

static void add_update(struct table *table, const json_t *update, int64_t now_ms)
{
	char text[FIELD_UPDATE_SIZE], changed[HUMAN_SIZE], retry[HUMAN_SIZE];
	int64_t retry_ms = field_number(update, "next_try_ms");

	table_cell(table, TONE_PLAIN, "%s", field_text(update, "node"));
	table_cell(table, TONE_PLAIN, "%.8s", field_text(update, "image"));
	table_cell(table, TONE_PLAIN, "%" PRId64, field_number(update, "attempts"));
	table_cell(table, TONE_PLAIN, "%s", human_age(changed, field_number(update, "changed_ms"), now_ms));
	table_cell(table, TONE_PLAIN, "%s", retry_ms > now_ms ? human_age(retry, retry_ms, now_ms) : "-");
	table_cell(table, field_update_tone(update), "%s", field_update(text, sizeof(text), update));
}

static const struct listing listing = {
	.member = "updates",
	.columns = columns,
	.column_count = sizeof(columns) / sizeof(columns[0]),
	.add = add_update,
	.none = "There is no such update.",
};

static int run_list(struct cli *cli)
{
	json_t *updates;
	int code = ask_pages(cli, filtered_request(cli, "update.list"), "updates", &updates);

	if (code != CLI_OK)
		return code;
	field_sort(updates, "node");
	return listing_print(cli, &listing, json_pack("{s:o}", "updates", updates));
}

const struct cli_command command_update_list = {
	.verb = "list",
	.arguments = "[NODE…]",
	.most = SIZE_MAX,
	.summary = "the current or last update of each node",
	.help = "Examples:\n"
		"  wakegate update list --state failed\n"
		"  wakegate update list --image sensor-a@1.3.0 --json\n",
	.options = list_options,
	.run = run_list,
};

static const struct cli_option watch_options[] = { FILTER_OPTIONS, { 0 } };

static int run_watch(struct cli *cli)
{
	json_t *filter = read_filter(cli);
	int code = update_watch(cli, filter);

	json_decref(filter);
	return code;
}

const struct cli_command command_update_watch = {
	.verb = "watch",
	.arguments = "[NODE…]",
	.most = SIZE_MAX,
	.summary = "show how updates go until all are done",
	.help = "Ends when no update is under way: 0 if all are confirmed, 1 if any failed, reverted or is unfit.\n"
		"Ctrl-C ends the watching, not the updates.\n",
	.options = watch_options,
	.run = run_watch,
};

static const struct cli_option cancel_options[] = { FILTER_OPTIONS, { 0, "all", NULL, "every update" }, { 0 } };

/* A filter that lets everything pass must be asked for. */
static int check_choice(const struct cli *cli, const char *what)
{
	bool chosen = cli->argument_count || cli_given(cli, "hardware") || cli_given(cli, "image");

	if (chosen == cli_given(cli, "all"))
		return cli_fail(cli, CLI_USAGE, "say which: NODE…, --hardware TYPE, --image IMAGE, or --all");
	if (cli->argument_count)
		return CLI_OK;
	return cli_confirm(cli, "%s?", what);
}

static json_t *choice_request(const struct cli *cli, const char *command)
{
	json_t *request = filtered_request(cli, command);

	if (cli_given(cli, "all"))
		(void)json_object_set_new(request, "all", json_true());
	return request;
}

static int run_cancel(struct cli *cli)
{
	json_t *result;
	int code = check_choice(cli, "Cancel all these updates");

	if (code == CLI_OK)
		code = ask(cli, choice_request(cli, "update.cancel"), &result);
	if (code != CLI_OK)
		return code;
	int64_t cancelled = field_number(result, "cancelled");
	if (cli->json)
		code = cli_print_json(cli, result);
	else
		json_decref(result);
	if (cancelled == 0)
		return cli_fail(cli, CLI_NOT_FOUND, "there is no such update under way");
	if (!cli->json)
		printf("%" PRId64 " cancelled\n", cancelled);
	return code;
}

const struct cli_command command_update_cancel = {
	.verb = "cancel",
	.arguments = "[NODE…]",
	.most = SIZE_MAX,
	.summary = "end updates that are under way",
	.help = "A node that has the whole image may restart into it all the same.\n"
		"\n"
		"Examples:\n"
		"  wakegate update cancel n0042\n"
		"  wakegate update cancel --image 9f3c21d4 --yes\n",
	.options = cancel_options,
	.run = run_cancel,
};

static int run_retry(struct cli *cli)
{
	json_t *result;
	int code = check_choice(cli, "Order all these updates again");

	if (code == CLI_OK)
		code = ask(cli, choice_request(cli, "update.retry"), &result);
	return code == CLI_OK ? report_order(cli, result) : code;
}

const struct cli_command command_update_retry = {
	.verb = "retry",
	.arguments = "[NODE…]",
	.most = SIZE_MAX,
	.summary = "order failed and reverted updates again",
	.help = "Examples:\n"
		"  wakegate update retry n0042\n"
		"  wakegate update retry --all --yes\n",
	.options = cancel_options,
	.run = run_retry,
};
