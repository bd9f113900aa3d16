#include "gateway/control_server.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "config/settings.h"
#include "drivers/message_socket.h"
#include "gateway/control.h"
#include "gateway/control_request.h"
#include "tests/unit/suite.h"

#define TIMEOUT_MS 200

static char folder[64];
static char path[128];
static char why[256];
static uv_loop_t loop;
static struct control *control;
static struct control_server *server;
static struct message_context *context;
static struct message_socket *client;
static struct control_request *stream, *later;
static unsigned cancelled;

static void on_cancelled(void *user)
{
	cancelled++;
	stream = NULL;
}

static void handle_watch(void *user, struct control_request *request)
{
	stream = request;
	control_on_cancel(request, on_cancelled, NULL);
}

static void handle_later(void *user, struct control_request *request)
{
	later = request;
}

static const struct control_command commands[] = {
	{ "watch", "streams", NULL, CONTROL_STREAM, handle_watch },
	{ "later", "answers later", NULL, 0, handle_later },
};

static void connect_client(void)
{
	char endpoint[160];
	struct message_options options = {
		.role = MESSAGE_DEALER, .endpoint = endpoint, .frame_max = CONTROL_REQUEST_MAX, .queue_max = 100
	};

	snprintf(endpoint, sizeof(endpoint), "ipc://%s", path);
	ck_assert_int_eq(message_socket_connect(&client, context, &options, why, sizeof(why)), 0);
}

static void begin(void)
{
	strcpy(folder, "/tmp/wakegate-control-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/c", folder);
	uv_loop_init(&loop);
	control = control_open();
	ck_assert_int_eq(control_register(control, commands, 2, NULL), 0);
	const struct control_settings settings = { .socket = path, .mode = "0600", .client_timeout_ms = TIMEOUT_MS };
	ck_assert_int_eq(control_server_open(&server, &loop, control, &settings, why, sizeof(why)), 0);
	context = message_context_open();
	connect_client();
}

static void finish(void)
{
	message_socket_close(client);
	message_context_close(context);
	control_server_close(server);
	control_close(control);
	uv_run(&loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(uv_loop_close(&loop), 0);
	ck_assert_int_eq(rmdir(folder), 0);
}

static void send_text(const char *json)
{
	struct message message = { .count = 1, .frames = { { json, strlen(json) } } };

	ck_assert_int_eq(message_socket_send(client, &message), 0);
}

static void ck_reply(const char *expected)
{
	struct message message;

	while (message_socket_receive(client, &message) == -EAGAIN)
		uv_run(&loop, UV_RUN_NOWAIT);
	ck_assert_uint_eq(message.count, 1);
	ck_assert_uint_eq(message.frames[0].size, strlen(expected));
	ck_assert_mem_eq(message.frames[0].data, expected, strlen(expected));
}

START_TEST(a_request_over_the_socket_is_answered)
{
	begin();
	send_text("{\"command\":\"ping\",\"id\":1}");
	ck_reply("{\"ok\":true,\"result\":{},\"id\":1}");
	finish();
}
END_TEST

START_TEST(answers_may_come_in_another_order)
{
	begin();
	send_text("{\"command\":\"later\",\"id\":1}");
	send_text("{\"command\":\"ping\",\"id\":2}");
	ck_reply("{\"ok\":true,\"result\":{},\"id\":2}");
	control_done(later, NULL);
	ck_reply("{\"ok\":true,\"result\":{},\"id\":1}");
	finish();
}
END_TEST

START_TEST(a_stream_ends_when_the_client_leaves)
{
	begin();
	send_text("{\"command\":\"watch\"}");
	while (!stream)
		uv_run(&loop, UV_RUN_ONCE);
	ck_assert_int_eq(control_event(stream, json_object()), 0);
	ck_reply("{\"event\":{}}");
	message_socket_close(client);
	client = NULL;
	while (stream)
		uv_run(&loop, UV_RUN_ONCE);
	ck_assert_uint_eq(cancelled, 1);
	finish();
}
END_TEST

START_TEST(a_stream_lives_as_long_as_its_client_pings)
{
	begin();
	send_text("{\"command\":\"watch\"}");
	while (!stream)
		uv_run(&loop, UV_RUN_ONCE);
	uint64_t until = uv_now(&loop) + 3 * TIMEOUT_MS;
	while (uv_now(&loop) < until) {
		send_text("{\"command\":\"ping\"}");
		ck_reply("{\"ok\":true,\"result\":{}}");
		uv_run(&loop, UV_RUN_ONCE);
	}
	ck_assert_uint_eq(cancelled, 0);
	while (stream) /* and now it is silent */
		uv_run(&loop, UV_RUN_ONCE);
	ck_assert_uint_eq(cancelled, 1);
	finish();
}
END_TEST

START_TEST(who_waits_for_one_answer_need_not_ping)
{
	begin();
	send_text("{\"command\":\"later\"}");
	while (!later)
		uv_run(&loop, UV_RUN_ONCE);
	for (int turns = 0; turns < 8; turns++) /* of the timer that looks for silent clients */
		uv_run(&loop, UV_RUN_ONCE);
	control_done(later, NULL);
	ck_reply("{\"ok\":true,\"result\":{}}");
	finish();
}
END_TEST

START_TEST(requests_of_one_client_are_bounded)
{
	begin();
	for (int i = 0; i < CONTROL_CLIENT_REQUESTS_MAX; i++)
		send_text("{\"command\":\"watch\"}");
	send_text("{\"command\":\"ping\"}");
	ck_reply("{\"ok\":false,\"error\":{\"code\":\"busy\",\"message\":"
		 "\"too many requests are being answered; try again\"}}");
	finish();
	ck_assert_uint_eq(cancelled, CONTROL_CLIENT_REQUESTS_MAX);
}
END_TEST

START_TEST(a_second_daemon_is_refused)
{
	begin();
	struct control_server *second = NULL;
	const struct control_settings settings = { .socket = path, .mode = "0600", .client_timeout_ms = TIMEOUT_MS };

	ck_assert_int_eq(control_server_open(&second, &loop, control, &settings, why, sizeof(why)), -EADDRINUSE);
	ck_assert_ptr_null(second);
	finish();
}
END_TEST

START_TEST(a_mode_that_is_not_octal_is_a_config_error)
{
	struct control_settings settings = { .socket = "/s", .mode = "0668" };

	ck_assert_int_eq(control_settings_table.check(&settings, true, why, sizeof(why)), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why, "0668"));
	settings.mode = "0660";
	ck_assert_int_eq(control_settings_table.check(&settings, true, why, sizeof(why)), 0);
}
END_TEST

TEST_SUITE(control_server, a_request_over_the_socket_is_answered, answers_may_come_in_another_order,
	a_stream_ends_when_the_client_leaves, a_stream_lives_as_long_as_its_client_pings,
	who_waits_for_one_answer_need_not_ping, requests_of_one_client_are_bounded, a_second_daemon_is_refused,
	a_mode_that_is_not_octal_is_a_config_error)
