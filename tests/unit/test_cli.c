#include "gateway/cli/cli.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gateway/cli/commands.h"
#include "gateway/cli/table.h"
#include "tests/unit/suite.h"

/* What the command that ran last saw. */
static char ran[256];
static int64_t number;
static int result_of_run;

static int run(struct cli *cli)
{
	size_t used = (size_t)snprintf(ran, sizeof(ran), "%s", cli->command->verb);

	for (size_t i = 0; i < cli->argument_count; i++)
		used += (size_t)snprintf(ran + used, sizeof(ran) - used, " %s", cli->arguments[i]);
	for (size_t i = 0; i < cli->given_count; i++)
		used += (size_t)snprintf(ran + used, sizeof(ran) - used, " [%s=%s]", cli->given[i].option->name,
			cli->given[i].value ? cli->given[i].value : "");
	return result_of_run;
}

static int run_number(struct cli *cli)
{
	number = 5;
	return cli_number(cli, "count", 1, 10, &number);
}

static int run_dangerous(struct cli *cli)
{
	return cli_confirm(cli, "Really?");
}

static const struct cli_option options[] = { { 'c', "colour", "NAME", "a colour" }, { 'f', "force", NULL, "anyway" },
	{ 'n', "count", "COUNT", "how many" }, { 0 } };
static const struct cli_command paint = { .verb = "paint",
	.arguments = "WALL…",
	.least = 1,
	.most = 2,
	.summary = "paint walls",
	.options = options,
	.run = run };
static const struct cli_command look = { .verb = "look", .summary = "look around", .run = run };
static const struct cli_command count = { .verb = "count", .summary = "count", .options = options, .run = run_number };
static const struct cli_command burn = { .verb = "burn", .summary = "burn", .run = run_dangerous };
static const struct cli_command *const wall_commands[] = { &paint, &look, NULL };
static const struct cli_command *const alone_commands[] = { &look, &count, &burn, NULL };
static const struct cli_group wall = { "wall", "Walls", wall_commands, NULL };
static const struct cli_group door = { "door", "Doors", wall_commands, &paint };
static const struct cli_group alone = { NULL, "Alone", alone_commands, NULL };
static const struct cli_group *const groups[] = { &alone, &wall, &door, NULL };

#define TYPED(...) typed((const char *[]){ "wakegate", __VA_ARGS__, NULL })

static int typed(const char **words)
{
	int words_count = 0;

	while (words[words_count])
		words_count++;
	*ran = '\0';
	return cli_run(groups, words_count, (char **)words);
}

START_TEST(a_verb_is_found_in_its_group_or_alone)
{
	ck_assert_int_eq(TYPED("wall", "look"), CLI_OK);
	ck_assert_str_eq(ran, "look");
	ck_assert_int_eq(TYPED("look"), CLI_OK);
	ck_assert_str_eq(ran, "look");
}
END_TEST

START_TEST(options_may_stand_anywhere_behind_the_verb)
{
	ck_assert_int_eq(TYPED("wall", "paint", "--colour", "red", "north", "-f", "south"), CLI_OK);
	ck_assert_str_eq(ran, "paint north south [colour=red] [force=]");
	ck_assert_int_eq(TYPED("--json", "wall", "paint", "north"), CLI_OK);
	ck_assert_str_eq(ran, "paint north [json=]");
}
END_TEST

START_TEST(values_may_be_attached)
{
	ck_assert_int_eq(TYPED("wall", "paint", "n", "--colour=red", "-cblue"), CLI_OK);
	ck_assert_str_eq(ran, "paint n [colour=red] [colour=blue]");
	ck_assert_int_eq(TYPED("wall", "paint", "n", "--colour="), CLI_OK);
	ck_assert_str_eq(ran, "paint n [colour=]");
}
END_TEST

START_TEST(two_dashes_end_the_options)
{
	ck_assert_int_eq(TYPED("wall", "paint", "--", "--force", "-"), CLI_OK);
	ck_assert_str_eq(ran, "paint --force -");
}
END_TEST

START_TEST(the_groups_own_verb_may_be_left_out)
{
	ck_assert_int_eq(TYPED("door", "north", "--force"), CLI_OK);
	ck_assert_str_eq(ran, "paint north [force=]");
	ck_assert_int_eq(TYPED("door", "--force", "north"), CLI_OK);
	ck_assert_str_eq(ran, "paint north [force=]");
	ck_assert_int_eq(TYPED("door", "paint", "look"), CLI_OK);
	ck_assert_str_eq(ran, "paint look");
}
END_TEST

START_TEST(what_makes_no_sense_is_wrong_usage)
{
	ck_assert_int_eq(TYPED("wal", "look"), CLI_USAGE);
	ck_assert_int_eq(TYPED("wall", "lok"), CLI_USAGE);
	ck_assert_int_eq(TYPED("wall"), CLI_USAGE);
	ck_assert_int_eq(TYPED("look", "--colour", "red"), CLI_USAGE);
	ck_assert_int_eq(TYPED("wall", "paint", "n", "--forse"), CLI_USAGE);
	ck_assert_int_eq(TYPED("wall", "paint", "n", "--colour"), CLI_USAGE);
	ck_assert_int_eq(TYPED("wall", "paint", "n", "--force=yes"), CLI_USAGE);
	ck_assert_int_eq(TYPED("wall", "paint"), CLI_USAGE);
	ck_assert_int_eq(TYPED("wall", "paint", "1", "2", "3"), CLI_USAGE);
	ck_assert_int_eq(TYPED("look", "here"), CLI_USAGE);
	ck_assert_str_eq(ran, "");
}
END_TEST

START_TEST(help_is_no_error_and_runs_nothing)
{
	ck_assert_int_eq(TYPED("help"), CLI_OK);
	ck_assert_int_eq(TYPED("help", "wall"), CLI_OK);
	ck_assert_int_eq(TYPED("help", "wall", "paint"), CLI_OK);
	ck_assert_int_eq(TYPED("wall", "paint", "--help"), CLI_OK);
	ck_assert_str_eq(ran, "");
}
END_TEST

START_TEST(the_exit_code_is_what_the_command_says)
{
	result_of_run = CLI_NOT_FOUND;
	ck_assert_int_eq(TYPED("look"), CLI_NOT_FOUND);
}
END_TEST

START_TEST(numbers_have_a_range)
{
	ck_assert_int_eq(TYPED("count"), CLI_OK);
	ck_assert_int_eq(number, 5);
	ck_assert_int_eq(TYPED("count", "-n", "10"), CLI_OK);
	ck_assert_int_eq(number, 10);
	ck_assert_int_eq(TYPED("count", "-n", "11"), CLI_USAGE);
	ck_assert_int_eq(TYPED("count", "-n", "0"), CLI_USAGE);
	ck_assert_int_eq(TYPED("count", "-n", "1x"), CLI_USAGE);
	ck_assert_int_eq(TYPED("count", "-n", ""), CLI_USAGE);
	ck_assert_int_eq(TYPED("count", "-n", "99999999999999999999"), CLI_USAGE);
}
END_TEST

START_TEST(danger_wants_a_yes)
{
	int nobody[2];

	ck_assert_int_eq(pipe(nobody), 0);
	close(nobody[1]);
	dup2(nobody[0], STDIN_FILENO);
	ck_assert_int_eq(TYPED("burn"), CLI_REFUSED);
	ck_assert_int_eq(TYPED("burn", "--yes"), CLI_OK);
	ck_assert_int_eq(TYPED("burn", "-y"), CLI_OK);
}
END_TEST

/* The tables of the program itself. */
static void ck_command(const struct cli_command *command)
{
	ck_assert(command->run);
	ck_assert_uint_le(command->least, command->most);
	ck_assert(command->most == 0 || command->arguments);
	for (const char *line = command->help; line && *line; line += strcspn(line, "\n") + 1) {
		char text[512];
		snprintf(text, sizeof(text), "%.*s", (int)strcspn(line, "\n"), line);
		/* Prose is wrapped, but examples are printed as they are. */
		ck_assert_msg(*text != ' ' || text_width(text) <= 80, "help of %s: \"%s\"", command->verb, text);
		ck_assert(line[strcspn(line, "\n")] == '\n');
	}
}

START_TEST(every_command_is_complete)
{
	for (const struct cli_group *const *group = cli_groups; *group; group++)
		for (const struct cli_command *const *command = (*group)->commands; *command; command++)
			ck_command(*command);
}
END_TEST

TEST_SUITE(cli, a_verb_is_found_in_its_group_or_alone, options_may_stand_anywhere_behind_the_verb,
	values_may_be_attached, two_dashes_end_the_options, the_groups_own_verb_may_be_left_out,
	what_makes_no_sense_is_wrong_usage, help_is_no_error_and_runs_nothing, the_exit_code_is_what_the_command_says,
	numbers_have_a_range, danger_wants_a_yes, every_command_is_complete)
