/* Readings that the broker may have before the disk: the whole of telemetry and publish over the real store. */
#include "gateway/telemetry.h"

#include "gateway/random.h"
#include "store/store.h"
#include "tests/sim/fault_vfs.h"
#include "tests/unit/suite.h"
#include "tests/unit/telemetry_house.h"

/* With a broker that has been fast. */
static struct house *open_house(void)
{
	struct house *house = house_build();

	house->remembers = true;
	house_open(house);
	house_turn(house);
	house_connect(house);
	house_take(house, 1);
	house_advance(house, 2000);
	ck_assert_uint_eq(house->acknowledged, 1);
	ck_assert_uint_eq(house->received, 1);
	house->acknowledged = 0;
	return house;
}

static uint64_t stored_readings(const struct house *house)
{
	struct segment_summary summary;

	ck_assert_int_eq(store_segment_summary(house->store, &summary), 0);
	return summary.readings;
}

static uint64_t written(struct house *house)
{
	struct store_figures figures;

	store_figures(house->store, &figures);
	return figures.telemetry_written_bytes;
}

static struct telemetry_figures figures_of(const struct house *house)
{
	struct telemetry_figures figures;

	telemetry_figures(house->telemetry, &figures);
	return figures;
}

/* Takes a report and lets its segment be offered to a broker that does not answer yet. */
static uint32_t offer_one(struct house *house, uint32_t count)
{
	house->lazy = true;
	uint32_t value = house_take(house, count);
	house_advance(house, 260);
	ck_assert_uint_eq(house->acknowledged, 0);
	return value;
}

static void answer_all(struct house *house)
{
	house->lazy = false;
	house_turn(house);
}

START_TEST(what_the_broker_has_in_time_is_never_written)
{
	struct house *house = open_house();
	uint64_t before = written(house);

	for (int i = 0; i < 100; i++) {
		house_take(house, 4);
		house_advance(house, 100);
	}
	house_advance(house, 500);
	ck_assert_uint_eq(house->acknowledged, 100);
	ck_assert_uint_eq(written(house), before);
	ck_assert_uint_eq(stored_readings(house), 0);
	ck_assert_uint_eq(figures_of(house).by_broker, 400);
	ck_assert_uint_eq(figures_of(house).never_stored, 400);
	ck_assert_uint_eq(figures_of(house).pending, 0);
	house_tear_down(house);
}
END_TEST

START_TEST(an_offer_is_acknowledged_by_its_puback)
{
	struct house *house = open_house();

	offer_one(house, 4);
	ck_assert_uint_eq(house->received, 5);
	answer_all(house);
	ck_assert_uint_eq(house->acknowledged, 1);
	house_tear_down(house);
}
END_TEST

START_TEST(an_offer_that_is_not_answered_in_time_is_stored)
{
	struct house *house = open_house();

	offer_one(house, 4);
	house_advance(house, 1300);
	ck_assert_uint_eq(house->acknowledged, 1);
	ck_assert_uint_eq(figures_of(house).by_disk, 5);
	ck_assert_uint_eq(stored_readings(house), 4);
	answer_all(house);
	house_advance(house, 2000);
	ck_assert_uint_eq(house->received, 5);
	ck_assert_uint_eq(stored_readings(house), 0);
	ck_assert_uint_eq(house_check(house), 5);
	house_tear_down(house);
}
END_TEST

START_TEST(a_broker_that_was_slow_is_not_waited_for)
{
	struct house *house = open_house();

	offer_one(house, 4);
	house_advance(house, 1300);
	answer_all(house);
	house->acknowledged = 0;
	house_take(house, 4);
	house_advance(house, 280);
	ck_assert_uint_eq(house->acknowledged, 1);
	ck_assert_uint_eq(figures_of(house).by_broker, 0);
	for (int i = 0; i < 30; i++) {
		house_take(house, 4);
		house_advance(house, 1300);
	}
	ck_assert_uint_gt(figures_of(house).by_broker, 0);
	house_tear_down(house);
}
END_TEST

START_TEST(a_lost_connection_stores_what_was_offered)
{
	struct house *house = open_house();

	offer_one(house, 4);
	house_disconnect(house);
	house_turn(house);
	house_turn(house);
	ck_assert_uint_eq(house->acknowledged, 1);
	ck_assert_uint_eq(stored_readings(house), 4);
	house->lazy = false;
	house_connect(house);
	house_advance(house, 3000);
	ck_assert_uint_eq(house_check(house), 5);
	ck_assert_uint_eq(stored_readings(house), 0);
	house_tear_down(house);
}
END_TEST

START_TEST(the_broker_first_and_then_the_disk)
{
	struct house *house = open_house();

	house->urgent = true;
	house->lazy = true;
	house_take(house, 4);
	(void)publish_tick(house->publish, house->now);
	ck_assert_uint_eq(house->flight_count, 1);
	/* Its PUBACK comes while the store works on it. */
	publish_on_delivered(house->publish, house->flights[--house->flight_count], 0, house->now);
	ck_assert_uint_eq(house->acknowledged, 1);
	ck_assert_uint_eq(figures_of(house).by_broker, 4);
	house_advance(house, 2000);
	ck_assert_uint_eq(house->acknowledged, 1);
	ck_assert_uint_eq(stored_readings(house), 0);
	ck_assert_uint_eq(house_check(house), 5);
	house_tear_down(house);
}
END_TEST

START_TEST(an_urgent_report_is_stored_at_once_and_published_at_once)
{
	struct house *house = open_house();

	house->urgent = true;
	house->lazy = true;
	house_take(house, 4);
	(void)publish_tick(house->publish, house->now);
	ck_assert_uint_eq(house->received, 5);
	house_turn(house);
	house_turn(house);
	ck_assert_uint_eq(house->acknowledged, 1);
	ck_assert_uint_eq(stored_readings(house), 4);
	answer_all(house);
	house_advance(house, 2000);
	ck_assert_uint_eq(stored_readings(house), 0);
	ck_assert_uint_eq(house->received, 5);
	house_tear_down(house);
}
END_TEST

START_TEST(a_kill_after_the_puback_forgets_no_message)
{
	struct house *house = open_house();

	house_take_as(house, 10, 4, 77);
	house_advance(house, 300);
	ck_assert_uint_eq(house->acknowledged, 1);
	house_crash(house);
	house_connect(house);
	house_take_as(house, 10, 4, 77);
	ck_assert_uint_eq(house->repeated, 1);
	house_advance(house, 2000);
	ck_assert_uint_eq(house->received, 5);
	ck_assert_uint_eq(house->gap_records, 0);
	house_tear_down(house);
}
END_TEST

START_TEST(a_kill_before_the_puback_keeps_number_and_message)
{
	struct house *house = open_house();

	house->lazy = true;
	house_take_as(house, 10, 4, 77);
	house_advance(house, 260);
	ck_assert_uint_eq(house->received, 5);
	uint64_t number = house->number[10];
	house_crash(house);
	house->lazy = false;
	/* The node, not acknowledged, repeats itself and is answered when its reading is durable. */
	house_take_as(house, 10, 4, 77);
	ck_assert_uint_eq(house->acknowledged, 0);
	house_advance(house, 300);
	ck_assert_uint_eq(house->acknowledged, 1);
	house_connect(house);
	house_advance(house, 2000);
	ck_assert_uint_eq(house->copies[10], 2);
	ck_assert_uint_eq(house->number[10], number);
	ck_assert_uint_eq(house->gap_records, 0);
	house_tear_down(house);
}
END_TEST

START_TEST(what_the_disk_refused_after_an_offer_keeps_its_numbers_over_a_kill)
{
	static const struct fault_plan failing = { .fault = FAULT_IO_ERROR, .first = 1, .count = UINT64_MAX / 2 };
	struct fault_vfs *fault = fault_vfs_open("elision", 1);
	struct house *house = house_build();

	fault_vfs_set_tracking(fault, true);
	house->remembers = true;
	house->vfs = "elision";
	house_open(house);
	house_turn(house);
	house_connect(house);
	house_take(house, 1);
	house_advance(house, 2000);
	house->acknowledged = 0;
	uint32_t offered = offer_one(house, 4);
	fault_vfs_plan(fault, &failing);
	house_advance(house, 3000);
	ck_assert_uint_eq(house->refused, 1);
	ck_assert_uint_gt(house->number[offered], 0);
	fault_vfs_plan(fault, &(struct fault_plan){ 0 });
	house_crash(house);
	house->lazy = false;
	house_connect(house);
	uint32_t next = house_take(house, 1);
	house_advance(house, 4000); /* a batch for each start of the gateway */
	ck_assert_uint_gt(house->number[next], house->number[offered] + 3);
	house_tear_down(house);
	fault_vfs_close(fault);
}
END_TEST

START_TEST(numbers_go_on_without_a_gap_after_a_kill)
{
	struct house *house = open_house();

	for (int i = 0; i < 3; i++) {
		house_take(house, 4);
		house_advance(house, 300);
	}
	house_crash(house);
	ck_assert_uint_eq(figures_of(house).next, 14);
	house_connect(house);
	house_take(house, 4);
	house_advance(house, 2000);
	ck_assert_uint_eq(house->gap_records, 0);
	ck_assert_uint_eq(house_check(house), 17);
	house_tear_down(house);
}
END_TEST

START_TEST(a_stop_stores_what_was_offered_and_leaves_no_gap)
{
	struct house *house = open_house();

	offer_one(house, 4);
	house_stop(house);
	ck_assert_uint_eq(house->acknowledged, 1);
	house->lazy = false;
	house_open(house);
	ck_assert_uint_eq(stored_readings(house), 4);
	house_connect(house);
	house_advance(house, 2000);
	ck_assert_uint_eq(house->gap_records, 0);
	ck_assert_uint_eq(house_check(house), 5);
	house_tear_down(house);
}
END_TEST

START_TEST(a_power_cut_loses_nothing_that_was_acknowledged)
{
	struct house *house = open_house();

	house_take(house, 4);
	house_advance(house, 300);
	house->acknowledged = 0;
	uint32_t open = offer_one(house, 4);
	house_end(house, true);
	house->lazy = false;
	house_connect(house);
	house_take(house, 4);
	house_advance(house, 3000);
	/* The broker has got what nobody acknowledged; a node that repeats it is not known. */
	ck_assert_uint_eq(house->copies[open], 1);
	ck_assert(!house->acked[open]);
	house_check(house);
	ck_assert_uint_eq(house->gap_records, 1);
	ck_assert_uint_eq(house->gap_lost, 0);
	house_tear_down(house);
}
END_TEST

START_TEST(a_broker_that_refuses_leaves_it_to_the_disk)
{
	struct house *house = open_house();

	house->answer = -EACCES;
	house_take(house, 4);
	house_advance(house, 300);
	house_turn(house);
	ck_assert_uint_eq(house->acknowledged, 1);
	ck_assert_uint_eq(figures_of(house).by_disk, 5);
	house->answer = 0;
	house_advance(house, 12000);
	ck_assert_uint_eq(house_check(house), 5);
	house_tear_down(house);
}
END_TEST

START_TEST(a_reading_too_large_for_the_broker_is_stored_before_it_is_given_up)
{
	struct house *house = open_house();

	house->most_bytes = 120;
	uint32_t value = house_take(house, 1);
	house_advance(house, 260);
	house_advance(house, 3000);
	ck_assert_uint_eq(house->acknowledged, 1);
	ck_assert_uint_eq(figures_of(house).by_disk, 2);
	house->most_bytes = 0;
	house_disconnect(house);
	house_connect(house);
	house_advance(house, 3000);
	ck_assert_uint_eq(house->gap_lost, 1);
	ck_assert_uint_eq(house->number[value], 0);
	house_tear_down(house);
}
END_TEST

START_TEST(a_full_disk_does_not_matter_while_the_broker_is_fast)
{
	struct house *house = house_build();

	house->remembers = true;
	house->quota = 64 * 1024;
	house->settings.when_full = WHEN_FULL_REFUSE;
	house_open(house);
	while (house->refused == 0) {
		house_take(house, 50);
		house_advance(house, 300);
	}
	house_advance(house, 61000);
	house_connect(house);
	house_advance(house, 20000);
	unsigned refused = house->refused;
	for (int i = 0; i < 100; i++) {
		house_take(house, 50);
		house_advance(house, 300);
	}
	ck_assert_uint_eq(house->refused, refused);
	ck_assert_uint_gt(figures_of(house).by_broker, 4000);
	house_tear_down(house);
}
END_TEST

START_TEST(the_setting_leaves_it_to_the_disk)
{
	struct house *house = house_build();

	house->remembers = true;
	house->settings.acknowledge = ACKNOWLEDGE_DISK;
	house_open(house);
	house_connect(house);
	for (int i = 0; i < 20; i++) {
		house_take(house, 4);
		house_advance(house, 300);
	}
	house_advance(house, 2000);
	ck_assert_uint_eq(figures_of(house).by_broker, 0);
	ck_assert_uint_eq(figures_of(house).by_disk, 80);
	ck_assert(!figures_of(house).offers);
	ck_assert_uint_eq(house_check(house), 80);
	house_tear_down(house);
}
END_TEST

/* Whatever happens in whatever order: nothing acknowledged is missing, no reading has two numbers. */
static void live_through(struct house *house, struct house_report *last, struct random *random)
{
	switch (random_below(random, 24)) {
	case 0:
		if (house->connected)
			house_disconnect(house);
		break;
	case 1:
	case 2:
		if (!house->connected)
			house_connect(house);
		break;
	case 3:
		house_crash(house);
		break;
	case 4:
		house_stop(house);
		house_open(house);
		break;
	case 5:
		house->lazy = !house->lazy;
		break;
	case 6:
		house->urgent = !house->urgent;
		break;
	case 7:
	case 8:
	case 9:
		/* A node repeats its last message. */
		if (last->count > 0)
			house_take_as(house, last->value, last->count, last->value);
		break;
	default:
		for (uint64_t i = random_below(random, 40); i > 0; i--) {
			last->count = 1 + (uint32_t)random_below(random, 20);
			last->value = house_take(house, last->count);
		}
	}
	house_advance(house, 10 + (int64_t)random_below(random, 600));
}

static void live(uint64_t seed)
{
	struct house *house = house_build();
	struct house_report last = { 0 };
	struct random random;

	random_init(&random, seed);
	house->remembers = true;
	house_open(house);
	house_connect(house);
	for (int i = 0; i < 150; i++)
		live_through(house, &last, &random);
	house->lazy = house->urgent = false;
	if (house->connected)
		house_disconnect(house);
	house_connect(house);
	house_advance(house, 20000);
	house_check(house);
	ck_assert_uint_eq(stored_readings(house), 0);
	ck_assert_uint_eq(house->gap_lost, 0);
	house_tear_down(house);
}

START_TEST(nothing_is_lost_or_renumbered_whatever_happens)
{
	for (uint64_t seed = 0; seed < 5; seed++)
		live(seed);
}
END_TEST

TEST_SUITE(elision, what_the_broker_has_in_time_is_never_written, an_offer_is_acknowledged_by_its_puback,
	an_offer_that_is_not_answered_in_time_is_stored, a_broker_that_was_slow_is_not_waited_for,
	a_lost_connection_stores_what_was_offered, the_broker_first_and_then_the_disk,
	an_urgent_report_is_stored_at_once_and_published_at_once, a_kill_after_the_puback_forgets_no_message,
	a_kill_before_the_puback_keeps_number_and_message,
	what_the_disk_refused_after_an_offer_keeps_its_numbers_over_a_kill, numbers_go_on_without_a_gap_after_a_kill,
	a_stop_stores_what_was_offered_and_leaves_no_gap, a_power_cut_loses_nothing_that_was_acknowledged,
	a_broker_that_refuses_leaves_it_to_the_disk, a_reading_too_large_for_the_broker_is_stored_before_it_is_given_up,
	a_full_disk_does_not_matter_while_the_broker_is_fast, the_setting_leaves_it_to_the_disk,
	nothing_is_lost_or_renumbered_whatever_happens)
