#include "gateway/windows.h"

#include "gateway/random.h"
#include "gateway/window_plan.h"
#include "gateway/window_tag.h"
#include "tests/unit/rules_fixture.h"
#include "tests/unit/suite.h"

#define START_US (INT64_C(1700000040) * 1000000) /* a full minute */
#define MINUTE_US (INT64_C(60) * 1000000)
#define WINDOW(width, rest)                                                                                        \
	"rules: { list = ( { name = \"w\"; window = \"" width "\"; late = \"2 s\"; drop = true; outputs = ( " rest \
	" ); } ); };"
#define SUM "{ value = \"sum\"; }"

struct bed {
	struct windows *windows;
	struct window_plan *plan;
	struct rules_fixture rules;
	int64_t now_ms;
	uint64_t origin;
	bool refuses;
	char told[4096];
	size_t size;
};

static struct bed bed;

static void bed_open(const char *text, size_t most)
{
	memset(&bed, 0, sizeof(bed));
	rules_fixture_open(&bed.rules, text);
	ck_assert_int_eq(windows_open(&bed.windows, most, 11), 0);
	bed.plan = rules_plan(bed.rules.rules, (struct span){ "w", 1 },
		((const struct rule_settings *)rules_settings_of(bed.rules.config)->list.items)[0].window_ms);
	ck_assert_ptr_nonnull(bed.plan);
	bed.now_ms = START_US / 1000;
	bed.origin = 1;
}

static void bed_close(void)
{
	windows_close(bed.windows);
	rules_fixture_close(&bed.rules);
}

static void add_at(const char *node, const char *name, const char *value, int64_t time_us)
{
	struct window_entry entry = {
		.plan = bed.plan,
		.node = { node, strlen(node) },
		.name = { name, strlen(name) },
		.unit = { "W", 1 },
		.time_us = time_us,
		.received_ms = bed.now_ms,
		.origin = bed.origin,
	};

	ck_assert_int_eq(number_parse(&entry.value, value, strlen(value)), 0);
	ck_assert_int_eq(windows_add(bed.windows, &entry), 0);
}

static bool write_down(void *context, const struct window_told *told)
{
	if (bed.refuses)
		return false;
	for (size_t i = 0; i < told->count; i++) {
		const struct reading *reading = &told->readings[i];
		char text[NUMBER_TEXT_MAX];

		ck_assert_int_eq(reading->time_us, told->start_us);
		bed.size += (size_t)snprintf(bed.told + bed.size, sizeof(bed.told) - bed.size,
			"%.*s/%.*s=%.*s%.*s@%d\n", (int)told->node.size, told->node.data, (int)reading->name.size,
			reading->name.data, (int)number_print(&reading->number, text), text, (int)reading->unit.size,
			reading->unit.data, (int)((told->start_us - START_US) / 1000000));
		ck_assert_uint_lt(bed.size, sizeof(bed.told));
	}
	return true;
}

/* What is told when the clock goes on by so much. */
static const char *after(int64_t duration_ms)
{
	bed.size = 0;
	bed.told[0] = '\0';
	bed.now_ms += duration_ms;
	(void)windows_tick(bed.windows, bed.now_ms, write_down, NULL);
	return bed.told;
}

START_TEST(a_window_is_told_after_its_end_with_all_its_outputs)
{
	bed_open(WINDOW("1 min",
			 "{ value = \"min\"; }, { value = \"max\"; }, { value = \"mean\"; }, { value = \"sum\"; },"
			 "{ value = \"count\"; }, { value = \"last\"; name = \"final\"; unit = \"kW\"; },"
			 "{ value = \"percentile\"; percentile = 50; }"),
		100);
	add_at("n", "p", "3", START_US);
	add_at("n", "p", "8", START_US + 2);
	add_at("n", "p", "4", START_US + 1);
	ck_assert_str_eq(after(61999), "");
	ck_assert_str_eq(after(1), "n/p/min=3W@0\nn/p/max=8W@0\nn/p/mean=5.00W@0\nn/p/sum=15W@0\nn/p/count=3@0\n"
				   "n/final=8kW@0\nn/p/p50=4W@0\n");
	ck_assert_uint_eq(windows_count(bed.windows), 0);
	bed_close();
}
END_TEST

START_TEST(a_reading_falls_into_the_window_of_its_own_time)
{
	bed_open(WINDOW("1 min", SUM), 100);
	add_at("n", "p", "1", START_US - 1);
	add_at("n", "p", "2", START_US);
	add_at("n", "p", "4", START_US + MINUTE_US - 1);
	add_at("n", "q", "8", START_US);
	add_at("m", "p", "16", START_US);
	ck_assert_str_eq(after(2000), "n/p/sum=1W@-60\n");
	ck_assert_str_eq(after(60000), "n/p/sum=6W@0\nn/q/sum=8W@0\nm/p/sum=16W@0\n");
	bed_close();
}
END_TEST

START_TEST(what_comes_too_late_is_told_apart)
{
	bed_open(WINDOW("1 min", SUM), 100);
	add_at("n", "p", "1", START_US);
	ck_assert_str_eq(after(62000), "n/p/sum=1W@0\n");
	add_at("n", "p", "2", START_US + 1);
	add_at("n", "p", "4", START_US + 2);
	ck_assert_str_eq(after(1000), "");
	ck_assert_str_eq(after(1000), "n/p/sum=6W@0\n");
	bed_close();
}
END_TEST

START_TEST(a_window_in_the_future_waits_no_longer_than_its_width)
{
	bed_open(WINDOW("1 min", SUM), 100);
	add_at("n", "p", "1", START_US + 1000 * MINUTE_US);
	ck_assert_str_eq(after(61000), "");
	ck_assert_str_eq(after(1000), "n/p/sum=1W@60000\n");
	bed_close();
}
END_TEST

START_TEST(a_clock_that_is_set_back_does_not_keep_a_window_open)
{
	bed_open(WINDOW("1 min", SUM), 100);
	add_at("n", "p", "1", START_US);
	(void)after(1000);
	ck_assert_str_eq(after(-3600000), "n/p/sum=1W@0\n");
	bed_close();
}
END_TEST

START_TEST(a_window_that_could_not_be_told_is_told_again)
{
	bed_open(WINDOW("1 min", SUM), 100);
	add_at("n", "p", "1", START_US);
	bed.refuses = true;
	ck_assert_str_eq(after(62000), "");
	bed.refuses = false;
	ck_assert_str_eq(after(100), "n/p/sum=1W@0\n");
	bed_close();
}
END_TEST

START_TEST(where_there_is_no_room_the_window_longest_left_alone_is_told)
{
	bed_open(WINDOW("1 h", SUM), 2);
	add_at("a", "p", "1", START_US);
	add_at("b", "p", "2", START_US);
	add_at("a", "p", "4", START_US);
	bed.size = 0;
	ck_assert(windows_make_room(bed.windows, 1, write_down, NULL));
	ck_assert_uint_eq(windows_count(bed.windows), 1);
	ck_assert_str_eq(bed.told, "b/p/sum=2W@-840\n");
	bed_close();
}
END_TEST

START_TEST(windows_that_need_old_inputs_can_be_told_early)
{
	bed_open(WINDOW("1 h", SUM), 100);
	add_at("a", "p", "1", START_US);
	bed.origin = 7;
	add_at("b", "p", "2", START_US);
	add_at("a", "p", "4", START_US);
	ck_assert_uint_eq(windows_oldest(bed.windows), 1);
	bed.size = 0;
	ck_assert(windows_tell_before(bed.windows, 7, write_down, NULL));
	ck_assert_str_eq(bed.told, "a/p/sum=5W@-840\n");
	ck_assert_uint_eq(windows_oldest(bed.windows), 7);
	bed_close();
}
END_TEST

START_TEST(a_removed_rule_has_its_windows_told_at_once)
{
	bed_open(WINDOW("1 h", SUM), 100);
	add_at("n", "p", "1", START_US);
	rules_fixture_reload(&bed.rules, WINDOW("1 h", SUM));
	windows_hurry(bed.windows);
	ck_assert_str_eq(after(10), "");
	rules_fixture_reload(&bed.rules, "");
	windows_hurry(bed.windows);
	ck_assert_str_eq(after(10), "n/p/sum=1W@-840\n");
	bed_close();
}
END_TEST

START_TEST(a_forgotten_window_is_not_told)
{
	bed_open(WINDOW("1 min", SUM), 100);
	add_at("n", "p", "1", START_US);
	windows_forget(
		bed.windows, &(struct window_told){
				     .plan = bed.plan, .node = { "n", 1 }, .name = { "p", 1 }, .start_us = START_US });
	ck_assert_str_eq(after(3600000), "");
	bed_close();
}
END_TEST

START_TEST(a_tag_tells_rule_name_and_whether_the_reading_went_on)
{
	char text[WINDOW_TAG_MAX];
	struct window_tag tag;

	bed_open(WINDOW("1 min", SUM), 100);
	size_t size = window_tag_write(text, bed.plan, (struct span){ "a/b", 3 });
	ck_assert_int_eq(window_tag_parse(&tag, (struct span){ text, size }), 0);
	ck_assert(tag.held);
	ck_assert_mem_eq(tag.rule.data, "w", 1);
	ck_assert_uint_eq(tag.name.size, 3);
	ck_assert_mem_eq(tag.name.data, "a/b", 3);
	ck_assert_int_lt(window_tag_parse(&tag, (struct span){ "", 0 }), 0);
	ck_assert_int_lt(window_tag_parse(&tag, (struct span){ "-nothing", 8 }), 0);
	ck_assert_int_lt(window_tag_parse(&tag, (struct span){ "w/p", 3 }), 0);
	bed_close();
}
END_TEST

#define NAMES 20
#define MINUTES 400

static int64_t told_sums[NAMES][MINUTES];

static bool add_up(void *context, const struct window_told *told)
{
	int64_t minute = (told->start_us - START_US) / MINUTE_US;
	int64_t value;

	ck_assert_int_eq(number_scale(&value, &told->readings[0].number, 0), 0);
	told_sums[told->name.data[0] - 'a'][minute] += value;
	return random_below(context, 10) > 0 || (told_sums[told->name.data[0] - 'a'][minute] -= value, false);
}

/* Whatever is told early, late, apart or again: each value is in the sum of its own minute, once. */
START_TEST(every_value_is_in_one_window)
{
	static int64_t sums[NAMES][MINUTES];
	struct random random;

	random_init(&random, 5);
	bed_open(WINDOW("1 min", SUM), 12);
	for (int i = 0; i < 100000; i++) {
		char name[2] = { (char)('a' + random_below(&random, NAMES)), '\0' };
		int64_t minute = (bed.now_ms - START_US / 1000) / 60000 + random_below(&random, 5);
		char value[16];

		snprintf(value, sizeof(value), "%d", i);
		(void)windows_make_room(bed.windows, 1, add_up, &random);
		add_at("n", name, value, START_US + minute * MINUTE_US + random_below(&random, 60000000));
		sums[name[0] - 'a'][minute] += i;
		bed.now_ms += random_below(&random, 400);
		(void)windows_tick(bed.windows, bed.now_ms, add_up, &random);
	}
	while (windows_count(bed.windows) > 0) {
		bed.now_ms += 1000;
		(void)windows_tick(bed.windows, bed.now_ms, add_up, &random);
	}
	ck_assert_mem_eq(told_sums, sums, sizeof(sums));
	bed_close();
}
END_TEST

TEST_SUITE(windows, a_window_is_told_after_its_end_with_all_its_outputs,
	a_reading_falls_into_the_window_of_its_own_time, what_comes_too_late_is_told_apart,
	a_window_in_the_future_waits_no_longer_than_its_width, a_clock_that_is_set_back_does_not_keep_a_window_open,
	a_window_that_could_not_be_told_is_told_again, where_there_is_no_room_the_window_longest_left_alone_is_told,
	windows_that_need_old_inputs_can_be_told_early, a_removed_rule_has_its_windows_told_at_once,
	a_forgotten_window_is_not_told, a_tag_tells_rule_name_and_whether_the_reading_went_on,
	every_value_is_in_one_window)
