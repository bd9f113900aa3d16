#include "gateway/rollout_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/rollout_plan.h"
#include "tests/unit/suite.h"

static char path[] = "/tmp/wakegate-rollout-XXXXXX";
static struct config_faults faults;

static int read_text(const char *text, json_t **out)
{
	int fd;

	strcpy(path + strlen(path) - 6, "XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (int)strlen(text));
	close(fd);
	int result = rollout_file_read(out, path, &faults);
	unlink(path);
	return result;
}

/* That some fault says `line` and has all the words. */
static void ck_fault(const char *line, const char *word, const char *allowed)
{
	for (size_t i = 0; i < faults.count; i++) {
		const char *text = faults.faults[i].text;
		if (strncmp(text, path, strlen(path)) == 0 && strncmp(text + strlen(path), line, strlen(line)) == 0 &&
			strstr(text, word) && strstr(text, allowed))
			return;
	}
	for (size_t i = 0; i < faults.count; i++)
		fprintf(stderr, "%s\n", faults.faults[i].text);
	ck_abort_msg("no fault at %s with %s", line, word);
}

START_TEST(a_file_says_what_the_options_do)
{
	json_t *json = NULL;

	ck_assert_int_eq(
		read_text(
			"rollout: { name = \"spring\"; image = \"meter-2@1.3.0\"; priority = 5;\n"
			"  start = \"2026-12-01T02:00+01:00\"; on_failure = \"rollback\"; };\n"
			"targets: { labels = [ \"indoor\" ]; versions = \">=1.0 <1.3\"; nodes = [ \"a\", \"b\" ]; };\n"
			"waves: { shares = \"10 100\"; soak = \"12 h\"; };\n"
			"gates: { failed = 3; drops = false; };\n",
			&json),
		0);
	json_t *wanted = json_pack("{s:s, s:s, s:i, s:I, s:s, s:b, s:b, s:[s], s:s, s:[s, s], s:s, s:i, s:i, s:i, s:i, "
				   "s:i, s:i, s:b, s:b, s:i, s:i, s:i}",
		"rollout", "spring", "image", "meter-2@1.3.0", "priority", 5, "start_ms", (json_int_t)1796086800000,
		"on_failure", "rollback", "approval", 0, "fleet", 0, "labels", "indoor", "versions", ">=1.0 <1.3",
		"nodes", "a", "b", "waves", "10 100", "soak_ms", 12 * 3600 * 1000, "deadline_wakes", 20,
		"confirmed_percent", 90, "failed_percent", 3, "failed_most", 0, "battery_percent", 0, "ignore_drops", 1,
		"ignore_online", 0, "traffic_percent", 50, "drain_percent", 50, "confidence_percent", 99);
	char *text = json_dumps(json, JSON_SORT_KEYS);
	ck_assert_msg(json_equal(json, wanted), "%s", text);
	free(text);
	json_decref(wanted);
	json_decref(json);
	config_faults_finish(&faults);
}
END_TEST

START_TEST(a_wave_may_have_a_soak_time_of_its_own)
{
	json_t *json = NULL;

	ck_assert_int_eq(read_text("rollout: { name = \"spring\"; image = \"a\"; };\n"
				   "waves: { shares = \"10 20 100\"; soak = \"1 h, 2 h\"; };\n",
				 &json),
		0);
	ck_assert_int_eq(json_integer_value(json_array_get(json_object_get(json, "soak_ms"), 0)), 3600 * 1000);
	ck_assert_int_eq(json_integer_value(json_array_get(json_object_get(json, "soak_ms"), 1)), 7200 * 1000);
	json_decref(json);
	config_faults_finish(&faults);
}
END_TEST

START_TEST(all_that_is_wrong_is_told_at_once_with_its_line)
{
	json_t *json = NULL;

	ck_assert_int_eq(read_text("rollout: {\n"
				   "  image = \"meter-2@1.3.0\";\n"
				   "  priority = 1000;\n"
				   "  start = \"tomorrow\";\n"
				   "  on_failure = \"panic\";\n"
				   "};\n"
				   "targets: {\n"
				   "  versions = \"from one to two\";\n"
				   "};\n"
				   "waves: {\n"
				   "  shares = \"10 5 100\";\n"
				   "  soack = \"1 h\";\n"
				   "};\n"
				   "gates: { failed = \"many\"; };\n",
				 &json),
		-EINVAL);
	ck_fault(":3:", "1000", "-100 to 100");
	ck_fault(":5:", "panic", "rollback");
	ck_fault(":12:", "soack", "soak");
	ck_fault(":14:", "many", "0 to 100");
	ck_fault(":1:", "name", "name");
	config_faults_finish(&faults);

	ck_assert_int_eq(read_text("rollout: { name = \"no name\"; image = \"meter-2@1.3.0\"; };\n"
				   "targets: { versions = \"from one to two\"; };\n"
				   "waves: { shares = \"10 5 100\"; };\n",
				 &json),
		-EINVAL);
	ck_fault(":1:", "rollout", "letters");
	ck_fault(":2:", "from one to two", ">=1.2.0");
	ck_fault(":3:", "10 5 100", "rising");
	config_faults_finish(&faults);

	ck_assert_int_eq(read_text("rollout: { name = \"spring\"; image = \"a\"; };\n"
				   "waves: { shares = \"10 20 100\"; soak = \"1 h, 2 h, 3 h, 4 h\"; };\n",
				 &json),
		-EINVAL);
	ck_fault(":2:", "4 soak times for 3 waves", "one for each but the last");
	config_faults_finish(&faults);
	ck_assert_int_eq(read_text("rollout: { name = \"spring\"; image = \"a\"; };\n"
				   "waves: { soak = \"a while\"; };\n",
				 &json),
		-EINVAL);
	ck_fault(":2:", "a while", "1 h, 4 h, 1 d");
	config_faults_finish(&faults);

	ck_assert_int_eq(
		read_text("rollout: { name = \"spring\"; image = \"a\"; start = \"tomorrow\"; };\n", &json), -EINVAL);
	ck_fault(":1:", "tomorrow", "2026-12-01");
	config_faults_finish(&faults);
	ck_assert_ptr_null(json);
}
END_TEST

START_TEST(texts_that_are_not_utf_8_are_refused)
{
	json_t *json = NULL;

	ck_assert_int_lt(read_text("rollout: { name = \"a\"; image = \"\xcb\xd8\"; };\n"
				   "targets: { nodes = [ \"a\", \"\xcb\xd8\" ]; };\n"
				   "waves: { shares = \"1 \xcb\xd8 100\"; };\n",
				 &json),
		0);
	ck_assert_ptr_null(json);
	ck_fault(":1", "image", "UTF-8");
	ck_fault(":2", "targets", "UTF-8");
	ck_fault(":3", "waves", "UTF-8");
	config_faults_finish(&faults);
}
END_TEST

START_TEST(a_file_without_a_rollout_is_refused)
{
	json_t *json = NULL;

	ck_assert_int_eq(read_text("", &json), -EINVAL);
	ck_assert_uint_eq(faults.count, 1);
	config_faults_finish(&faults);
	ck_assert_int_eq(rollout_file_read(&json, "/nowhere/at/all.cfg", &faults), -ENOENT);
	ck_assert_uint_eq(faults.count, 1);
	config_faults_finish(&faults);
}
END_TEST

START_TEST(the_sample_is_read_and_has_the_defaults_of_a_plan)
{
	char why[ROLLOUT_SENTENCE_SIZE] = "", *text = NULL;
	size_t size = 0;
	json_t *json = NULL, *least;
	struct rollout_plan plan, defaults;
	FILE *out = open_memstream(&text, &size);

	rollout_file_print_sample(out);
	fclose(out);
	ck_assert_int_eq(read_text(text, &json), 0);
	free(text);
	least = json_pack("{s:s, s:s, s:s}", "rollout", "spring", "image",
		"0000000000000000000000000000000000000000000000000000000000000000", "hardware", "meter-2");
	ck_assert_int_eq(rollout_plan_parse(&defaults, least, why), 0);
	(void)json_object_del(json, "image");
	(void)json_object_update_missing(json, least);
	ck_assert_msg(rollout_plan_parse(&plan, json, why) == 0, "%s", why);
	ck_assert_mem_eq(&plan, &defaults, sizeof(plan));
	json_decref(least);
	json_decref(json);
	config_faults_finish(&faults);
}
END_TEST

TEST_SUITE(rollout_file, texts_that_are_not_utf_8_are_refused, a_file_says_what_the_options_do,
	a_wave_may_have_a_soak_time_of_its_own, all_that_is_wrong_is_told_at_once_with_its_line,
	a_file_without_a_rollout_is_refused, the_sample_is_read_and_has_the_defaults_of_a_plan)
