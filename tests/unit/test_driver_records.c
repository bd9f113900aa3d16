#include "gateway/driver_records.h"

#include <errno.h>

#include "drivers/driver.h"
#include "tests/sim/fault_vfs.h"
#include "tests/unit/stepped_store.h"
#include "tests/unit/suite.h"

struct house {
	struct stepped_store stepped;
	struct driver_records *records;
};

struct listing {
	size_t count;
	char text[128];
};

static void see(void *taker, const struct driver_record *record)
{
	struct listing *listing = taker;

	listing->count++;
	snprintf(listing->text, sizeof(listing->text), "%s=%.*s%s", record->name, (int)record->value.size,
		record->value.data, record->secret ? " secret" : "");
}

static struct listing recall(struct house *house, const char *driver)
{
	struct listing listing = { 0 };

	driver_records_recall(house->records, driver, see, &listing);
	return listing;
}

static int keep(struct house *house, const char *driver, const char *name, const char *value, bool secret)
{
	return driver_records_keep(
		house->records, driver, &(struct driver_record){ name, { value, strlen(value) }, secret });
}

static void house_open(struct house *house)
{
	stepped_open(&house->stepped);
	ck_assert_int_eq(driver_records_open(&house->records, house->stepped.store), 0);
}

static struct fault_vfs *house_open_on_bad_disk(struct house *house)
{
	struct fault_vfs *fault = fault_vfs_open("fault", 1);

	stepped_make_directory(&house->stepped);
	house->stepped.options.vfs = "fault";
	ck_assert_msg(stepped_try_open(&house->stepped) == 0, "%s", house->stepped.why);
	ck_assert_int_eq(driver_records_open(&house->records, house->stepped.store), 0);
	fault_vfs_plan(fault, &(struct fault_plan){ .fault = FAULT_IO_ERROR, .first = 1, .count = UINT32_MAX });
	return fault;
}

static void house_restart(struct house *house)
{
	driver_records_shut(house->records);
	stepped_shut(&house->stepped);
	driver_records_close(house->records);
	ck_assert_msg(stepped_try_open(&house->stepped) == 0, "%s", house->stepped.why);
	ck_assert_int_eq(driver_records_open(&house->records, house->stepped.store), 0);
}

static void house_close(struct house *house)
{
	driver_records_shut(house->records);
	stepped_shut(&house->stepped);
	driver_records_close(house->records);
	stepped_close(&house->stepped);
}

START_TEST(a_driver_has_its_own_records_and_after_a_restart_too)
{
	struct house house;

	house_open(&house);
	ck_assert_int_eq(keep(&house, "zigbee", "channel", "15", false), 0);
	ck_assert_int_eq(keep(&house, "zigbee", "key", "abc", true), 0);
	ck_assert_int_eq(keep(&house, "barn", "channel", "7", false), 0);
	for (int i = 0; i < 2; i++) {
		ck_assert_uint_eq(recall(&house, "zigbee").count, 2);
		ck_assert_str_eq(recall(&house, "barn").text, "channel=7");
		ck_assert_uint_eq(recall(&house, "coap").count, 0);
		house_restart(&house);
	}
	house_close(&house);
}
END_TEST

START_TEST(an_empty_value_forgets)
{
	struct house house;

	house_open(&house);
	ck_assert_int_eq(keep(&house, "zigbee", "channel", "15", false), 0);
	ck_assert_int_eq(keep(&house, "zigbee", "channel", "16", true), 0);
	ck_assert_str_eq(recall(&house, "zigbee").text, "channel=16 secret");
	ck_assert_int_eq(keep(&house, "zigbee", "channel", "", false), 0);
	ck_assert_int_eq(keep(&house, "zigbee", "never", "", false), 0);
	house_restart(&house);
	ck_assert_uint_eq(recall(&house, "zigbee").count, 0);
	house_close(&house);
}
END_TEST

START_TEST(what_is_the_same_is_not_written_again)
{
	struct house house;
	struct store_figures figures;

	house_open(&house);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(keep(&house, "zigbee", "channel", "15", false), 0);
	store_figures(house.stepped.store, &figures);
	ck_assert_uint_eq(figures.queued, 1);
	house_close(&house);
}
END_TEST

START_TEST(what_is_against_the_limits_is_refused)
{
	static char big[DRIVER_RECORD_MAX + 2];
	struct house house;

	house_open(&house);
	memset(big, 'x', sizeof(big) - 1);
	ck_assert_int_eq(keep(&house, "zigbee", "", "1", false), -EINVAL);
	ck_assert_int_eq(keep(&house, "zigbee", "two words", "1", false), -EINVAL);
	ck_assert_int_eq(keep(&house, "zigbee", "big", big, false), -EINVAL);
	ck_assert_int_eq(keep(&house, big, "name", "1", false), -EINVAL);
	house_close(&house);
}
END_TEST

START_TEST(a_driver_that_keeps_too_many_bytes_is_refused_and_others_are_not)
{
	static char big[DRIVER_RECORD_MAX + 1];
	struct house house;
	int error = 0;

	house_open(&house);
	memset(big, 'x', sizeof(big) - 1);
	for (unsigned i = 0; i < DRIVER_RECORDS_MAX && !error; i++) {
		char name[16];
		snprintf(name, sizeof(name), "n%u", i);
		error = keep(&house, "zigbee", name, big, false);
		store_dispatch(house.stepped.store);
	}
	ck_assert_int_eq(error, -ENOSPC);
	ck_assert_int_eq(keep(&house, "zigbee", "n0", "small", false), 0);
	ck_assert_int_eq(keep(&house, "barn", "n0", big, false), 0);
	house_close(&house);
}
END_TEST

START_TEST(what_a_full_disk_refused_is_kept_once_there_is_room)
{
	struct house house;

	struct fault_vfs *fault = house_open_on_bad_disk(&house);
	ck_assert_int_eq(keep(&house, "zigbee", "key", "abc", true), 0);
	ck_assert_int_eq(keep(&house, "zigbee", "gone", "1", true), 0);
	store_dispatch(house.stepped.store);
	driver_records_tick(house.records);
	store_dispatch(house.stepped.store);
	ck_assert_int_eq(keep(&house, "zigbee", "gone", "", true), 0);
	store_dispatch(house.stepped.store);
	fault_vfs_plan(fault, &(struct fault_plan){ .fault = FAULT_NONE });
	driver_records_tick(house.records);
	store_dispatch(house.stepped.store);
	house_restart(&house);
	ck_assert_uint_eq(recall(&house, "zigbee").count, 1);
	ck_assert_str_eq(recall(&house, "zigbee").text, "key=abc secret");
	house_close(&house);
	fault_vfs_close(fault);
}
END_TEST

static void count_result(void *context, int result)
{
	struct outcome *outcome = context;

	outcome->calls++;
	outcome->result = result;
}

static void wait_since(struct house *house, const char *driver, uint64_t mark, struct outcome *outcome)
{
	*outcome = (struct outcome){ .result = 1 };
	ck_assert_int_eq(driver_records_wait(house->records, driver, mark, count_result, outcome), 0);
}

START_TEST(whoever_waits_is_told_when_all_that_a_driver_kept_meanwhile_is_durable)
{
	struct outcome before, since, other;
	struct house house;

	house_open(&house);
	uint64_t start = driver_records_mark(house.records);
	ck_assert_int_eq(keep(&house, "zigbee", "channel", "15", false), 0);
	uint64_t mark = driver_records_mark(house.records);
	wait_since(&house, "zigbee", start, &before);
	wait_since(&house, "zigbee", mark, &since);
	wait_since(&house, "barn", start, &other);
	/* What was kept before it was asked is nothing of it, nor is what another driver keeps. */
	ck_assert_int_eq(before.calls, 0);
	ck_assert_int_eq(outcome_of(&house.stepped, &since), 0);
	ck_assert_int_eq(outcome_of(&house.stepped, &other), 0);
	ck_assert_int_eq(outcome_of(&house.stepped, &before), 0);
	house_close(&house);
}
END_TEST

START_TEST(whoever_waits_is_told_what_was_refused_or_could_not_be_written)
{
	struct outcome written, refused;
	struct house house;

	struct fault_vfs *fault = house_open_on_bad_disk(&house);
	uint64_t mark = driver_records_mark(house.records);
	ck_assert_int_eq(keep(&house, "zigbee", "key", "abc", true), 0);
	wait_since(&house, "zigbee", mark, &written);
	ck_assert_int_eq(outcome_of(&house.stepped, &written), -EIO);
	/* Also who asks only now. */
	wait_since(&house, "zigbee", mark, &written);
	ck_assert_int_eq(written.result, -EIO);
	mark = driver_records_mark(house.records);
	ck_assert_int_eq(keep(&house, "zigbee", "two words", "1", false), -EINVAL);
	wait_since(&house, "zigbee", mark, &refused);
	ck_assert_int_eq(refused.result, -EINVAL);
	wait_since(&house, "zigbee", driver_records_mark(house.records), &refused);
	ck_assert_int_eq(refused.result, 0);
	fault_vfs_plan(fault, &(struct fault_plan){ .fault = FAULT_NONE });
	house_close(&house);
	fault_vfs_close(fault);
}
END_TEST

START_TEST(whoever_waits_while_the_store_closes_is_told)
{
	struct outcome outcome;
	struct house house;

	house_open(&house);
	uint64_t mark = driver_records_mark(house.records);
	ck_assert_int_eq(keep(&house, "zigbee", "channel", "15", false), 0);
	wait_since(&house, "zigbee", mark, &outcome);
	house_close(&house);
	ck_assert_int_eq(outcome.calls, 1);
	ck_assert_int_eq(outcome.result, 0);
}
END_TEST

START_TEST(nothing_is_kept_once_the_store_is_about_to_close)
{
	struct house house;

	house_open(&house);
	driver_records_shut(house.records);
	ck_assert_int_eq(keep(&house, "zigbee", "channel", "15", false), -ESHUTDOWN);
	ck_assert_uint_eq(recall(&house, "zigbee").count, 0);
	house_close(&house);
}
END_TEST

TEST_SUITE(driver_records, a_driver_has_its_own_records_and_after_a_restart_too, an_empty_value_forgets,
	what_is_the_same_is_not_written_again, what_is_against_the_limits_is_refused,
	a_driver_that_keeps_too_many_bytes_is_refused_and_others_are_not,
	what_a_full_disk_refused_is_kept_once_there_is_room,
	whoever_waits_is_told_when_all_that_a_driver_kept_meanwhile_is_durable,
	whoever_waits_is_told_what_was_refused_or_could_not_be_written, whoever_waits_while_the_store_closes_is_told,
	nothing_is_kept_once_the_store_is_about_to_close)
