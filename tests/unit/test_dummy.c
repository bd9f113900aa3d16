#include "drivers/dummy.h"
#include "drivers/image_source.h"
#include "tests/unit/suite.h"

#include <errno.h>
#include <string.h>

/* A gateway that answers as told. */
struct gateway {
	unsigned contacts, progresses;
	int report_result;
	bool late;
	struct reading_report report;
};

static int on_contact(void *context, const struct node_contact *contact, struct contact_answer *answer)
{
	struct gateway *gateway = context;

	gateway->contacts++;
	answer->next_s = 42;
	return 0;
}

static void on_report(void *context, const struct reading_report *report)
{
	struct gateway *gateway = context;

	gateway->report = *report;
	if (!gateway->late)
		report->done(report->context, gateway->report_result, 7);
}

static void on_progress(void *context, const struct delivery_progress *progress)
{
	((struct gateway *)context)->progresses++;
}

static void destroy(struct image_source *source)
{
}

static const struct image_source_ops image_ops = { NULL, destroy };

static struct driver *open_driver(struct gateway *gateway, struct driver_host *host)
{
	struct driver *driver;
	char why[64];

	*host = (struct driver_host){
		.context = gateway, .contact = on_contact, .report = on_report, .progress = on_progress
	};
	ck_assert_int_eq(driver_dummy.open(&driver, NULL, NULL, host, why, sizeof(why)), 0);
	return driver;
}

START_TEST(what_a_test_says_reaches_the_host)
{
	struct gateway gateway = { .report_result = -ENOSPC };
	struct driver_host host;
	struct driver *driver = open_driver(&gateway, &host);
	struct contact_answer answer;
	struct dummy_report report;

	ck_assert_int_eq(dummy_contact(driver, &(struct node_contact){ .node = "n1" }, &answer), 0);
	ck_assert_uint_eq(answer.next_s, 42);
	dummy_report(driver, "n1", NULL, 0, &report);
	ck_assert(report.done);
	ck_assert_int_eq(report.result, -ENOSPC);
	ck_assert_uint_eq(report.retry_s, 7);
	dummy_progress(driver, &(struct delivery_progress){ .node = "n1" });
	ck_assert_uint_eq(gateway.progresses, 1);
	driver_dummy.close(driver);
}
END_TEST

START_TEST(a_report_may_be_durable_later)
{
	struct gateway gateway = { .late = true };
	struct driver_host host;
	struct driver *driver = open_driver(&gateway, &host);
	struct dummy_report report;

	dummy_report(driver, "n1", NULL, 0, &report);
	ck_assert(!report.done);
	gateway.report.done(gateway.report.context, 0, 0);
	ck_assert(report.done);
	driver_dummy.close(driver);
}
END_TEST

START_TEST(offers_stand_until_withdrawn)
{
	struct gateway gateway = { 0 };
	struct driver_host host;
	struct driver *driver = open_driver(&gateway, &host);
	struct image_source first = { .ops = &image_ops, .references = 1 };
	struct image_source second = { .ops = &image_ops, .references = 1 };

	ck_assert_int_eq(driver_dummy.offer(driver, &(struct driver_offer){ "n1", &first }), 0);
	ck_assert_int_eq(driver_dummy.offer(driver, &(struct driver_offer){ "n1", &second, { .apply_at_ms = 5 } }), 0);
	ck_assert_ptr_eq(dummy_offer(driver, "n1")->image, &second);
	ck_assert_uint_eq(first.references, 1);
	ck_assert_uint_eq(second.references, 2);
	ck_assert_uint_eq(dummy_calls(driver)->standing, 1);
	ck_assert_int_eq(driver_dummy.withdraw(driver, "n1"), 0);
	ck_assert_ptr_null(dummy_offer(driver, "n1"));
	ck_assert_int_eq(driver_dummy.withdraw(driver, "n1"), 0);
	ck_assert_int_eq(driver_dummy.offer(driver, &(struct driver_offer){ "n2", &first }), 0);
	driver_dummy.close(driver);
	ck_assert_uint_eq(first.references, 1);
	ck_assert_uint_eq(second.references, 1);
}
END_TEST

TEST_SUITE(dummy, what_a_test_says_reaches_the_host, a_report_may_be_durable_later, offers_stand_until_withdrawn)
