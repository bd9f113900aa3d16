#include "drivers/zigbee_presence.h"

#include "protocols/zdo.h"
#include "tests/unit/suite.h"

static const struct zigbee_presence_rules rules = {
	.ping_after_ms = 600000,
	.sleeper_lost_ms = 90000000,
	.report_most_ms = 1800000,
	.battery_most_ms = 43200000,
};

static struct zigbee_node node_with(uint8_t capabilities, uint32_t reported)
{
	struct zigbee_node node = { .described = true, .capabilities = capabilities, .endpoint_count = 1 };

	node.endpoints[0].reported = reported;
	zigbee_presence_begin(&node, 0);
	return node;
}

START_TEST(a_mains_node_is_pinged_before_it_is_lost)
{
	struct zigbee_node node = node_with(ZDO_AWAKE_WHEN_IDLE, 0);
	int64_t now_ms = rules.ping_after_ms;

	ck_assert_int_eq(zigbee_presence_turn(&node, &rules, now_ms - 1), PRESENCE_NOTHING);
	for (int i = 0; i < ZIGBEE_PINGS; i++) {
		ck_assert_int_eq(zigbee_presence_turn(&node, &rules, now_ms), PRESENCE_PING);
		ck_assert_int_eq(zigbee_presence_turn(&node, &rules, now_ms), PRESENCE_NOTHING);
		now_ms = zigbee_presence_due_ms(&node, &rules);
	}
	ck_assert_int_eq(zigbee_presence_turn(&node, &rules, now_ms), PRESENCE_LOST);
	ck_assert_int_eq(zigbee_presence_turn(&node, &rules, now_ms + 100000000), PRESENCE_NOTHING);
	ck_assert(zigbee_presence_on_heard(&node, now_ms));
	ck_assert(!zigbee_presence_on_heard(&node, now_ms));
	ck_assert_int_eq(zigbee_presence_due_ms(&node, &rules), now_ms + rules.ping_after_ms);
}
END_TEST

START_TEST(an_answer_to_a_ping_starts_anew)
{
	struct zigbee_node node = node_with(ZDO_AWAKE_WHEN_IDLE, 0);

	ck_assert_int_eq(zigbee_presence_turn(&node, &rules, rules.ping_after_ms), PRESENCE_PING);
	ck_assert(!zigbee_presence_on_heard(&node, rules.ping_after_ms + 50));
	ck_assert_int_eq(
		zigbee_presence_turn(&node, &rules, rules.ping_after_ms + ZIGBEE_PING_PAUSE_MS), PRESENCE_NOTHING);
}
END_TEST

START_TEST(a_sleeper_is_missed_by_what_it_agreed_to)
{
	uint32_t batteries = zigbee_measures_of(CLUSTER_BATTERY);
	struct zigbee_node reports = node_with(0, zigbee_measures_of(CLUSTER_TEMPERATURE) | batteries);
	struct zigbee_node battery = node_with(0, batteries), silent = node_with(0, 0);

	ck_assert_int_eq(zigbee_presence_due_ms(&reports, &rules), 3 * rules.report_most_ms);
	ck_assert_int_eq(zigbee_presence_due_ms(&battery, &rules), 3 * rules.battery_most_ms);
	ck_assert_int_eq(zigbee_presence_due_ms(&silent, &rules), rules.sleeper_lost_ms);
	ck_assert_int_eq(zigbee_presence_turn(&reports, &rules, 3 * rules.report_most_ms), PRESENCE_LOST);
}
END_TEST

START_TEST(who_left_or_is_not_known_is_not_missed)
{
	struct zigbee_node left = node_with(0, 0), stranger = node_with(0, 0);

	left.left = true;
	stranger.described = false;
	ck_assert_int_eq(zigbee_presence_turn(&left, &rules, INT64_MAX - 1), PRESENCE_NOTHING);
	ck_assert_int_eq(zigbee_presence_turn(&stranger, &rules, INT64_MAX - 1), PRESENCE_NOTHING);
}
END_TEST

TEST_SUITE(zigbee_presence, a_mains_node_is_pinged_before_it_is_lost, an_answer_to_a_ping_starts_anew,
	a_sleeper_is_missed_by_what_it_agreed_to, who_left_or_is_not_known_is_not_missed)
