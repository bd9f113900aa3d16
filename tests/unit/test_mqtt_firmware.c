#include "drivers/mqtt_driver.h"

#include "protocols/manifest.h"
#include "tests/unit/mqtt_stage.h"

#define SHA256 "abababababababababababababababababababababababababababababababab"
#define OTHER "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"

static struct mqtt_stage stage;

static void offer(const char *node)
{
	ck_assert_int_eq(
		driver_mqtt.offer(stage.driver, &(struct driver_offer){ .node = node, .image = &stage.image }), 0);
}

static void ask(const char *node, const char *sha256, unsigned offset, unsigned size)
{
	char topic[64], request[160];

	(void)snprintf(topic, sizeof(topic), "ota/%s/get", node);
	(void)snprintf(request, sizeof(request), "{\"sha256\":\"%s\",\"offset\":%u,\"size\":%u}", sha256, offset, size);
	broker_publish(&stage.broker, &(struct broker_message){ topic, request, 0, false, false });
}

static void await(const char *text)
{
	broker_await(&stage.broker, 0, text);
}

/* All that the broker said has been heard, and all that was said in answer. */
static void settle(void)
{
	broker_publish(&stage.broker, &(struct broker_message){ "telemetry/n", "no report", 60000, false, false });
	await("PUBACK 60000\n");
}

START_TEST(an_offer_is_a_retained_manifest_that_a_gateway_understands)
{
	struct manifest manifest;
	char why[128];

	stage_open(&stage);
	offer("n");
	await("PUBLISH ota/n q1 r {\"version\":");
	const char *text = strchr(stage.broker.said, '{');
	ck_assert_int_eq(manifest_parse(&manifest, text, strcspn(text, "\n"), why, sizeof(why)), 0);
	ck_assert_str_eq(manifest.version, "2.0");
	ck_assert_str_eq(manifest.hardware, "m4");
	ck_assert_str_eq(manifest.format, "raw");
	ck_assert_uint_eq(manifest.size_bytes, 1000);
	ck_assert_mem_eq(manifest.sha256, stage.image.sha256, 32);
	ck_assert_int_eq(manifest.scheme, MANIFEST_MQTT);
	stage_close(&stage);
}
END_TEST

START_TEST(an_offer_that_is_renewed_is_not_told_again)
{
	stage_open(&stage);
	offer("n");
	offer("n");
	offer("m");
	await("PUBLISH ota/m q1");
	ck_assert_uint_eq(broker_count(&stage.broker, "PUBLISH ota/n"), 1);
	stage.image.sha256[31]++;
	struct image_source other = stage.image;
	other.references = 1;
	ck_assert_int_eq(driver_mqtt.offer(
				 stage.driver, &(struct driver_offer){ "n", &other,
						       { .apply_at_ms = (int64_t)uv_now(&stage.broker.loop) + 5000 } }),
		0);
	await("\"apply_at\":");
	ck_assert_uint_eq(stage_counter(&stage, "offers_now"), 2);
	driver_mqtt.withdraw(stage.driver, "n");
	stage_close(&stage);
}
END_TEST

START_TEST(a_withdrawn_manifest_is_taken_back)
{
	stage_open(&stage);
	offer("n");
	driver_mqtt.withdraw(stage.driver, "n");
	await("PUBLISH ota/n q1 r \n");
	broker_forget(&stage.broker);
	driver_mqtt.withdraw(stage.driver, "n");
	settle();
	ck_assert_uint_eq(broker_count(&stage.broker, "PUBLISH"), 0);
	stage_close(&stage);
}
END_TEST

START_TEST(all_manifests_are_told_at_every_connection)
{
	char node[16], topic[32];

	stage_open(&stage);
	for (int i = 0; i < 100; i++) {
		(void)snprintf(node, sizeof(node), "n%d", i);
		offer(node);
	}
	for (int resumes = 0; resumes < 2; resumes++) {
		broker_forget(&stage.broker);
		stage_reconnect(&stage, resumes);
		for (int i = 0; i < 100; i++) {
			(void)snprintf(topic, sizeof(topic), "PUBLISH ota/n%d q1 r", i);
			await(topic);
		}
	}
	stage_close(&stage);
}
END_TEST

START_TEST(a_closing_gateway_takes_nothing_back)
{
	stage_open(&stage);
	offer("n");
	await("PUBLISH ota/n q1 r {");
	broker_forget(&stage.broker);
	driver_mqtt.close(stage.driver);
	await("DISCONNECT");
	ck_assert_uint_eq(broker_count(&stage.broker, "PUBLISH"), 0);
	broker_close(&stage.broker);
}
END_TEST

START_TEST(blocks_are_sent_as_they_are_asked_for)
{
	stage_open(&stage);
	offer("n");
	ask("n", SHA256, 26, 5);
	ask("n", SHA256, 0, 3);
	ask("n", SHA256, 990, 100);
	await("PUBLISH ota/n/block/abababababababab/26 q0 abcde\n"
	      "PUBLISH ota/n/block/abababababababab/0 q0 abc\n"
	      "PUBLISH ota/n/block/abababababababab/990 q0 cdefghijkl\n");
	ck_assert_uint_eq(stage_counter(&stage, "block_bytes"), 18);
	ck_assert_ptr_nonnull(strstr(stage.told, "contact n\nprogress n 0 26 0\n"));
	stage_close(&stage);
}
END_TEST

START_TEST(blocks_wait_for_the_time_that_the_manifest_names)
{
	struct driver_offer early = { "n", &stage.image };

	stage_open(&stage);
	early.times.fetch_from_ms = (int64_t)uv_now(&stage.broker.loop) + 3600000;
	early.times.apply_until_ms = (int64_t)uv_now(&stage.broker.loop) + 7200000;
	ck_assert_int_eq(driver_mqtt.offer(stage.driver, &early), 0);
	await("\"fetch_at\":");
	ck_assert_ptr_nonnull(strstr(stage.broker.said, "\"apply_until\":"));
	ask("n", SHA256, 0, 3);
	settle();
	ck_assert_uint_eq(broker_count(&stage.broker, "PUBLISH ota/n/block"), 0);
	ck_assert_uint_eq(stage_counter(&stage, "requests_put_off"), 1);
	broker_forget(&stage.broker);
	offer("n");
	await("PUBLISH ota/n q1"); /* without the time, for it has come */
	ck_assert_ptr_null(strstr(stage.broker.said, "\"fetch_at\":"));
	ask("n", SHA256, 0, 3);
	await("PUBLISH ota/n/block/abababababababab/0 q0 abc\n");
	stage_close(&stage);
}
END_TEST

START_TEST(a_request_may_leave_the_image_unnamed)
{
	stage_open(&stage);
	offer("n");
	broker_publish(
		&stage.broker, &(struct broker_message){ "ota/n/get", "{\"offset\":1,\"size\":2}", 0, false, false });
	await("PUBLISH ota/n/block/abababababababab/1 q0 bc\n");
	stage_close(&stage);
}
END_TEST

START_TEST(what_is_not_offered_is_answered_with_nothing_and_taken_back)
{
	stage_open(&stage);
	ask("n", SHA256, 0, 10);
	await("PUBLISH ota/n/block/abababababababab/0 q0 \n");
	await("PUBLISH ota/n q1 r \n");
	offer("n");
	broker_forget(&stage.broker);
	ask("n", OTHER, 0, 10);
	ask("n", SHA256, 1000, 10);
	await("PUBLISH ota/n/block/cdcdcdcdcdcdcdcd/0 q0 \nPUBLISH ota/n/block/abababababababab/1000 q0 \n");
	settle();
	ck_assert_uint_eq(broker_count(&stage.broker, "PUBLISH ota/n q1 r \n"), 0);
	ck_assert_uint_eq(stage_counter(&stage, "blocks_absent"), 3);
	stage_close(&stage);
}
END_TEST

/* So it is with the gateway's own requests upstream, where one broker serves both sides. */
START_TEST(a_node_that_is_not_accepted_is_not_answered)
{
	stage_open(&stage);
	stage.unwelcome = "n";
	ask("n", SHA256, 0, 10);
	settle();
	ck_assert_uint_eq(broker_count(&stage.broker, "PUBLISH"), 0);
	ck_assert_uint_eq(stage_counter(&stage, "nodes_refused"), 1);
	stage_close(&stage);
}
END_TEST

START_TEST(a_request_that_is_none_is_refused)
{
	static const char *const wrong[] = { "", "{}", "{\"offset\":0}", "{\"offset\":0,\"size\":0}",
		"{\"offset\":0,\"size\":262145}", "{\"offset\":-1,\"size\":1}",
		"{\"sha256\":\"ab\",\"offset\":0,\"size\":1}" };

	stage_open(&stage);
	offer("n");
	await("PUBLISH ota/n q1 r {");
	broker_forget(&stage.broker);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		broker_publish(&stage.broker, &(struct broker_message){ "ota/n/get", wrong[i], 0, false, false });
	settle();
	ck_assert_uint_eq(broker_count(&stage.broker, "PUBLISH"), 0);
	ck_assert_uint_eq(stage_counter(&stage, "messages_malformed"), sizeof(wrong) / sizeof(wrong[0]) + 1);
	stage_close(&stage);
}
END_TEST

START_TEST(bytes_that_are_being_fetched_are_waited_for)
{
	stage_open(&stage);
	offer("n");
	stage.is_fetching = true;
	ask("n", SHA256, 0, 3);
	ask("n", SHA256, 0, 3);
	settle();
	ck_assert_uint_eq(broker_count(&stage.broker, "/block/"), 0);
	stage.is_fetching = false;
	driver_mqtt.images_ready(stage.driver);
	await("PUBLISH ota/n/block/abababababababab/0 q0 abc\n");
	ck_assert_uint_eq(stage_counter(&stage, "blocks"), 1);
	stage_close(&stage);
}
END_TEST

START_TEST(large_blocks_leave_as_there_is_room)
{
	stage_open(&stage);
	stage.image.size_bytes = 20 * MQTT_BLOCK_MAX;
	offer("n");
	for (unsigned i = 0; i < 12; i++)
		ask("n", SHA256, i * MQTT_BLOCK_MAX, MQTT_BLOCK_MAX);
	while (stage_counter(&stage, "blocks") < 12) {
		(void)uv_run(&stage.broker.loop, UV_RUN_ONCE);
		broker_forget(&stage.broker);
	}
	ck_assert_uint_eq(stage_counter(&stage, "connections"), 1);
	ck_assert_uint_eq(stage_counter(&stage, "block_bytes"), 12 * MQTT_BLOCK_MAX);
	stage_close(&stage);
}
END_TEST

TEST_SUITE(mqtt_firmware, an_offer_is_a_retained_manifest_that_a_gateway_understands,
	an_offer_that_is_renewed_is_not_told_again, a_withdrawn_manifest_is_taken_back,
	all_manifests_are_told_at_every_connection, a_closing_gateway_takes_nothing_back,
	blocks_are_sent_as_they_are_asked_for, blocks_wait_for_the_time_that_the_manifest_names,
	a_request_may_leave_the_image_unnamed, what_is_not_offered_is_answered_with_nothing_and_taken_back,
	a_node_that_is_not_accepted_is_not_answered, a_request_that_is_none_is_refused,
	bytes_that_are_being_fetched_are_waited_for, large_blocks_leave_as_there_is_room)
