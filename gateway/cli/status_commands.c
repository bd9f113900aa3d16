#include <stdio.h>

#include "gateway/cli/ask.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/commands.h"

static int run_status(struct cli *cli)
{
	json_t *status;
	int code = ask(cli, json_pack("{s:s}", "command", "status"), &status);

	return code == CLI_OK ? cli_print_json(cli, status) : code;
}

const struct cli_command command_status = {
	.verb = "status",
	.summary = "how the gateway, its uplink, nodes, images and telemetry are",
	.run = run_status,
};

static int run_version(struct cli *cli)
{
	if (cli->json)
		return cli_print_json(cli, json_pack("{s:s}", "version", WAKEGATE_VERSION));
	puts("wakegate " WAKEGATE_VERSION);
	return CLI_OK;
}

const struct cli_command command_version = {
	.verb = "version",
	.summary = "the version of this program",
	.run = run_version,
};
