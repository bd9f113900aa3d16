#include "gateway/edge.h"

#include <errno.h>

#include "drivers/driver.h"
#include "gateway/boot_clock.h"
#include "gateway/clock.h"
#include "gateway/gaps.h"
#include "gateway/random.h"
#include "gateway/segment_pack.h"
#include "gateway/telemetry.h"
#include "gateway/telemetry_settings.h"
#include "protocols/segment.h"
#include "store/feed_store.h"
#include "store/segment_store.h"
#include "tests/sim/fault_vfs.h"
#include "tests/unit/rules_fixture.h"
#include "tests/unit/stepped_store.h"
#include "tests/unit/suite.h"

#define START_MS INT64_C(1700000040000) /* a full minute */
#define WINDOWS 300
#define SUMS                                                                                                    \
	"rules: { list = ( { name = \"w\"; names = [ \"p\" ]; window = \"10 s\"; late = \"1 s\"; drop = true; " \
	"outputs = ("                                                                                           \
	" { value = \"sum\"; name = \"sum\"; }, { value = \"count\"; name = \"count\"; } ); } ); };"

/* Intake, rules and store; the node repeats what was not acknowledged. */
struct bed {
	struct stepped_store stepped;
	struct config *config;
	struct telemetry_settings settings;
	struct gaps *gaps;
	struct edge *edge;
	struct telemetry *telemetry;
	struct moment now;
	struct boot_clock clock;
	uint32_t boot;
	/* what was answered last */
	int result;
	unsigned answers;
	/* what the store has of each window */
	int64_t sums[WINDOWS], counts[WINDOWS];
	char told[8192];
	size_t size;
	int64_t first_ms; /* the first one's time */
};

static void bed_start(struct bed *bed)
{
	const struct edge_parts edge = { bed->stepped.store, rules_settings_of(bed->config),
		labels_settings_of(bed->config), NULL, 5, &bed->clock, ++bed->boot };
	struct telemetry_parts parts = { .store = bed->stepped.store, .settings = &bed->settings, .boot = bed->boot };

	boot_clock_start(&bed->clock, 1, bed->boot, bed->now);
	ck_assert_int_eq(gaps_open(&bed->gaps, bed->stepped.store), 0);
	ck_assert_int_eq(edge_open(&bed->edge, &edge), 0);
	parts.gaps = bed->gaps;
	parts.edge = bed->edge;
	ck_assert_int_eq(telemetry_open(&bed->telemetry, &parts, bed->now), 0);
}

static struct bed *bed_open_on(const char *rules, const char *vfs)
{
	struct bed *bed = calloc(1, sizeof(*bed));

	ck_assert_ptr_nonnull(bed);
	stepped_make_directory(&bed->stepped);
	bed->stepped.options.vfs = vfs;
	ck_assert_int_eq(stepped_try_open(&bed->stepped), 0);
	bed->settings = (struct telemetry_settings){
		.quota_bytes = 1 << 28, .retry_after_ms = 1000, .commit_delay_ms = 250, .when_full = WHEN_FULL_REFUSE
	};
	bed->now = (struct moment){ .monotonic_ms = 1000, .wall_ms = START_MS };
	bed->config = rules_config_good(rules);
	bed_start(bed);
	return bed;
}

static struct bed *bed_open(const char *rules)
{
	return bed_open_on(rules, NULL);
}

static void bed_stop(struct bed *bed)
{
	telemetry_flush(bed->telemetry, bed->now);
	stepped_shut(&bed->stepped);
	telemetry_close(bed->telemetry);
	edge_close(bed->edge);
	gaps_close(bed->gaps);
}

static void bed_restart(struct bed *bed)
{
	bed_stop(bed);
	ck_assert_int_eq(stepped_try_open(&bed->stepped), 0);
	bed_start(bed);
}

static void shell(const char *verb, const char *from, const char *to)
{
	char command[512];

	snprintf(command, sizeof(command), "%s %s %s", verb, from, to);
	ck_assert_int_eq(system(command), 0);
}

/* What is on the disk now is all that is left. */
static void bed_crash(struct bed *bed)
{
	char copy[80], files[80];

	snprintf(copy, sizeof(copy), "%s-copy", bed->stepped.directory);
	snprintf(files, sizeof(files), "%s/*.db*", bed->stepped.directory);
	shell("mkdir", copy, "");
	shell("cp", files, copy);
	/* Nobody hears what the killed process still says. */
	int result = bed->result;
	unsigned answers = bed->answers;
	bed_stop(bed);
	bed->result = result;
	bed->answers = answers;
	shell("rm -r", bed->stepped.directory, "");
	shell("mv", copy, bed->stepped.directory);
	ck_assert_int_eq(stepped_try_open(&bed->stepped), 0);
	bed_start(bed);
}

static void bed_close(struct bed *bed)
{
	bed_stop(bed);
	ck_assert_int_eq(stepped_try_open(&bed->stepped), 0);
	stepped_close(&bed->stepped);
	config_free(bed->config);
	free(bed);
}

static void turn(struct bed *bed)
{
	store_dispatch(bed->stepped.store);
	(void)telemetry_tick(bed->telemetry, bed->now);
}

static void pass(struct bed *bed, int64_t duration_ms)
{
	for (int64_t i = 0; i < duration_ms; i += 50) {
		bed->now.monotonic_ms += 50;
		bed->now.wall_ms += 50;
		turn(bed);
	}
}

static void wait_ready(struct bed *bed)
{
	for (int i = 0; i < 100 && !edge_is_ready(bed->edge); i++)
		turn(bed);
	ck_assert(edge_is_ready(bed->edge));
}

static void on_done(void *context, int result, uint32_t retry_s)
{
	struct bed *bed = context;

	bed->result = result;
	bed->answers++;
}

static void take_as(struct bed *bed, const struct reading *readings, size_t count, uint64_t exchange)
{
	const struct reading_report report = { .node = "n1",
		.readings = readings,
		.count = count,
		.exchange = exchange,
		.done = on_done,
		.context = bed };

	telemetry_take(bed->telemetry, &report, bed->now);
}

static void take(struct bed *bed, const char *name, const char *value)
{
	const struct reading reading = reading_of(name, value);

	take_as(bed, &reading, 1, 0);
}

static void see_entry(struct bed *bed, const struct segment_entry *entry)
{
	const struct reading *reading = &entry->reading;
	int64_t window = (reading->time_us / 1000 - START_MS) / 10000;
	int64_t value = 0;
	char text[NUMBER_TEXT_MAX];

	if (reading->name.size == 3 && window >= 0 && window < WINDOWS) {
		ck_assert_int_eq(number_scale(&value, &reading->number, 0), 0);
		bed->sums[window] += value;
	} else if (reading->name.size == 5 && window >= 0 && window < WINDOWS) {
		ck_assert_int_eq(number_scale(&value, &reading->number, 0), 0);
		bed->counts[window] += value;
	}
	int size = reading->kind == READING_NUMBER
			   ? (int)number_print(&reading->number, text)
			   : snprintf(text, sizeof(text), "%s", reading->boolean ? "true" : "false");
	if (bed->size == 0)
		bed->first_ms = reading->time_us / 1000;
	if (bed->size < sizeof(bed->told) - 256)
		bed->size += (size_t)snprintf(bed->told + bed->size, sizeof(bed->told) - bed->size, "%.*s=%.*s\n",
			(int)reading->name.size, reading->name.data, size, text);
}

static void see_segment(void *context, const struct stored_segment *segment)
{
	static struct segment_walk walk;
	const struct bed *bed = context;
	const struct packed_segment packed = { segment->data, segment->size, segment->codec };
	struct segment_entry entry;
	uint8_t *data = NULL;
	size_t size = 0;

	ck_assert_int_eq(segment_unpack(&packed, segment->count, &data, &size), 0);
	segment_walk_init(&walk, data, size);
	while (segment_walk_next(&walk, &entry) == 1) {
		boot_clock_mend(&bed->clock, segment->boot, &entry);
		see_entry(context, &entry);
	}
	free(data);
}

static void see_done(void *context, int result)
{
	ck_assert_int_eq(result, 0);
}

/* All that is kept for the broker, a line each. */
static const char *kept(struct bed *bed)
{
	const struct segment_reader reader = { see_segment, see_done, bed };

	memset(bed->sums, 0, sizeof(bed->sums));
	memset(bed->counts, 0, sizeof(bed->counts));
	bed->size = 0;
	bed->told[0] = '\0';
	ck_assert_int_eq(store_segment_load(bed->stepped.store, 0, UINT64_MAX, SEGMENT_LOAD_MAX, reader), 0);
	store_dispatch(bed->stepped.store);
	return bed->told;
}

static void count_row(void *context, const struct stored_feed *feed)
{
	++*(size_t *)context;
}

static void no_more(void *context, int result)
{
}

static size_t rows(struct bed *bed)
{
	size_t count = 0;
	const struct feed_reader reader = { count_row, no_more, &count };

	ck_assert_int_eq(store_feed_load(bed->stepped.store, 0, SIZE_MAX, reader), 0);
	store_dispatch(bed->stepped.store);
	return count;
}

START_TEST(what_rules_drop_is_acknowledged_at_once)
{
	struct bed *bed = bed_open("rules: { list = ( { name = \"a\"; deadband = 1; } ); };");

	take(bed, "t", "20");
	ck_assert_uint_eq(bed->answers, 0);
	pass(bed, 300);
	ck_assert_uint_eq(bed->answers, 1);
	take(bed, "t", "20.5");
	ck_assert_uint_eq(bed->answers, 2);
	ck_assert_int_eq(bed->result, 0);
	pass(bed, 300);
	ck_assert_str_eq(kept(bed), "t=20\n");
	bed_close(bed);
}
END_TEST

START_TEST(an_alarm_does_not_wait_for_others)
{
	struct bed *bed =
		bed_open("rules: { list = ( { name = \"a\"; alarms = ( { name = \"hot\"; above = 30; } ); } ); };");

	take(bed, "t", "20");
	turn(bed);
	ck_assert_uint_eq(bed->answers, 0);
	take(bed, "t", "31");
	turn(bed);
	ck_assert_uint_eq(bed->answers, 2);
	ck_assert_str_eq(
		kept(bed), "alarm/hot=false\nalarm/hot/value=20\nt=20\nalarm/hot=true\nalarm/hot/value=31\nt=31\n");
	bed_close(bed);
}
END_TEST

START_TEST(a_reading_for_a_window_is_acknowledged_when_its_feed_is_durable)
{
	struct bed *bed = bed_open(SUMS);

	take(bed, "p", "5");
	turn(bed);
	ck_assert_uint_eq(bed->answers, 0);
	pass(bed, 300);
	ck_assert_uint_eq(bed->answers, 1);
	ck_assert_uint_eq(rows(bed), 1);
	ck_assert_str_eq(kept(bed), "");
	pass(bed, 12000);
	ck_assert_str_eq(kept(bed), "sum=5\ncount=1\n");
	bed_close(bed);
}
END_TEST

#define LONG_RULE "a-rule-with-as-long-a-name-as-is"

START_TEST(the_longest_names_survive_too)
{
	struct bed *bed = bed_open("rules: { list = ( { name = \"" LONG_RULE "\"; window = \"7 d\"; drop = true;"
				   " outputs = ( { value = \"last\"; name = \"last\"; } ); } ); };");
	char name[READING_NAME_MAX + 1];

	ck_assert_uint_eq(strlen(LONG_RULE), RULE_NAME_MAX);
	memset(name, 'x', READING_NAME_MAX);
	name[READING_NAME_MAX] = '\0';
	for (int i = 0; i < 100; i++) {
		name[0] = (char)('a' + i % 26);
		name[1] = (char)('a' + i / 26);
		take(bed, name, "-1.50");
	}
	pass(bed, 300);
	ck_assert_uint_eq(bed->answers, 100);
	bed_crash(bed);
	wait_ready(bed);
	struct edge_figures figures;
	edge_figures(bed->edge, &figures);
	ck_assert_uint_eq(figures.windows, 100);
	bed_close(bed);
}
END_TEST

START_TEST(a_window_survives_a_crash_and_is_told_once)
{
	struct bed *bed = bed_open(SUMS);

	take(bed, "p", "5");
	pass(bed, 300);
	take(bed, "p", "6");
	bed_crash(bed); /* the second one was not acknowledged */
	wait_ready(bed);
	take(bed, "p", "7");
	pass(bed, 300);
	bed_crash(bed);
	pass(bed, 12000);
	ck_assert_str_eq(kept(bed), "sum=12\ncount=2\n");
	bed_crash(bed);
	pass(bed, 30000);
	ck_assert_str_eq(kept(bed), "sum=12\ncount=2\n");
	bed_close(bed);
}
END_TEST

START_TEST(a_repeated_message_is_in_a_window_once_also_after_a_crash)
{
	struct bed *bed = bed_open(SUMS);
	const struct reading reading = reading_of("p", "5");

	take_as(bed, &reading, 1, 77);
	pass(bed, 300);
	bed_crash(bed);
	wait_ready(bed);
	take_as(bed, &reading, 1, 77);
	ck_assert_int_eq(bed->result, -EALREADY);
	pass(bed, 12000);
	ck_assert_str_eq(kept(bed), "sum=5\ncount=1\n");
	bed_close(bed);
}
END_TEST

START_TEST(the_feed_of_told_windows_goes)
{
	struct bed *bed = bed_open(SUMS);

	for (int i = 0; i < 200; i++) {
		take(bed, "p", "1");
		pass(bed, 5000);
	}
	/* What messages of the last 247 s need, a row each and one for each window told. */
	ck_assert_uint_le(rows(bed), 247 / 5 + 247 / 10 + 4);
	bed_close(bed);
}
END_TEST

START_TEST(windows_of_a_rule_that_is_gone_after_a_restart_are_told)
{
	struct bed *bed = bed_open(SUMS);

	take(bed, "p", "5");
	take(bed, "p", "7");
	pass(bed, 300);
	config_free(bed->config);
	bed->config = rules_config_good("");
	bed_restart(bed);
	pass(bed, 1000);
	ck_assert_str_eq(kept(bed), "p/min=5\np/mean=6.00\np/max=7\np/count=2\n");
	bed_close(bed);
}
END_TEST

START_TEST(no_report_is_taken_before_the_windows_are_there)
{
	struct bed *bed = bed_open(SUMS);

	take(bed, "p", "5");
	pass(bed, 300);
	bed_restart(bed);
	ck_assert(!edge_is_ready(bed->edge));
	take(bed, "p", "6");
	ck_assert_int_eq(bed->result, -ENOBUFS);
	wait_ready(bed);
	bed_close(bed);
}
END_TEST

#define UP_MS 100000 /* the machine's clock begins in 1970 */

static struct bed *bed_open_unset(const char *rules)
{
	struct bed *bed = bed_open(rules);

	bed->now.wall_ms = UP_MS;
	bed_restart(bed);
	return bed;
}

static void set_clock(struct bed *bed, int64_t wall_ms)
{
	const struct clock_jump jump = { bed->now.wall_ms, wall_ms };

	bed->now.wall_ms = wall_ms;
	boot_clock_jumped(&bed->clock, &jump, bed->now);
	edge_follow_clock(bed->edge);
}

static int64_t first_time_ms(struct bed *bed)
{
	(void)kept(bed);
	return bed->first_ms;
}

START_TEST(a_window_told_before_the_clock_was_set_gets_its_time)
{
	struct bed *bed = bed_open_unset(SUMS);

	take(bed, "p", "5");
	pass(bed, 12000);
	ck_assert_int_eq(first_time_ms(bed), UP_MS);
	set_clock(bed, START_MS + 12000);
	ck_assert_int_eq(first_time_ms(bed), START_MS);
	ck_assert_str_eq(kept(bed), "sum=5\ncount=1\n");
	bed_close(bed);
}
END_TEST

START_TEST(a_window_told_after_the_clock_was_set_gets_its_time)
{
	struct bed *bed = bed_open_unset(SUMS);

	take(bed, "p", "5");
	pass(bed, 5000);
	set_clock(bed, START_MS + 5000);
	take(bed, "p", "6");
	pass(bed, 12000);
	ck_assert_str_eq(kept(bed), "sum=5\ncount=1\nsum=6\ncount=1\n");
	ck_assert_int_eq(bed->first_ms, START_MS);
	ck_assert_int_eq(bed->sums[0], 11); /* parts of one window */
	bed_close(bed);
}
END_TEST

/* The clock was set before the restart, while the gateway was down, or after it. */
static void check_window_over_restart(int64_t set_before_ms, int64_t set_down_ms, int64_t set_after_ms)
{
	struct bed *bed = bed_open_unset(SUMS);

	take(bed, "p", "5");
	pass(bed, 1000);
	if (set_before_ms)
		set_clock(bed, set_before_ms);
	if (set_down_ms)
		bed->now.wall_ms = set_down_ms;
	bed_crash(bed);
	wait_ready(bed);
	if (set_after_ms)
		set_clock(bed, set_after_ms);
	pass(bed, 12000);
	ck_assert_str_eq(kept(bed), "sum=5\ncount=1\n");
	ck_assert_int_ge(bed->first_ms, START_MS);
	ck_assert_int_lt(bed->first_ms, START_MS + 10000);
	bed_close(bed);
}

START_TEST(a_window_begun_before_the_clock_was_set_gets_its_time_after_a_restart)
{
	check_window_over_restart(START_MS + 1000, 0, 0);
	check_window_over_restart(0, START_MS + 1000, 0);
	check_window_over_restart(0, 0, START_MS + 1000);
}
END_TEST

START_TEST(a_window_of_dates_is_not_moved_when_the_clock_is_set)
{
	struct bed *bed = bed_open_unset(SUMS);
	struct reading reading = reading_of("p", "5");

	reading.has_time = reading.is_dated = true;
	reading.time_us = (START_MS + 3000) * 1000;
	take_as(bed, &reading, 1, 0);
	pass(bed, 12000);
	ck_assert_int_eq(first_time_ms(bed), START_MS);
	set_clock(bed, START_MS + 12000);
	ck_assert_int_eq(first_time_ms(bed), START_MS);
	bed_close(bed);
}
END_TEST

START_TEST(a_clock_that_jumps_makes_no_alarm_and_hides_none)
{
	struct bed *bed = bed_open("rules: { list = ( { name = \"a\"; drop = true;"
				   " alarms = ( { name = \"hot\"; above = 8; hold = \"5 min\"; } ); } ); };");

	take(bed, "t", "9");
	set_clock(bed, START_MS + 3600000); /* nobody was hot for an hour */
	take(bed, "t", "9");
	pass(bed, 1000);
	ck_assert_str_eq(kept(bed), "");
	set_clock(bed, START_MS); /* what comes now is not late by an hour */
	take(bed, "t", "9");
	pass(bed, 300000);
	take(bed, "t", "10");
	pass(bed, 1000);
	ck_assert_str_eq(kept(bed), "alarm/hot=true\nalarm/hot/value=10\n");
	bed_close(bed);
}
END_TEST

static void ignore_change(void *context, const char *name, bool applied)
{
}

START_TEST(a_reload_ends_the_windows_of_changed_rules_only)
{
	struct bed *bed = bed_open(SUMS);

	take(bed, "p", "5");
	pass(bed, 300);
	edge_reload(bed->edge);
	pass(bed, 300);
	ck_assert_str_eq(kept(bed), "");
	struct config *former = bed->config;
	struct config *newer = rules_config_good("rules: { series = 1000; };");
	config_adopt(former, &newer, ignore_change, NULL);
	edge_reload(bed->edge);
	pass(bed, 500);
	ck_assert_str_eq(kept(bed), "sum=5\ncount=1\n");
	bed_close(bed);
}
END_TEST

/* What strikes the gateway while it waits for a node's reading to be durable. */
typedef void trouble(struct bed *bed, struct random *random);

static void kill_or_stop(struct bed *bed, struct random *random)
{
	if (random_below(random, 60) == 0)
		random_below(random, 3) ? bed_crash(bed) : bed_restart(bed);
}

static struct fault_vfs *disk;

static void fail_disk(struct bed *bed, struct random *random)
{
	const struct fault_plan plan = {
		.fault = random_below(random, 2) ? FAULT_IO_ERROR : FAULT_NO_SPACE,
		.first = 1 + random_below(random, 10),
		.count = 1 + random_below(random, 30),
	};

	if (random_below(random, 30) == 0)
		fault_vfs_plan(disk, &plan);
}

/* A node sends one reading after the other and repeats each until it is acknowledged: each window says, in one part or
 * several, exactly what was sent. */
static void run_history(struct bed *bed, uint64_t seed, trouble *strike)
{
	static int64_t sums[WINDOWS], counts[WINDOWS];
	struct random random;

	memset(sums, 0, sizeof(sums));
	memset(counts, 0, sizeof(counts));
	random_init(&random, seed);
	for (uint64_t i = 1; i <= 1500; i++) {
		struct reading reading = reading_of("p", "0");
		int64_t time_ms = bed->now.wall_ms - (int64_t)random_below(&random, 15000);

		time_ms = time_ms < START_MS ? START_MS : time_ms;
		reading.number = number_from_integer((int64_t)i);
		reading.has_time = true;
		reading.time_us = time_ms * 1000;
		sums[(time_ms - START_MS) / 10000] += (int64_t)i;
		counts[(time_ms - START_MS) / 10000]++;
		bed->result = 1;
		while (bed->result != 0 && bed->result != -EALREADY) {
			bed->result = 1;
			take_as(bed, &reading, 1, i);
			pass(bed, 50 + random_below(&random, 8) * 50);
			strike(bed, &random);
			ck_assert_int_lt(bed->now.wall_ms - START_MS, WINDOWS * 10000 - 60000);
		}
	}
	if (disk)
		fault_vfs_plan(disk, &(struct fault_plan){ .fault = FAULT_NONE });
	pass(bed, 40000);
	(void)kept(bed);
	for (size_t i = 0; i < WINDOWS; i++) {
		ck_assert_msg(bed->sums[i] == sums[i] && bed->counts[i] == counts[i],
			"window %zu: %d of %d readings, sum %d of %d, seed %d", i, (int)bed->counts[i], (int)counts[i],
			(int)bed->sums[i], (int)sums[i], (int)seed);
	}
	bed_close(bed);
}

START_TEST(windows_say_what_was_acknowledged_however_often_the_gateway_is_killed)
{
	for (uint64_t seed = 1; seed <= 6; seed++)
		run_history(bed_open(SUMS), seed, kill_or_stop);
}
END_TEST

#define ROOM_REPORTS 1000
#define ROOM_RULE                                                                                         \
	"rules: { window_room = \"1 MB\"; list = ( { name = \"w\"; names = [ \"p\" ]; window = \"7 d\"; " \
	"drop = true; outputs = ( { value = \"sum\"; name = \"sum\"; } ); } ); };"

/* Readings that hardly compress; their sum. */
static int64_t fill_report(struct reading readings[READINGS_MAX], struct random *random)
{
	int64_t sum = 0;

	for (size_t i = 0; i < READINGS_MAX; i++) {
		int64_t value = (int64_t)random_below(random, UINT64_C(1) << 40);
		readings[i] = reading_of("p", "0");
		readings[i].number = number_from_integer(value);
		sum += value;
	}
	return sum;
}

/* Of all lines "sum=VALUE". */
static int64_t told_sum(const char *told)
{
	int64_t sum = 0;

	for (; *told; told = strchr(told, '\n') + 1)
		sum += strtoll(told + strlen("sum="), NULL, 10);
	return sum;
}

START_TEST(windows_that_need_too_much_room_are_told_in_parts)
{
	static struct reading readings[READINGS_MAX];
	struct bed *bed = bed_open(ROOM_RULE);
	struct config *newer = rules_config_good("rules: { series = 1000; };");
	struct edge_figures figures;
	struct random random;
	int64_t sum = 0;

	random_init(&random, 1);
	for (unsigned i = 1; i <= ROOM_REPORTS; i++) {
		sum += fill_report(readings, &random);
		take_as(bed, readings, READINGS_MAX, 0);
		pass(bed, 300);
		ck_assert_uint_eq(bed->answers, i);
		ck_assert_int_eq(bed->result, 0);
	}
	edge_figures(bed->edge, &figures);
	ck_assert_uint_gt(figures.told_early, 0);
	ck_assert_uint_lt(figures.feed_bytes, 1200000);
	config_adopt(bed->config, &newer, ignore_change, NULL);
	edge_reload(bed->edge);
	pass(bed, 1000);
	ck_assert_int_eq(told_sum(kept(bed)), sum);
	bed_close(bed);
}
END_TEST

#define CUT_READINGS 7 /* 4 s apart: two windows are told on the way */

/* The power goes at that change, if it has not gone yet; what was not acknowledged is sent again. */
static void survive(struct bed *bed)
{
	bed_stop(bed);
	fault_vfs_restore(disk);
	ck_assert_msg(stepped_try_open(&bed->stepped) == 0, "%s", bed->stepped.why);
	bed_start(bed);
	wait_ready(bed);
}

static void send_until_acknowledged(struct bed *bed, uint64_t number)
{
	struct reading reading = reading_of("p", "0");

	reading.number = number_from_integer((int64_t)number);
	reading.has_time = true;
	reading.time_us = bed->now.wall_ms * 1000;
	bed->result = 1;
	while (bed->result != 0 && bed->result != -EALREADY) {
		bed->result = 1;
		take_as(bed, &reading, 1, number);
		pass(bed, 300);
		if (fault_vfs_is_off(disk))
			survive(bed);
	}
}

/* How many changes it took. */
static uint64_t run_with_cut(uint64_t change, enum fault_remains remains)
{
	disk = fault_vfs_open("fault", change + 1);
	struct bed *bed = bed_open_on(SUMS, "fault");
	int64_t sums[WINDOWS] = { 0 };

	fault_vfs_plan(disk, &(struct fault_plan){ .fault = FAULT_POWER_CUT, .first = change, .remains = remains });
	for (uint64_t number = 1; number <= CUT_READINGS; number++) {
		sums[(bed->now.wall_ms - START_MS) / 10000] += (int64_t)number;
		send_until_acknowledged(bed, number);
		pass(bed, 4000);
	}
	uint64_t changes = fault_vfs_changes(disk);
	if (fault_vfs_is_off(disk))
		survive(bed);
	pass(bed, 40000);
	(void)kept(bed);
	for (size_t i = 0; i < WINDOWS; i++)
		ck_assert_msg(bed->sums[i] == sums[i], "window %zu says %d of %d, cut at %d", i, (int)bed->sums[i],
			(int)sums[i], (int)change);
	bed_close(bed);
	fault_vfs_close(disk);
	disk = NULL;
	return changes;
}

START_TEST(windows_say_what_was_acknowledged_whenever_the_power_goes)
{
	uint64_t changes = run_with_cut(0, REMAINS_ANY);

	ck_assert_uint_gt(changes, 20);
	for (uint64_t change = 1; change <= changes; change++) {
		run_with_cut(change, REMAINS_NOTHING);
		run_with_cut(change, REMAINS_TORN);
	}
}
END_TEST

START_TEST(windows_say_what_was_acknowledged_however_often_the_disk_fails)
{
	for (uint64_t seed = 1; seed <= 6; seed++) {
		disk = fault_vfs_open("fault", seed);
		run_history(bed_open_on(SUMS, "fault"), seed, fail_disk);
		fault_vfs_close(disk);
		disk = NULL;
	}
}
END_TEST

TEST_SUITE(edge, what_rules_drop_is_acknowledged_at_once, an_alarm_does_not_wait_for_others,
	a_reading_for_a_window_is_acknowledged_when_its_feed_is_durable, a_window_survives_a_crash_and_is_told_once,
	the_longest_names_survive_too, a_repeated_message_is_in_a_window_once_also_after_a_crash,
	the_feed_of_told_windows_goes, windows_of_a_rule_that_is_gone_after_a_restart_are_told,
	no_report_is_taken_before_the_windows_are_there, a_window_told_before_the_clock_was_set_gets_its_time,
	a_window_told_after_the_clock_was_set_gets_its_time,
	a_window_begun_before_the_clock_was_set_gets_its_time_after_a_restart,
	a_window_of_dates_is_not_moved_when_the_clock_is_set, a_clock_that_jumps_makes_no_alarm_and_hides_none,
	a_reload_ends_the_windows_of_changed_rules_only,
	windows_say_what_was_acknowledged_however_often_the_gateway_is_killed,
	windows_that_need_too_much_room_are_told_in_parts, windows_say_what_was_acknowledged_whenever_the_power_goes,
	windows_say_what_was_acknowledged_however_often_the_disk_fails)
