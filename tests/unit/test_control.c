#include "gateway/control.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "gateway/control_request.h"
#include "tests/unit/suite.h"

/* An asker that remembers what it was told. */
struct heard {
	char replies[4][2 * CONTROL_TEXT_MAX];
	unsigned count;
	bool last;
	int result; /* of reply() */
};

static struct control *control;
static struct control_request *kept; /* by the command "keep" */
static unsigned cancelled;
static struct heard heard;

static int on_reply(void *context, const char *json, size_t size, bool last)
{
	struct heard *to = context;

	ck_assert(!to->last);
	ck_assert_uint_lt(to->count, 4);
	ck_assert_uint_lt(size, sizeof(to->replies[0]));
	memcpy(to->replies[to->count], json, size);
	to->replies[to->count++][size] = '\0';
	to->last = last;
	return to->result;
}

static void handle_echo(void *context, struct control_request *request)
{
	json_t *result = json_pack("{s:s*, s:I, s:b, s:i, s:i, s:s}", "text", control_text(request, "text"), "integer",
		(json_int_t)control_integer(request, "integer", -7), "boolean", control_boolean(request, "boolean"),
		"items", (int)json_array_size(control_list(request, "list")), "bytes",
		(int)control_request_bytes(request).size, "asker", control_asker_name(request));

	control_done(request, result);
}

static void handle_fail(void *context, struct control_request *request)
{
	control_fail(request, -ENOENT, "no node \"%s\"", control_text(request, "node"));
}

static void handle_keep(void *context, struct control_request *request)
{
	kept = request;
}

static void on_cancelled(void *context)
{
	++*(unsigned *)context;
}

static void handle_watch(void *context, struct control_request *request)
{
	control_on_cancel(request, on_cancelled, &cancelled);
	kept = request;
}

static const struct control_argument echo_arguments[] = { { "text", CONTROL_TEXT, true, "any text" },
	{ "integer", CONTROL_INTEGER, false, "a number" }, { "boolean", CONTROL_BOOLEAN, false, "yes or no" },
	{ "list", CONTROL_LIST, false, "texts" }, { 0 } };
static const struct control_argument fail_arguments[] = { { "node", CONTROL_TEXT, true, "a node" }, { 0 } };
static const struct control_command commands[] = {
	{ "echo", "answers with what it was given", echo_arguments, CONTROL_REMOTE | CONTROL_BYTES, handle_echo },
	{ "fail", "fails", fail_arguments, 0, handle_fail },
	{ "keep", "answers later", NULL, CONTROL_REMOTE, handle_keep },
	{ "watch", "streams", NULL, CONTROL_REMOTE | CONTROL_STREAM, handle_watch },
};

static void begin(void)
{
	control = control_open();
	ck_assert_ptr_nonnull(control);
	ck_assert_int_eq(control_register(control, commands, 4, NULL), 0);
}

static struct control_request *ask_from(bool remote, const char *json)
{
	const struct control_asker asker = { "operator", remote, on_reply, &heard };

	heard = (struct heard){ .result = heard.result };
	return control_dispatch(control, &asker, json, strlen(json), NULL);
}

static struct control_request *ask(const char *json)
{
	return ask_from(false, json);
}

static void ck_answer(const char *json)
{
	ck_assert_uint_eq(heard.count, 1);
	ck_assert(heard.last);
	ck_assert_str_eq(heard.replies[0], json);
}

static void ck_refused(const char *code, const char *words)
{
	char expected[64];

	snprintf(expected, sizeof(expected), "\"code\":\"%s\"", code);
	ck_assert_uint_eq(heard.count, 1);
	ck_assert(heard.last);
	ck_assert_msg(strstr(heard.replies[0], expected) && strstr(heard.replies[0], words), "%s", heard.replies[0]);
}

START_TEST(arguments_reach_the_handler_and_the_result_the_asker)
{
	begin();
	ck_assert_ptr_null(
		ask("{\"command\":\"echo\",\"text\":\"hi\",\"integer\":5,\"boolean\":true,\"list\":[\"a\",\"b\"]}"));
	ck_answer("{\"ok\":true,\"result\":{\"text\":\"hi\",\"integer\":5,\"boolean\":true,\"items\":2,\"bytes\":0,"
		  "\"asker\":\"operator\"}}");
	control_close(control);
}
END_TEST

START_TEST(absent_arguments_have_their_defaults)
{
	begin();
	(void)ask("{\"command\":\"echo\",\"text\":\"\"}");
	ck_answer("{\"ok\":true,\"result\":{\"text\":\"\",\"integer\":-7,\"boolean\":false,\"items\":0,\"bytes\":0,"
		  "\"asker\":\"operator\"}}");
	control_close(control);
}
END_TEST

START_TEST(the_id_comes_back)
{
	begin();
	(void)ask("{\"id\":12,\"command\":\"ping\"}");
	ck_answer("{\"ok\":true,\"result\":{},\"id\":12}");
	(void)ask("{\"id\":\"a\",\"command\":\"ping\"}");
	ck_answer("{\"ok\":true,\"result\":{},\"id\":\"a\"}");
	(void)ask("{\"id\":[],\"command\":\"ping\"}");
	ck_refused("bad_request", "id");
	control_close(control);
}
END_TEST

START_TEST(a_failure_carries_a_stable_code_and_a_sentence)
{
	begin();
	(void)ask("{\"command\":\"fail\",\"node\":\"n1\"}");
	ck_answer("{\"ok\":false,\"error\":{\"code\":\"not_found\",\"message\":\"no node \\\"n1\\\"\"}}");
	ck_assert_str_eq(control_code(-EXDEV), "failed");
	control_close(control);
}
END_TEST

START_TEST(what_is_no_request_is_refused)
{
	begin();
	(void)ask("");
	ck_refused("bad_request", "not JSON");
	(void)ask("{\"command\":\"ping\"");
	ck_refused("bad_request", "not JSON");
	(void)ask("[1]");
	ck_refused("bad_request", "object");
	(void)ask("{}");
	ck_refused("bad_request", "command");
	(void)ask("{\"command\":7}");
	ck_refused("bad_request", "command");
	(void)ask("{\"command\":\"none\"}");
	ck_refused("unknown_command", "none");
	control_close(control);
}
END_TEST

START_TEST(arguments_that_the_command_does_not_take_are_refused)
{
	begin();
	(void)ask("{\"command\":\"ping\",\"extra\":1}");
	ck_refused("bad_request", "extra");
	(void)ask("{\"command\":\"echo\",\"text\":1}");
	ck_refused("bad_request", "must be text");
	(void)ask("{\"command\":\"echo\",\"text\":\"a\",\"integer\":1.5}");
	ck_refused("bad_request", "must be integer");
	(void)ask("{\"command\":\"echo\",\"text\":\"a\",\"list\":[1]}");
	ck_refused("bad_request", "must be list of texts");
	(void)ask("{\"command\":\"echo\"}");
	ck_refused("bad_request", "needs \\\"text\\\"");
	control_close(control);
}
END_TEST

START_TEST(a_text_over_the_limit_is_refused)
{
	begin();
	static char json[CONTROL_TEXT_MAX + 100];

	snprintf(json, sizeof(json), "{\"command\":\"echo\",\"text\":\"%0*d\"}", CONTROL_TEXT_MAX, 0);
	(void)ask(json);
	ck_assert(heard.last && strstr(heard.replies[0], "\"ok\":true"));
	snprintf(json, sizeof(json), "{\"command\":\"echo\",\"text\":\"%0*d\"}", CONTROL_TEXT_MAX + 1, 0);
	(void)ask(json);
	ck_refused("bad_request", "text");
	control_close(control);
}
END_TEST

START_TEST(a_request_over_the_limit_is_refused_unread)
{
	begin();
	static char json[CONTROL_REQUEST_MAX + 2];

	memset(json, ' ', CONTROL_REQUEST_MAX + 1);
	(void)ask(json);
	ck_refused("too_large", "1048576");
	control_close(control);
}
END_TEST

START_TEST(bytes_go_only_to_a_command_that_takes_them)
{
	begin();
	const struct control_asker asker = { "operator", false, on_reply, &heard };
	const struct control_bytes bytes = { "abc", 3 };
	const char *echo = "{\"command\":\"echo\",\"text\":\"x\"}", *ping = "{\"command\":\"ping\"}";

	heard = (struct heard){ 0 };
	(void)control_dispatch(control, &asker, echo, strlen(echo), &bytes);
	ck_assert_ptr_nonnull(strstr(heard.replies[0], "\"bytes\":3"));
	heard = (struct heard){ 0 };
	(void)control_dispatch(control, &asker, ping, strlen(ping), &bytes);
	ck_refused("bad_request", "bytes");
	control_close(control);
}
END_TEST

START_TEST(from_upstream_only_what_is_meant_for_it)
{
	begin();
	(void)ask_from(true, "{\"command\":\"ping\"}");
	ck_answer("{\"ok\":true,\"result\":{}}");
	(void)ask_from(true, "{\"command\":\"fail\",\"node\":\"n\"}");
	ck_refused("forbidden", "at the gateway");
	(void)ask_from(true, "{\"command\":\"watch\"}");
	ck_refused("forbidden", "at the gateway");
	control_close(control);
}
END_TEST

START_TEST(a_command_may_answer_later)
{
	begin();
	struct control_request *request = ask("{\"id\":1,\"command\":\"keep\"}");

	ck_assert_ptr_nonnull(request);
	ck_assert_uint_eq(heard.count, 0);
	ck_assert_int_eq(control_event(request, json_pack("{s:i}", "n", 1)), 0);
	ck_assert_str_eq(heard.replies[0], "{\"event\":{\"n\":1},\"id\":1}");
	control_done(request, NULL);
	ck_assert(heard.last);
	ck_assert_uint_eq(heard.count, 2);
	control_close(control);
}
END_TEST

START_TEST(a_slow_or_gone_asker_is_told_to_the_handler)
{
	begin();
	struct control_request *request = ask("{\"command\":\"keep\"}");

	heard.result = -ENOBUFS;
	ck_assert_int_eq(control_event(request, json_object()), -ENOBUFS);
	heard.result = -EHOSTUNREACH;
	ck_assert_int_eq(control_event(request, json_object()), -EHOSTUNREACH);
	heard.result = 0;
	control_cancel(request);
	ck_assert_int_eq(control_event(request, json_object()), -EHOSTUNREACH);
	control_done(request, NULL); /* a command without on_cancel runs to its end, unheard */
	ck_assert_uint_eq(heard.count, 2);
	control_close(control);
}
END_TEST

START_TEST(a_stream_is_cancelled_once)
{
	begin();
	struct control_request *request = ask("{\"command\":\"watch\"}");

	ck_assert(control_is_stream(request));
	control_cancel(request);
	ck_assert_uint_eq(cancelled, 1);
	(void)ask("{\"command\":\"watch\"}");
	control_close(control);
	ck_assert_uint_eq(cancelled, 2);
}
END_TEST

/* Such as one that the store answers when it is closed. */
START_TEST(what_cannot_be_cancelled_is_answered_after_the_end)
{
	begin();
	struct control_request *request = ask("{\"command\":\"keep\",\"id\":7}");

	control_close(control);
	control_fail(request, -EIO, "too late");
	ck_assert_uint_eq(heard.count, 0);
}
END_TEST

START_TEST(requests_being_answered_are_bounded)
{
	begin();
	struct control_request *requests[CONTROL_REQUESTS_MAX];

	for (size_t i = 0; i < CONTROL_REQUESTS_MAX; i++)
		ck_assert_ptr_nonnull(requests[i] = ask("{\"command\":\"watch\"}"));
	ck_assert_ptr_null(ask("{\"command\":\"watch\"}"));
	ck_refused("busy", "64");
	heard = (struct heard){ 0 };
	control_done(requests[0], NULL);
	ck_assert_ptr_nonnull(ask("{\"command\":\"watch\"}"));
	control_close(control);
}
END_TEST

START_TEST(a_message_that_is_not_utf8_still_makes_json)
{
	begin();
	struct control_request *request = ask("{\"command\":\"keep\"}");

	control_fail(request, -EIO, "bad \xff byte");
	ck_refused("failed", "bad ? byte");
	control_close(control);
}
END_TEST

START_TEST(a_command_of_that_name_exists_once)
{
	begin();
	ck_assert_int_eq(control_register(control, commands, 1, NULL), -EEXIST);
	control_close(control);
}
END_TEST

START_TEST(commands_describes_itself)
{
	begin();
	(void)ask("{\"command\":\"commands\"}");
	ck_assert_ptr_nonnull(strstr(heard.replies[0],
		"{\"name\":\"fail\",\"summary\":\"fails\",\"arguments\":[{\"name\":\"node\",\"type\":\"text\","
		"\"required\":true,\"help\":\"a node\"}],\"remote\":false,\"stream\":false,\"bytes\":false}"));
	control_close(control);
}
END_TEST

TEST_SUITE(control, arguments_reach_the_handler_and_the_result_the_asker, absent_arguments_have_their_defaults,
	the_id_comes_back, a_failure_carries_a_stable_code_and_a_sentence, what_is_no_request_is_refused,
	arguments_that_the_command_does_not_take_are_refused, a_text_over_the_limit_is_refused,
	a_request_over_the_limit_is_refused_unread, bytes_go_only_to_a_command_that_takes_them,
	from_upstream_only_what_is_meant_for_it, a_command_may_answer_later,
	a_slow_or_gone_asker_is_told_to_the_handler, a_stream_is_cancelled_once,
	what_cannot_be_cancelled_is_answered_after_the_end, requests_being_answered_are_bounded,
	a_message_that_is_not_utf8_still_makes_json, a_command_of_that_name_exists_once, commands_describes_itself)
