#include "drivers/mqtt_driver.h"

#include "tests/unit/mqtt_stage.h"

static struct mqtt_stage stage;

static void give(uint16_t id, bool repeated, const char *payload)
{
	broker_publish(&stage.broker, &(struct broker_message){ "telemetry/n", payload, id, repeated, false });
}

static const char dated[] = "{\"timestamp\":1700000000,\"data\":{\"t\":1,\"u\":2}}";
static const char undated[] = "{\"door\":true}";

/* All that was said before has been heard. */
static void settle(void)
{
	give(60000, false, "no report");
	broker_await(&stage.broker, 0, "PUBACK 60000");
}

START_TEST(a_report_is_acknowledged_when_it_is_durable)
{
	stage_open(&stage);
	give(7, false, dated);
	stage_await(&stage, "report n 2\n");
	ck_assert_uint_eq(broker_count(&stage.broker, "PUBACK"), 0);
	ck_assert(!stage.reports[0].fresh); /* it is dated: equal bytes are the same readings */
	stage.reports[0].done(stage.reports[0].context, 0, 0);
	broker_await(&stage.broker, 0, "PUBACK 7\n");
	ck_assert_uint_eq(stage_counter(&stage, "readings"), 2);
	stage_close(&stage);
}
END_TEST

START_TEST(what_is_durable_is_acknowledged_again_without_asking_the_host)
{
	const char *const payloads[] = { dated, undated };

	stage_open(&stage);
	stage.keeps = true;
	for (uint16_t i = 0; i < 2; i++) {
		give(7, false, payloads[i]);
		broker_await(&stage.broker, 0, "PUBACK 7\n");
		/* The PUBACK did not arrive; however long that was ago, the host would not know any more. */
		stage_reconnect(&stage, true);
		broker_forget(&stage.broker);
		give(7, true, payloads[i]);
		broker_await(&stage.broker, 0, "PUBACK 7\n");
		ck_assert_uint_eq(stage.report_count, i + 1);
		ck_assert_uint_eq(stage_counter(&stage, "repeated"), i + 1);
	}
	stage_close(&stage);
}
END_TEST

START_TEST(what_was_not_durable_is_reported_again)
{
	stage_open(&stage);
	give(7, false, undated);
	stage_await(&stage, "report n 1\n");
	stage_reconnect(&stage, true);
	give(7, true, undated);
	stage_await(&stage, "report n 1\n");
	ck_assert_uint_eq(stage.report_count, 2);
	ck_assert_uint_eq(stage.reports[0].exchange, stage.reports[1].exchange);
	ck_assert(stage.reports[0].fresh && !stage.reports[1].fresh);
	/* The first one belongs to a connection that is gone. */
	stage.reports[0].done(stage.reports[0].context, 0, 0);
	stage.reports[1].done(stage.reports[1].context, -EALREADY, 0);
	broker_await(&stage.broker, 0, "PUBACK 7\n");
	settle();
	ck_assert_uint_eq(broker_count(&stage.broker, "PUBACK 7"), 1);
	stage_close(&stage);
}
END_TEST

START_TEST(a_report_that_cannot_be_kept_now_waits_and_is_tried_again)
{
	stage_open(&stage);
	give(7, false, dated);
	stage_await(&stage, "report n 2\n");
	stage.reports[0].done(stage.reports[0].context, -ENOSPC, 1);
	ck_assert_uint_eq(stage_counter(&stage, "held_now"), 1);
	while (stage.report_count < 2)
		(void)uv_run(&stage.broker.loop, UV_RUN_ONCE);
	ck_assert_uint_eq(stage.reports[1].count, 2);
	stage.reports[1].done(stage.reports[1].context, 0, 0);
	broker_await(&stage.broker, 0, "PUBACK 7\n");
	ck_assert_uint_eq(stage_counter(&stage, "held_now"), 0);
	stage_close(&stage);
}
END_TEST

START_TEST(a_report_at_quality_0_is_tried_once)
{
	stage_open(&stage);
	give(0, false, dated);
	stage_await(&stage, "report n 2\n");
	stage.reports[0].done(stage.reports[0].context, -ENOSPC, 1);
	ck_assert_uint_eq(stage_counter(&stage, "unkept_lost"), 1);
	ck_assert_uint_eq(stage_counter(&stage, "held_now"), 0);
	stage_close(&stage);
}
END_TEST

START_TEST(what_can_never_be_kept_is_acknowledged_and_counted)
{
	stage_open(&stage);
	stage.unwelcome = "x";
	give(1, false, "{");
	give(2, false, "{\"device_id\":\"m\",\"data\":{\"t\":1}}");
	broker_publish(&stage.broker, &(struct broker_message){ "telemetry/x", dated, 3, false, false });
	broker_publish(&stage.broker, &(struct broker_message){ "telemetry/a b", dated, 4, false, false });
	broker_publish(&stage.broker, &(struct broker_message){ "telemetry/n", dated, 5, false, true });
	broker_await(&stage.broker, 0, "PUBACK 1\nPUBACK 2\nPUBACK 3\nPUBACK 4\nPUBACK 5\n");
	ck_assert_uint_eq(stage.report_count, 0);
	ck_assert_uint_eq(stage_counter(&stage, "messages_malformed"), 1);
	ck_assert_uint_eq(stage_counter(&stage, "identities_refused"), 1);
	ck_assert_uint_eq(stage_counter(&stage, "nodes_refused"), 1);
	ck_assert_uint_eq(stage_counter(&stage, "topics_unknown"), 1);
	ck_assert_uint_eq(stage_counter(&stage, "retained_ignored"), 1);
	stage_close(&stage);
}
END_TEST

START_TEST(a_node_that_finds_the_registry_full_does_not_hold_up_the_others)
{
	stage_open(&stage);
	stage.supernumerary = "x";
	stage.keeps = true;
	broker_publish(&stage.broker, &(struct broker_message){ "telemetry/x", dated, 1, false, false });
	give(2, false, dated);
	broker_await(&stage.broker, 0, "PUBACK 1\nPUBACK 2\n");
	stage_await(&stage, "reason=registry_full node=x count=1\n");
	ck_assert_uint_eq(stage_counter(&stage, "nodes_refused"), 1);
	stage_close(&stage);
}
END_TEST

TEST_SUITE(mqtt_readings, a_node_that_finds_the_registry_full_does_not_hold_up_the_others,
	a_report_is_acknowledged_when_it_is_durable, what_is_durable_is_acknowledged_again_without_asking_the_host,
	what_was_not_durable_is_reported_again, a_report_that_cannot_be_kept_now_waits_and_is_tried_again,
	a_report_at_quality_0_is_tried_once, what_can_never_be_kept_is_acknowledged_and_counted)
