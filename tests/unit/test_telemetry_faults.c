/* The whole of telemetry, from a node's report to the broker, over a disk that fails at each change in turn. */
#include "gateway/telemetry.h"

#include "store/store.h"
#include "tests/sim/fault_vfs.h"
#include "tests/unit/suite.h"
#include "tests/unit/telemetry_house.h"

/* A life over a disk on which something happens; it ends early where the power goes. */
struct life {
	struct house *house;
	struct fault_vfs *fault;
	uint32_t reports[64], count; /* first values of the reports, four readings each */
};

static void advance(struct life *life, int64_t duration_ms)
{
	for (int64_t i = 0; i < duration_ms && !fault_vfs_is_off(life->fault); i += 10)
		house_advance(life->house, 10);
}

static void report(struct life *life, int64_t duration_ms)
{
	if (fault_vfs_is_off(life->fault))
		return;
	life->reports[life->count++] = house_take(life->house, 4);
	advance(life, duration_ms);
}

/* A node sends the same message again. */
static void repeat(struct life *life, uint32_t index)
{
	if (!fault_vfs_is_off(life->fault))
		house_take_as(life->house, life->reports[index], 4, life->reports[index]);
}

/* A node that heard no answer does, and so does one that was refused: its report may be at the broker. */
static void repeat_last(struct life *life)
{
	repeat(life, life->count - 1);
}

/* The broker acknowledges before the disk, then too late; it goes, readings wait, it comes back. */
static void live(struct life *life)
{
	struct house *house = life->house;

	for (int i = 0; i < 3; i++)
		report(life, 300);
	house->lazy = true;
	report(life, 1600);
	repeat_last(life);
	house->lazy = false;
	advance(life, 100);
	house_disconnect(house);
	for (int i = 0; i < 4; i++) {
		report(life, i == 2 ? 10 : 300);
		repeat_last(life);
	}
	house->urgent = true;
	report(life, 50);
	house->urgent = false;
	house_connect(house);
	advance(life, 1000);
	report(life, 300);
	report(life, 500);
}

static struct life begin(uint64_t seed)
{
	struct life life = { .fault = fault_vfs_open("fault", seed), .house = house_build() };

	life.house->vfs = "fault";
	life.house->remembers = true;
	house_open(life.house);
	house_turn(life.house);
	house_connect(life.house);
	report(&life, 500); /* the broker turns out to be fast */
	ck_assert_uint_eq(life.house->acknowledged, 1);
	return life;
}

/* What was in memory is gone with the power, and nobody hears what is said without it. */
static void restore_power(struct life *life)
{
	struct house *house = life->house;
	unsigned acknowledged = house->acknowledged;
	bool *acked = malloc(sizeof(house->acked));

	ck_assert_ptr_nonnull(acked);
	memcpy(acked, house->acked, sizeof(house->acked));
	if (house->connected)
		house_disconnect(house);
	house_stop(house);
	house->acknowledged = acknowledged;
	memcpy(house->acked, acked, sizeof(house->acked));
	free(acked);
	house_files("rm -rf", house->folder, "/run", "");
	fault_vfs_restore(life->fault);
	house_open(house);
}

static void drain(struct house *house)
{
	struct publish_figures sent = { .waiting = 1 };
	struct telemetry_figures taken = { .pending = 1 };

	house->lazy = house->urgent = false;
	if (!house->connected)
		house_connect(house);
	for (int i = 0; i < 60 && (sent.waiting > 0 || taken.pending > 0); i++) {
		house_advance(house, 100);
		publish_figures(house->publish, &sent);
		telemetry_figures(house->telemetry, &taken);
	}
	house_advance(house, 1100); /* what is deleted rides in a later commit */
}

static void check_values(const struct life *life, bool all)
{
	const struct house *house = life->house;

	for (uint32_t value = 1; value < house->value; value++)
		ck_assert_msg(house->number[value] > 0 || !(all || house->acked[value]), "value %u is missing", value);
}

/* All acknowledged readings came; so do the others, when their nodes send them again. Each has one number, as the house
 * itself watches. */
static void check(struct life *life)
{
	struct segment_summary summary;

	drain(life->house);
	check_values(life, false);
	for (uint32_t i = 0; i < life->count; i++) {
		if (life->house->number[life->reports[i]] == 0)
			repeat(life, i);
	}
	drain(life->house);
	check_values(life, true);
	ck_assert_int_eq(store_segment_summary(life->house->store, &summary), 0);
	ck_assert_uint_eq(summary.readings, 0);
	/* Numbers of a commit that failed are told as unused. */
	for (uint64_t number = 1; number <= 8 * life->count; number++)
		ck_assert(!life->house->came[number] || !life->house->lost[number]);
}

static void end(struct life *life)
{
	house_tear_down(life->house);
	fault_vfs_close(life->fault);
}

/* How many changes it took. */
static uint64_t live_with(const struct fault_plan *plan)
{
	struct life life = begin(plan->first + 1);

	fault_vfs_plan(life.fault, plan);
	live(&life);
	uint64_t changes = fault_vfs_changes(life.fault);
	if (fault_vfs_is_off(life.fault))
		restore_power(&life);
	fault_vfs_plan(life.fault, &(struct fault_plan){ .fault = FAULT_NONE });
	check(&life);
	end(&life);
	return changes;
}

static void live_with_each(struct fault_plan plan)
{
	uint64_t changes = live_with(&(struct fault_plan){ .fault = FAULT_NONE });

	ck_assert_uint_gt(changes, 20);
	for (plan.first = 1; plan.first <= changes; plan.first++)
		live_with(&plan);
}

START_TEST(a_power_cut_at_any_change_that_loses_all_loses_no_acknowledged_reading)
{
	live_with_each((struct fault_plan){ .fault = FAULT_POWER_CUT, .remains = REMAINS_NOTHING });
}
END_TEST

START_TEST(a_power_cut_at_any_change_that_tears_all_loses_no_acknowledged_reading)
{
	live_with_each((struct fault_plan){ .fault = FAULT_POWER_CUT, .remains = REMAINS_TORN });
}
END_TEST

START_TEST(an_error_at_any_change_loses_no_acknowledged_reading)
{
	live_with_each((struct fault_plan){ .fault = FAULT_IO_ERROR, .count = 1 });
}
END_TEST

START_TEST(a_disk_that_is_full_from_any_change_on_loses_no_acknowledged_reading)
{
	live_with_each((struct fault_plan){ .fault = FAULT_NO_SPACE, .count = 20 });
}
END_TEST

/* The broker has a report and does not say so, and the disk does not take it: its node is refused. */
static struct life refuse_what_the_broker_has(bool dated)
{
	struct life life = begin(1);

	advance(&life, 1000);
	life.house->lazy = true;
	life.house->dated = dated;
	fault_vfs_plan(life.fault, &(struct fault_plan){ .fault = FAULT_IO_ERROR, .first = 1, .count = UINT32_MAX });
	report(&life, 1600);
	ck_assert_uint_eq(life.house->refused, 1);
	ck_assert_uint_eq(life.house->copies[life.reports[1]], 1);
	return life;
}

static void mend_disk(struct life *life)
{
	fault_vfs_plan(life->fault, &(struct fault_plan){ .fault = FAULT_NONE });
}

/* Each reading has one number, as the house itself watches. */
static void check_refused(struct life *life, unsigned copies)
{
	mend_disk(life);
	check(life);
	ck_assert_uint_eq(life->house->copies[life->reports[1]], copies);
	ck_assert_uint_eq(life->house->gap_records, 0);
	end(life);
}

START_TEST(a_report_that_was_refused_is_known_once_its_puback_comes)
{
	struct life life = refuse_what_the_broker_has(false);

	life.house->lazy = false;
	advance(&life, 20);
	repeat(&life, 1);
	ck_assert_uint_eq(life.house->repeated, 1);
	check_refused(&life, 1);
}
END_TEST

START_TEST(a_report_that_was_refused_is_refused_again_until_somebody_has_it)
{
	struct life life = refuse_what_the_broker_has(false);

	repeat(&life, 1);
	advance(&life, 20);
	ck_assert_uint_eq(life.house->refused, 2);
	mend_disk(&life);
	repeat(&life, 1);
	advance(&life, 20);
	ck_assert_uint_eq(life.house->refused, 2);
	ck_assert_uint_eq(life.house->acknowledged, 2);
	check_refused(&life, 1);
}
END_TEST

START_TEST(a_report_that_was_refused_is_stored_when_the_disk_works_again)
{
	struct life life = refuse_what_the_broker_has(false);

	house_disconnect(life.house);
	mend_disk(&life);
	advance(&life, 6000);
	repeat(&life, 1);
	ck_assert_uint_eq(life.house->repeated, 1);
	check_refused(&life, 2);
}
END_TEST

START_TEST(a_report_that_was_refused_is_offered_again_while_the_disk_fails)
{
	struct life life = refuse_what_the_broker_has(false);

	house_disconnect(life.house);
	life.house->lazy = false;
	house_connect(life.house);
	advance(&life, 6000);
	repeat(&life, 1);
	ck_assert_uint_eq(life.house->repeated, 1);
	check_refused(&life, 2);
}
END_TEST

/* It was stopped while the disk failed, and found once more by a start whose disk fails, too. */
START_TEST(a_report_that_was_refused_is_known_after_restarts)
{
	struct life life = refuse_what_the_broker_has(false);

	for (int i = 0; i < 2; i++) {
		house_stop(life.house);
		mend_disk(&life);
		house_open(life.house);
		fault_vfs_plan(
			life.fault, &(struct fault_plan){ .fault = FAULT_IO_ERROR, .first = 1, .count = UINT32_MAX });
		advance(&life, 20);
	}
	unsigned refused = life.house->refused;
	repeat(&life, 1);
	advance(&life, 20);
	ck_assert_uint_eq(life.house->refused, refused + 1);
	mend_disk(&life);
	repeat(&life, 1);
	advance(&life, 20);
	ck_assert_uint_eq(life.house->acknowledged, 2);
	check_refused(&life, 2);
}
END_TEST

START_TEST(dated_readings_that_were_refused_are_known_for_as_long_as_it_takes)
{
	struct life life = refuse_what_the_broker_has(true);
	struct house *house = life.house;

	house_advance(house, INT64_C(1000) * 1000);
	house->lazy = false;
	house_advance(house, 20);
	repeat(&life, 1);
	ck_assert_uint_eq(house->repeated, 1);
	check_refused(&life, 1);
}
END_TEST

/* The broker gets nothing of what it is offered, and the disk takes nothing until after its first `failing` changes of
 * the stop; then the power is cut. */
static void stop_while_the_disk_fails(uint32_t failing)
{
	struct life life = begin(failing);
	struct house *house = life.house;

	advance(&life, 1000);
	house->lazy = true;
	house->answer = -EIO;
	fault_vfs_plan(life.fault, &(struct fault_plan){ .fault = FAULT_IO_ERROR, .first = 1, .count = UINT32_MAX });
	report(&life, 1600);
	ck_assert_uint_eq(house->refused, 1);
	fault_vfs_plan(life.fault, &(struct fault_plan){ .fault = FAULT_IO_ERROR, .first = 1, .count = failing });
	house_stop(house);
	mend_disk(&life);
	house_files("rm -rf", house->folder, "/run", "");
	house->answer = 0;
	house_open(house);
	check(&life);
	for (uint32_t number = 1; number <= 8; number++)
		ck_assert_msg(house->came[number] || house->lost[number] || house->told[number],
			"nothing is said of number %u, the disk failed for %u changes", number, failing);
	end(&life);
}

START_TEST(a_stop_over_a_failing_disk_leaves_no_number_unexplained)
{
	for (uint32_t failing = 0; failing < 40; failing++)
		stop_while_the_disk_fails(failing);
}
END_TEST

TEST_SUITE(telemetry_faults, a_power_cut_at_any_change_that_loses_all_loses_no_acknowledged_reading,
	a_power_cut_at_any_change_that_tears_all_loses_no_acknowledged_reading,
	an_error_at_any_change_loses_no_acknowledged_reading,
	a_disk_that_is_full_from_any_change_on_loses_no_acknowledged_reading,
	a_report_that_was_refused_is_known_once_its_puback_comes,
	a_report_that_was_refused_is_refused_again_until_somebody_has_it,
	a_report_that_was_refused_is_stored_when_the_disk_works_again,
	a_report_that_was_refused_is_offered_again_while_the_disk_fails,
	a_report_that_was_refused_is_known_after_restarts,
	dated_readings_that_were_refused_are_known_for_as_long_as_it_takes,
	a_stop_over_a_failing_disk_leaves_no_number_unexplained)
