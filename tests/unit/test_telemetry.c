#include "gateway/telemetry.h"

#include <sqlite3.h>

#include "tests/unit/suite.h"
#include "tests/unit/telemetry_house.h"

START_TEST(a_report_is_acknowledged_after_the_commit_delay)
{
	struct house *house = house_build();

	house_open(house);
	house_take(house, 4);
	house_advance(house, 240);
	ck_assert_uint_eq(house->acknowledged, 0);
	house_advance(house, 30);
	ck_assert_uint_eq(house->acknowledged, 1);
	house_tear_down(house);
}
END_TEST

START_TEST(reports_share_a_commit)
{
	struct house *house = house_build();
	struct telemetry_figures figures;

	house_open(house);
	for (int i = 0; i < 100; i++)
		house_take(house, 4);
	house_advance(house, 300);
	telemetry_figures(house->telemetry, &figures);
	ck_assert_uint_eq(house->acknowledged, 100);
	ck_assert_uint_eq(figures.segments, 1);
	ck_assert_uint_eq(figures.readings, 400);
	ck_assert_uint_eq(figures.pending, 0);
	ck_assert_uint_eq(figures.next, 401);
	house_tear_down(house);
}
END_TEST

START_TEST(a_fast_report_is_answered_at_once_and_kept_with_the_others)
{
	struct house *house = house_build();

	house_open(house);
	house->fast = true;
	house_take_as(house, 1, 4, 77);
	ck_assert_uint_eq(house->acknowledged, 1);
	house_take_as(house, 1, 4, 77);
	ck_assert_uint_eq(house->repeated, 1);
	house_advance(house, 300);
	house_crash(house);
	house_connect(house);
	house_advance(house, 3000);
	ck_assert_uint_eq(house_check(house), 4);
	house_tear_down(house);
}
END_TEST

START_TEST(an_empty_report_is_fine)
{
	struct house *house = house_build();

	house_open(house);
	house_take(house, 0);
	ck_assert_uint_eq(house->acknowledged, 1);
	house_tear_down(house);
}
END_TEST

START_TEST(a_repeat_waits_with_the_first_and_is_kept_once)
{
	struct house *house = house_build();
	struct telemetry_figures figures;

	house_open(house);
	house_take_as(house, 1, 4, 77);
	house_take_as(house, 1, 4, 77);
	house_advance(house, 300);
	ck_assert_uint_eq(house->acknowledged, 2);
	telemetry_figures(house->telemetry, &figures);
	ck_assert_uint_eq(figures.readings, 4);
	house_take_as(house, 1, 4, 77);
	ck_assert_uint_eq(house->repeated, 1);
	ck_assert_uint_eq(house->acknowledged, 2);
	house_tear_down(house);
}
END_TEST

START_TEST(a_repeat_is_known_for_its_life_only)
{
	struct house *house = house_build();

	house_open(house);
	house_take_as(house, 1, 1, 77);
	house_advance(house, 300);
	house->now.monotonic_ms += EXCHANGE_LIFE_MS - 1000;
	house_take_as(house, 1, 1, 77);
	ck_assert_uint_eq(house->repeated, 1);
	house->now.monotonic_ms += 62000;
	house_turn(house);
	house_take_as(house, 1, 1, 77);
	ck_assert_uint_eq(house->repeated, 1);
	house_tear_down(house);
}
END_TEST

START_TEST(a_repeat_is_known_after_a_crash_and_after_delivery)
{
	struct house *house = house_build();

	house_open(house);
	house_connect(house);
	house_take_as(house, 1, 1, 77);
	house_advance(house, 3000);
	ck_assert_uint_eq(house->received, 1);
	house_crash(house);
	house_take_as(house, 1, 1, 77);
	ck_assert_uint_eq(house->repeated, 1);
	house->now.wall_ms += EXCHANGE_LIFE_MS + 1000;
	house->now.monotonic_ms += EXCHANGE_LIFE_MS + 1000;
	house_crash(house);
	house_take_as(house, 1, 1, 77);
	ck_assert_uint_eq(house->repeated, 1);
	house_tear_down(house);
}
END_TEST

static void run_sql(const struct house *house, const char *sql)
{
	sqlite3 *connection;
	char path[128];

	snprintf(path, sizeof(path), "%s/telemetry.db", house->folder);
	ck_assert_int_eq(sqlite3_open(path, &connection), SQLITE_OK);
	ck_assert_msg(sqlite3_exec(connection, sql, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(connection));
	sqlite3_close(connection);
}

/* For days. */
static void house_rest(struct house *house)
{
	house_stop(house);
	house->now.wall_ms += 100 * EXCHANGE_LIFE_MS;
	house->now.monotonic_ms += 100 * EXCHANGE_LIFE_MS;
	house_open(house);
}

START_TEST(a_dated_report_is_known_by_its_stored_readings)
{
	struct house *house = house_build();

	house->dated = true;
	house_open(house);
	house_take_as(house, 1, 3, 77);
	house_take_as(house, 5, 200, 78);
	house_advance(house, 300);
	house_stop(house);
	run_sql(house,
		"CREATE TABLE proof(n CHECK(n = 0)); INSERT INTO proof SELECT sum(length(exchanges)) FROM segment");
	house_open(house);
	house_take_as(house, 1, 3, 1077); /* in another message */
	house_take_as(house, 5, 200, 1078);
	ck_assert_uint_eq(house->repeated, 2);
	house_take_as(house, 5, 199, 78); /* another report in the same message: no driver does this */
	ck_assert_uint_eq(house->repeated, 2);
	house_tear_down(house);
}
END_TEST

START_TEST(a_dated_report_is_known_after_delivery_and_a_crash)
{
	struct house *house = house_build();

	house->dated = true;
	house_open(house);
	house_connect(house);
	house_take_as(house, 1, 3, 77);
	house_advance(house, 5000);
	ck_assert_uint_eq(house->received, 3);
	house_crash(house);
	house_take_as(house, 1, 3, 77);
	ck_assert_uint_eq(house->repeated, 1);
	house_tear_down(house);
}
END_TEST

START_TEST(a_dated_report_is_known_however_long_the_gateway_was_away)
{
	for (int connected = 0; connected < 2; connected++) {
		struct house *house = house_build();

		house->dated = true;
		house_open(house);
		if (connected)
			house_connect(house);
		house_take_as(house, 1, 3, 77);
		house_advance(house, 5000);
		house_rest(house);
		house_advance(house, 100000);
		house_rest(house);
		house_take_as(house, 1, 3, 77);
		ck_assert_uint_eq(house->repeated, 1);
		house->dated = false;
		house_take_as(house, 2, 3, 78);
		house_advance(house, 5000);
		house_rest(house);
		house_take_as(house, 2, 3, 78); /* may be another one by now */
		ck_assert_uint_eq(house->repeated, 1);
		house_tear_down(house);
	}
}
END_TEST

START_TEST(what_a_former_version_stored_is_known)
{
	struct house *house = house_build();

	house_open(house);
	house_take_as(house, 1, 3, 77);
	house_take_as(house, 4, 3, 78);
	house_advance(house, 300);
	house_stop(house);
	/* As version 3 had it: the drivers' fingerprints, whether dated or not; the second one's readings are upstream.
	 */
	run_sql(house,
		"ALTER TABLE segment DROP COLUMN told; ALTER TABLE feed DROP COLUMN boot; PRAGMA user_version = 3;"
		"UPDATE segment SET exchanges = x'4d00000000000000';"
		"INSERT INTO exchange SELECT 5, kept_at_ms, x'4e00000000000000' FROM segment");
	house_open(house);
	house->migrated = true;
	house->dated = true;
	house_take_as(house, 1, 3, 77);
	house_take_as(house, 4, 3, 78);
	house->dated = false;
	house_take_as(house, 1, 3, 77);
	house_take_as(house, 4, 3, 78);
	ck_assert_uint_eq(house->repeated, 4);
	house_connect(house);
	house_advance(house, 5000);
	ck_assert_uint_eq(house->received, 6);
	house_tear_down(house);
}
END_TEST

START_TEST(what_is_no_repeat_is_kept_even_if_it_looks_like_one)
{
	struct house *house = house_build();
	struct telemetry_figures figures;

	house_open(house);
	house_take_as(house, 1, 1, 77);
	house_advance(house, 300);
	house_crash(house);
	house->fresh = true;
	house_take_as(house, 1, 1, 77);
	house->fresh = false;
	house_take_as(house, 1, 1, 77);
	ck_assert_uint_eq(house->repeated, 0); /* it waits with the one that is not durable yet */
	house_advance(house, 300);
	telemetry_figures(house->telemetry, &figures);
	ck_assert_uint_eq(figures.readings, 1);
	house_take_as(house, 1, 1, 77);
	ck_assert_uint_eq(house->repeated, 1);
	house_tear_down(house);
}
END_TEST

START_TEST(numbers_go_on_after_a_restart)
{
	struct house *house = house_build();
	struct telemetry_figures figures;

	house_open(house);
	house_take(house, 10);
	house_advance(house, 300);
	house_stop(house);
	house_open(house);
	house_take(house, 5);
	house_advance(house, 300);
	telemetry_figures(house->telemetry, &figures);
	ck_assert_uint_eq(figures.next, 16);
	house_tear_down(house);
}
END_TEST

START_TEST(numbers_go_on_when_everything_was_delivered)
{
	struct house *house = house_build();

	house_open(house);
	house_connect(house);
	house_take(house, 10);
	house_advance(house, 3000);
	house_stop(house);
	house_open(house);
	house_connect(house);
	uint32_t value = house_take(house, 1);
	house_advance(house, 3000);
	ck_assert_uint_eq(house->number[value], 11);
	house_tear_down(house);
}
END_TEST

START_TEST(a_lost_database_gives_no_number_twice)
{
	struct house *house = house_build();

	house_open(house);
	house_take(house, 10);
	house_advance(house, 300);
	house_stop(house);
	house_files("rm", house->folder, "/telemetry.db*", "");
	house_open(house);
	house_connect(house);
	uint32_t value = house_take(house, 1);
	house_advance(house, 3000);
	ck_assert_uint_gt(house->number[value], 11);
	ck_assert_uint_eq(house->gap_records, 1);
	ck_assert_ptr_nonnull(strstr(house->gap_text, "reason=database_lost"));
	house_tear_down(house);
}
END_TEST

START_TEST(what_was_not_acknowledged_may_be_lost_and_what_was_is_not)
{
	struct house *house = house_build();

	house_open(house);
	house_take(house, 3);
	house_advance(house, 300);
	house_take(house, 3);
	house_crash(house);
	ck_assert_uint_eq(house->acknowledged, 1);
	house_connect(house);
	house_advance(house, 3000);
	ck_assert_uint_eq(house_check(house), 3);
	house_tear_down(house);
}
END_TEST

START_TEST(a_stop_keeps_what_was_taken)
{
	struct house *house = house_build();

	house_open(house);
	house_take(house, 3);
	house_stop(house);
	ck_assert_uint_eq(house->acknowledged, 1);
	house_open(house);
	house_tear_down(house);
}
END_TEST

START_TEST(a_large_segment_is_closed_before_its_time)
{
	struct house *house = house_build();
	struct telemetry_figures figures;

	house->settings.commit_delay_ms = 1500;
	house_open(house);
	for (int i = 0; i < 200; i++)
		house_take(house, 256);
	house_turn(house);
	house_turn(house);
	telemetry_figures(house->telemetry, &figures);
	ck_assert_uint_ge(figures.segments, 1);
	ck_assert_uint_ge(house->acknowledged, 50);
	house_tear_down(house);
}
END_TEST

START_TEST(an_urgent_report_waits_for_nobody)
{
	struct house *house = house_build();
	struct reading reading = { .name = { "smoke", 5 }, .kind = READING_BOOLEAN, .boolean = true };
	struct house_report *context = malloc(sizeof(*context));

	ck_assert_ptr_nonnull(context);
	*context = (struct house_report){ .house = house };
	house_open(house);
	house_take(house, 4);
	struct reading_report report = { "node-1", &reading, 1, .done = house_done, .context = context,
		.urgent = true };
	telemetry_take(house->telemetry, &report, house->now);
	house_turn(house);
	ck_assert_uint_eq(house->acknowledged, 2);
	house_tear_down(house);
}
END_TEST

START_TEST(too_many_segments_waiting_refuse_readings)
{
	struct house *house = house_build();

	house_open(house);
	for (int i = 0; i < 2000; i++)
		house_take_as(house, 1, 256, 0);
	ck_assert_uint_gt(house->refused, 0);
	ck_assert_uint_eq(house->retry_s, 2);
	unsigned taken = 2000 - house->refused;
	house_advance(house, 1000);
	ck_assert_uint_eq(house->acknowledged, taken);
	house_tear_down(house);
}
END_TEST

static void fill_up(struct house *house)
{
	for (int i = 0; i < 240; i++) {
		house_take(house, 250);
		house_advance(house, 300);
	}
}

START_TEST(at_the_quota_the_oldest_are_dropped_and_told)
{
	struct house *house = house_build();

	house->quota = 200 * 1024;
	house_open(house);
	fill_up(house);
	ck_assert_uint_eq(house->refused, 0);
	ck_assert_uint_eq(house->acknowledged, 240);
	house_connect(house);
	house_advance(house, 20000);
	ck_assert_uint_gt(house->gap_lost, 0);
	ck_assert_uint_eq(house->received + house->gap_lost, 60000);
	ck_assert_ptr_nonnull(strstr(house->gap_text, "first=1 "));
	ck_assert_ptr_nonnull(strstr(house->gap_text, "reason=quota"));
	house_tear_down(house);
}
END_TEST

START_TEST(at_the_quota_new_readings_are_refused_if_so_set)
{
	struct house *house = house_build();

	house->quota = 200 * 1024;
	house->settings.when_full = WHEN_FULL_REFUSE;
	house_open(house);
	fill_up(house);
	ck_assert_uint_gt(house->refused, 0);
	ck_assert_uint_eq(house->acknowledged + house->refused, 240);
	ck_assert_uint_le(house->retry_s, 60);
	house_connect(house);
	house_advance(house, 20000);
	ck_assert_uint_eq(house->gap_lost, 0);
	ck_assert_uint_eq(house_check(house), house->acknowledged * 250);
	unsigned before = house->acknowledged;
	house_advance(house, 60000);
	house_take(house, 5);
	house_advance(house, 300);
	ck_assert_uint_eq(house->acknowledged, before + 1);
	house_tear_down(house);
}
END_TEST

START_TEST(a_lowered_quota_is_reached_by_dropping)
{
	struct house *house = house_build();

	house_open(house);
	fill_up(house);
	house_stop(house);
	house->quota = 200 * 1024;
	house_open(house);
	house_take(house, 1);
	house_advance(house, 300);
	ck_assert_uint_eq(house->refused, 0);
	house_connect(house);
	house_advance(house, 20000);
	ck_assert_uint_gt(house->gap_lost, 30000);
	ck_assert_uint_eq(house->received + house->gap_lost, 60001);
	house_tear_down(house);
}
END_TEST

static void watch(void *context, struct span node, int64_t received_ms, const struct reading *reading)
{
	struct house *house = context;

	ck_assert_mem_eq(node.data, "node-1", 6);
	ck_assert_int_eq(received_ms, house->now.wall_ms);
	house->last_value = (uint64_t)reading->number.mantissa;
	house->received++;
}

START_TEST(observers_see_what_is_taken)
{
	struct house *house = house_build();
	struct telemetry_observer observer = { watch, house };

	house_open(house);
	ck_assert_int_eq(telemetry_observe(house->telemetry, &observer), 0);
	house_take(house, 3);
	ck_assert_uint_eq(house->received, 3);
	ck_assert_uint_eq(house->last_value, 3);
	telemetry_unobserve(house->telemetry, &observer);
	house_take(house, 3);
	ck_assert_uint_eq(house->received, 3);
	for (int i = 0; i < TELEMETRY_OBSERVERS_MAX; i++)
		ck_assert_int_eq(telemetry_observe(house->telemetry, &observer), 0);
	ck_assert_int_eq(telemetry_observe(house->telemetry, &observer), -ENOBUFS);
	telemetry_unobserve(house->telemetry, &observer);
	house_tear_down(house);
}
END_TEST

TEST_SUITE(telemetry, a_report_is_acknowledged_after_the_commit_delay, reports_share_a_commit,
	a_fast_report_is_answered_at_once_and_kept_with_the_others, an_empty_report_is_fine,
	a_repeat_waits_with_the_first_and_is_kept_once, a_repeat_is_known_for_its_life_only,
	a_repeat_is_known_after_a_crash_and_after_delivery, a_dated_report_is_known_by_its_stored_readings,
	a_dated_report_is_known_after_delivery_and_a_crash, a_dated_report_is_known_however_long_the_gateway_was_away,
	what_a_former_version_stored_is_known, what_is_no_repeat_is_kept_even_if_it_looks_like_one,
	numbers_go_on_after_a_restart, numbers_go_on_when_everything_was_delivered,
	a_lost_database_gives_no_number_twice, what_was_not_acknowledged_may_be_lost_and_what_was_is_not,
	a_stop_keeps_what_was_taken, a_large_segment_is_closed_before_its_time, an_urgent_report_waits_for_nobody,
	too_many_segments_waiting_refuse_readings, at_the_quota_the_oldest_are_dropped_and_told,
	at_the_quota_new_readings_are_refused_if_so_set, a_lowered_quota_is_reached_by_dropping,
	observers_see_what_is_taken)
