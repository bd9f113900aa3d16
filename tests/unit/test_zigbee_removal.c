#include "drivers/zigbee_driver.h"

#include "tests/unit/suite.h"
#include "tests/unit/zigbee_stage.h"

#define NODE "{\"node\":\"" STAGE_SENSOR_ID "\"}"
#define NODE_AT_ONCE "{\"node\":\"" STAGE_SENSOR_ID "\",\"forget\":true}"
#define REPORT "18440a0000296608"

static struct stage stage;

static void open_with_sleeper(void)
{
	stage_init(&stage);
	stage_up(&stage);
	stage_interview(&stage);
}

/* How often the node is told to leave; all that waits with the stick is lost or not. */
static unsigned leaves(enum stick_sent outcome)
{
	struct stick_dummy_sent sent;
	unsigned count = 0;

	while (stick_dummy_deliver(stage.driver->stick, outcome, &sent)) {
		count += sent.message.peer == STAGE_NWK && sent.message.cluster == ZDO_LEAVE;
		ck_assert(sent.message.cluster != ZDO_LEAVE || sent.message.to_sleeper);
		zigbee_turn(stage.driver);
	}
	return count;
}

static void answer_leave(uint8_t status)
{
	const struct zdo_message answer = { .cluster = ZDO_LEAVE | ZDO_RESPONSE, .status = status };
	uint8_t data[8];
	size_t size = zdo_write(&answer, data, sizeof(data));

	stage_hear(&stage, ZDO_LEAVE | ZDO_RESPONSE, data, size);
}

static void ck_gone(void)
{
	ck_assert_uint_eq(stage.driver->nodes.count, 0);
	ck_assert_ptr_null(stage_record(&stage, "node/" STAGE_SENSOR_ID));
	ck_assert_ptr_nonnull(strstr(stage.events, "zigbee.node_removed node=" STAGE_SENSOR_ID));
}

START_TEST(a_node_is_told_to_leave_at_each_contact_until_it_says_that_it_does)
{
	open_with_sleeper();
	stage_ask(&stage, "remove", NODE);
	ck_assert_str_eq(stage.answer, "{\"state\":\"leaving\"}");
	ck_assert_uint_eq(leaves(STICK_EXPIRED), 1);
	ck_assert(stage_has(&stage, "nodes", "\"state\":\"leaving\""));
	ck_assert(stage_has(&stage, "status", "\"leaving\":1"));
	stage_hear_zcl(&stage, CLUSTER_TEMPERATURE, REPORT);
	ck_assert_uint_eq(leaves(STICK_EXPIRED), 0);
	stage_pass(&stage, 6000);
	stage_hear_zcl(&stage, CLUSTER_TEMPERATURE, REPORT);
	ck_assert_uint_eq(leaves(STICK_EXPIRED), 1);
	stage_pass(&stage, 6000);
	stage_join(&stage);
	ck_assert_uint_eq(leaves(STICK_SENT), 1);
	/* What it says in one breath is one contact. */
	stage_hear_zcl(&stage, CLUSTER_TEMPERATURE, "18450a0000296708");
	ck_assert_uint_eq(leaves(STICK_SENT), 0);
	ck_assert_uint_eq(stage.driver->nodes.count, 1);
	answer_leave(ZDO_SUCCESS);
	stage_pass(&stage, 29999);
	ck_assert_uint_eq(stage.driver->nodes.count, 1);
	stage_pass(&stage, 1);
	ck_gone();
	ck_assert_uint_eq(stage.losses, 0);
	stage_close(&stage);
}
END_TEST

/* Seconds until it is told to leave again. */
static unsigned next_word(void)
{
	for (unsigned seconds = 1; seconds < 1000; seconds++) {
		stage_pass(&stage, 1000);
		if (leaves(STICK_EXPIRED) > 0)
			return seconds;
	}
	ck_abort_msg("it is not told to leave any more");
	return 0;
}

START_TEST(one_that_only_polls_is_told_so_that_its_parent_holds_the_word_for_a_minute_and_rarely_after)
{
	unsigned longest = 0, words = 0;

	open_with_sleeper();
	stage_ask(&stage, "remove", NODE);
	ck_assert_uint_eq(leaves(STICK_EXPIRED), 1);
	for (unsigned i = 0; i < 8; i++)
		ck_assert_uint_eq(next_word(), 7);
	ck_assert_uint_gt(next_word(), 7);
	for (unsigned passed_s = 0, pause_s; passed_s < 86400; passed_s += pause_s, words++) {
		pause_s = next_word();
		longest = pause_s > longest ? pause_s : longest;
	}
	ck_assert_uint_le(longest, 751);
	ck_assert_uint_ge(words, 100);
	ck_assert_uint_le(words, 200);
	stage_close(&stage);
}
END_TEST

START_TEST(however_many_leave_one_is_told_at_a_time)
{
	uint8_t told[20] = { 0 };
	struct stick_dummy_sent sent;

	stage_init(&stage);
	stage_up(&stage);
	for (uint16_t i = 0; i < 20; i++) {
		struct zigbee_node *node = zigbee_nodes_add(&stage.driver->nodes, 0x1000 + i);
		node->described = node->leaving = true;
		node->nwk = 0x100 + i;
	}
	for (unsigned i = 0; i < 40; i++) {
		zigbee_turn(stage.driver);
		ck_assert(stick_dummy_deliver(stage.driver->stick, STICK_EXPIRED, &sent));
		ck_assert(!sent.message.wants_ack && sent.message.to_sleeper);
		told[sent.message.peer - 0x100]++;
		ck_assert(!stick_dummy_deliver(stage.driver->stick, STICK_EXPIRED, &sent));
		stage_pass(&stage, 6999);
		ck_assert(!stick_dummy_deliver(stage.driver->stick, STICK_EXPIRED, &sent));
		stage.now_ms++;
	}
	for (unsigned i = 0; i < 20; i++)
		ck_assert_uint_eq(told[i], 2);
	stage_close(&stage);
}
END_TEST

START_TEST(a_node_that_says_something_after_it_said_it_leaves_is_no_stranger)
{
	open_with_sleeper();
	stage_ask(&stage, "remove", NODE);
	(void)leaves(STICK_SENT);
	answer_leave(ZDO_SUCCESS);
	stage_pass(&stage, 1000);
	stage_hear_zcl(&stage, CLUSTER_TEMPERATURE, REPORT);
	ck_assert_uint_eq(leaves(STICK_SENT), 0);
	/* One that goes on talking did not mean it. */
	stage_pass(&stage, 20000);
	stage_hear_zcl(&stage, CLUSTER_TEMPERATURE, "18450a0000296708");
	ck_assert_uint_eq(leaves(STICK_SENT), 1);
	stage_pass(&stage, 60000);
	ck_assert_uint_eq(stage.driver->nodes.count, 1);
	stage_close(&stage);
}
END_TEST

START_TEST(what_the_network_says_of_its_leaving_counts_too)
{
	open_with_sleeper();
	stage_ask(&stage, "remove", NODE);
	struct stick *stick = stage.driver->stick;
	stick->host.left(stick->host.context, STAGE_SENSOR, STAGE_NWK);
	ck_gone();
	ck_assert_uint_eq(stage.losses, 0);
	stage_close(&stage);
}
END_TEST

START_TEST(the_wish_outlives_a_restart)
{
	open_with_sleeper();
	stage_ask(&stage, "remove", NODE);
	stage_close(&stage);
	stage_open(&stage);
	stage_up(&stage);
	ck_assert(stage_has(&stage, "nodes", "\"state\":\"leaving\""));
	ck_assert_uint_eq(leaves(STICK_EXPIRED), 1);
	stage_hear_zcl(&stage, CLUSTER_TEMPERATURE, REPORT);
	ck_assert_uint_eq(leaves(STICK_SENT), 1);
	answer_leave(ZDO_SUCCESS);
	stage_pass(&stage, 30000);
	ck_gone();
	stage_close(&stage);
}
END_TEST

START_TEST(an_operator_takes_the_wish_back)
{
	open_with_sleeper();
	stage_ask(&stage, "keep", NODE);
	ck_assert_int_eq(stage.result, -EALREADY);
	stage_ask(&stage, "remove", NODE);
	ck_assert_uint_eq(leaves(STICK_EXPIRED), 1);
	stage_ask(&stage, "keep", NODE);
	ck_assert_int_eq(stage.result, 0);
	stage_pass(&stage, 600000);
	stage_hear_zcl(&stage, CLUSTER_TEMPERATURE, REPORT);
	ck_assert_uint_eq(leaves(STICK_SENT), 0);
	ck_assert(stage_has(&stage, "nodes", "\"state\":\"up\""));
	stage_close(&stage);
	stage_open(&stage);
	ck_assert(!stage.driver->nodes.list[0]->leaving);
	stage_close(&stage);
}
END_TEST

START_TEST(a_node_that_says_it_does_not_leave_is_asked_rarely)
{
	open_with_sleeper();
	stage_ask(&stage, "remove", NODE);
	ck_assert_uint_eq(leaves(STICK_SENT), 1);
	answer_leave(0x84);
	ck_assert_ptr_nonnull(strstr(stage.events, "zigbee.leave_refused node=" STAGE_SENSOR_ID " status=0x84"));
	stage_pass(&stage, 599000);
	stage_hear_zcl(&stage, CLUSTER_TEMPERATURE, REPORT);
	ck_assert_uint_eq(leaves(STICK_SENT), 0);
	stage_pass(&stage, 1000);
	ck_assert_uint_eq(leaves(STICK_SENT), 1);
	stage_hear_zcl(&stage, CLUSTER_TEMPERATURE, "18450a0000296708");
	ck_assert_uint_eq(leaves(STICK_SENT), 1);
	stage_close(&stage);
}
END_TEST

START_TEST(a_node_that_is_gone_for_good_is_forgotten_at_once)
{
	open_with_sleeper();
	stage_ask(&stage, "remove", NODE);
	stage_ask(&stage, "remove", NODE_AT_ONCE);
	ck_assert_str_eq(stage.answer, "{\"state\":\"gone\"}");
	ck_gone();
	stage_ask(&stage, "remove", NODE);
	ck_assert_int_eq(stage.result, -ENOENT);
	stage_close(&stage);
}
END_TEST

TEST_SUITE(zigbee_removal, a_node_is_told_to_leave_at_each_contact_until_it_says_that_it_does,
	one_that_only_polls_is_told_so_that_its_parent_holds_the_word_for_a_minute_and_rarely_after,
	however_many_leave_one_is_told_at_a_time, a_node_that_says_something_after_it_said_it_leaves_is_no_stranger,
	what_the_network_says_of_its_leaving_counts_too, the_wish_outlives_a_restart, an_operator_takes_the_wish_back,
	a_node_that_says_it_does_not_leave_is_asked_rarely, a_node_that_is_gone_for_good_is_forgotten_at_once)
