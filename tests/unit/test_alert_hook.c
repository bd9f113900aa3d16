#include "gateway/alert_hook.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "gateway/alert_settings.h"
#include "gateway/alerts.h"
#include "gateway/log.h"
#include "tests/unit/suite.h"

#define PATIENCE_MS 60000

static uv_loop_t loop;
static struct alert_hook *hook;
static struct alert_hook_figures figures;
static char folder[64], program[96], output[96];
static const char *words[2];
static struct alert_settings settings;
static struct moment now = { .monotonic_ms = 1000, .wall_ms = 1790000000000 };

static const struct alert silent = {
	.kind = ALERT_NODE_SILENT,
	.severity = ALERT_WARNING,
	.stands = true,
	.subject = "n1; touch /tmp/never",
	.text = "missed 12 slots",
	.times = 2,
	.raised_ms = 1790000000000,
};

/* The program is given the name of the file that it may write to. */
static void begin_scene(const char *script)
{
	log_set_level(LOG_LEVEL_ERROR);
	(void)signal(SIGPIPE, SIG_IGN);
	snprintf(folder, sizeof(folder), "/tmp/wakegate-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(program, sizeof(program), "%s/hook", folder);
	snprintf(output, sizeof(output), "%s/output", folder);
	FILE *file = fopen(program, "w");
	fprintf(file, "#!/bin/sh\n%s\n", script);
	fclose(file);
	ck_assert_int_eq(chmod(program, 0700), 0);
	words[0] = program;
	words[1] = output;
	settings = (struct alert_settings){ .hook = { words, 2 }, .hook_timeout_ms = 3600000 };
	ck_assert_int_eq(uv_loop_init(&loop), 0);
	ck_assert_int_eq(alert_hook_open(&hook, &loop, &settings, "site-7"), 0);
}

static void end_scene(void)
{
	alert_hook_close(hook);
	uv_run(&loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(uv_loop_close(&loop), 0);
	(void)unlink(program);
	(void)unlink(output);
	(void)rmdir(folder);
}

static void turn(void)
{
	(void)usleep(1000);
	(void)uv_run(&loop, UV_RUN_NOWAIT);
	(void)alert_hook_tick(hook, now);
	alert_hook_figures(hook, &figures);
}

static void wait_until_idle(void)
{
	turn();
	for (int i = 0; i < PATIENCE_MS && (figures.running || figures.waiting); i++)
		turn();
	ck_assert(!figures.running);
	ck_assert_uint_eq(figures.waiting, 0);
}

static const char *written(void)
{
	static char text[4096];
	FILE *file = fopen(output, "r");

	ck_assert_ptr_nonnull(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	return text;
}

START_TEST(the_program_reads_the_alert_as_json)
{
	begin_scene("exec cat > \"$1\"");
	alert_hook_changed(hook, &silent, now);
	wait_until_idle();
	json_t *json = json_loads(written(), 0, NULL);
	ck_assert_str_eq(json_string_value(json_object_get(json, "state")), "raised");
	ck_assert_str_eq(json_string_value(json_object_get(json, "subject")), silent.subject);
	ck_assert_str_eq(json_string_value(json_object_get(json, "gateway")), "site-7");
	json_decref(json);
	ck_assert_uint_eq(figures.failed, 0);
	end_scene();
}
END_TEST

/* A driver's sentence may be cut in the middle of a character. */
START_TEST(a_text_that_is_no_utf_8_is_told_as_far_as_it_is_plain)
{
	struct alert cut = silent;

	begin_scene("exec cat > \"$1\"");
	snprintf(cut.text, sizeof(cut.text), "the stick is 40 \xc2\xb0 C warm \xc2");
	alert_hook_changed(hook, &cut, now);
	wait_until_idle();
	json_t *json = json_loads(written(), 0, NULL);
	ck_assert_str_eq(json_string_value(json_object_get(json, "text")), "the stick is 40 ?? C warm ?");
	json_decref(json);
	end_scene();
}
END_TEST

START_TEST(the_fields_are_in_an_environment_that_holds_nothing_else)
{
	(void)setenv("WAKEGATE_SECRET", "hunter2", 1);
	begin_scene(
		"echo \"$WAKEGATE_ALERT_KIND/$WAKEGATE_ALERT_SUBJECT/$WAKEGATE_ALERT_SEVERITY\" > \"$1\"\n"
		"echo \"$WAKEGATE_ALERT_STATE/$WAKEGATE_ALERT_TIMES/$WAKEGATE_GATEWAY/$WAKEGATE_SECRET/\" >> \"$1\"");
	alert_hook_changed(hook, &silent, now);
	wait_until_idle();
	ck_assert_str_eq(written(), "node.silent/n1; touch /tmp/never/warning\nraised/2/site-7//\n");
	end_scene();
}
END_TEST

START_TEST(the_program_does_not_get_our_connections)
{
	begin_scene("[ -e /proc/self/fd/50 ] && echo ours > \"$1\" || echo none > \"$1\"");
	ck_assert_int_eq(dup2(STDERR_FILENO, 50), 50);
	alert_hook_changed(hook, &silent, now);
	wait_until_idle();
	ck_assert_str_eq(written(), "none\n");
	(void)close(50);
	end_scene();
}
END_TEST

START_TEST(one_runs_at_a_time_in_the_order_of_the_changes)
{
	struct alert alert = silent;

	begin_scene("test ! -e \"$1.busy\" || echo both >> \"$1\"; touch \"$1.busy\"\n"
		    "echo \"$WAKEGATE_ALERT_TIMES\" >> \"$1\"; rm \"$1.busy\"");
	for (alert.times = 1; alert.times <= 5; alert.times++)
		alert_hook_changed(hook, &alert, now);
	wait_until_idle();
	ck_assert_str_eq(written(), "1\n2\n3\n4\n5\n");
	ck_assert_uint_eq(figures.runs, 5);
	end_scene();
}
END_TEST

START_TEST(one_that_takes_too_long_is_killed_with_what_it_started)
{
	begin_scene("echo $$ > \"$1\"; sleep 1000; echo late >> \"$1\"");
	alert_hook_changed(hook, &silent, now);
	for (int i = 0; i < PATIENCE_MS && access(output, R_OK) < 0; i++)
		turn();
	alert_hook_figures(hook, &figures);
	ck_assert(figures.running);
	now.monotonic_ms += settings.hook_timeout_ms;
	wait_until_idle();
	ck_assert_uint_eq(figures.failed, 1);
	ck_assert_ptr_null(strstr(written(), "late"));
	end_scene();
}
END_TEST

START_TEST(one_that_fails_or_is_not_there_is_counted)
{
	begin_scene("exit 3");
	alert_hook_changed(hook, &silent, now);
	wait_until_idle();
	ck_assert_uint_eq(figures.failed, 1);
	words[0] = "/nonexistent/program";
	alert_hook_changed(hook, &silent, now);
	wait_until_idle();
	ck_assert_uint_eq(figures.runs, 2);
	ck_assert_uint_eq(figures.failed, 2);
	end_scene();
}
END_TEST

START_TEST(more_changes_than_can_wait_drop_the_oldest)
{
	struct alert alert = silent;

	begin_scene("echo \"$WAKEGATE_ALERT_TIMES\" >> \"$1\"");
	for (alert.times = 1; alert.times <= ALERT_HOOK_QUEUE_MAX + 3; alert.times++)
		alert_hook_changed(hook, &alert, now);
	alert_hook_figures(hook, &figures);
	ck_assert_uint_eq(figures.dropped, 2);
	ck_assert_uint_eq(figures.waiting, ALERT_HOOK_QUEUE_MAX);
	settings.hook.count = 0;
	wait_until_idle();
	ck_assert_uint_eq(figures.runs, 1);
	end_scene();
}
END_TEST

START_TEST(closing_does_not_wait_for_it)
{
	begin_scene("echo begun > \"$1\"; sleep 1000");
	alert_hook_changed(hook, &silent, now);
	for (int i = 0; i < PATIENCE_MS && access(output, R_OK) < 0; i++)
		turn();
	end_scene();
}
END_TEST

START_TEST(the_program_is_named_with_its_whole_path)
{
	const char *bare[] = { "notify" };
	struct alert_settings values = { .hook = { bare, 1 } };
	char why[128];

	ck_assert_int_lt(alert_settings_table.check(&values, true, why, sizeof(why)), 0);
	ck_assert_ptr_nonnull(strstr(why, "\"notify\""));
	bare[0] = "/usr/bin/notify";
	ck_assert_int_eq(alert_settings_table.check(&values, true, why, sizeof(why)), 0);
}
END_TEST

TEST_SUITE(alert_hook, the_program_reads_the_alert_as_json, a_text_that_is_no_utf_8_is_told_as_far_as_it_is_plain,
	the_fields_are_in_an_environment_that_holds_nothing_else, the_program_does_not_get_our_connections,
	one_runs_at_a_time_in_the_order_of_the_changes, one_that_takes_too_long_is_killed_with_what_it_started,
	one_that_fails_or_is_not_there_is_counted, more_changes_than_can_wait_drop_the_oldest,
	closing_does_not_wait_for_it, the_program_is_named_with_its_whole_path)
