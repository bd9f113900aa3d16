#include "drivers/mqtt_driver.h"

#include "tests/unit/mqtt_stage.h"

static struct mqtt_stage stage;

static void say(const char *payload, bool retain)
{
	static uint16_t id;
	char answer[32];

	broker_publish(&stage.broker, &(struct broker_message){ "status/n", payload, ++id, false, retain });
	(void)snprintf(answer, sizeof(answer), "PUBACK %u\n", id);
	broker_await(&stage.broker, 0, answer);
}

START_TEST(a_node_says_what_it_runs)
{
	stage_open(&stage);
	say("{\"state\":\"online\",\"version\":\"1.2.0\"}", false);
	say("{\"state\":\"asleep\",\"version\":\"1.2.1\"}", false);
	ck_assert_ptr_nonnull(strstr(stage.told, "contact n runs 1.2.0\ncontact n runs 1.2.1\n"));
	ck_assert_uint_eq(stage_counter(&stage, "statuses"), 2);
	stage_close(&stage);
}
END_TEST

START_TEST(a_last_will_is_a_drop)
{
	stage_open(&stage);
	say("{\"state\":\"offline\"}", false);
	ck_assert_ptr_nonnull(strstr(stage.told, "lost n\n"));
	ck_assert_ptr_null(strstr(stage.told, "contact"));
	ck_assert_uint_eq(stage_counter(&stage, "wills"), 1);
	stage_close(&stage);
}
END_TEST

START_TEST(the_steps_of_an_update_are_progress)
{
	static const struct {
		const char *status, *told;
	} steps[] = {
		{ "{\"state\":\"downloading\",\"offset\":100}", "contact n\nprogress n 0 100 0\n" },
		{ "{\"state\":\"downloaded\"}", "contact n\nprogress n 1 0 0\n" },
		{ "{\"state\":\"applying\"}", "contact n\nprogress n 2 0 0\n" },
		{ "{\"state\":\"confirmed\",\"version\":\"2\"}", "contact n runs 2\nprogress n 3 0 0\n" },
		{ "{\"state\":\"reverted\"}", "contact n\nprogress n 4 0 0\n" },
		{ "{\"state\":\"failed\",\"code\":5}", "contact n\nprogress n 5 0 5\n" },
	};

	stage_open(&stage);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		stage.told[0] = '\0';
		say(steps[i].status, false);
		ck_assert_str_eq(stage.told, steps[i].told);
	}
	stage_close(&stage);
}
END_TEST

START_TEST(what_is_retained_is_heard_from_a_broker_that_did_not_know_the_gateway)
{
	static const char online[] = "{\"version\":\"1\"}";

	stage_open(&stage);
	say(online, true);
	ck_assert_ptr_nonnull(strstr(stage.told, "contact n runs 1\n"));
	say("{\"state\":\"offline\"}", true);
	ck_assert_ptr_null(strstr(stage.told, "lost"));
	stage_reconnect(&stage, true);
	say(online, true);
	say("", true);
	ck_assert_ptr_null(strstr(stage.told, "contact"));
	ck_assert_uint_eq(stage_counter(&stage, "retained_ignored"), 3);
	stage_close(&stage);
}
END_TEST

START_TEST(a_status_that_is_none_is_refused)
{
	stage_open(&stage);
	say("{\"state\":\"dancing\"}", false);
	say("{\"battery\":101}", false);
	say("[]", false);
	ck_assert_ptr_null(strstr(stage.told, "contact"));
	ck_assert_uint_eq(stage_counter(&stage, "messages_malformed"), 3);
	stage_close(&stage);
}
END_TEST

TEST_SUITE(mqtt_status, a_node_says_what_it_runs, a_last_will_is_a_drop, the_steps_of_an_update_are_progress,
	what_is_retained_is_heard_from_a_broker_that_did_not_know_the_gateway, a_status_that_is_none_is_refused)
