#include <stdio.h>
#include <string.h>

#include "gateway/cli/ask.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/help.h"

#define CANDIDATES_MOST 200
#define FILES_WANTED ":files" /* tells the shell to complete the name of a file itself */

/* What was typed before the word that is to be completed. */
struct typed {
	const struct cli_group *group;
	const struct cli_command *command;
	const struct cli_option *option; /* whose value the word is */
	bool unknown;                    /* the first word is nothing that there is */
};

static void offer(const char *prefix, const char *candidate)
{
	if (strncmp(candidate, prefix, strlen(prefix)) == 0)
		puts(candidate);
}

static const struct cli_command *find_command(const struct cli_group *group, const char *verb)
{
	for (const struct cli_command *const *command = group->commands; *command; command++)
		if (strcmp((*command)->verb, verb) == 0)
			return *command;
	return NULL;
}

static void read_first(const struct cli *cli, struct typed *typed, const char *word)
{
	for (const struct cli_group *const *group = cli->groups; *group && !typed->group; group++) {
		if ((*group)->name && strcmp((*group)->name, word) == 0)
			typed->group = *group;
		if (!(*group)->name && (typed->command = find_command(*group, word)))
			typed->group = *group;
	}
	typed->unknown = !typed->group;
}

static const struct cli_option *find_option(const struct typed *typed, const char *word)
{
	const struct cli_option *const lists[] = { cli_common_options,
		typed->command ? typed->command->options : NULL };

	for (size_t i = 0; i < 2; i++)
		for (const struct cli_option *option = lists[i]; option && option->name; option++)
			if (strcmp(word + 2, option->name) == 0 || (word[1] == option->letter && !word[2]))
				return option;
	return NULL;
}

/* An option in the verb's place belongs to the group's own verb. */
static void stand_in(struct typed *typed)
{
	if (typed->group && !typed->command)
		typed->command = typed->group->otherwise;
}

static void read_word(const struct cli *cli, struct typed *typed, const char *word)
{
	if (typed->option) {
		typed->option = NULL;
		return;
	}
	if (word[0] == '-' && word[1]) {
		stand_in(typed);
		const struct cli_option *option = find_option(typed, word);
		typed->option = option && option->value ? option : NULL;
		return;
	}
	if (!typed->group) {
		if (strcmp(word, "help") != 0)
			read_first(cli, typed, word);
	} else if (!typed->command) {
		typed->command = find_command(typed->group, word);
		stand_in(typed);
	}
}

static void offer_words(const char *prefix, const char *const *words)
{
	for (; *words; words++)
		offer(prefix, *words);
}

/* Members called `field` of the list that the daemon answers with. */
static void offer_from_daemon(struct cli *cli, const char *prefix, json_t *request, const char *list, const char *field)
{
	json_t *result, *item;
	size_t i;

	if (ask(cli, request, &result) != CLI_OK)
		return;
	json_array_foreach (json_object_get(result, list), i, item) {
		const char *text = json_string_value(json_object_get(item, field));
		if (text)
			offer(prefix, text);
	}
	json_decref(result);
}

static void offer_nodes(struct cli *cli, const char *prefix)
{
	offer_from_daemon(cli, prefix,
		json_pack("{s:s, s:s, s:i}", "command", "node.list", "match", prefix, "limit", CANDIDATES_MOST),
		"nodes", "id");
}

static void offer_images(struct cli *cli, const char *prefix)
{
	offer_from_daemon(cli, prefix, json_pack("{s:s}", "command", "image.list"), "images", "image");
	offer_from_daemon(cli, prefix, json_pack("{s:s}", "command", "image.list"), "images", "name");
}

/* By what the help calls the thing. */
static void offer_values(struct cli *cli, const char *prefix, const char *kind)
{
	static const char *const states[] = { "idle", "offered", "downloading", "downloaded", "rebooting", "confirmed",
		"failed", "reverted", "withdrawn", "unfit", NULL };
	static const char *const levels[] = { "error", "warning", "notice", "info", "debug", NULL };

	if (strstr(kind, "FILE") || strstr(kind, "PATH"))
		puts(FILES_WANTED);
	if (strstr(kind, "NODE") || strstr(kind, "SUBJECT"))
		offer_nodes(cli, prefix);
	if (strstr(kind, "IMAGE"))
		offer_images(cli, prefix);
	if (strstr(kind, "DRIVER"))
		offer_from_daemon(cli, prefix, json_pack("{s:s}", "command", "driver.list"), "drivers", "driver");
	if (strstr(kind, "STATE"))
		offer_words(prefix, states);
	if (strstr(kind, "LEVEL"))
		offer_words(prefix, levels);
}

static void offer_options(const char *prefix, const struct cli_option *options)
{
	for (; options && options->name; options++) {
		char text[64];
		snprintf(text, sizeof(text), "--%s", options->name);
		offer(prefix, text);
	}
}

static void offer_verbs(const char *prefix, const struct cli_group *group)
{
	for (const struct cli_command *const *command = group->commands; *command; command++)
		offer(prefix, (*command)->verb);
}

static void offer_first(const struct cli *cli, const char *prefix)
{
	for (const struct cli_group *const *group = cli->groups; *group; group++) {
		if (!(*group)->summary)
			continue;
		if ((*group)->name)
			offer(prefix, (*group)->name);
		else
			offer_verbs(prefix, *group);
	}
	offer(prefix, "help");
}

static int run_complete(struct cli *cli)
{
	const char *prefix = cli->argument_count ? cli->arguments[cli->argument_count - 1] : "";
	struct typed typed = { 0 };

	for (size_t i = 0; i + 1 < cli->argument_count; i++)
		read_word(cli, &typed, cli->arguments[i]);
	if (typed.unknown)
		return CLI_OK;
	if (typed.option) {
		offer_values(cli, prefix, typed.option->value);
	} else if (*prefix == '-') {
		stand_in(&typed);
		offer_options(prefix, cli_common_options);
		offer_options(prefix, typed.command ? typed.command->options : NULL);
	} else if (!typed.group) {
		offer_first(cli, prefix);
	} else if (!typed.command) {
		offer_verbs(prefix, typed.group);
		if (typed.group->otherwise)
			offer_values(cli, prefix, typed.group->otherwise->arguments);
	} else if (typed.command->arguments) {
		/* Only the first way to say it: the others are told apart by an option. */
		char kind[64];
		snprintf(kind, sizeof(kind), "%.*s", (int)strcspn(typed.command->arguments, "\n"),
			typed.command->arguments);
		offer_values(cli, prefix, kind);
	}
	return CLI_OK;
}

const struct cli_command command_complete = {
	.verb = "complete",
	.arguments = "-- WORD…",
	.most = SIZE_MAX,
	.summary = "print what the last word may become, for shells",
	.run = run_complete,
};
