#include "gateway/quiet_hours.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "gateway/labels.h"
#include "gateway/nodes.h"
#include "gateway/update_hours.h"
#include "tests/unit/suite.h"

#define MONDAY_MS INT64_C(1768176000000) /* 2026-01-12 00:00 UTC */
#define HOUR_MS INT64_C(3600000)
#define LABELS                                                                      \
	"labels: { nodes = ( { match = [ \"desk-*\" ]; labels = [ \"office\" ]; }," \
	" { match = [ \"*-9\" ]; labels = [ \"clean\" ]; } ); };\n"

static const struct settings_table *const tables[] = { &labels_settings_table, &quiet_hours_settings_table };

/* NULL if it is wrong; then `fault` has what was said first. */
static struct config *read_config(const char *text, char fault[512])
{
	char path[] = "/tmp/wakegate-quiet-XXXXXX";
	struct config *config = NULL;
	struct config_faults faults;
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (int)strlen(text));
	close(fd);
	if (config_load(&config, path, tables, 2, &faults) < 0)
		snprintf(fault, 512, "%s", faults.faults[0].text);
	unlink(path);
	config_faults_finish(&faults);
	return config;
}

struct stage {
	struct config *config;
	struct quiet_hours *quiet;
};

static struct stage stage_open(const char *text)
{
	char fault[512] = "";
	struct stage stage = { .config = read_config(text, fault) };

	ck_assert_msg(stage.config != NULL, "%s", fault);
	ck_assert_int_eq(quiet_hours_open(&stage.quiet, config_values(stage.config, &quiet_hours_settings_table),
				 config_values(stage.config, &labels_settings_table), 7),
		0);
	return stage;
}

static void stage_close(struct stage *stage)
{
	quiet_hours_close(stage->quiet);
	config_free(stage->config);
}

static struct update_hours hours_of(struct stage *stage, const char *node)
{
	const struct node_record record = { .id = node, .hardware = "m4" };
	struct update_hours hours = { 0 };

	quiet_hours_add(stage->quiet, &record, &hours);
	return hours;
}

static bool may_fetch(struct stage *stage, const char *node, int64_t hour)
{
	struct update_hours hours = hours_of(stage, node);

	return update_hours_may_fetch(&hours, (struct moment){ .wall_ms = MONDAY_MS + hour * HOUR_MS });
}

START_TEST(a_label_brings_its_windows)
{
	struct stage stage = stage_open(
		LABELS "update_windows: { list = ( { labels = [ \"office\" ]; window = \"22:00-05:00\"; } ); };");

	ck_assert(!may_fetch(&stage, "desk-1", 12));
	ck_assert(may_fetch(&stage, "desk-1", 23));
	ck_assert(may_fetch(&stage, "desk-1", 23)); /* as it was remembered */
	ck_assert(may_fetch(&stage, "pump-1", 12));
	stage_close(&stage);
}
END_TEST

START_TEST(all_windows_of_a_node_must_be_open)
{
	struct stage stage =
		stage_open(LABELS "update_windows: { list = ( { labels = [ \"office\" ]; window = \"22:00-05:00\"; },"
				  " { labels = [ \"clean\", \"office\" ]; window = \"04:00-08:00\"; }, { window = "
				  "\"00:00-23:00\"; } ); };");

	ck_assert(!may_fetch(&stage, "desk-9", 3));
	ck_assert(may_fetch(&stage, "desk-9", 4));
	ck_assert(!may_fetch(&stage, "desk-9", 6));
	ck_assert(may_fetch(&stage, "pump-9", 6));
	ck_assert(!may_fetch(&stage, "pump-1", 23));
	stage_close(&stage);
}
END_TEST

START_TEST(activation_may_have_hours_of_its_own)
{
	struct stage stage = stage_open(LABELS "update_windows: { list = ( { apply_window = \"22:00-05:00\"; },"
					       " { labels = [ \"office\" ]; window = \"08:00-16:00\";"
					       " apply_window = \"22:00-23:00\"; } ); };");
	struct update_hours hours = hours_of(&stage, "desk-1");
	struct moment noon = { .wall_ms = MONDAY_MS + 12 * HOUR_MS }, late = { .wall_ms = MONDAY_MS + 22 * HOUR_MS };

	ck_assert(update_hours_may_fetch(&hours, noon) && !update_hours_may_apply(&hours, noon));
	ck_assert(!update_hours_may_fetch(&hours, late) && update_hours_may_apply(&hours, late));
	ck_assert_uint_eq(hours.fetch.count, 1);
	ck_assert_uint_eq(hours.apply.count, 2);
	stage_close(&stage);
}
END_TEST

static int64_t battery_of(struct stage *stage, const char *node)
{
	return quiet_hours_battery(stage->quiet, &(struct node_record){ .id = node, .hardware = "m4" });
}

START_TEST(the_fullest_battery_that_labels_ask_for_is_needed)
{
	struct stage stage = stage_open(LABELS "update_windows: { list = ( { labels = [ \"office\" ]; battery = 40; },"
					       " { labels = [ \"clean\" ]; battery = 70; }, { battery = 20; } ); };");

	ck_assert_int_eq(battery_of(&stage, "desk-1"), 40);
	ck_assert_int_eq(battery_of(&stage, "desk-9"), 70);
	ck_assert_int_eq(battery_of(&stage, "pump-1"), 20);
	ck_assert(may_fetch(&stage, "desk-9", 12)); /* at any hour */
	stage_close(&stage);
	stage = stage_open("");
	ck_assert_int_eq(battery_of(&stage, "desk-9"), 0);
	stage_close(&stage);
}
END_TEST

static void expect_fault(const char *text, const char *wanted)
{
	char fault[512] = "";

	ck_assert_ptr_null(read_config(text, fault));
	ck_assert_msg(strstr(fault, wanted) != NULL, "%s", fault);
}

START_TEST(what_cannot_be_is_a_fault_of_the_config)
{
	expect_fault("update_windows: { list = (\n { window = \"at night\"; } ); };", ":2: ");
	expect_fault("update_windows: { list = ( { window = \"at night\"; } ); };", "found \"at night\"");
	expect_fault("update_windows: { list = ( { apply_window = \"24-25\"; } ); };", "apply_window: found \"24-25\"");
	expect_fault(LABELS "update_windows: { list = ( { labels = [ \"office\" ]; } ); };", "neither window nor");
	expect_fault("update_windows: { list = ( { battery = 101; } ); };", "battery");
	expect_fault(LABELS "update_windows: { list = ( { labels = [ \"roof\" ]; window = \"1:00-2:00\"; } ); };",
		"no node has the label \"roof\"");
}
END_TEST

START_TEST(a_zone_that_is_not_there_is_told_with_its_file)
{
	expect_fault("update_windows: { zoneinfo = \"/nowhere\";"
		     " list = ( { window = \"22:00-05:00 Europe/Berlin\"; } ); };",
		"\"Europe/Berlin\" is unknown: /nowhere/Europe/Berlin: No such file");
	expect_fault("update_windows: { list = ( { window = \"22:00-05:00 Europe/Atlantis\"; } ); };", "tzdata");
}
END_TEST

START_TEST(utc_needs_no_files)
{
	struct stage stage =
		stage_open("update_windows: { zoneinfo = \"/nowhere\"; list = ( { window = \"22:00-05:00\"; } ); };");

	ck_assert(may_fetch(&stage, "pump-1", 23));
	stage_close(&stage);
}
END_TEST

TEST_SUITE(quiet_hours, a_label_brings_its_windows, all_windows_of_a_node_must_be_open,
	activation_may_have_hours_of_its_own, the_fullest_battery_that_labels_ask_for_is_needed,
	what_cannot_be_is_a_fault_of_the_config, a_zone_that_is_not_there_is_told_with_its_file, utc_needs_no_files)
