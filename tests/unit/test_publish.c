#include "gateway/publish.h"

#include <sqlite3.h>

#include "gateway/random.h"
#include "tests/unit/suite.h"
#include "tests/unit/telemetry_house.h"

/* Readings that nobody takes upstream yet. */
static void keep(struct house *house, unsigned reports, uint32_t count)
{
	for (unsigned i = 0; i < reports; i++) {
		house_take(house, count);
		if (i % 20 == 19)
			house_advance(house, 260);
	}
	house_advance(house, 300);
}

static uint64_t waiting(const struct house *house)
{
	struct publish_figures figures;

	publish_figures(house->publish, &figures);
	return figures.waiting;
}

START_TEST(a_live_reading_goes_up_when_its_batch_is_old_enough)
{
	struct house *house = house_build();

	house_open(house);
	house_connect(house);
	house_take(house, 4);
	house_advance(house, 1200);
	ck_assert_uint_eq(house->received, 0);
	house_advance(house, 150);
	ck_assert_uint_eq(house->received, 4);
	ck_assert_uint_eq(house->batches, 1);
	ck_assert_uint_eq(waiting(house), 0);
	house_tear_down(house);
}
END_TEST

START_TEST(a_full_batch_goes_at_once_and_never_over_its_count)
{
	struct house *house = house_build();

	house_open(house);
	house_connect(house);
	for (int i = 0; i < 15; i++)
		house_take(house, 250);
	house_advance(house, 300);
	ck_assert_uint_eq(house->received, 3000);
	ck_assert_uint_eq(house->largest_batch, 1000);
	house_advance(house, 1000);
	ck_assert_uint_eq(house->received, 3750);
	ck_assert_uint_eq(house_check(house), 3750);
	house_tear_down(house);
}
END_TEST

START_TEST(what_is_delivered_is_forgotten)
{
	struct house *house = house_build();
	struct segment_summary summary;

	house_open(house);
	house_connect(house);
	keep(house, 100, 10);
	house_advance(house, 4000);
	ck_assert_int_eq(store_segment_summary(house->store, &summary), 0);
	ck_assert_uint_eq(summary.segments, 0);
	ck_assert_uint_eq(summary.next, 1001);
	house_tear_down(house);
}
END_TEST

START_TEST(an_outage_drains_at_the_capped_rate_while_new_readings_flow)
{
	struct house *house = house_build();

	house->settings.backlog_rate = 1000;
	house_open(house);
	keep(house, 200, 100);
	ck_assert_uint_eq(waiting(house), 20000);
	house_connect(house);
	house_advance(house, 5000);
	ck_assert_uint_ge(house->received, 4500);
	ck_assert_uint_le(house->received, 6500);
	uint32_t value = house_take(house, 1);
	house_advance(house, 1400);
	ck_assert_uint_gt(house->number[value], 0);
	ck_assert_uint_eq(house->number[19000], 0);
	house_advance(house, 15000);
	ck_assert_uint_eq(house_check(house), 20001);
	ck_assert_uint_eq(house->received, 20001);
	ck_assert_uint_eq(waiting(house), 0);
	house_tear_down(house);
}
END_TEST

/* Milliseconds until all has come up. */
static int64_t drain(struct house *house)
{
	int64_t start_ms = house->now.monotonic_ms;

	house_connect(house);
	while (waiting(house) > 0 && house->now.monotonic_ms < start_ms + 600000)
		house_advance(house, 10);
	return house->now.monotonic_ms - start_ms;
}

START_TEST(a_capped_backlog_drains_within_5_percent_of_each_cap)
{
	for (int cap = 0; cap < 3; cap++) {
		struct house *house = house_build();
		int64_t goal_ms = 40000;

		house->settings.batch_count = 50;
		house_open(house);
		keep(house, 200, 100);
		house->settings.backlog_rate = cap == 0 ? 500 : 0;
		house->settings.backlog_bytes = cap == 1 ? 65536 : 0;
		house->settings.backlog_messages = cap == 2 ? 10 : 0;
		int64_t took_ms = drain(house);
		if (cap == 1) {
			struct publish_figures figures;
			publish_figures(house->publish, &figures);
			goal_ms = (int64_t)figures.payload_bytes * 1000 / 65536;
		}
		ck_assert_int_ge(took_ms, goal_ms * 95 / 100);
		ck_assert_int_le(took_ms, goal_ms * 105 / 100);
		house_tear_down(house);
	}
}
END_TEST

START_TEST(backlog_drains_oldest_first)
{
	struct house *house = house_build();

	house->settings.backlog_rate = 1000;
	house_open(house);
	keep(house, 100, 50);
	house_connect(house);
	for (int i = 0; i < 60; i++) {
		uint64_t before = house->last_value;
		house_advance(house, 100);
		ck_assert_uint_ge(house->last_value, before);
	}
	ck_assert_uint_eq(house_check(house), 5000);
	house_tear_down(house);
}
END_TEST

START_TEST(a_lost_connection_repeats_under_the_same_numbers)
{
	struct house *house = house_build();

	house_open(house);
	house_connect(house);
	house->lazy = true;
	keep(house, 40, 100);
	house_advance(house, 2000);
	ck_assert_uint_eq(house->received, 4000);
	house_disconnect(house);
	ck_assert_uint_eq(waiting(house), 4000);
	house->lazy = false;
	house_connect(house);
	house_advance(house, 3000);
	ck_assert_uint_eq(house->received, 8000);
	ck_assert_uint_eq(house_check(house), 4000);
	ck_assert_uint_eq(waiting(house), 0);
	house_tear_down(house);
}
END_TEST

/* A PUBACK for each that is under way. */
static size_t answer_once(struct house *house)
{
	size_t count = house->flight_count;

	for (size_t i = 0; i < count; i++)
		publish_on_delivered(house->publish, house->flights[i], 0, house->now);
	house->flight_count -= count;
	return count;
}

START_TEST(a_slow_line_is_not_filled_with_backlog)
{
	struct house *house = house_build();
	size_t fast, slow;

	house->settings.batch_count = 10;
	house->settings.window = 64;
	house_open(house);
	keep(house, 400, 10);
	house->lazy = true;
	house_connect(house);
	do {
		house_advance(house, 20);
		fast = answer_once(house);
	} while (fast < 16);
	do {
		house_advance(house, 2000);
		slow = house->flight_count;
		ck_assert_uint_eq(answer_once(house), slow);
	} while (slow > 4);
	house->lazy = false;
	house_advance(house, 20000);
	ck_assert_uint_eq(house_check(house), 4000);
	house_tear_down(house);
}
END_TEST

START_TEST(the_window_is_kept)
{
	struct house *house = house_build();

	house->settings.batch_count = 10;
	house->settings.window = 5;
	house_open(house);
	keep(house, 100, 10);
	house->lazy = true;
	house_connect(house);
	house_advance(house, 1000);
	ck_assert_uint_eq(house->flight_count, 4);
	house_take(house, 10);
	house_advance(house, 1500);
	ck_assert_uint_eq(house->flight_count, 5);
	house->lazy = false;
	house_advance(house, 3000);
	ck_assert_uint_eq(house_check(house), 1010);
	house_tear_down(house);
}
END_TEST

START_TEST(a_broker_that_takes_small_messages_gets_small_ones)
{
	struct house *house = house_build();

	house->most_bytes = 3000;
	house_open(house);
	keep(house, 20, 100);
	house_connect(house);
	house_advance(house, 2000);
	ck_assert_uint_eq(house_check(house), 2000);
	ck_assert_uint_lt(house->largest_batch, 100);
	ck_assert_uint_eq(house->gap_lost, 0);
	house_tear_down(house);
}
END_TEST

START_TEST(a_reading_that_no_broker_takes_becomes_a_gap)
{
	struct house *house = house_build();

	house->most_bytes = 100;
	house_open(house);
	keep(house, 1, 3);
	house_connect(house);
	house_advance(house, 1000);
	house->most_bytes = 0;
	house_advance(house, 12000);
	ck_assert_uint_eq(house->received, 0);
	ck_assert_uint_eq(house->gap_lost, 3);
	ck_assert_ptr_nonnull(strstr(house->gap_text, "last=3 "));
	ck_assert_uint_eq(waiting(house), 0);
	house_tear_down(house);
}
END_TEST

START_TEST(a_broker_that_refuses_is_asked_again_later)
{
	struct house *house = house_build();

	house_open(house);
	keep(house, 1, 3);
	house->answer = -EACCES;
	house_connect(house);
	house_advance(house, 9000);
	ck_assert_uint_eq(house->received, 0);
	house->answer = 0;
	house_advance(house, 500);
	ck_assert_uint_eq(house->received, 0);
	house_advance(house, 1000);
	ck_assert_uint_eq(house->received, 3);
	house_tear_down(house);
}
END_TEST

static void damage(const struct house *house, const char *sql)
{
	char path[96];
	sqlite3 *database = NULL;

	snprintf(path, sizeof(path), "%s/telemetry.db", house->folder);
	ck_assert_int_eq(sqlite3_open(path, &database), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(database);
}

START_TEST(a_damaged_segment_becomes_a_gap_and_the_others_go_up)
{
	struct house *house = house_build();

	house_open(house);
	for (int i = 0; i < 3; i++) {
		house_take(house, 10);
		house_advance(house, 300);
	}
	house_stop(house);
	damage(house, "UPDATE segment SET data = zeroblob(length(data)) WHERE first = 11");
	house_open(house);
	house_connect(house);
	house_advance(house, 3000);
	ck_assert_uint_eq(house->received, 20);
	ck_assert_uint_eq(house->gap_lost, 10);
	ck_assert_ptr_nonnull(strstr(house->gap_text, "first=11 last=20 lost=10 reason=damaged"));
	ck_assert_uint_eq(waiting(house), 0);
	house_tear_down(house);
}
END_TEST

START_TEST(a_gap_is_told_again_until_the_broker_has_it)
{
	struct house *house = house_build();
	struct gap gap = { 5, 9, 5, GAP_DAMAGED };

	house_open(house);
	gaps_add(house->gaps, &gap);
	house_turn(house);
	house_turn(house);
	house_crash(house);
	ck_assert_uint_eq(gaps_count(house->gaps), 1);
	house->lazy = true;
	house_connect(house);
	house_advance(house, 100);
	ck_assert_uint_eq(house->gap_records, 1);
	house_disconnect(house);
	house->lazy = false;
	house_connect(house);
	house_advance(house, 100);
	ck_assert_uint_eq(house->gap_records, 2);
	ck_assert_uint_eq(gaps_count(house->gaps), 0);
	house_crash(house);
	ck_assert_uint_eq(gaps_count(house->gaps), 0);
	house_tear_down(house);
}
END_TEST

static void random_step(struct house *house, struct random *random)
{
	switch (random_below(random, 12)) {
	case 0:
		if (house->connected)
			house_disconnect(house);
		else
			house_connect(house);
		return;
	case 1:
		if (random_below(random, 4) == 0)
			house_crash(house);
		return;
	case 2:
		house->lazy = random_below(random, 2);
		return;
	case 3:
		house_take_as(house, HOUSE_VALUES - 1, 1, UINT64_MAX);
		return;
	default:
		for (size_t i = random_below(random, 20); i > 0; i--)
			house_take(house, 1 + (uint32_t)random_below(random, 12));
		house_advance(house, (int64_t)random_below(random, 600));
	}
}

/* Outages, crashes and late acknowledgements at random moments: nothing acknowledged is missing, and nothing comes
 * under two numbers (which house_read_batch() checks). */
START_TEST(whatever_happens_every_acknowledged_reading_comes_up)
{
	for (uint64_t seed = 1; seed <= 6; seed++) {
		struct house *house = house_build();
		struct random random;

		random_init(&random, seed);
		house->settings.backlog_rate = (int64_t)random_below(&random, 2) * 2000;
		house->settings.batch_count = 1 + (int64_t)random_below(&random, 200);
		house_open(house);
		for (int step = 0; step < 250; step++)
			random_step(house, &random);
		house->lazy = false;
		if (!house->connected)
			house_connect(house);
		house_advance(house, 20000);
		ck_assert_uint_gt(house_check(house), 1000);
		ck_assert_uint_eq(waiting(house), 0);
		house_tear_down(house);
	}
}
END_TEST

TEST_SUITE(publish, a_live_reading_goes_up_when_its_batch_is_old_enough,
	a_full_batch_goes_at_once_and_never_over_its_count, what_is_delivered_is_forgotten,
	an_outage_drains_at_the_capped_rate_while_new_readings_flow,
	a_capped_backlog_drains_within_5_percent_of_each_cap, backlog_drains_oldest_first,
	a_lost_connection_repeats_under_the_same_numbers, the_window_is_kept, a_slow_line_is_not_filled_with_backlog,
	a_broker_that_takes_small_messages_gets_small_ones, a_reading_that_no_broker_takes_becomes_a_gap,
	a_broker_that_refuses_is_asked_again_later, a_damaged_segment_becomes_a_gap_and_the_others_go_up,
	a_gap_is_told_again_until_the_broker_has_it, whatever_happens_every_acknowledged_reading_comes_up)
