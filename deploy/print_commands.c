/*
 * print_commands: prints the manual page of the operator's command line.
 *
 *     print_commands TEMPLATE   its lines ".\" COMMANDS" and ".\" OPTIONS" replaced by what the commands' tables say
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "config/mdoc.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/help.h"

/* The end of the lines that are of one kind: examples begin with a blank, prose does not, an empty line ends both. */
static const char *block_end(const char *text)
{
	bool example = *text == ' ';

	while (*text && *text != '\n' && (*text == ' ') == example) {
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return text;
}

static void print_example(const char *text, const char *end)
{
	fputs(".Bd -literal\n", stdout);
	for (; text < end; text++)
		fputs(*text == '\\' ? "\\e" : (char[]){ *text, '\0' }, stdout);
	fputs(".Ed\n", stdout);
}

static void print_prose(const char *text, const char *end)
{
	char prose[1000];

	snprintf(prose, sizeof(prose), "%.*s", (int)(end - text), text);
	mdoc_print_text(stdout, prose);
}

static void print_help(const char *text)
{
	while (*text) {
		const char *end = block_end(text);
		if (end == text) {
			fputs(*++text ? ".Pp\n" : "", stdout);
			continue;
		}
		if (*text == ' ')
			print_example(text, end);
		else
			print_prose(text, end);
		text = end;
	}
}

static void print_options(const struct cli_option *options)
{
	fputs(".Bl -tag -width Ds\n", stdout);
	for (const struct cli_option *option = options; option->name; option++) {
		if (option->letter)
			printf(".It Fl %c , Fl -%s", option->letter, option->name);
		else
			printf(".It Fl -%s", option->name);
		if (option->value)
			printf(" Ar %s", option->value);
		fputc('\n', stdout);
		mdoc_print_text(stdout, option->help);
	}
	fputs(".El\n", stdout);
}

static void print_command(const struct cli_group *group, const struct cli_command *command)
{
	const char *way = command->arguments ? command->arguments : "";

	for (bool first = true; first || *way; first = false) {
		char line[200];
		size_t size = strcspn(way, "\n");
		snprintf(line, sizeof(line), "%s%s%s%s%.*s", group->name ? group->name : "", group->name ? " " : "",
			command->verb, size ? " " : "", (int)size, way);
		fputs(".It Ic ", stdout);
		mdoc_print_quoted(stdout, line);
		way += size + (way[size] == '\n');
	}
	char summary[200];
	snprintf(summary, sizeof(summary), "%s.", command->summary);
	mdoc_print_text(stdout, summary);
	if (command->help) {
		fputs(".Pp\n", stdout);
		print_help(command->help);
	}
	if (command->options)
		print_options(command->options);
}

static void print_groups(void)
{
	for (const struct cli_group *const *group = cli_groups; *group; group++) {
		if (!(*group)->summary)
			continue;
		printf(".Ss %s\n.Bl -tag -width Ds\n", (*group)->summary);
		for (const struct cli_command *const *command = (*group)->commands; *command; command++)
			print_command(*group, *command);
		fputs(".El\n", stdout);
	}
}

int main(int argc, char **argv)
{
	char line[512];
	FILE *in = argc == 2 ? fopen(argv[1], "r") : NULL;

	if (!in)
		return EX_NOINPUT;
	while (fgets(line, sizeof(line), in)) {
		if (strcmp(line, ".\\\" COMMANDS\n") == 0)
			print_groups();
		else if (strcmp(line, ".\\\" OPTIONS\n") == 0)
			print_options(cli_common_options);
		else
			fputs(line, stdout);
	}
	fclose(in);
	return 0;
}
