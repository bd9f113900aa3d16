#include "gateway/cli/cli.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/nearest.h"
#include "gateway/cli/connection.h"
#include "gateway/cli/help.h"
#include "gateway/cli/wrap.h"

#define DEFAULT_SOCKET "/run/wakegate/control.sock"
#define SENTENCE_SIZE 1024
#define SAY_INDENT 2

static const char *const exit_words[] = {
	[CLI_OK] = "ok",
	[CLI_FAILED] = "failed",
	[CLI_USAGE] = "usage",
	[CLI_UNREACHABLE] = "unreachable",
	[CLI_NOT_FOUND] = "not_found",
	[CLI_REFUSED] = "refused",
};

/* How parsing stands: the command line is walked once. */
struct walk {
	int at, count;
	char **words;
	bool options_ended;
	bool wants_help;
};

/* A sentence for a person, who may sit at a terminal; in a file a line is a line. */
static void say(const char *prefix, const char *sentence)
{
	const struct terminal terminal = terminal_of(stderr);
	size_t width = terminal.is_terminal ? terminal.width : 0, used = strlen(prefix);

	fputs(prefix, stderr);
	wrap_print(stderr, sentence, width > used ? width - used : 0, SAY_INDENT, width);
}

static void say_error(const struct cli *cli, const char *code, const char *sentence)
{
	if (!cli->json) {
		say("wakegate: ", sentence);
		fputc('\n', stderr);
		return;
	}
	json_t *error = json_pack("{s:{s:s, s:s}}", "error", "code", code, "message", sentence);
	(void)json_dumpf(error, stderr, JSON_INDENT(2));
	fputc('\n', stderr);
	json_decref(error);
}

int cli_fail(const struct cli *cli, enum cli_exit code, const char *format, ...)
{
	char sentence[SENTENCE_SIZE];
	va_list arguments;
	int size = cli->subject ? snprintf(sentence, sizeof(sentence), "%.100s: ", cli->subject) : 0;

	va_start(arguments, format);
	vsnprintf(sentence + size, sizeof(sentence) - (size_t)size, format, arguments);
	va_end(arguments);
	say_error(cli, exit_words[code], sentence);
	return code;
}

int cli_confirm(const struct cli *cli, const char *format, ...)
{
	char question[SENTENCE_SIZE], answer[16];
	va_list arguments;

	if (cli->yes)
		return CLI_OK;
	va_start(arguments, format);
	vsnprintf(question, sizeof(question), format, arguments);
	va_end(arguments);
	if (!isatty(STDIN_FILENO))
		return cli_fail(cli, CLI_REFUSED, "%s Nobody is here to answer; say --yes to go on", question);
	size_t size = strlen(question);
	snprintf(question + size, sizeof(question) - size, " [y/N]");
	say("", question);
	fputc(' ', stderr);
	fflush(stderr);
	if (fgets(answer, sizeof(answer), stdin) && (*answer == 'y' || *answer == 'Y'))
		return CLI_OK;
	return cli_fail(cli, CLI_REFUSED, "nothing was done");
}

int cli_print_json(const struct cli *cli, json_t *document)
{
	int result = json_dumpf(document, stdout, JSON_INDENT(2));

	json_decref(document);
	if (result == 0 && fputc('\n', stdout) != EOF && fflush(stdout) == 0)
		return CLI_OK;
	return cli_fail(cli, CLI_FAILED, "cannot write the result: %s", strerror(errno));
}

bool cli_given(const struct cli *cli, const char *option)
{
	for (size_t i = 0; i < cli->given_count; i++)
		if (strcmp(cli->given[i].option->name, option) == 0)
			return true;
	return false;
}

const char *cli_value(const struct cli *cli, const char *option)
{
	for (size_t i = cli->given_count; i > 0; i--)
		if (strcmp(cli->given[i - 1].option->name, option) == 0)
			return cli->given[i - 1].value;
	return NULL;
}

int cli_number(const struct cli *cli, const char *option, int64_t least, int64_t most, int64_t *value)
{
	const char *text = cli_value(cli, option);
	char *end;

	if (!text)
		return CLI_OK;
	errno = 0;
	long long number = strtoll(text, &end, 10);
	if (errno || !*text || *end || number < least || number > most)
		return cli_fail(cli, CLI_USAGE,
			"--%s: found \"%s\", allowed are whole numbers from %" PRId64 " to %" PRId64, option, text,
			least, most);
	*value = number;
	return CLI_OK;
}

static void consider(const char *typed, const char *candidate, const char **best, size_t *best_distance)
{
	size_t found = nearest_distance(typed, candidate);

	if (nearest_is_typo(typed, candidate) && found < *best_distance) {
		*best_distance = found;
		*best = candidate;
	}
}

/* The verb or group that the word may have meant, or NULL. */
static const char *nearest_command(const struct cli *cli, const char *word)
{
	const char *best = NULL;
	size_t best_distance = SIZE_MAX;

	for (const struct cli_group *const *group = cli->groups; *group; group++) {
		if (!cli->group && (*group)->name)
			consider(word, (*group)->name, &best, &best_distance);
		if (cli->group ? *group != cli->group : (*group)->name != NULL)
			continue;
		for (const struct cli_command *const *command = (*group)->commands; *command; command++)
			consider(word, (*command)->verb, &best, &best_distance);
	}
	return best;
}

static const char *nearest_option(const struct cli *cli, const char *word)
{
	const struct cli_option *const lists[] = { cli_common_options, cli->command ? cli->command->options : NULL };
	const char *best = NULL;
	size_t best_distance = SIZE_MAX;

	for (size_t i = 0; i < 2; i++)
		for (const struct cli_option *option = lists[i]; option && option->name; option++)
			consider(word, option->name, &best, &best_distance);
	return best;
}

static const struct cli_command *find_verb(const struct cli_group *group, const char *word)
{
	for (const struct cli_command *const *command = group->commands; *command; command++)
		if (strcmp((*command)->verb, word) == 0)
			return *command;
	return NULL;
}

static int fail_unknown(const struct cli *cli, const char *word)
{
	const char *group = cli->group ? cli->group->name : NULL;
	const char *nearest = nearest_command(cli, word);

	if (nearest)
		return cli_fail(cli, CLI_USAGE, "there is no command \"%s%s%s\"; did you mean \"%s\"?",
			group ? group : "", group ? " " : "", word, nearest);
	return cli_fail(cli, CLI_USAGE, "there is no command \"%s%s%s\"; \"wakegate help\" lists them",
		group ? group : "", group ? " " : "", word);
}

/* The first word names a group or a verb that stands alone. */
static int take_first(struct cli *cli, const char *word)
{
	for (const struct cli_group *const *group = cli->groups; *group; group++) {
		if ((*group)->name && strcmp((*group)->name, word) == 0) {
			cli->group = *group;
			return CLI_OK;
		}
		const struct cli_command *command = (*group)->name ? NULL : find_verb(*group, word);
		if (command) {
			cli->group = *group;
			cli->command = command;
			return CLI_OK;
		}
	}
	return fail_unknown(cli, word);
}

static int take_word(struct cli *cli, struct walk *walk, const char *word)
{
	if (!cli->group && strcmp(word, "help") == 0) {
		walk->wants_help = true;
		return CLI_OK;
	}
	if (!cli->group)
		return take_first(cli, word);
	if (!cli->command) {
		cli->command = find_verb(cli->group, word);
		if (cli->command)
			return CLI_OK;
		cli->command = cli->group->otherwise;
		if (!cli->command)
			return fail_unknown(cli, word);
	}
	cli->arguments[cli->argument_count++] = word;
	return CLI_OK;
}

static const struct cli_option *find_option(
	const struct cli_option *options, const char *name, size_t size, char letter)
{
	for (const struct cli_option *option = options; option && option->name; option++)
		if (letter ? option->letter == letter
			   : strlen(option->name) == size && !memcmp(option->name, name, size))
			return option;
	return NULL;
}

static int apply_option(struct cli *cli, struct walk *walk, const struct cli_option *option, const char *value)
{
	if (strcmp(option->name, "help") == 0)
		walk->wants_help = true;
	else if (strcmp(option->name, "json") == 0)
		cli->json = true;
	else if (strcmp(option->name, "yes") == 0)
		cli->yes = true;
	else if (strcmp(option->name, "socket") == 0)
		cli->socket = value;
	if (cli->given_count == CLI_OPTIONS_MAX)
		return cli_fail(cli, CLI_USAGE, "more than %d options", CLI_OPTIONS_MAX);
	cli->given[cli->given_count].option = option;
	cli->given[cli->given_count++].value = value;
	return CLI_OK;
}

/* "--name", "--name=value", "--name value", "-n", "-n value", "-nvalue". */
static int take_option(struct cli *cli, struct walk *walk, const char *word)
{
	bool is_long = word[1] == '-';
	const char *name = word + (is_long ? 2 : 1);
	const char *attached = is_long ? strchr(name, '=') : name[1] ? name + 1 : NULL;
	size_t size = is_long && attached ? (size_t)(attached++ - name) : strlen(name);
	char letter = is_long ? 0 : *name;
	const struct cli_option *option = find_option(cli_common_options, name, size, letter);

	/* "wakegate update --hardware …": an option in the verb's place stands for the group's own verb. */
	if (!option && cli->group && !cli->command)
		cli->command = cli->group->otherwise;
	if (!option && cli->command)
		option = find_option(cli->command->options, name, size, letter);
	if (!option) {
		const char *nearest = is_long ? nearest_option(cli, name) : NULL;
		return nearest ? cli_fail(cli, CLI_USAGE, "there is no option %s here; did you mean --%s?", word,
					 nearest)
			       : cli_fail(cli, CLI_USAGE, "there is no option %s here", word);
	}
	if (!option->value && attached)
		return cli_fail(cli, CLI_USAGE, "--%s takes no value", option->name);
	if (option->value && !attached) {
		if (walk->at == walk->count)
			return cli_fail(cli, CLI_USAGE, "--%s needs a value: %s", option->name, option->value);
		attached = walk->words[walk->at++];
	}
	return apply_option(cli, walk, option, attached);
}

static int take(struct cli *cli, struct walk *walk)
{
	while (walk->at < walk->count) {
		const char *word = walk->words[walk->at++];
		int result = CLI_OK;
		if (!walk->options_ended && strcmp(word, "--") == 0)
			walk->options_ended = true;
		else if (!walk->options_ended && word[0] == '-' && word[1])
			result = take_option(cli, walk, word);
		else
			result = take_word(cli, walk, word);
		if (result != CLI_OK)
			return result;
	}
	return CLI_OK;
}

static int check_arguments(const struct cli *cli)
{
	const struct cli_command *command = cli->command;
	const char *group = cli->group->name ? cli->group->name : "", *gap = *group ? " " : "";
	const char *arguments = command->arguments ? command->arguments : "no argument";

	if (cli->argument_count >= command->least && cli->argument_count <= command->most)
		return CLI_OK;
	return cli_fail(cli, CLI_USAGE, "\"%s%s%s\" takes %.*s, found %zu; \"wakegate help %s%s%s\" explains it", group,
		gap, command->verb, (int)strcspn(arguments, "\n"), arguments, cli->argument_count, group, gap,
		command->verb);
}

static int run(struct cli *cli, struct walk *walk)
{
	int result = take(cli, walk);

	if (result != CLI_OK)
		return result;
	if (walk->wants_help) {
		help_print(cli, stdout);
		return CLI_OK;
	}
	if (!cli->command) {
		help_print(cli, stderr);
		return CLI_USAGE;
	}
	result = check_arguments(cli);
	if (result == CLI_OK)
		result = cli->command->run(cli);
	if (result == CLI_OK && fflush(stdout) != 0)
		return cli_fail(cli, CLI_FAILED, "cannot write the result: %s", strerror(errno));
	return result;
}

/* Errors are to be told as JSON even if "--json" stands behind what is wrong. */
static bool asks_for_json(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--json") == 0)
			return true;
	return false;
}

int cli_run(const struct cli_group *const *groups, int argc, char **argv)
{
	const char *socket = getenv("WAKEGATE_SOCKET");
	struct cli cli = {
		.groups = groups,
		.arguments = calloc((size_t)argc + 1, sizeof(*cli.arguments)),
		.socket = socket && *socket ? socket : DEFAULT_SOCKET,
		.json = asks_for_json(argc, argv),
		.terminal = terminal_of(stdout),
	};
	struct walk walk = { .at = 1, .count = argc, .words = argv };

	if (!cli.arguments)
		return CLI_FAILED;
	int result = run(&cli, &walk);
	connection_close(cli.connection);
	free(cli.arguments);
	return result;
}
