#include <inttypes.h>
#include <stdio.h>

#include "gateway/cli/ask.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/field.h"
#include "gateway/cli/human.h"

#define IDLE_MS 1000
#define COUNT_MOST INT64_C(1000000000)

/* What a tail has shown, and how much it is to show. */
struct tail {
	struct cli *cli;
	int64_t left; /* readings; negative: no end */
};

static const struct cli_option tail_options[] = {
	{ 0, "node", "NODE", "only of this node" },
	{ 0, "name", "TEXT", "only readings whose name contains this text" },
	{ 'n', "count", "COUNT", "end after so many readings" },
	{ 0 },
};

static void write_value(char *out, size_t size, const json_t *value)
{
	if (json_is_string(value))
		snprintf(out, size, "%s", json_string_value(value));
	else if (json_is_integer(value))
		snprintf(out, size, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (json_is_real(value))
		snprintf(out, size, "%.10g", json_real_value(value));
	else if (json_is_boolean(value))
		snprintf(out, size, "%s", json_is_true(value) ? "true" : "false");
	else
		snprintf(out, size, "-");
}

static void print_reading(const struct cli *cli, const json_t *event)
{
	bool colour = cli->terminal.colour;
	char time[HUMAN_SIZE], value[256];
	int64_t taken_ms = field_number(event, "time_ms"), skipped = field_number(event, "skipped");
	const json_t *unit = json_object_get(event, "unit");

	if (skipped)
		printf("%s(%" PRId64 " readings came too fast to show)%s\n", tone_begin(TONE_QUIET, colour), skipped,
			tone_end(TONE_QUIET, colour));
	write_value(value, sizeof(value), json_object_get(event, "value"));
	human_time(time, taken_ms ? taken_ms : field_number(event, "received_ms"));
	printf("%s%s%s  %-20s  %-16s  %s%s%s\n", tone_begin(TONE_QUIET, colour), time, tone_end(TONE_QUIET, colour),
		field_text(event, "node"), field_text(event, "name"), value, unit ? " " : "",
		unit ? json_string_value(unit) : "");
}

static int on_reading(void *context, const json_t *event)
{
	struct tail *tail = context;

	if (tail->cli->json) {
		(void)json_dumpf(event, stdout, JSON_COMPACT | JSON_REAL_PRECISION(15));
		putchar('\n');
	} else {
		print_reading(tail->cli, event);
	}
	if (fflush(stdout) != 0)
		return CLI_FAILED;
	if (tail->left > 0 && --tail->left == 0)
		return ASK_ENOUGH;
	return CLI_OK;
}

static int run_tail(struct cli *cli)
{
	struct tail tail = { .cli = cli, .left = -1 };
	const struct ask_stream stream = { .event = on_reading, .context = &tail, .other_fd = -1, .idle_ms = IDLE_MS };
	int code = cli_number(cli, "count", 1, COUNT_MOST, &tail.left);

	if (code != CLI_OK)
		return code;
	return ask_stream(cli,
		json_pack("{s:s, s:s*, s:s*}", "command", "telemetry.tail", "node", cli_value(cli, "node"), "name",
			cli_value(cli, "name")),
		&stream);
}

const struct cli_command command_telemetry_tail = {
	.verb = "tail",
	.summary = "show readings as they come",
	.help = "Ends with Ctrl-C or after --count readings. At most 200 readings a second are shown;\n"
		"what came too fast is counted. With --json each line is one reading.\n"
		"\n"
		"Examples:\n"
		"  wakegate telemetry tail --node n0042\n"
		"  wakegate telemetry tail --name temp --json -n 100 > sample.jsonl\n",
	.options = tail_options,
	.run = run_tail,
};
