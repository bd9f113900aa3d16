#include "gateway/cli/help.h"

#include <string.h>

#include "gateway/cli/cli.h"
#include "gateway/cli/table.h"

#define LINE_WIDTH 80
#define INDENT 2
#define LEFT_COLUMN 28

const struct cli_option cli_common_options[] = {
	{ 0, "socket", "PATH", "where the daemon listens (WAKEGATE_SOCKET; /run/wakegate/control.sock)" },
	{ 0, "json", NULL, "print the result as one JSON document" },
	{ 'y', "yes", NULL, "do not ask before something dangerous" },
	{ 'h', "help", NULL, "explain the command" },
	{ 0 },
};

static const char exit_codes[] = "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 daemon not reachable,\n"
				 "4 not found, 5 refused.\n";

static void print_title(const struct cli *cli, FILE *out, const char *title)
{
	fprintf(out, "\n%s%s%s\n", tone_begin(TONE_TITLE, cli->terminal.colour), title,
		tone_end(TONE_TITLE, cli->terminal.colour));
}

/* Words up to the line's width, each further line `indent` columns in; the first one begins there. */
static void print_wrapped(FILE *out, const char *text, size_t bytes, size_t indent)
{
	const char *end = text + bytes;
	size_t at = indent;

	for (bool first = true; text < end; first = false) {
		char word[LINE_WIDTH];
		size_t size = strcspn(text, " \n");
		snprintf(word, sizeof(word), "%.*s", (int)size, text);
		size_t width = text_width(word);
		bool breaks = !first && at + 1 + width > LINE_WIDTH;
		fprintf(out, breaks ? "\n%*s%s" : "%*s%s", breaks ? (int)indent : first ? 0 : 1, "", word);
		at = breaks ? indent + width : at + !first + width;
		text += size;
		text += strspn(text, " \n");
	}
	fputc('\n', out);
}

/* Prose in paragraphs, which are wrapped, and lines that begin with a blank, which stay as they are. */
static void print_text(FILE *out, const char *text)
{
	while (*text) {
		size_t line = strcspn(text, "\n") + 1, bytes = line;
		if (*text == ' ' || *text == '\n') {
			fprintf(out, "%.*s", (int)line, text);
		} else {
			while (text[bytes] && text[bytes] != ' ' && text[bytes] != '\n')
				bytes += strcspn(text + bytes, "\n") + 1;
			print_wrapped(out, text, bytes, 0);
		}
		text += bytes;
	}
}

static void print_pair(FILE *out, const char *left, const char *right)
{
	size_t width = INDENT + text_width(left);

	fprintf(out, "%*s%s", INDENT, "", left);
	if (width > LEFT_COLUMN - 2)
		fprintf(out, "\n%*s", LEFT_COLUMN, "");
	else
		fprintf(out, "%*s", (int)(LEFT_COLUMN - width), "");
	print_wrapped(out, right, strlen(right), LEFT_COLUMN);
}

static void print_command(FILE *out, const struct cli_group *group, const struct cli_command *command)
{
	char left[128];

	const char *arguments = command->arguments ? command->arguments : "";
	snprintf(left, sizeof(left), "%s%s%s%s%.*s", group->name ? group->name : "", group->name ? " " : "",
		command->verb, *arguments ? " " : "", (int)strcspn(arguments, "\n"), arguments);
	print_pair(out, left, command->summary);
}

static void print_options(FILE *out, const struct cli_option *options)
{
	for (const struct cli_option *option = options; option && option->name; option++) {
		char left[64], letter[8] = "    ";
		if (option->letter)
			snprintf(letter, sizeof(letter), "-%c, ", option->letter);
		snprintf(left, sizeof(left), "%s--%s%s%s", letter, option->name, option->value ? " " : "",
			option->value ? option->value : "");
		print_pair(out, left, option->help);
	}
}

static void print_verbs(FILE *out, const struct cli_group *group)
{
	for (const struct cli_command *const *command = group->commands; *command; command++)
		print_command(out, group, *command);
}

static void print_overview(const struct cli *cli, FILE *out)
{
	fputs("wakegate: asks and tells the gateway that runs on this machine\n\n"
	      "Usage: wakegate COMMAND [ARGUMENT…] [OPTION…]\n",
		out);
	for (const struct cli_group *const *group = cli->groups; *group; group++) {
		if (!(*group)->summary)
			continue;
		print_title(cli, out, (*group)->summary);
		print_verbs(out, *group);
	}
	print_title(cli, out, "Options of every command");
	print_options(out, cli_common_options);
	fprintf(out, "\n\"wakegate help COMMAND\" explains a command, with examples.\n%s", exit_codes);
}

static void print_group(const struct cli *cli, FILE *out)
{
	fprintf(out, "Usage: wakegate %s VERB [ARGUMENT…] [OPTION…]\n", cli->group->name);
	print_title(cli, out, cli->group->summary);
	print_verbs(out, cli->group);
	fprintf(out, "\n\"wakegate help %s VERB\" explains a command, with examples.\n", cli->group->name);
}

static void print_usage(FILE *out, const char *group, const struct cli_command *command)
{
	const char *way = command->arguments ? command->arguments : "";

	for (bool first = true; first || *way; first = false) {
		size_t bytes = strcspn(way, "\n");
		fprintf(out, "%s wakegate %s%s%s%s%.*s [OPTION…]\n", first ? "Usage:" : "      ", group,
			*group ? " " : "", command->verb, bytes ? " " : "", (int)bytes, way);
		way += bytes + (way[bytes] == '\n');
	}
}

static void print_one(const struct cli *cli, FILE *out)
{
	const struct cli_command *command = cli->command;
	const char *group = cli->group->name;

	fprintf(out, "wakegate %s%s%s: %s\n\n", group ? group : "", group ? " " : "", command->verb, command->summary);
	print_usage(out, group ? group : "", command);
	if (command->help) {
		fputc('\n', out);
		print_text(out, command->help);
	}
	if (command->options) {
		print_title(cli, out, "Options");
		print_options(out, command->options);
	}
	print_title(cli, out, "Options of every command");
	print_options(out, cli_common_options);
}

void help_print(const struct cli *cli, FILE *out)
{
	if (cli->command)
		print_one(cli, out);
	else if (cli->group && cli->group->name)
		print_group(cli, out);
	else
		print_overview(cli, out);
}
