#include "gateway/reload.h"

#include "gateway/general.h"
#include "gateway/image_policy.h"
#include "gateway/log.h"
#include "gateway/tables.h"
#include "gateway/telemetry_settings.h"
#include "tests/unit/config_fixture.h"
#include "tests/unit/suite.h"

static struct fixture f;
static struct tables tables;
static char path[128];

static void load(const char *text)
{
	tables_init(&tables);
	fixture_open(&f);
	fixture_write(&f, "main.cfg", text);
	fixture_path(&f, path, sizeof(path), "main.cfg");
	ck_assert_int_eq(config_load(&f.config, path, tables.list, tables.count, &f.faults), 0);
}

/* What reload_config() prints on standard output, with the time cut off; returns what it returns. */
static int reload(struct reload_result *result, char *lines, size_t size)
{
	FILE *log = tmpfile();
	int saved = dup(STDOUT_FILENO);

	unsetenv("JOURNAL_STREAM");
	fflush(stdout);
	dup2(fileno(log), STDOUT_FILENO);
	int error = reload_config(result, f.config, path, &tables);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	rewind(log);
	lines[0] = '\0';
	for (char line[1100]; fgets(line, sizeof(line), log);)
		snprintf(lines + strlen(lines), size - strlen(lines), "%s", line + strlen("2026-01-01T00:00:00.000Z "));
	fclose(log);
	return error;
}

START_TEST(what_is_safe_is_applied_and_the_rest_waits_for_a_restart)
{
	struct reload_result result;
	char lines[2000];

	load("gateway: { id = \"a\"; };");
	fixture_write(&f, "main.cfg", "gateway: { id = \"b\"; log_level = \"debug\"; };");
	ck_assert_int_eq(reload(&result, lines, sizeof(lines)), 0);
	ck_assert_str_eq(lines, "warning config.changed name=gateway.id applied=no reason=restart\n"
				"notice  config.changed name=gateway.log_level applied=yes\n"
				"notice  config.reloaded applied=1 waiting=1\n");
	ck_assert_uint_eq(result.applied, 1);
	ck_assert_uint_eq(result.waiting, 1);
	const struct general_settings *general = config_values(f.config, &general_settings_table);
	ck_assert_int_eq(general->log_level, LOG_LEVEL_DEBUG);
	ck_assert_str_eq(general->id, "a");
	fixture_close(&f);
}
END_TEST

START_TEST(a_faulty_file_changes_nothing)
{
	struct reload_result result = { .applied = 7 };
	char lines[2000];
	char expected[2000];

	load("");
	fixture_write(&f, "main.cfg", "gateway: { log_level = \"debug\"; id = 5; };");
	ck_assert_int_eq(reload(&result, lines, sizeof(lines)), -EINVAL);
	snprintf(expected, sizeof(expected),
		"error   config.fault %s:1: gateway.id: found 5, allowed is a text of 1 to 64 bytes in quotes\n"
		"error   config.kept file=%s faults=1\n",
		path, path);
	ck_assert_str_eq(lines, expected);
	ck_assert_uint_eq(result.applied, 7);
	const struct general_settings *general = config_values(f.config, &general_settings_table);
	ck_assert_int_eq(general->log_level, LOG_LEVEL_INFO);
	fixture_close(&f);
}
END_TEST

START_TEST(a_file_without_changes_says_so)
{
	struct reload_result result;
	char lines[2000];

	load("gateway: { id = \"a\"; };");
	ck_assert_int_eq(reload(&result, lines, sizeof(lines)), 0);
	ck_assert_str_eq(lines, "notice  config.reloaded applied=0 waiting=0\n");
	fixture_close(&f);
}
END_TEST

START_TEST(groups_are_touched_by_what_was_applied_only)
{
	struct reload_result result;
	char lines[2000];

	load("gateway: { id = \"a\"; };");
	fixture_write(&f, "main.cfg", "gateway: { id = \"b\"; }; telemetry: { window = 7; };");
	ck_assert_int_eq(reload(&result, lines, sizeof(lines)), 0);
	ck_assert(reload_touched(&result, &telemetry_settings_table));
	ck_assert(!reload_touched(&result, &general_settings_table));
	fixture_close(&f);
}
END_TEST

START_TEST(a_file_that_was_replaced_under_its_name_is_noticed)
{
	char text[300];

	load("");
	fixture_path(&f, path, sizeof(path), "release.pem");
	const char *const names[] = { path };
	struct image_settings values = { .trusted_keys = { names, 1 } };
	uint64_t missing = reload_files_mark(&image_settings_table, &values);
	fixture_write(&f, "release.pem", "one");
	uint64_t first = reload_files_mark(&image_settings_table, &values);
	ck_assert_uint_ne(first, missing);
	ck_assert_uint_eq(first, reload_files_mark(&image_settings_table, &values));
	snprintf(text, sizeof(text), "%s.new", path);
	fixture_write(&f, "release.pem.new", "two");
	ck_assert_int_eq(rename(text, path), 0);
	ck_assert_uint_ne(first, reload_files_mark(&image_settings_table, &values));
	fixture_close(&f);
}
END_TEST

TEST_SUITE(reload, groups_are_touched_by_what_was_applied_only, a_file_that_was_replaced_under_its_name_is_noticed,
	what_is_safe_is_applied_and_the_rest_waits_for_a_restart, a_faulty_file_changes_nothing,
	a_file_without_changes_says_so)
