#include "gateway/thin.h"

#include "gateway/random.h"
#include "store/segment_room.h"
#include "tests/sim/fault_vfs.h"
#include "tests/unit/suite.h"
#include "tests/unit/telemetry_house.h"

#define QUOTA (512 * 1024)

static struct house *build(void)
{
	struct house *house = house_build();

	house->quota = QUOTA;
	house->settings.quota_bytes = QUOTA;
	house->settings.thin_window_ms = 10000;
	return house;
}

static void step(struct house *house, int64_t duration_ms)
{
	house->now.monotonic_ms += duration_ms;
	house->now.wall_ms += duration_ms;
	house_turn(house);
}

/* About 400 readings a second of a few nodes. */
static void feed(struct house *house, unsigned seconds)
{
	for (unsigned i = 0; i < seconds * 10; i++) {
		if (i % 2 == 0)
			house_take(house, 80);
		step(house, 50);
		step(house, 50);
	}
}

static struct thin_figures figures_of(const struct house *house)
{
	struct thin_figures figures;

	thin_figures(house->thin, &figures);
	return figures;
}

static void on_usage(void *context, int result, const struct segment_usage *usage)
{
	ck_assert_int_eq(result, 0);
	*(struct segment_usage *)context = *usage;
}

static struct segment_usage usage_of(const struct house *house)
{
	struct segment_usage usage = { 0 };

	ck_assert_int_eq(store_segment_usage(house->store, (struct segment_usage_reader){ on_usage, &usage }), 0);
	store_dispatch(house->store);
	return usage;
}

static void drain(struct house *house)
{
	struct publish_figures sent = { .waiting = 1 };

	house->lazy = false;
	if (!house->connected)
		house_connect(house);
	for (int i = 0; i < 600 && sent.waiting > 0; i++) {
		house_advance(house, 100);
		publish_figures(house->publish, &sent);
	}
	house_advance(house, 2000);
	ck_assert_uint_eq(sent.waiting, 0);
}

/* Every sequence number came or is told as lost, not both; how many of them are lost. */
static uint64_t check_numbers(const struct house *house)
{
	struct telemetry_figures taken;
	uint64_t lost = 0;

	telemetry_figures(house->telemetry, &taken);
	for (uint64_t number = 1; number < taken.next; number++) {
		ck_assert_msg(house->came[number] != house->lost[number], "number %d: came %d, lost %d", (int)number,
			house->came[number], house->lost[number]);
		lost += house->lost[number];
	}
	return lost;
}

/* Besides, each acknowledged reading came or is in a window that did. */
static void check_all(const struct house *house)
{
	uint64_t acknowledged = 0, came = 0;

	check_numbers(house);
	for (size_t i = 0; i < HOUSE_VALUES; i++) {
		acknowledged += house->acked[i];
		came += house->number[i] > 0;
	}
	ck_assert_uint_ge(came + house->thinned, acknowledged);
	ck_assert_uint_le(came + house->thinned, acknowledged + 100);
}

START_TEST(the_oldest_readings_are_thinned_before_any_is_dropped)
{
	struct house *house = build();
	struct telemetry_figures taken;

	house_open(house);
	feed(house, 200);
	telemetry_figures(house->telemetry, &taken);
	ck_assert_uint_eq(taken.dropped, 0);
	struct thin_figures figures = figures_of(house);
	ck_assert_uint_gt(figures.readings, 20000);
	ck_assert_uint_lt(figures.became, figures.readings / 10);
	ck_assert_uint_lt(figures.written_bytes, figures.replaced_bytes / 5);
	ck_assert_uint_lt(usage_of(house).used_bytes, QUOTA * 9 / 10);
	drain(house);
	ck_assert_uint_eq(house->refused, 0);
	check_all(house);
	ck_assert_ptr_nonnull(strstr(house->gap_text, "reason=thinned"));
	house_tear_down(house);
}
END_TEST

START_TEST(thinning_goes_on_well_below_the_limit_before_it_ends)
{
	struct house *house = build();
	unsigned begun = 0;
	bool active = false;

	house_open(house);
	for (int i = 0; i < 200; i++) {
		feed(house, 1);
		begun += figures_of(house).active && !active;
		active = figures_of(house).active;
	}
	ck_assert_uint_ge(begun, 1);
	ck_assert_uint_le(begun, 10);
	house_tear_down(house);
}
END_TEST

START_TEST(nothing_is_thinned_below_the_limit_or_where_it_is_not_wanted)
{
	static const int policies[] = { WHEN_FULL_DROP_OLDEST, WHEN_FULL_REFUSE };
	struct house *house = build();

	house_open(house);
	feed(house, 30);
	ck_assert_uint_eq(figures_of(house).readings, 0);
	house_tear_down(house);
	for (int i = 0; i < 2; i++) {
		house = build();
		house->settings.when_full = policies[i];
		house_open(house);
		feed(house, 200);
		ck_assert_uint_eq(figures_of(house).readings, 0);
		ck_assert((house->refused > 0) == (policies[i] == WHEN_FULL_REFUSE));
		house_tear_down(house);
	}
}
END_TEST

START_TEST(alarms_are_not_thinned)
{
	struct house *house = build();
	uint32_t alarms[40];

	house_open(house);
	for (int i = 0; i < 40; i++) {
		house->urgent = true;
		alarms[i] = house_take(house, 1);
		house->urgent = false;
		feed(house, 5);
	}
	ck_assert_uint_gt(figures_of(house).readings, 20000);
	ck_assert_uint_gt(usage_of(house).alarm_bytes, 0);
	drain(house);
	for (int i = 0; i < 40; i++)
		ck_assert_uint_gt(house->number[alarms[i]], 0);
	check_all(house);
	house_tear_down(house);
}
END_TEST

/* The values in flight would be counted in a window too, under other numbers, if they were thinned. */
START_TEST(what_is_on_its_way_is_not_thinned)
{
	struct house *house = build();
	struct telemetry_figures taken;

	house->settings.window = 5;
	house_open(house);
	feed(house, 70);
	house->lazy = true;
	house_connect(house);
	house_advance(house, 3000);
	ck_assert_uint_gt(house->received, 3000);
	uint64_t came = house->received;
	house->settings.thin_above = 10;
	feed(house, 20);
	ck_assert_uint_gt(figures_of(house).readings, 1000);
	house->settings.when_full = WHEN_FULL_DROP_OLDEST;
	house_disconnect(house);
	drain(house);
	ck_assert_uint_gt(house->received, came);
	telemetry_figures(house->telemetry, &taken);
	ck_assert_uint_eq(taken.dropped, 0);
	check_all(house);
	house_tear_down(house);
}
END_TEST

START_TEST(the_oldest_thinned_readings_go_when_they_take_half_of_the_room)
{
	struct house *house = build();

	house->settings.thin_window_ms = 1000;
	house->settings.thin_above = 20;
	house_open(house);
	feed(house, 400);
	ck_assert_uint_lt(usage_of(house).thinned_bytes, QUOTA / 100 * 20 / 2 + 40000);
	drain(house);
	ck_assert_uint_gt(check_numbers(house), 0);
	house_tear_down(house);
}
END_TEST

START_TEST(what_would_not_shrink_is_left_until_it_must_be_dropped)
{
	struct house *house = build();

	house->settings.thin_window_ms = 1000;
	house_open(house);
	/* Three readings of a node a second. */
	for (unsigned i = 0; i < 6000; i++) {
		house_take(house, 3);
		house_advance(house, 20);
	}
	ck_assert_uint_gt(house->value, 10000);
	drain(house);
	check_numbers(house);
	house_tear_down(house);
}
END_TEST

START_TEST(a_crash_at_any_moment_leaves_raw_or_thinned_readings)
{
	for (uint64_t seed = 1; seed <= 3; seed++) {
		struct house *house = build();
		struct random random;

		random_init(&random, seed);
		house_open(house);
		feed(house, 90);
		for (int i = 0; i < 12; i++) {
			unsigned turns = (unsigned)random_below(&random, 60);
			for (unsigned turn = 0; turn < turns; turn++) {
				if (turn % 5 == 0)
					house_take(house, 20);
				house_advance(house, 10);
			}
			house_crash(house);
			feed(house, (unsigned)random_below(&random, 12));
		}
		ck_assert_uint_gt(figures_of(house).readings + house->boot, 10);
		drain(house);
		check_numbers(house);
		ck_assert_uint_gt(house->thinned, 0);
		house_tear_down(house);
	}
}
END_TEST

/* Every acknowledged reading is accounted for although the disk failed so often at that change of the files. */
static void fail_while_thinning(enum fault what, uint64_t change)
{
	struct fault_vfs *fault = fault_vfs_open("fault", change);
	struct house *house = build();

	house->vfs = "fault";
	house_open(house);
	feed(house, 60);
	ck_assert(figures_of(house).readings == 0);
	fault_vfs_plan(fault, &(struct fault_plan){ .fault = what, .first = change, .count = 3 });
	feed(house, 40);
	if (what == FAULT_POWER_CUT) {
		house_stop(house);
		fault_vfs_restore(fault);
		house_open(house);
	}
	fault_vfs_plan(fault, &(struct fault_plan){ .fault = FAULT_NONE });
	feed(house, 70);
	drain(house);
	check_numbers(house);
	/* A disk that seems full has so much dropped at once that little is left to thin. */
	ck_assert(house->thinned > 0 || what == FAULT_NO_SPACE);
	house_tear_down(house);
	fault_vfs_close(fault);
}

START_TEST(a_power_cut_while_thinning_loses_nothing_untold)
{
	for (uint64_t change = 1; change < 400; change += 53)
		fail_while_thinning(FAULT_POWER_CUT, change);
}
END_TEST

START_TEST(a_failing_disk_while_thinning_loses_nothing_untold)
{
	for (uint64_t change = 5; change < 400; change += 97) {
		fail_while_thinning(FAULT_IO_ERROR, change);
		fail_while_thinning(FAULT_NO_SPACE, change);
	}
}
END_TEST

TEST_SUITE(thin, the_oldest_readings_are_thinned_before_any_is_dropped,
	thinning_goes_on_well_below_the_limit_before_it_ends,
	nothing_is_thinned_below_the_limit_or_where_it_is_not_wanted, alarms_are_not_thinned,
	what_is_on_its_way_is_not_thinned, the_oldest_thinned_readings_go_when_they_take_half_of_the_room,
	what_would_not_shrink_is_left_until_it_must_be_dropped, a_crash_at_any_moment_leaves_raw_or_thinned_readings,
	a_power_cut_while_thinning_loses_nothing_untold, a_failing_disk_while_thinning_loses_nothing_untold)
