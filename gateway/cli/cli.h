/*
 * cli: the frame of the operator's command line: finds the command that was typed, checks what stands behind it, and
 * gives the command what it needs to run and to speak.
 *
 * A command is one const struct; gateway/cli/commands.c lists them in groups. It prints results to standard output and
 * everything else to standard error; with --json its result is one JSON document. Options may stand anywhere behind the
 * verb; "--" ends them.
 */
#ifndef WAKEGATE_GATEWAY_CLI_CLI_H
#define WAKEGATE_GATEWAY_CLI_CLI_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/cli/terminal.h"

#define CLI_OPTIONS_MAX 32 /* given at once */

struct cli;
struct connection;

/* Exit codes, part of the interface for scripts. */
enum cli_exit {
	CLI_OK = 0,
	CLI_FAILED = 1,      /* it was tried and did not work */
	CLI_USAGE = 2,       /* not a command line that makes sense */
	CLI_UNREACHABLE = 3, /* the daemon does not run, does not answer, or may not be asked by this user */
	CLI_NOT_FOUND = 4,   /* no such node, image, update, … */
	CLI_REFUSED = 5,     /* the gateway's rules, or the operator when asked, said no */
};

struct cli_option {
	char letter;       /* 0: none */
	const char *name;  /* without "--" */
	const char *value; /* what it takes, for the help: "TYPE"; NULL: nothing */
	const char *help;
};

struct cli_command {
	const char *verb;
	const char *arguments;            /* for the help: "NODE…"; NULL: none */
	size_t least, most;               /* how many of them */
	const char *summary;              /* one line, no full stop */
	const char *help;                 /* what one should know, with examples; NULL: the summary says it all */
	const struct cli_option *options; /* ended by a NULL name; NULL: none but those of every command */
	int (*run)(struct cli *cli);      /* returns an exit code */
};

struct cli_group {
	const char *name;                          /* "node"; NULL: its verbs stand alone, as in "wakegate status" */
	const char *summary;                       /* NULL: not in the help, made for programs */
	const struct cli_command *const *commands; /* ended by NULL */
	const struct cli_command *otherwise;       /* runs where the word behind the group is no verb; NULL: an error */
};

/* What was typed, and where it goes. */
struct cli {
	const struct cli_group *const *groups; /* ended by NULL */
	const struct cli_group *group;
	const struct cli_command *command;
	const char **arguments; /* of the command */
	size_t argument_count;
	struct {
		const struct cli_option *option;
		const char *value;
	} given[CLI_OPTIONS_MAX];
	size_t given_count;
	const char *socket;  /* path */
	const char *subject; /* stands before what cli_fail() says; NULL: nothing */
	bool json;
	bool yes;
	struct terminal terminal;      /* standard output */
	struct connection *connection; /* made by the first question, see ask.h */
};

/* Runs the command line; returns the exit code. */
int cli_run(const struct cli_group *const *groups, int argc, char **argv);

/* Whether the option was given, and the value given last (NULL: not given). */
bool cli_given(const struct cli *cli, const char *option);
const char *cli_value(const struct cli *cli, const char *option);

/* Its value as a number, `otherwise` if it was not given. CLI_USAGE and a sentence if it is none in the range. */
int cli_number(const struct cli *cli, const char *option, int64_t least, int64_t most, int64_t *value);

/* Says a sentence (no full stop) on standard error, as JSON with --json; returns `code`. */
int cli_fail(const struct cli *cli, enum cli_exit code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/*
 * Asks before something dangerous. CLI_OK: go on, because of --yes or the answer; CLI_REFUSED, having said why: the
 * answer was no, or there is nobody to ask.
 */
int cli_confirm(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints one JSON document; takes it. Returns CLI_OK, or CLI_FAILED if standard output cannot be written. */
int cli_print_json(const struct cli *cli, json_t *document);

#endif
