/*
 * commands: all commands of the operator's command line: listed in commands.c, made in the files of their subjects.
 */
#ifndef WAKEGATE_GATEWAY_CLI_COMMANDS_H
#define WAKEGATE_GATEWAY_CLI_COMMANDS_H

struct cli_command;
struct cli_group;

/* Ended by NULL. */
extern const struct cli_group *const cli_groups[];

/* status_commands.c */
extern const struct cli_command command_status;
extern const struct cli_command command_version;

#endif
