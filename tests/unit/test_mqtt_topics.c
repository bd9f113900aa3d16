#include "drivers/mqtt_topics.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/suite.h"

static struct mqtt_template template;

static int match(const char *topic, char *node)
{
	return mqtt_template_match(&template, (struct span){ topic, strlen(topic) }, node);
}

START_TEST(a_node_has_its_topic)
{
	char topic[MQTT_TOPIC_SIZE], node[NODE_ID_MAX + 1];

	ck_assert_int_eq(mqtt_template_parse(&template, "site/{node}/telemetry"), 0);
	mqtt_template_filter(&template, topic);
	ck_assert_str_eq(topic, "site/+/telemetry");
	ck_assert_int_eq(mqtt_template_topic(&template, "node-7", topic), 0);
	ck_assert_str_eq(topic, "site/node-7/telemetry");
	ck_assert_int_eq(match(topic, node), 0);
	ck_assert_str_eq(node, "node-7");
	ck_assert_int_eq(mqtt_template_topic(&template, "a+b", topic), -EINVAL);
}
END_TEST

START_TEST(other_topics_do_not_match)
{
	char node[NODE_ID_MAX + 1];

	ck_assert_int_eq(mqtt_template_parse(&template, "ota/{node}"), 0);
	ck_assert_int_eq(match("ota/", node), -ENOENT);
	ck_assert_int_eq(match("ota/a/get", node), -ENOENT);
	ck_assert_int_eq(match("cmd/a", node), -ENOENT);
	ck_assert_int_eq(match("ota/a b", node), -EINVAL);
	ck_assert_int_eq(match("ota/\xc3\xa9", node), -EINVAL);
	ck_assert_int_eq(match("ota/12345678901234567890123456789012345678901234567890123456789012345", node), -EINVAL);
}
END_TEST

START_TEST(a_template_may_grow_a_tail)
{
	struct mqtt_template longer;
	char topic[MQTT_TOPIC_SIZE], tail[MQTT_TEMPLATE_MAX] = "";

	ck_assert_int_eq(mqtt_template_parse(&template, "{node}"), 0);
	ck_assert_int_eq(mqtt_template_extend(&longer, &template, "/get"), 0);
	mqtt_template_filter(&longer, topic);
	ck_assert_str_eq(topic, "+/get");
	memset(tail, 'x', sizeof(tail) - 1);
	ck_assert_int_eq(mqtt_template_extend(&longer, &template, tail), -EINVAL);
}
END_TEST

START_TEST(wrong_templates_are_refused)
{
	static const char *const wrong[] = { "telemetry", "t/{node}/{node}", "t/a{node}", "t/{node}b", "+/{node}",
		"{node}/#", "" };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_assert_msg(mqtt_template_parse(&template, wrong[i]) == -EINVAL, "%s", wrong[i]);
}
END_TEST

TEST_SUITE(mqtt_topics, a_node_has_its_topic, other_topics_do_not_match, a_template_may_grow_a_tail,
	wrong_templates_are_refused)
