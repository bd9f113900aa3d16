#include "gateway/audit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "gateway/control_request.h"
#include "gateway/log.h"
#include "gateway/moment.h"
#include "tests/unit/stepped_store.h"
#include "tests/unit/suite.h"

static struct stepped_store stepped;
static struct control *control;
static struct audit *audit;
static struct control_request *kept;
static char reply[65536];

static void handle_act(void *context, struct control_request *request)
{
	if (control_text(request, "fail"))
		control_fail(request, -ENOENT, "there is no \"%s\"", control_text(request, "fail"));
	else
		control_done(request, NULL);
}

static void handle_keep(void *context, struct control_request *request)
{
	kept = request;
}

static const struct control_argument arguments[] = {
	{ "fail", CONTROL_TEXT, false, "h" },
	{ "text", CONTROL_TEXT, false, "h", .secret = true },
	{ "nodes", CONTROL_LIST, false, "h" },
	{ "count", CONTROL_INTEGER, false, "h" },
	{ "object", CONTROL_OBJECT, false, "h", .secret = true },
	{ 0 },
};
static const struct control_command commands[] = {
	{ "act", "s", arguments, CONTROL_REMOTE, handle_act },
	{ "local", "s", NULL, 0, handle_act },
	{ "look", "s", arguments, CONTROL_READS, handle_act },
	{ "keep", "s", NULL, 0, handle_keep },
};

static struct moment fixed(void *context)
{
	return (struct moment){ 1000, 1790000000000 };
}
static const struct clock clock_fixed = { .now = fixed };

static int on_reply(void *context, const char *json, size_t size, bool last)
{
	snprintf(reply, sizeof(reply), "%.*s", (int)size, json);
	return 0;
}

static bool may_not(void *context, const char *command)
{
	return strcmp(command, "act") != 0;
}

static const struct control_asker operator= {
	.name = "operator", .uid_known = true, .uid = 1000, .pid = 77, .reply = on_reply
};
static const struct control_asker cloud = { .name = "cloud", .remote = true, .reply = on_reply };

static struct control_request *ask(const struct control_asker *asker, const char *text)
{
	return control_dispatch(control, asker, text, strlen(text), NULL);
}

static void begin_scene(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	stepped_open(&stepped);
	control = control_open();
	ck_assert_int_eq(control_register(control, commands, sizeof(commands) / sizeof(commands[0]), NULL), 0);
	ck_assert_int_eq(audit_open(&audit, control, stepped.store, &clock_fixed), 0);
}

static void end_scene(void)
{
	control_close(control);
	audit_close(audit);
	stepped_close(&stepped);
}

/* The trail, newest first; yours. */
static json_t *trail(void)
{
	(void)ask(&operator, "{\"command\": \"audit\"}");
	store_dispatch(stepped.store);
	json_t *json = json_loads(reply, 0, NULL);
	json_t *list = json_incref(json_object_get(json_object_get(json, "result"), "audit"));

	ck_assert_ptr_nonnull(list);
	json_decref(json);
	return list;
}

static const char *text_of(const json_t *list, size_t index, const char *name)
{
	const char *text = json_string_value(json_object_get(json_array_get(list, index), name));

	return text ? text : "";
}

START_TEST(what_was_done_is_written_down_with_who_did_it)
{
	begin_scene();
	(void)ask(&operator, "{\"command\": \"act\", \"count\": 3, \"by\": \"alice\"}");
	json_t *list = trail();
	ck_assert_uint_eq(json_array_size(list), 1);
	ck_assert_str_eq(text_of(list, 0, "command"), "act");
	ck_assert_str_eq(text_of(list, 0, "asker"), "operator");
	ck_assert_str_eq(text_of(list, 0, "by"), "alice");
	ck_assert_str_eq(text_of(list, 0, "outcome"), "ok");
	const json_t *action = json_array_get(list, 0);
	ck_assert_int_eq(json_integer_value(json_object_get(action, "uid")), 1000);
	ck_assert_int_eq(json_integer_value(json_object_get(action, "pid")), 77);
	ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(action, "arguments"), "count")), 3);
	json_decref(list);
	end_scene();
}
END_TEST

START_TEST(what_only_asks_is_not)
{
	begin_scene();
	(void)ask(&operator, "{\"command\": \"look\"}");
	(void)ask(&operator, "{\"command\": \"nonsense\"}");
	json_t *list = trail();
	ck_assert_uint_eq(json_array_size(list), 0);
	json_decref(list);
	end_scene();
}
END_TEST

START_TEST(what_was_refused_or_failed_is_written_down_too)
{
	static const struct control_asker narrow = {
		.name = "cloud", .remote = true, .may = may_not, .reply = on_reply
	};

	begin_scene();
	(void)ask(&operator, "{\"command\": \"act\", \"fail\": \"node\"}");
	(void)ask(&cloud, "{\"command\": \"local\"}");
	(void)ask(&narrow, "{\"command\": \"act\"}");
	(void)ask(&operator, "{\"command\": \"act\", \"colour\": \"red\"}");
	json_t *list = trail();
	ck_assert_uint_eq(json_array_size(list), 4);
	ck_assert_str_eq(text_of(list, 3, "outcome"), "not_found");
	ck_assert_str_eq(text_of(list, 3, "reason"), "there is no \"node\"");
	ck_assert_str_eq(text_of(list, 2, "outcome"), "forbidden");
	ck_assert_str_eq(text_of(list, 2, "asker"), "cloud");
	ck_assert_ptr_null(json_object_get(json_array_get(list, 2), "uid"));
	ck_assert_str_eq(text_of(list, 1, "outcome"), "forbidden");
	ck_assert_str_eq(text_of(list, 0, "outcome"), "bad_request");
	json_decref(list);
	end_scene();
}
END_TEST

START_TEST(secrets_and_long_lists_are_not_written_out)
{
	begin_scene();
	(void)ask(&operator, "{\"command\": \"act\", \"text\": \"set-key hunter2\", "
			     "\"nodes\": [\"a\", \"b\", \"c\", \"d\", \"e\", \"f\"], \"password\": \"hunter2\"}");
	json_t *list = trail();
	char *text = json_dumps(list, 0);
	ck_assert_ptr_null(strstr(text, "hunter2"));
	ck_assert_ptr_nonnull(strstr(text, "set-key"));
	ck_assert_ptr_nonnull(strstr(text, "6 in all"));
	ck_assert_ptr_null(strstr(text, "\"e\""));
	free(text);
	json_decref(list);
	end_scene();
}
END_TEST

START_TEST(of_an_object_only_numbers_are_written_out)
{
	begin_scene();
	(void)ask(&operator, "{\"command\": \"act\", \"object\": {\"key\": \"hunter2\", \"seconds\": 60, "
			     "\"more\": {\"key\": \"hunter2\"}}}");
	json_t *list = trail();
	char *text = json_dumps(list, 0);
	ck_assert_ptr_null(strstr(text, "hunter2"));
	ck_assert_ptr_nonnull(strstr(text, "\"seconds\": 60"));
	free(text);
	json_decref(list);
	end_scene();
}
END_TEST

START_TEST(one_whose_asker_left_is_told_as_it_ends)
{
	begin_scene();
	struct control_request *request = ask(&operator, "{\"command\": \"keep\"}");
	ck_assert_ptr_nonnull(request);
	control_cancel(request);
	json_t *list = trail();
	ck_assert_uint_eq(json_array_size(list), 0);
	json_decref(list);
	control_done(kept, NULL);
	list = trail();
	ck_assert_str_eq(text_of(list, 0, "outcome"), "ok");
	json_decref(list);
	end_scene();
}
END_TEST

START_TEST(who_asks_is_a_short_text)
{
	begin_scene();
	(void)ask(&operator, "{\"command\": \"act\", \"by\": 7}");
	ck_assert_ptr_nonnull(strstr(reply, "bad_request"));
	json_t *list = trail();
	ck_assert_str_eq(text_of(list, 0, "by"), "");
	json_decref(list);
	end_scene();
}
END_TEST

TEST_SUITE(audit, what_was_done_is_written_down_with_who_did_it, what_only_asks_is_not,
	what_was_refused_or_failed_is_written_down_too, secrets_and_long_lists_are_not_written_out,
	of_an_object_only_numbers_are_written_out, one_whose_asker_left_is_told_as_it_ends, who_asks_is_a_short_text)
