#include "gateway/control_drivers.h"

#include <errno.h>

#include "drivers/dummy.h"
#include "gateway/driver_records.h"
#include "gateway/link_budget.h"
#include "gateway/networks.h"
#include "tests/unit/control_bench.h"

static struct control_bench *bench;
static struct driver_records *records;
static struct networks *networks;
static struct control_drivers *drivers;
static struct driver *dummy;

/* The dummy, remembering it for the test. */
static int open_known(struct driver **out, struct uv_loop_s *loop, const void *settings, const struct driver_host *host,
	char *why, size_t why_size)
{
	int error = driver_dummy.open(out, loop, settings, host, why, why_size);

	dummy = *out;
	return error;
}

static void open_all(void)
{
	static const struct schedule_settings schedule = { .interval_ms = 900000, .jitter_percent = 10 };
	static const struct link_settings links;
	static struct driver_ops known;
	char why[256];

	known = driver_dummy;
	known.open = open_known;
	bench = bench_open();
	const struct networks_parts parts = {
		.gateway = "gateway",
		.clock = &bench->clock,
		.random = &bench->random,
		.nodes = bench->nodes,
		.images = bench->images,
		.schedule = &schedule,
		.links = &links,
		.only = &known,
	};
	struct networks_parts with = parts;
	ck_assert_int_eq(driver_records_open(&records, bench->scratch.store), 0);
	with.records = records;
	ck_assert_int_eq(networks_open(&networks, &with, NULL, why, sizeof(why)), 0);
	ck_assert_int_eq(control_drivers_open(&drivers, bench->control, networks, &bench->clock), 0);
}

static void close_all(void)
{
	struct driver_records *kept = records;

	driver_records_shut(kept);
	bench_close(bench);
	control_drivers_close(drivers);
	networks_close(networks);
	driver_records_close(kept);
}

static struct control_request *ask(const char *driver, const char *verb, json_t *arguments)
{
	return bench_ask_with(bench,
		json_pack("{s:s, s:s, s:s, s:o*, s:i}", "command", "driver.ask", "driver", driver, "verb", verb,
			"arguments", arguments, "timeout", 5),
		(struct control_bytes){ 0 });
}

static struct span span(const char *text)
{
	return (struct span){ text, strlen(text) };
}

START_TEST(a_driver_answers_in_its_own_words)
{
	open_all();
	ck_assert_ptr_null(ask("dummy", "echo", json_pack("{s:i}", "seconds", 60)));
	ck_assert_int_eq(number_of(json_object_get(bench->reply, "result"), "seconds"), 60);
	ck_assert_ptr_nonnull(ask("dummy", "wait", NULL));
	ck_assert_ptr_null(bench->reply);
	ck_assert(dummy_answer(dummy, 0, span("{\"open\": true}")));
	ck_assert(json_is_true(json_object_get(json_object_get(bench->reply, "result"), "open")));
	close_all();
}
END_TEST

START_TEST(a_refusal_comes_with_the_drivers_sentence)
{
	open_all();
	(void)ask("dummy", "dance", NULL);
	ck_failed(bench, "unsupported");
	ck_assert_str_eq(text_of(json_object_get(bench->reply, "error"), "message"), "a dummy knows echo and wait");
	close_all();
}
END_TEST

START_TEST(what_cannot_be_asked_is_refused)
{
	open_all();
	(void)ask("coap", "echo", NULL);
	ck_failed(bench, "not_found");
	(void)ask("dummy", "two words", NULL);
	ck_failed(bench, "bad_request");
	(void)ask("dummy", "echo", json_array());
	ck_failed(bench, "bad_request");
	close_all();
}
END_TEST

START_TEST(an_answer_that_is_no_object_is_a_fault_of_the_driver)
{
	open_all();
	(void)ask("dummy", "wait", NULL);
	ck_assert(dummy_answer(dummy, 0, span("[1")));
	ck_assert_ptr_nonnull(json_object_get(bench->reply, "error"));
	close_all();
}
END_TEST

START_TEST(a_driver_that_takes_too_long_is_told_of_and_may_answer_later)
{
	open_all();
	(void)ask("dummy", "wait", NULL);
	bench->now.monotonic_ms += 4999;
	(void)control_drivers_tick(drivers, bench->now);
	ck_assert_ptr_null(bench->reply);
	bench->now.monotonic_ms += 1;
	(void)control_drivers_tick(drivers, bench->now);
	ck_failed(bench, "timeout");
	ck_assert(dummy_answer(dummy, 0, span("{}")));
	ck_failed(bench, "timeout");
	close_all();
}
END_TEST

START_TEST(whoever_leaves_is_not_answered)
{
	open_all();
	control_cancel(ask("dummy", "wait", NULL));
	ck_assert(dummy_answer(dummy, 0, span("{}")));
	ck_assert_ptr_null(bench->reply);
	(void)ask("dummy", "wait", NULL);
	close_all(); /* the driver answers when it is closed, and nobody is there any more */
}
END_TEST

START_TEST(the_list_says_what_a_driver_runs_in_and_its_figures)
{
	open_all();
	json_t *driver = json_array_get(
		json_object_get(bench_ask(bench, json_pack("{s:s}", "command", "driver.list")), "drivers"), 0);
	ck_assert_str_eq(text_of(driver, "driver"), "dummy");
	ck_assert_str_eq(text_of(driver, "runs"), "inside");
	ck_assert_ptr_nonnull(json_object_get(json_object_get(driver, "counters"), "offers_total"));
	close_all();
}
END_TEST

static void count_record(void *taker, const struct driver_record *record)
{
	++*(unsigned *)taker;
}

START_TEST(what_a_driver_keeps_goes_under_its_name)
{
	unsigned count = 0;

	open_all();
	const struct driver_record record = { "key", span("abc"), true };
	ck_assert_int_eq(dummy_keep(dummy, &record), 0);
	dummy_recall(dummy, count_record, &count);
	ck_assert_uint_eq(count, 1);
	driver_records_recall(records, "dummy", count_record, &count);
	ck_assert_uint_eq(count, 2);
	close_all();
}
END_TEST

START_TEST(an_answer_is_told_once_what_the_driver_kept_for_it_is_durable)
{
	open_all();
	const struct driver_record before = { "channel", span("15"), false };
	const struct driver_record since = { "leaving", span("1"), false };
	const struct driver_record wrong = { "two words", span("1"), false };
	ck_assert_int_eq(dummy_keep(dummy, &before), 0);
	(void)ask("dummy", "echo", json_pack("{s:i}", "seconds", 60));
	ck_assert_int_eq(number_of(json_object_get(bench->reply, "result"), "seconds"), 60);
	(void)ask("dummy", "wait", NULL);
	ck_assert_int_eq(dummy_keep(dummy, &since), 0);
	ck_assert(dummy_answer(dummy, 0, span("{\"open\": true}")));
	ck_assert_ptr_null(bench->reply);
	scratch_store_settle(&bench->scratch);
	ck_assert(json_is_true(json_object_get(json_object_get(bench->reply, "result"), "open")));
	/* What is not kept is not told as done. */
	(void)ask("dummy", "wait", NULL);
	ck_assert_int_eq(dummy_keep(dummy, &wrong), -EINVAL);
	ck_assert(dummy_answer(dummy, 0, span("{\"open\": true}")));
	ck_assert_str_eq(text_of(json_object_get(bench->reply, "error"), "message"),
		"it is done, but could not be kept (Invalid argument): a restart of the gateway may undo it");
	close_all();
}
END_TEST

START_TEST(whoever_leaves_while_it_is_kept_is_not_answered)
{
	open_all();
	struct control_request *request = ask("dummy", "wait", NULL);
	const struct driver_record record = { "leaving", span("1"), false };
	ck_assert_int_eq(dummy_keep(dummy, &record), 0);
	ck_assert(dummy_answer(dummy, 0, span("{}")));
	control_cancel(request);
	scratch_store_settle(&bench->scratch);
	ck_assert_ptr_null(bench->reply);
	close_all();
}
END_TEST

TEST_SUITE(control_drivers, a_driver_answers_in_its_own_words, a_refusal_comes_with_the_drivers_sentence,
	what_cannot_be_asked_is_refused, an_answer_that_is_no_object_is_a_fault_of_the_driver,
	a_driver_that_takes_too_long_is_told_of_and_may_answer_later, whoever_leaves_is_not_answered,
	the_list_says_what_a_driver_runs_in_and_its_figures, what_a_driver_keeps_goes_under_its_name,
	an_answer_is_told_once_what_the_driver_kept_for_it_is_durable, whoever_leaves_while_it_is_kept_is_not_answered)
