#include "gateway/alert_post.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "drivers/uplink_dummy.h"
#include "gateway/alerts.h"
#include "gateway/control.h"
#include "gateway/topics.h"
#include "gateway/upstream.h"
#include "tests/unit/suite.h"

static struct uplink *uplink;
static struct upstream *upstream;
static struct control *control;
static struct topics topics;
static struct alerts *alerts;
static struct alert_post *post;
static unsigned saved;

static const struct moment now = { 1000, 1790000000000 };

static int open_dummy(struct uplink **out, struct uv_loop_s *loop, const void *settings,
	const struct uplink_identity *identity, const struct uplink_host *host, char *why, size_t why_size)
{
	int result = uplink_dummy.open(out, loop, settings, identity, host, why, why_size);

	uplink = *out;
	return result;
}

static struct moment fixed(void *context)
{
	return now;
}

static void on_changed(void *context, const struct alert *alert, struct moment at)
{
	alert_post_changed(post);
}

static void on_told(void *context, const struct alert *alert)
{
	saved++;
}

static void begin_scene(void)
{
	static const struct topic_settings templates = { "telemetry/{gateway}", "status/{gateway}", "ota/{gateway}",
		"cmd/{gateway}", "alert/{gateway}" };
	static const struct clock clock = { .now = fixed };
	static const struct upstream_settings settings;
	static struct uplink_ops ops;
	char why[128];

	ops = uplink_dummy;
	ops.open = open_dummy;
	control = control_open();
	ck_assert_int_eq(topics_expand(&topics, &templates, "site-7"), 0);
	const struct upstream_parts parts = { .ops = &ops,
		.settings = &settings,
		.topics = &topics,
		.clock = &clock,
		.gateway = "site-7",
		.control = control };
	ck_assert_int_eq(upstream_open(&upstream, &parts, why, sizeof(why)), 0);
	ck_assert_int_eq(alerts_open(&alerts, on_changed, NULL), 0);
	const struct alert_post_parts post_parts = { .alerts = alerts,
		.upstream = upstream,
		.gateway = "site-7",
		.changes = topics.alerts,
		.standing = topics.standing,
		.told = on_told };
	ck_assert_int_eq(alert_post_open(&post, &post_parts), 0);
}

static void end_scene(void)
{
	upstream_close(upstream);
	alert_post_close(post);
	alerts_close(alerts);
	control_close(control);
}

static void find(const char *node)
{
	alerts_find(alerts, &(struct alert_finding){ ALERT_NODE_SILENT, ALERT_WARNING, node, "why" }, now);
}

/* The latest message on the topic, parsed; NULL: none. */
static json_t *latest(const char *topic, bool *retain)
{
	for (size_t i = uplink_dummy_count(uplink); i-- > 0;) {
		const struct uplink_message *message = &uplink_dummy_at(uplink, i)->message;
		if (strcmp(message->topic, topic) != 0)
			continue;
		if (retain)
			*retain = message->retain;
		return json_loadb(message->payload, message->size, 0, NULL);
	}
	return NULL;
}

static unsigned count_on(const char *topic)
{
	unsigned count = 0;

	for (size_t i = 0; i < uplink_dummy_count(uplink); i++)
		count += strcmp(uplink_dummy_at(uplink, i)->message.topic, topic) == 0;
	return count;
}

START_TEST(a_change_is_published_and_what_stands_is_retained)
{
	bool retain = false;

	begin_scene();
	uplink_dummy_connect(uplink, 100);
	find("n1");
	(void)alert_post_tick(post, now);
	json_t *change = latest("alert/site-7", &retain);
	ck_assert_str_eq(json_string_value(json_object_get(change, "state")), "raised");
	ck_assert_str_eq(json_string_value(json_object_get(change, "kind")), "node.silent");
	ck_assert_str_eq(json_string_value(json_object_get(change, "subject")), "n1");
	ck_assert_str_eq(json_string_value(json_object_get(change, "gateway")), "site-7");
	ck_assert(!retain);
	json_decref(change);
	uplink_dummy_deliver_all(uplink);
	(void)alert_post_tick(post, now);
	json_t *list = latest("alert/site-7/standing", &retain);
	ck_assert(retain);
	ck_assert_int_eq(json_integer_value(json_object_get(list, "standing")), 1);
	ck_assert_uint_eq(json_array_size(json_object_get(list, "alerts")), 1);
	json_decref(list);
	ck_assert_uint_eq(saved, 1);
	end_scene();
}
END_TEST

START_TEST(what_happens_without_an_uplink_is_told_at_the_connect_as_it_is_then)
{
	begin_scene();
	find("n1");
	find("n2");
	alerts_end_look(alerts, UINT32_MAX, 0, now);
	find("n2");
	alerts_end_look(alerts, UINT32_MAX, 0, (struct moment){ 2000, now.wall_ms + 1000 });
	(void)alert_post_tick(post, now);
	ck_assert_uint_eq(uplink_dummy_count(uplink), 0);
	uplink_dummy_connect(uplink, 100);
	ck_assert_uint_eq(count_on("alert/site-7"), 2);
	json_t *last = latest("alert/site-7", NULL);
	ck_assert_str_eq(json_string_value(json_object_get(last, "subject")), "n1");
	ck_assert_str_eq(json_string_value(json_object_get(last, "state")), "cleared");
	json_decref(last);
	uplink_dummy_deliver_all(uplink);
	(void)alert_post_tick(post, now);
	ck_assert_uint_eq(count_on("alert/site-7"), 2);
	ck_assert_uint_eq(saved, 2);
	end_scene();
}
END_TEST

START_TEST(what_a_lost_connection_left_open_is_told_again)
{
	begin_scene();
	uplink_dummy_connect(uplink, 100);
	find("n1");
	(void)alert_post_tick(post, now);
	ck_assert_uint_eq(count_on("alert/site-7"), 1);
	uplink_dummy_disconnect(uplink);
	ck_assert_uint_eq(saved, 0);
	uplink_dummy_connect(uplink, 100);
	ck_assert_uint_eq(count_on("alert/site-7"), 2);
	uplink_dummy_deliver_all(uplink);
	ck_assert_uint_eq(saved, 1);
	end_scene();
}
END_TEST

START_TEST(a_change_while_the_former_is_under_way_is_told_too)
{
	begin_scene();
	uplink_dummy_connect(uplink, 100);
	find("n1");
	(void)alert_post_tick(post, now);
	alerts_end_look(alerts, UINT32_MAX, 0, now);
	alerts_end_look(alerts, UINT32_MAX, 0, now);
	uplink_dummy_deliver_all(uplink);
	ck_assert_uint_eq(saved, 0);
	(void)alert_post_tick(post, now);
	json_t *last = latest("alert/site-7", NULL);
	ck_assert_str_eq(json_string_value(json_object_get(last, "state")), "cleared");
	json_decref(last);
	uplink_dummy_deliver_all(uplink);
	ck_assert_uint_eq(saved, 1);
	end_scene();
}
END_TEST

START_TEST(many_changes_go_a_few_at_a_time)
{
	char node[16];

	begin_scene();
	uplink_dummy_connect(uplink, 100);
	for (int i = 0; i < 20; i++) {
		snprintf(node, sizeof(node), "n%d", i);
		find(node);
	}
	(void)alert_post_tick(post, now);
	ck_assert_uint_le(count_on("alert/site-7"), 2);
	for (int i = 0; i < 20; i++) {
		uplink_dummy_deliver_all(uplink);
		(void)alert_post_tick(post, now);
	}
	ck_assert_uint_eq(count_on("alert/site-7"), 20);
	ck_assert_uint_eq(saved, 20);
	end_scene();
}
END_TEST

TEST_SUITE(alert_post, a_change_is_published_and_what_stands_is_retained,
	what_happens_without_an_uplink_is_told_at_the_connect_as_it_is_then,
	what_a_lost_connection_left_open_is_told_again, a_change_while_the_former_is_under_way_is_told_too,
	many_changes_go_a_few_at_a_time)
