/*
 * help: what wakegate says about itself: an overview, the verbs of a group, or all about one command.
 */
#ifndef WAKEGATE_GATEWAY_CLI_HELP_H
#define WAKEGATE_GATEWAY_CLI_HELP_H

#include <stdio.h>

#include "gateway/cli/cli.h"

/* The options of every command, ended by a NULL name. */
extern const struct cli_option cli_common_options[];

/* Of the command that was found, else of the group, else of everything. */
void help_print(const struct cli *cli, FILE *out);

#endif
