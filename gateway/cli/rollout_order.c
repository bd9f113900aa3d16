#include "gateway/cli/rollout_order.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/value.h"
#include "gateway/cli/cli.h"
#include "gateway/moment.h"
#include "gateway/rollout_file.h"
#include "gateway/soak_times.h"

static int add_start_in(const struct cli *cli, json_t *request)
{
	const char *text = cli_value(cli, "start-in");
	int64_t ms;

	if (!text)
		return CLI_OK;
	if (value_parse_duration(&ms, text) < 0)
		return cli_fail(
			cli, CLI_USAGE, "--start-in takes a time such as \"90 min\" or \"24 h\", not \"%s\"", text);
	(void)json_object_set_new(request, "start_ms", json_integer(clock_moment(&machine_clock).wall_ms + ms));
	return CLI_OK;
}

static int add_soak(const struct cli *cli, json_t *request)
{
	const char *text = cli_value(cli, "soak");
	json_t *times;

	if (!text)
		return CLI_OK;
	if (soak_times_parse(&times, text) < 0)
		return cli_fail(cli, CLI_USAGE, "--soak takes " SOAK_TIMES_EXAMPLE ", not \"%s\"", text);
	(void)json_object_set_new(request, "soak_ms", times);
	return CLI_OK;
}

static int add_number(const struct cli *cli, json_t *request, const char *option, const char *name)
{
	int64_t number = 0;
	int code = cli_number(cli, option, INT32_MIN, INT32_MAX, &number);

	if (code == CLI_OK && cli_given(cli, option))
		(void)json_object_set_new(request, name, json_integer(number));
	return code;
}

static int add_options(const struct cli *cli, json_t *request)
{
	static const char *const numbers[][2] = {
		{ "deadline", "deadline_wakes" },
		{ "confirmed", "confirmed_percent" },
		{ "failed", "failed_percent" },
		{ "failed-most", "failed_most" },
		{ "traffic", "traffic_percent" },
		{ "drain", "drain_percent" },
		{ "confidence", "confidence_percent" },
		{ "battery", "battery_percent" },
		{ "priority", "priority" },
	};
	int code = add_soak(cli, request);

	if (code == CLI_OK)
		code = add_start_in(cli, request);
	for (size_t i = 0; code == CLI_OK && i < sizeof(numbers) / sizeof(numbers[0]); i++)
		code = add_number(cli, request, numbers[i][0], numbers[i][1]);
	return code;
}

static void add_text(const struct cli *cli, json_t *request, const char *option, const char *name)
{
	if (cli_given(cli, option))
		(void)json_object_set_new(request, name, json_string(cli_value(cli, option)));
}

static void add_list(const struct cli *cli, json_t *request, const char *option)
{
	json_t *list = json_array();

	if (!cli_given(cli, option)) {
		json_decref(list);
		return;
	}
	for (const char *at = cli_value(cli, option); *at; at += *at == ',') {
		size_t size = strcspn(at, ",");
		(void)json_array_append_new(list, json_stringn(at, size));
		at += size;
	}
	(void)json_object_set_new(request, option, list);
}

static int add_start(const struct cli *cli, json_t *request)
{
	const char *text = cli_value(cli, "start");
	int64_t ms;

	if (!text)
		return CLI_OK;
	if (rollout_file_parse_start(&ms, text) < 0)
		return cli_fail(
			cli, CLI_USAGE, "--start takes a time such as 2026-12-01T02:00+01:00, not \"%s\"", text);
	(void)json_object_set_new(request, "start_ms", json_integer(ms));
	return CLI_OK;
}

/* What --file says, or nothing. */
static int read_file(const struct cli *cli, json_t **out)
{
	const char *path = cli_value(cli, "file");
	struct config_faults faults;

	if (!path) {
		*out = json_object();
		return CLI_OK;
	}
	int error = rollout_file_read(out, path, &faults);
	for (size_t i = 0; i < faults.count; i++)
		(void)cli_fail(cli, CLI_FAILED, "%s", faults.faults[i].text);
	if (error && faults.count == 0)
		(void)cli_fail(cli, CLI_FAILED, "%s: %s", path, strerror(-error));
	config_faults_finish(&faults);
	return error ? CLI_FAILED : CLI_OK;
}

/* The arguments of rollout.create: what the file says, and what was typed in its place. */
int rollout_order_read(const struct cli *cli, json_t **out)
{
	static const char *const switches[][2] = { { "ignore-drops", "ignore_drops" },
		{ "ignore-online", "ignore_online" }, { "fleet", "fleet" }, { "approval", "approval" } };
	static const char *const texts[][2] = { { "hardware", "hardware" }, { "only", "only" },
		{ "versions", "versions" }, { "waves", "waves" }, { "window", "window" },
		{ "apply-window", "apply_window" }, { "on-failure", "on_failure" } };
	json_t *request;
	int code = read_file(cli, &request);

	if (code != CLI_OK)
		return code;
	(void)json_object_set_new(request, "command", json_string("rollout.create"));
	if (cli->argument_count > 0)
		(void)json_object_set_new(request, "rollout", json_string(cli->arguments[0]));
	if (cli->argument_count > 1)
		(void)json_object_set_new(request, "image", json_string(cli->arguments[1]));
	for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++)
		if (cli_given(cli, switches[i][0]))
			(void)json_object_set_new(request, switches[i][1], json_true());
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		add_text(cli, request, texts[i][0], texts[i][1]);
	add_list(cli, request, "labels");
	add_list(cli, request, "nodes");
	code = add_options(cli, request);
	if (code == CLI_OK)
		code = add_start(cli, request);
	if (code == CLI_OK && (!json_object_get(request, "rollout") || !json_object_get(request, "image")))
		code = cli_fail(cli, CLI_USAGE, "say NAME and IMAGE, or --file FILE");
	if (code == CLI_OK)
		*out = request;
	else
		json_decref(request);
	return code;
}
