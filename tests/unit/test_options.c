#include "gateway/options.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "config/settings.h"
#include "gateway/tables.h"
#include "tests/unit/suite.h"

/* Parses up to five words after the program's name, NULL ends them. */
static int parse(struct options *out, char *why, const char *const *words)
{
	char *argv[8] = { (char *)"wakegated" };
	int argc = 1;

	for (; words[argc - 1]; argc++)
		argv[argc] = (char *)words[argc - 1];
	return options_parse(out, argc, argv, why, 200);
}

#define PARSE(...) parse(&options, why, (const char *const[]){ __VA_ARGS__, NULL })

START_TEST(without_options_the_daemon_runs_on_the_default_file)
{
	struct options options;
	char why[200];

	ck_assert_int_eq(PARSE(NULL), 0);
	ck_assert_int_eq(options.action, OPTIONS_RUN);
	ck_assert_str_eq(options.config_path, "/etc/wakegate/wakegate.cfg");
}
END_TEST

START_TEST(every_option_is_understood)
{
	struct options options;
	char why[200];

	ck_assert_int_eq(PARSE("-c", "a.cfg"), 0);
	ck_assert_int_eq(options.action, OPTIONS_RUN);
	ck_assert_str_eq(options.config_path, "a.cfg");
	ck_assert_int_eq(PARSE("--check=b.cfg"), 0);
	ck_assert_int_eq(options.action, OPTIONS_CHECK);
	ck_assert_str_eq(options.config_path, "b.cfg");
	ck_assert_int_eq(PARSE("--print-config"), 0);
	ck_assert_int_eq(options.action, OPTIONS_PRINT_CONFIG);
	ck_assert_int_eq(PARSE("--version"), 0);
	ck_assert_int_eq(options.action, OPTIONS_VERSION);
	ck_assert_int_eq(PARSE("--help"), 0);
	ck_assert_int_eq(options.action, OPTIONS_HELP);
}
END_TEST

START_TEST(a_wrong_command_line_is_told)
{
	struct options options = { .action = OPTIONS_HELP };
	char why[200];

	ck_assert_int_eq(PARSE("--check"), -EINVAL);
	ck_assert_str_eq(why, "--check needs a file");
	ck_assert_int_eq(PARSE("--frob"), -EINVAL);
	ck_assert_str_eq(why, "--frob is unknown");
	ck_assert_int_eq(PARSE("a.cfg"), -EINVAL);
	ck_assert_str_eq(why, "a.cfg is not understood");
	ck_assert_int_eq(options.action, OPTIONS_HELP);
}
END_TEST

/* What options_answer() prints, cut to `size`. */
static int answer(const struct options *options, char *out, char *errors, size_t size)
{
	FILE *printed = fmemopen(out, size, "w");
	FILE *complaints = fmemopen(errors, size, "w");
	int code = options_answer(options, printed, complaints);

	fclose(printed);
	fclose(complaints);
	return code;
}

START_TEST(a_wrong_file_ends_with_78_and_its_faults)
{
	char path[] = "/tmp/wakegate-options-XXXXXX";
	static const char text[] = "gateway: { log_level = \"loud\"; };\nnodse: { };\n";
	static const char right[] = "gateway: { id = \"a\"; };\n";
	char out[1000] = "";
	char errors[1000] = "";
	char expected[1000];
	struct options options = { .action = OPTIONS_CHECK, .config_path = path };
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, text, sizeof(text) - 1, 0), sizeof(text) - 1);
	ck_assert_int_eq(answer(&options, out, errors, sizeof(out)), EX_CONFIG);
	snprintf(expected, sizeof(expected),
		"%s:1: gateway.log_level: found \"loud\", allowed is \"error\", \"warning\", \"notice\", \"info\" or "
		"\"debug\"\n%s:2: nodse is unknown, did you mean nodes?\n",
		path, path);
	ck_assert_str_eq(errors, expected);
	ck_assert_str_eq(out, "");

	ck_assert_int_eq(ftruncate(fd, 0), 0);
	ck_assert_int_eq(pwrite(fd, right, sizeof(right) - 1, 0), sizeof(right) - 1);
	ck_assert_int_eq(answer(&options, out, errors, sizeof(out)), 0);
	snprintf(expected, sizeof(expected), "%s: no faults\n", path);
	ck_assert_str_eq(out, expected);
	close(fd);
	unlink(path);
}
END_TEST

START_TEST(the_samples_have_no_faults)
{
	static const char *const samples[] = { TESTS_FOLDER "/../deploy/wakegate.cfg",
		TESTS_FOLDER "/../deploy/wakegate-full.cfg" };
	char out[1000] = "";
	char errors[4000] = "";

	for (size_t i = 0; i < 2; i++) {
		struct options options = { .action = OPTIONS_CHECK, .config_path = samples[i] };
		ck_assert_int_eq(answer(&options, out, errors, sizeof(out)), 0);
		ck_assert_str_eq(errors, "");
	}
}
END_TEST

START_TEST(the_answers_fit_a_terminal)
{
	static const enum options_action actions[] = { OPTIONS_HELP, OPTIONS_VERSION };
	char out[4000] = "";
	char errors[4000] = "";

	for (size_t i = 0; i < 2; i++) {
		ck_assert_int_eq(answer(&(struct options){ .action = actions[i] }, out, errors, sizeof(out)), 0);
		ck_assert_str_eq(errors, "");
		for (char *line = strtok(out, "\n"); line; line = strtok(NULL, "\n"))
			ck_assert_uint_le(strlen(line), 105);
	}
}
END_TEST

static bool is_name(const char *name)
{
	return *name && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name);
}

static void check_table(const struct settings_table *table)
{
	ck_assert(is_name(table->group));
	ck_assert_uint_gt(strlen(table->help), 10);
	for (size_t i = 0; i < table->count; i++) {
		const struct setting *setting = &table->settings[i];
		ck_assert_msg(is_name(setting->name), "%s.%s", table->group, setting->name);
		ck_assert_msg(
			setting->help && strlen(setting->help) <= 200, "%s.%s: help", table->group, setting->name);
		ck_assert_msg(setting->help[strlen(setting->help) - 1] == '.', "%s.%s: help is a sentence",
			table->group, setting->name);
		ck_assert_msg(setting->initial || setting->example || setting->type == SETTING_GROUPS,
			"%s.%s has neither a default nor an example", table->group, setting->name);
		ck_assert_msg(setting->offset < table->struct_size, "%s.%s: offset", table->group, setting->name);
		if (setting->table)
			check_table(setting->table);
	}
}

START_TEST(every_table_can_be_printed_and_explains_itself)
{
	struct tables tables;

	tables_init(&tables);
	for (size_t i = 0; i < tables.count; i++) {
		check_table(tables.list[i]);
		for (size_t j = 0; j < i; j++)
			ck_assert_str_ne(tables.list[i]->group, tables.list[j]->group);
	}
}
END_TEST

TEST_SUITE(options, without_options_the_daemon_runs_on_the_default_file, every_option_is_understood,
	a_wrong_command_line_is_told, a_wrong_file_ends_with_78_and_its_faults, the_samples_have_no_faults,
	the_answers_fit_a_terminal, every_table_can_be_printed_and_explains_itself)
