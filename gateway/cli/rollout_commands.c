#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gateway/cli/ask.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/field.h"
#include "gateway/cli/human.h"
#include "gateway/cli/listing.h"
#include "gateway/cli/rollout_dry_run.h"
#include "gateway/cli/rollout_order.h"
#include "gateway/cli/rollout_show.h"
#include "gateway/cli/rollout_words.h"
#include "gateway/moment.h"

#define LINES_SHOWN 20 /* of nodes, in a dry run without --verbose */

static const struct cli_option create_options[] = {
	ROLLOUT_ORDER_OPTIONS,
	{ 'n', "dry-run", NULL, "begin nothing: show who would get the image, and who not and why" },
	{ 'v', "verbose", NULL, "with --dry-run: a line for each node, however many" },
	{ 0 },
};

/* Where all nodes are wanted asks page by page, and gathers them in the first answer. */
static int ask_order(struct cli *cli, json_t *request, bool all, json_t **out)
{
	json_t *page;
	int code = ask(cli, json_deep_copy(request), out);

	while (code == CLI_OK && all && json_object_get(*out, "next")) {
		(void)json_object_set_new(request, "from", json_integer(field_number(*out, "next")));
		(void)json_object_del(*out, "next");
		code = ask(cli, json_deep_copy(request), &page);
		if (code != CLI_OK) {
			json_decref(*out);
			break;
		}
		(void)json_array_extend(json_object_get(*out, "list"), json_object_get(page, "list"));
		if (json_object_get(page, "next"))
			(void)json_object_set(*out, "next", json_object_get(page, "next"));
		json_decref(page);
	}
	json_decref(request);
	return code;
}

static void print_ordered(const char *name, const json_t *plan)
{
	int64_t now_ms = clock_moment(&machine_clock).wall_ms, start_ms = field_number(plan, "start_ms");
	char age[HUMAN_SIZE];

	if (field_boolean(plan, "approval"))
		printf("\nIt waits for approval: wakegate rollout approve %s\n", name);
	else if (start_ms > now_ms)
		printf("\nIt begins %s. To watch it: wakegate rollout watch %s\n", human_age(age, start_ms, now_ms),
			name);
	else
		printf("\nIt has begun. To watch it: wakegate rollout watch %s\n", name);
}

static int run_create(struct cli *cli)
{
	bool dry = cli_given(cli, "dry-run"), all = dry && (cli->json || cli_given(cli, "verbose"));
	char name[64];
	json_t *result, *request;
	int code = rollout_order_read(cli, &request);

	if (code != CLI_OK)
		return code;
	(void)json_object_set_new(request, "dry_run", json_boolean(dry));
	if (dry)
		(void)json_object_set_new(request, "list", json_true());
	if (dry && !all)
		(void)json_object_set_new(request, "limit", json_integer(LINES_SHOWN));
	snprintf(name, sizeof(name), "%s", field_text(request, "rollout"));
	if (!dry)
		code = cli_confirm(cli, "Begin to roll out %s?", field_text(request, "image"));
	if (code != CLI_OK) {
		json_decref(request);
		return code;
	}
	code = ask_order(cli, request, all, &result);
	if (code != CLI_OK)
		return code;
	if (cli->json)
		return cli_print_json(cli, result);
	rollout_dry_run_print(cli, result);
	if (!dry)
		print_ordered(name, json_object_get(result, "plan"));
	json_decref(result);
	return CLI_OK;
}

const struct cli_command command_rollout_create = {
	.verb = "create",
	.arguments = "[NAME IMAGE]",
	.least = 0,
	.most = 2,
	.summary = "begin a rollout of an image in waves",
	.help = "The nodes of a wave get the image at their next contacts. When all of them are done\n"
		"the wave is watched for the soak time; then gates decide: enough nodes must run the\n"
		"image, few may have failed, and updated nodes must not drop more often than the\n"
		"others. A gate that says no stops the rollout, with the uplink down too.\n"
		"\n"
		"Which wave a node is in follows from NAME and its own name, here and on every gateway.\n"
		"A file says the same as the options do, and is checked with all its faults told at once;\n"
		"rollout-full.cfg among the examples has every setting.\n"
		"\n"
		"Examples:\n"
		"  wakegate rollout create spring sensor-a@1.3.0 --dry-run\n"
		"  wakegate rollout create spring sensor-a@1.3.0 --soak \"12 h\" \\\n"
		"      --on-failure rollback\n"
		"  wakegate rollout create hall sensor-a@1.3.0 --only 'hall-*' --waves \"10 100\"\n"
		"  wakegate rollout create --file spring.cfg --dry-run --verbose\n",
	.options = create_options,
	.run = run_create,
};

static const struct table_column columns[] = {
	{ "ROLLOUT", false, true },
	{ "IMAGE", false, false },
	{ "STATE", false, false },
	{ "WAVE", true, false },
	{ "CONFIRMED", true, false },
	{ "FAILED", true, false },
	{ "SILENT", true, false },
	{ "CHANGED", true, false },
};

static void add_rollout(struct table *table, const json_t *rollout, int64_t now_ms)
{
	char age[HUMAN_SIZE], state[ROLLOUT_WORDS_SIZE];

	table_cell(table, TONE_PLAIN, "%s", field_text(rollout, "rollout"));
	table_cell(table, TONE_PLAIN, "%.8s", field_text(rollout, "image"));
	table_cell(table, rollout_tone(rollout), "%s", rollout_words_short(state, rollout));
	table_cell(table, TONE_PLAIN, "%" PRId64 "/%" PRId64, field_number(rollout, "wave"),
		field_number(rollout, "waves"));
	table_cell(table, TONE_PLAIN, "%" PRId64 "/%" PRId64, field_number(rollout, "confirmed"),
		field_number(rollout, "nodes"));
	table_cell(table, TONE_PLAIN, "%" PRId64, field_number(rollout, "failed"));
	table_cell(table, TONE_PLAIN, "%" PRId64, field_number(rollout, "silent"));
	table_cell(table, TONE_PLAIN, "%s", human_age(age, field_number(rollout, "changed_ms"), now_ms));
}

static const struct listing listing = {
	.member = "rollouts",
	.columns = columns,
	.column_count = sizeof(columns) / sizeof(columns[0]),
	.add = add_rollout,
	.none = "There is no rollout.",
};

static int run_list(struct cli *cli)
{
	json_t *result;
	int code = ask(cli, json_pack("{s:s}", "command", "rollout.list"), &result);

	return code == CLI_OK ? listing_print(cli, &listing, result) : code;
}

const struct cli_command command_rollout_list = {
	.verb = "list",
	.summary = "the rollouts, how far they are and what stopped them",
	.run = run_list,
};

static int run_show(struct cli *cli)
{
	json_t *result;
	int code = ask(cli, json_pack("{s:s, s:s}", "command", "rollout.show", "rollout", cli->arguments[0]), &result);

	if (code != CLI_OK)
		return code;
	if (cli->json)
		return cli_print_json(cli, result);
	rollout_show_print(cli, result);
	json_decref(result);
	return CLI_OK;
}

const struct cli_command command_rollout_show = {
	.verb = "show",
	.arguments = "NAME",
	.least = 1,
	.most = 1,
	.summary = "one rollout: its waves, its verdicts, and the nodes that it waits for",
	.help = "Its state is one of\n"
		"  waiting      for its start time, or for \"rollout approve\"\n"
		"  rolling      the nodes of a wave are to get the image at their contacts\n"
		"  soaking      all of them are done, and are watched before the next wave\n"
		"  paused       by an operator: no further node is offered the image\n"
		"  tripped      a gate stopped it; nodes that run the image keep it\n"
		"  rolled back  nodes get their former images again\n"
		"  aborted      ended by an operator\n"
		"  complete     all waves are done; late nodes get the image when they come\n"
		"\n"
		"A node that was reached is confirmed once it says itself that it runs the image,\n"
		"failed, silent if it was not heard of for so many wakes, or still open.\n",
	.run = run_show,
};

static int run_watch(struct cli *cli)
{
	return rollout_watch(cli, cli->arguments[0]);
}

const struct cli_command command_rollout_watch = {
	.verb = "watch",
	.arguments = "NAME",
	.least = 1,
	.most = 1,
	.summary = "show how a rollout goes until it is over or stopped",
	.help = "Ends with 0 if it is complete, 1 if it was stopped. Ctrl-C ends the watching only.\n",
	.run = run_watch,
};

static int intervene(struct cli *cli, const char *command, const char *said)
{
	json_t *result;
	int code = ask(cli, json_pack("{s:s, s:s}", "command", command, "rollout", cli->arguments[0]), &result);

	if (code != CLI_OK)
		return code;
	if (cli->json)
		return cli_print_json(cli, result);
	json_decref(result);
	printf("%s %s\n", cli->arguments[0], said);
	return CLI_OK;
}

static int run_approve(struct cli *cli)
{
	return intervene(cli, "rollout.approve", "is approved");
}

static int run_pause(struct cli *cli)
{
	return intervene(cli, "rollout.pause", "is paused");
}

static int run_resume(struct cli *cli)
{
	return intervene(cli, "rollout.resume", "goes on");
}

static int run_abort(struct cli *cli)
{
	int code = cli_confirm(cli, "Abort the rollout %s for good?", cli->arguments[0]);

	return code == CLI_OK ? intervene(cli, "rollout.abort", "is aborted") : code;
}

static int run_rollback(struct cli *cli)
{
	int code = cli_confirm(cli, "Order the former images back to all nodes of %s?", cli->arguments[0]);

	return code == CLI_OK ? intervene(cli, "rollout.rollback", "is being rolled back") : code;
}

static int run_remove(struct cli *cli)
{
	return intervene(cli, "rollout.remove", "is forgotten");
}

#define INTERVENTION(name, help_text, summary_text)         \
	const struct cli_command command_rollout_##name = { \
		.verb = #name,                              \
		.arguments = "NAME",                        \
		.least = 1,                                 \
		.most = 1,                                  \
		.summary = summary_text,                    \
		.help = help_text,                          \
		.run = run_##name,                          \
	}

INTERVENTION(approve, NULL, "let a rollout begin that waits for approval");
INTERVENTION(
	pause, "Nodes that fetch the image stop; those that have it go on.\n", "offer the image to no further node");
INTERVENTION(resume, "After a gate tripped, its wave counts as passed: look at \"rollout show\" first.\n",
	"go on with a rollout that is paused or was stopped by a gate");
INTERVENTION(abort, NULL, "end a rollout; nodes keep what they run");
INTERVENTION(rollback, "Each node gets the image that it ran before, if that is still here.\n",
	"end a rollout and order the former images back");
INTERVENTION(remove, NULL, "forget a rollout that is over");
