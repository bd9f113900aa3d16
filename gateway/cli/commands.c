#include "gateway/cli/commands.h"

#include <stddef.h>

#include "gateway/cli/cli.h"

static const struct cli_command *const gateway_commands[] = {
	&command_status,
	&command_version,
	NULL,
};

static const struct cli_group gateway_group = { .summary = "The gateway", .commands = gateway_commands };

const struct cli_group *const cli_groups[] = {
	&gateway_group,
	NULL,
};
