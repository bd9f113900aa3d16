#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/value.h"
#include "gateway/cli/ask.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/field.h"
#include "gateway/cli/forecast_view.h"
#include "gateway/cli/rollout_order.h"
#include "gateway/forecast.h"
#include "gateway/forecast_answer.h"

#define RUNS_DEFAULT 200
#define RATE_DEFAULT 1024
#define COLUMNS_MOST 80

static const struct cli_option forecast_options[] = {
	ROLLOUT_ORDER_OPTIONS,
	{ 0, "runs", "COUNT", "how many to simulate (default 200; 2000 at most)" },
	{ 0, "seed", "NUMBER", "of chance: the same gives the same forecast (default 1)" },
	{ 0, "rate", "SIZE", "that one node fetches in a second (default \"1 KB\")" },
	{ 0, "at-once", "COUNT", "transfers at a time (default: what the gateway's links allow)" },
	{ 0, "overhead", "PERCENT", "on the air beside the image (default 15)" },
	{ 0, "bit-rate", "KBIT", "of the radio, a second (default 250)" },
	{ 0, "power", "MW", "of a node while it receives (default 60)" },
	{ 0, "svg", "FILE", "write the curve as a picture" },
	{ 0 },
};

/* A budget of bytes is shared by those that fetch at a time. */
static void apply_budget(struct forecast_input *input, int64_t link_rate_bytes)
{
	if (link_rate_bytes == 0)
		return;
	if (input->at_once == 0)
		input->at_once = link_rate_bytes > input->rate_bytes ? link_rate_bytes / input->rate_bytes : 1;
	if (input->rate_bytes * input->at_once > link_rate_bytes)
		input->rate_bytes = link_rate_bytes / input->at_once;
	if (input->rate_bytes == 0)
		input->rate_bytes = 1;
}

static int read_options(const struct cli *cli, struct forecast_input *input)
{
	int64_t runs = RUNS_DEFAULT, seed = 1, kilobits = 250;
	const char *rate = cli_value(cli, "rate");
	int code = cli_number(cli, "runs", 1, FORECAST_RUNS_MAX, &runs);

	input->rate_bytes = RATE_DEFAULT;
	input->overhead_percent = 15;
	input->power_mw = 60;
	if (rate && (value_parse_size(&input->rate_bytes, rate) < 0 || input->rate_bytes == 0))
		return cli_fail(cli, CLI_USAGE, "--rate takes a size such as \"1 KB\", not \"%s\"", rate);
	if (code == CLI_OK)
		code = cli_number(cli, "seed", 0, INT64_MAX, &seed);
	if (code == CLI_OK)
		code = cli_number(cli, "at-once", 0, FORECAST_NODES_MAX, &input->at_once);
	if (code == CLI_OK)
		code = cli_number(cli, "overhead", 0, 1000, &input->overhead_percent);
	if (code == CLI_OK)
		code = cli_number(cli, "bit-rate", 1, 1000000, &kilobits);
	if (code == CLI_OK)
		code = cli_number(cli, "power", 0, 1000000, &input->power_mw);
	input->runs = (unsigned)runs;
	input->seed = (uint64_t)seed;
	input->bit_rate = kilobits * 1000;
	return code;
}

static int write_picture(const struct cli *cli, const struct forecast *forecast, const char *title)
{
	const char *path = cli_value(cli, "svg");
	FILE *file = path ? fopen(path, "w") : NULL;

	if (!path)
		return CLI_OK;
	if (file)
		forecast_write_svg(forecast, title, file);
	bool failed = !file || ferror(file);
	failed |= file && fclose(file) != 0;
	return failed ? cli_fail(cli, CLI_FAILED, "%s: %s", path, strerror(errno)) : CLI_OK;
}

static int show(struct cli *cli, const struct forecast *forecast, const struct forecast_input *input, const char *image)
{
	unsigned width = cli->terminal.width && cli->terminal.width < COLUMNS_MOST ? cli->terminal.width : COLUMNS_MOST;
	char title[192];

	snprintf(title, sizeof(title), "%s: %.64s for %u nodes", input->plan->id, image, forecast->nodes);
	int code = write_picture(cli, forecast, title);
	if (code != CLI_OK)
		return code;
	if (cli->json)
		return cli_print_json(cli, forecast_json(forecast, input));
	printf("%s, %u runs\n\n", title, forecast->runs);
	forecast_draw(forecast, width, stdout);
	putchar('\n');
	forecast_print(forecast, input, stdout);
	return CLI_OK;
}

static int simulate(struct cli *cli, const json_t *answer, struct forecast_input *input, const char *image)
{
	struct rollout_plan plan;
	struct forecast forecast;
	char why[ROLLOUT_SENTENCE_SIZE];
	int error = rollout_plan_parse(&plan, json_object_get(answer, "plan"), why);

	input->plan = &plan;
	if (!error)
		error = forecast_run(&forecast, input);
	return error ? cli_fail(cli, CLI_FAILED, "cannot simulate this: %s", strerror(-error))
		     : show(cli, &forecast, input, image);
}

static int run_forecast(struct cli *cli)
{
	struct forecast_input input = { 0 };
	struct forecast_node *sample = NULL;
	json_t *request, *answer;
	char image[128];
	int code = rollout_order_read(cli, &request);

	if (code != CLI_OK)
		return code;
	(void)json_object_set_new(request, "command", json_string("rollout.forecast"));
	snprintf(image, sizeof(image), "%s", field_text(request, "image"));
	code = ask(cli, request, &answer);
	if (code != CLI_OK)
		return code;
	int error = forecast_answer_read(&input, &sample, answer);
	if (error)
		code = cli_fail(cli, error == -ENODATA ? CLI_NOT_FOUND : CLI_FAILED, "%s",
			error == -ENODATA ? "no node would get the image; --dry-run of \"rollout create\" says why"
					  : strerror(-error));
	if (code == CLI_OK)
		code = read_options(cli, &input);
	if (code == CLI_OK && !cli_given(cli, "at-once"))
		apply_budget(&input, field_number(answer, "link_rate_bytes"));
	if (code == CLI_OK)
		code = simulate(cli, answer, &input, image);
	free(sample);
	json_decref(answer);
	return code;
}

const struct cli_command command_rollout_forecast = {
	.verb = "forecast",
	.arguments = "[NAME IMAGE]",
	.least = 0,
	.most = 2,
	.summary = "when the nodes will run an image, before anyone starts",
	.help = "Takes what \"rollout create\" takes, and begins nothing: it simulates the rollout many\n"
		"times over nodes as the gateway knows them and shows how many run the image when, what\n"
		"that costs on the air and in energy, and what it assumed.\n"
		"\n"
		"Examples:\n"
		"  wakegate rollout forecast spring sensor-a@1.3.0\n"
		"  wakegate rollout forecast spring sensor-a@1.3.0 --waves \"10 100\" \\\n"
		"      --soak \"6 h\" --svg spring.svg\n",
	.options = forecast_options,
	.run = run_forecast,
};
