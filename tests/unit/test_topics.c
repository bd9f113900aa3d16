#include "gateway/topics.h"

#include <errno.h>
#include <string.h>

#include "config/settings.h"
#include "tests/unit/suite.h"

static const struct topic_settings defaults = { .telemetry = "telemetry/{gateway}",
	.status = "status/{gateway}",
	.manifests = "ota/{gateway}",
	.commands = "cmd/{gateway}",
	.alerts = "alert/{gateway}" };

static int check(struct topic_settings settings)
{
	char why[256];

	return topic_settings_table.check(&settings, true, why, sizeof(why));
}

START_TEST(the_gateway_stands_in_every_topic)
{
	struct topics topics;

	ck_assert_int_eq(topics_expand(&topics, &defaults, "site-7"), 0);
	ck_assert_str_eq(topics.telemetry, "telemetry/site-7");
	ck_assert_str_eq(topics.status, "status/site-7");
	ck_assert_str_eq(topics.manifests, "ota/site-7");
	ck_assert_str_eq(topics.results, "ota/site-7/result");
	ck_assert_str_eq(topics.requests, "ota/site-7/get");
	ck_assert_str_eq(topics.blocks, "ota/site-7/block/");
	ck_assert_str_eq(topics.block_filter, "ota/site-7/block/+/+");
	ck_assert_str_eq(topics.commands, "cmd/site-7");
	ck_assert_str_eq(topics.replies, "cmd/site-7/reply");
}
END_TEST

START_TEST(the_gateway_may_stand_twice_or_not_at_all)
{
	struct topic_settings settings = defaults;
	struct topics topics;

	settings.telemetry = "{gateway}/x/{gateway}";
	settings.status = "all/{gate}";
	ck_assert_int_eq(topics_expand(&topics, &settings, "g"), 0);
	ck_assert_str_eq(topics.telemetry, "g/x/g");
	ck_assert_str_eq(topics.status, "all/{gate}");
}
END_TEST

START_TEST(a_topic_that_grows_too_long_is_refused)
{
	struct topic_settings settings = defaults;
	char gateway[TOPIC_MAX + 1];
	struct topics topics;

	memset(gateway, 'g', sizeof(gateway));
	gateway[TOPIC_MAX - strlen("telemetry/")] = '\0';
	ck_assert_int_eq(topics_expand(&topics, &settings, gateway), 0);
	settings.telemetry = "telemetry//{gateway}";
	ck_assert_int_eq(topics_expand(&topics, &settings, gateway), -ENOBUFS);
}
END_TEST

START_TEST(templates_that_are_no_topics_are_refused)
{
	static const char *const bad[] = { "a/+", "#", "$SYS/x", "/a", "a/", "a b", "a\n" };

	ck_assert_int_eq(check(defaults), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct topic_settings settings = defaults;

		settings.commands = bad[i];
		ck_assert_msg(check(settings) == -EINVAL, "%s", bad[i]);
	}
}
END_TEST

START_TEST(one_topic_for_two_things_is_refused)
{
	struct topic_settings settings = defaults;

	settings.commands = settings.manifests;
	ck_assert_int_eq(check(settings), -EINVAL);
}
END_TEST

TEST_SUITE(topics, the_gateway_stands_in_every_topic, the_gateway_may_stand_twice_or_not_at_all,
	a_topic_that_grows_too_long_is_refused, templates_that_are_no_topics_are_refused,
	one_topic_for_two_things_is_refused)
