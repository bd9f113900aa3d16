#include "drivers/mqtt_driver.h"

#include "protocols/node_profile.h"
#include "tests/unit/mqtt_stage.h"

static struct mqtt_stage stage;

static int command(const char *node, const char *text)
{
	return driver_mqtt.command(
		stage.driver, &(struct driver_command){ node, 7, text, (int64_t)uv_now(&stage.broker.loop) + 60000 });
}

static void reply(const char *node, const char *payload)
{
	static uint16_t id;
	char topic[64], answer[32];

	(void)snprintf(topic, sizeof(topic), "cmd/%s/reply", node);
	broker_publish(&stage.broker, &(struct broker_message){ topic, payload, ++id, false, false });
	(void)snprintf(answer, sizeof(answer), "PUBACK %u\n", id);
	broker_await(&stage.broker, 0, answer);
}

START_TEST(a_command_is_published_once_and_not_retained)
{
	struct profile_command told;

	stage_open(&stage);
	ck_assert_int_eq(command("n", "set \"x\" 1"), 0);
	broker_await(&stage.broker, 0, "PUBLISH cmd/n q1 {\"id\":7,");
	const char *text = strchr(stage.broker.said, '{');
	ck_assert_int_eq(profile_parse_command(&told, FORMAT_JSON, (struct span){ text, strcspn(text, "\n") }), 0);
	ck_assert_str_eq(told.text, "set \"x\" 1");
	ck_assert_int_gt(told.until_s, 1700000000);
	ck_assert_uint_eq(stage_counter(&stage, "commands"), 1);
	stage_close(&stage);
}
END_TEST

START_TEST(a_command_waits_for_the_connection)
{
	stage_open(&stage);
	stage.broker.is_silent = true;
	ck_assert_int_eq(command("n", "blink"), 0);
	broker_await(&stage.broker, 0, "PUBLISH cmd/n q1 {");
	stage.broker.is_silent = false;
	broker_forget(&stage.broker);
	stage_reconnect(&stage, true);
	broker_await(&stage.broker, 0, "PUBLISH cmd/n q1 d {");
	stage_close(&stage);
}
END_TEST

START_TEST(replies_reach_the_host)
{
	stage_open(&stage);
	reply("n", "{\"id\":7,\"ok\":true,\"result\":\"done\"}");
	reply("n", "{\"id\":8,\"ok\":false,\"error\":{\"code\":5}}");
	ck_assert_ptr_nonnull(strstr(stage.told, "contact n\nreplied n 7 ok done\n"));
	ck_assert_ptr_nonnull(strstr(stage.told, "replied n 8 failed json {\"code\":5}\n"));
	ck_assert_uint_eq(stage_counter(&stage, "replies"), 2);
	stage_close(&stage);
}
END_TEST

START_TEST(what_is_no_reply_of_a_node_is_refused)
{
	stage_open(&stage);
	stage.unwelcome = "gateway";
	reply("gateway", "{\"id\":\"x\",\"ok\":true}");
	reply("n", "{\"id\":\"x\",\"ok\":true}");
	ck_assert_ptr_null(strstr(stage.told, "replied"));
	ck_assert_uint_eq(stage_counter(&stage, "nodes_refused"), 1);
	ck_assert_uint_eq(stage_counter(&stage, "messages_malformed"), 1);
	stage_close(&stage);
}
END_TEST

START_TEST(a_node_whose_identity_is_no_level_of_a_topic_cannot_be_told)
{
	stage_open(&stage);
	ck_assert_int_eq(command("a+b", "blink"), -EINVAL);
	ck_assert_int_eq(driver_mqtt.offer(stage.driver, &(struct driver_offer){ .node = "a#", .image = &stage.image }),
		-EINVAL);
	stage_close(&stage);
}
END_TEST

static void measure(void)
{
	stage.keeps = true;
	broker_publish(&stage.broker, &(struct broker_message){ "telemetry/n", "{\"t\":1}", 1, false, false });
	stage_await(&stage, "report n 1\n");
}

START_TEST(a_node_is_told_its_slot_where_that_is_set)
{
	stage_open(&stage);
	stage.settings.slots = true;
	measure();
	broker_await(&stage.broker, 0, "PUBLISH cmd/n/next q0 {\"next\":900,\"at\":");
	ck_assert(!stage.contact.unscheduled && stage.contact.taken);
	ck_assert_uint_eq(stage_counter(&stage, "slots_told"), 1);
	stage_close(&stage);
}
END_TEST

START_TEST(a_node_is_told_no_slot_else)
{
	stage_open(&stage);
	measure();
	ck_assert(stage.contact.unscheduled);
	ck_assert_uint_eq(stage_counter(&stage, "slots_told"), 0);
	stage_close(&stage);
}
END_TEST

TEST_SUITE(mqtt_commands, a_command_is_published_once_and_not_retained, a_command_waits_for_the_connection,
	replies_reach_the_host, what_is_no_reply_of_a_node_is_refused,
	a_node_whose_identity_is_no_level_of_a_topic_cannot_be_told, a_node_is_told_its_slot_where_that_is_set,
	a_node_is_told_no_slot_else)
