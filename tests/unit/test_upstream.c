#include "gateway/upstream.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "drivers/uplink_dummy.h"
#include "gateway/control.h"
#include "gateway/control_request.h"
#include "gateway/topics.h"
#include "tests/unit/suite.h"

#define CLIENT_TICKETS (UINT64_C(1) << 63)

/* ---- the scene: a dummy uplink, a real dispatcher, a client ---- */

static struct uplink *uplink;
static struct upstream *upstream;
static struct control *control;
static struct topics topics;
static struct upstream_settings settings;
static unsigned client_window, client_sessions_ended;
static uint64_t client_ticket;
static int client_result = 1;
static char client_topic[64];
static struct control_request *kept;
static unsigned handled;

static int open_dummy(struct uplink **out, struct uv_loop_s *loop, const void *uplink_settings,
	const struct uplink_identity *identity, const struct uplink_host *host, char *why, size_t why_size)
{
	int result = uplink_dummy.open(out, loop, uplink_settings, identity, host, why, why_size);

	uplink = *out;
	ck_assert_str_eq(identity->client_id, "wakegate-site-7");
	ck_assert_str_eq(identity->will.topic, "status/site-7");
	ck_assert(identity->will.retain);
	ck_assert_ptr_nonnull(strstr(identity->will.payload, "\"offline\""));
	return result;
}

static struct uplink_message farewell;
static char farewell_text[128];
static char farewell_topic[64];

static void close_dummy(struct uplink *it)
{
	size_t count = uplink_dummy_count(it);

	if (count) {
		farewell = uplink_dummy_at(it, count - 1)->message;
		snprintf(farewell_topic, sizeof(farewell_topic), "%s", farewell.topic);
		snprintf(farewell_text, sizeof(farewell_text), "%s", (const char *)farewell.payload);
		farewell.topic = farewell_topic;
	}
	uplink_dummy.close(it);
}

static struct moment fixed(void *context)
{
	return (struct moment){ 1000, 1700000000000 };
}

static void on_client_connected(void *context, unsigned window, struct moment now)
{
	client_window = window;
}

static void on_client_disconnected(void *context, struct moment now)
{
	client_sessions_ended++;
}

static void on_client_delivered(void *context, uint64_t ticket, int result, struct moment now)
{
	client_ticket = ticket;
	client_result = result;
}

static void on_client_message(void *context, const struct uplink_message *message, struct moment now)
{
	snprintf(client_topic, sizeof(client_topic), "%s", message->topic);
}

static const struct upstream_client client = { .tickets = CLIENT_TICKETS,
	.connected = on_client_connected,
	.disconnected = on_client_disconnected,
	.delivered = on_client_delivered,
	.prefix = "ota/site-7/block/",
	.message = on_client_message };

static void greet(void *context, struct control_request *request)
{
	handled++;
	control_done(request, json_pack("{s:s}", "hello", control_asker_name(request)));
}

static void on_cancelled(void *context)
{
}

static void keep(void *context, struct control_request *request)
{
	control_on_cancel(request, on_cancelled, NULL);
	kept = request;
}

static const struct control_command commands[] = {
	{ .name = "greet", .summary = "s", .flags = CONTROL_REMOTE, .handle = greet },
	{ .name = "keep", .summary = "s", .flags = CONTROL_REMOTE, .handle = keep },
	{ .name = "local", .summary = "s", .handle = greet }
};

static void begin_scene(void)
{
	static const char *const allowed[] = { "gre*", "keep", "local" };
	static const struct topic_settings templates = { "telemetry/{gateway}", "status/{gateway}", "ota/{gateway}",
		"cmd/{gateway}", "alert/{gateway}" };
	static const struct clock clock = { .now = fixed };
	static struct uplink_ops ops;
	char why[128];

	ops = uplink_dummy;
	ops.open = open_dummy;
	ops.close = close_dummy;
	settings.remote_commands = (struct setting_list){ allowed, 3 };
	ck_assert_int_eq(topics_expand(&topics, &templates, "site-7"), 0);
	control = control_open();
	ck_assert_int_eq(control_register(control, commands, 3, NULL), 0);
	const struct upstream_parts parts = { .ops = &ops,
		.settings = &settings,
		.topics = &topics,
		.clock = &clock,
		.gateway = "site-7",
		.control = control };
	ck_assert_int_eq(upstream_open(&upstream, &parts, why, sizeof(why)), 0);
	ck_assert_int_eq(upstream_attach(upstream, &client), 0);
}

static void end_scene(void)
{
	upstream_close(upstream);
	control_close(control);
}

static const struct uplink_message *published(size_t index)
{
	ck_assert_uint_lt(index, uplink_dummy_count(uplink));
	return &uplink_dummy_at(uplink, index)->message;
}

static void receive(const char *topic, const char *text)
{
	uplink_dummy_receive(uplink, &(struct uplink_message){ .topic = topic, .payload = text, .size = strlen(text) });
}

static const struct uplink_message letter = { .topic = "a", .payload = "x", .size = 1, .quality = 1 };

START_TEST(a_session_begins_with_a_retained_birth)
{
	begin_scene();
	uplink_dummy_connect(uplink, 20);
	ck_assert_str_eq(published(0)->topic, "status/site-7");
	ck_assert(published(0)->retain);
	ck_assert_int_eq(published(0)->quality, 1);
	ck_assert_str_eq(published(0)->content_type, "application/json");
	ck_assert_ptr_nonnull(strstr(published(0)->payload, "\"state\":\"online\""));
	ck_assert_ptr_nonnull(strstr(published(0)->payload, "\"gateway\":\"site-7\""));
	end_scene();
}
END_TEST

START_TEST(a_client_leaves_room_for_the_gateways_own_words)
{
	begin_scene();
	uplink_dummy_connect(uplink, 20);
	ck_assert_uint_eq(client_window, 16);
	uplink_dummy_disconnect(uplink);
	ck_assert_uint_eq(client_sessions_ended, 1);
	uplink_dummy_connect(uplink, 2);
	ck_assert_uint_eq(client_window, 1);
	uplink_dummy_disconnect(uplink);
	uplink_dummy_connect(uplink, 1);
	ck_assert_uint_eq(client_window, 1);
	end_scene();
}
END_TEST

START_TEST(a_client_hears_of_its_own_deliveries_only)
{
	begin_scene();
	uplink_dummy_connect(uplink, 20);
	ck_assert_int_eq(upstream_send(upstream, &letter), 0);
	ck_assert_int_eq(upstream_publish(upstream, &letter, CLIENT_TICKETS | 7), 0);
	ck_assert_int_eq(uplink_dummy_deliver(uplink, uplink_dummy_at(uplink, 1)->ticket, 0), 0);
	ck_assert_int_eq(client_result, 1);
	ck_assert_int_eq(uplink_dummy_deliver(uplink, CLIENT_TICKETS | 7, 0), 0);
	ck_assert_uint_eq(client_ticket, CLIENT_TICKETS | 7);
	ck_assert_int_eq(client_result, 0);
	end_scene();
}
END_TEST

START_TEST(own_words_wait_for_a_session_and_survive_its_loss)
{
	struct upstream_figures figures;

	begin_scene();
	ck_assert_int_eq(upstream_send(upstream, &letter), 0);
	ck_assert_uint_eq(uplink_dummy_count(uplink), 0);
	uplink_dummy_connect(uplink, 20);
	ck_assert_str_eq(published(1)->topic, "a");
	uplink_dummy_disconnect(uplink);
	upstream_figures(upstream, &figures);
	ck_assert_uint_eq(figures.waiting, 1);
	uplink_dummy_connect(uplink, 20);
	ck_assert_uint_eq(uplink_dummy_count(uplink), 4);
	ck_assert_str_eq(published(3)->topic, "a");
	uplink_dummy_deliver_all(uplink);
	upstream_figures(upstream, &figures);
	ck_assert_uint_eq(figures.waiting, 0);
	ck_assert_uint_eq(figures.sessions, 2);
	end_scene();
}
END_TEST

START_TEST(own_words_go_as_the_window_opens)
{
	begin_scene();
	uplink_dummy_connect(uplink, 1);
	ck_assert_int_eq(upstream_send(upstream, &letter), 0);
	ck_assert_uint_eq(uplink_dummy_count(uplink), 1);
	uplink_dummy_deliver_all(uplink);
	ck_assert_uint_eq(uplink_dummy_count(uplink), 2);
	end_scene();
}
END_TEST

START_TEST(only_so_many_words_wait)
{
	begin_scene();
	for (int i = 0; i < UPSTREAM_QUEUE_MAX; i++)
		ck_assert_int_eq(upstream_send(upstream, &letter), 0);
	ck_assert_int_eq(upstream_send(upstream, &letter), -ENOBUFS);
	end_scene();
}
END_TEST

START_TEST(messages_find_their_way)
{
	begin_scene();
	uplink_dummy_connect(uplink, 20);
	receive("ota/site-7", "{}");
	ck_assert_str_eq(client_topic, "");
	receive("ota/site-7/block/0123456789abcdef/0", "bytes");
	ck_assert_str_eq(client_topic, "ota/site-7/block/0123456789abcdef/0");
	receive("ota/site-77/other", "x");
	end_scene();
}
END_TEST

START_TEST(a_command_is_answered_on_the_common_topic)
{
	begin_scene();
	uplink_dummy_connect(uplink, 20);
	receive("cmd/site-7", "{\"command\":\"greet\",\"id\":5}");
	ck_assert_str_eq(published(1)->topic, "cmd/site-7/reply");
	ck_assert_ptr_nonnull(strstr(published(1)->payload, "\"id\":5"));
	ck_assert_ptr_nonnull(strstr(published(1)->payload, "\"hello\":\"cloud\""));
	end_scene();
}
END_TEST

START_TEST(a_command_that_comes_too_late_is_refused)
{
	const char *const late = "{\"command\":\"greet\",\"until\":-1,\"id\":6}";
	const char *const early = "{\"command\":\"greet\",\"until\":9000000000000000000}";

	begin_scene();
	uplink_dummy_connect(uplink, 20);
	receive("cmd/site-7", late);
	ck_assert_ptr_nonnull(strstr(published(1)->payload, "\"id\":6"));
	ck_assert_ptr_nonnull(strstr(published(1)->payload, "\"timeout\""));
	ck_assert_uint_eq(handled, 0);
	receive("cmd/site-7", early);
	ck_assert_ptr_nonnull(strstr(published(2)->payload, "\"hello\":\"cloud\""));
	end_scene();
}
END_TEST

START_TEST(a_command_names_where_its_answer_goes)
{
	begin_scene();
	uplink_dummy_connect(uplink, 20);
	uplink_dummy_receive(uplink, &(struct uplink_message){ .topic = "cmd/site-7",
					     .payload = "{\"command\":\"greet\"}",
					     .size = 19,
					     .response_topic = "fleet/answers",
					     .correlation = "\0\1",
					     .correlation_size = 2 });
	ck_assert_str_eq(published(1)->topic, "fleet/answers");
	ck_assert_uint_eq(published(1)->correlation_size, 2);
	ck_assert_mem_eq(published(1)->correlation, "\0\1", 2);
	end_scene();
}
END_TEST

START_TEST(a_command_that_is_not_allowed_is_refused_with_its_id)
{
	begin_scene();
	uplink_dummy_connect(uplink, 20);
	receive("cmd/site-7", "{\"command\":\"ping\",\"id\":\"a\"}");
	ck_assert_ptr_nonnull(strstr(published(1)->payload, "\"id\":\"a\""));
	ck_assert_ptr_nonnull(strstr(published(1)->payload, "forbidden"));
	/* Allowed here, but not marked as remote. */
	receive("cmd/site-7", "{\"command\":\"local\"}");
	ck_assert_ptr_nonnull(strstr(published(2)->payload, "\"ok\":false"));
	ck_assert_uint_eq(handled, 0);
	end_scene();
}
END_TEST

START_TEST(nonsense_is_answered_too)
{
	begin_scene();
	uplink_dummy_connect(uplink, 20);
	receive("cmd/site-7", "hello");
	ck_assert_ptr_nonnull(strstr(published(1)->payload, "\"ok\":false"));
	end_scene();
}
END_TEST

START_TEST(a_retained_command_is_passed_over)
{
	begin_scene();
	uplink_dummy_connect(uplink, 20);
	uplink_dummy_receive(uplink,
		&(struct uplink_message){
			.topic = "cmd/site-7", .payload = "{\"command\":\"greet\"}", .size = 19, .retain = true });
	ck_assert_uint_eq(uplink_dummy_count(uplink), 1);
	ck_assert_uint_eq(handled, 0);
	end_scene();
}
END_TEST

START_TEST(commands_may_be_answered_late_and_are_bounded)
{
	begin_scene();
	uplink_dummy_connect(uplink, 100);
	for (int i = 0; i < 17; i++)
		receive("cmd/site-7", "{\"command\":\"keep\"}");
	ck_assert_uint_eq(uplink_dummy_count(uplink), 2);
	ck_assert_ptr_nonnull(strstr(published(1)->payload, "\"limit\""));
	control_done(kept, NULL);
	ck_assert_ptr_nonnull(strstr(published(2)->payload, "\"ok\":true"));
	end_scene();
}
END_TEST

START_TEST(closing_says_that_the_gateway_stops_whatever_the_window)
{
	begin_scene();
	uplink_dummy_connect(uplink, 1);
	end_scene();
	ck_assert_str_eq(farewell.topic, "status/site-7");
	ck_assert(farewell.retain);
	ck_assert_ptr_nonnull(strstr(farewell_text, "\"reason\":\"stopped\""));
}
END_TEST

TEST_SUITE(upstream, a_session_begins_with_a_retained_birth, a_client_leaves_room_for_the_gateways_own_words,
	a_client_hears_of_its_own_deliveries_only, own_words_wait_for_a_session_and_survive_its_loss,
	own_words_go_as_the_window_opens, only_so_many_words_wait, messages_find_their_way,
	a_command_is_answered_on_the_common_topic, a_command_that_comes_too_late_is_refused,
	a_command_names_where_its_answer_goes, a_command_that_is_not_allowed_is_refused_with_its_id,
	nonsense_is_answered_too, a_retained_command_is_passed_over, commands_may_be_answered_late_and_are_bounded,
	closing_says_that_the_gateway_stops_whatever_the_window)
