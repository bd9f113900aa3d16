#include "gateway/control_node_commands.h"

#include <errno.h>

#include "gateway/node_commands.h"
#include "tests/unit/control_bench.h"

static struct control_bench *bench;
static struct control_node_commands parts;
static struct driver_command passed;
static int pass_result;

static int pass(void *context, const struct driver_command *command)
{
	passed = *command;
	return pass_result;
}

static void open_all(void)
{
	struct node_commands_parts command_parts = { .pass = pass };

	bench = bench_open();
	command_parts.random = &bench->random;
	parts = (struct control_node_commands){ &bench->clock, bench->scratch.store, bench->nodes, NULL };
	ck_assert_int_eq(node_commands_open(&parts.commands, &command_parts), 0);
	ck_assert_int_eq(control_node_commands_register(bench->control, &parts), 0);
	(void)bench_add_node(bench, "n1", "meter-2");
}

static void close_all(void)
{
	control_close(bench->control);
	bench->control = NULL;
	node_commands_close(parts.commands);
	bench_close(bench);
}

/* The request, while it is not answered. */
static struct control_request *ask(const char *node, const char *text, int timeout_s)
{
	return bench_ask_with(bench,
		json_pack("{s:s, s:s, s:s, s:i}", "command", "node.command", "node", node, "text", text, "timeout",
			timeout_s),
		(struct control_bytes){ 0 });
}

static const json_t *reply(bool ok, bool is_json, const char *result)
{
	node_commands_on_reply(
		parts.commands, &(struct command_reply){ "n1", passed.id, ok, { result, strlen(result) }, is_json });
	return json_object_get(bench->reply, "result");
}

START_TEST(the_answer_is_what_the_node_replies)
{
	open_all();
	ck_assert_ptr_nonnull(ask("n1", "blink twice", 60));
	ck_assert_ptr_null(bench->reply);
	const json_t *result = reply(true, false, "as you\x1bwish");
	ck_assert_str_eq(text_of(result, "result"), "as you wish");
	ck_assert(json_is_true(json_object_get(result, "ok")));
	ck_assert_ptr_nonnull(ask("n1", "blink", 60));
	result = reply(false, true, "{\"code\":7}");
	ck_assert(json_is_false(json_object_get(result, "ok")));
	ck_assert_int_eq(number_of(json_object_get(result, "result"), "code"), 7);
	close_all();
}
END_TEST

START_TEST(a_node_that_does_not_reply_is_told_as_such)
{
	open_all();
	(void)ask("n1", "blink", 5);
	bench->now.monotonic_ms += 5000;
	(void)node_commands_tick(parts.commands, bench->now);
	ck_failed(bench, "timeout");
	close_all();
}
END_TEST

START_TEST(what_cannot_be_asked_is_refused)
{
	open_all();
	(void)ask("n2", "blink", 5);
	ck_failed(bench, "not_found");
	(void)ask("n1", "", 5);
	ck_failed(bench, "bad_request");
	(void)ask("n1", "blink", 0);
	ck_failed(bench, "bad_request");
	(void)ask("n1", "blink", 86401);
	ck_failed(bench, "bad_request");
	pass_result = -ENOTSUP;
	(void)ask("n1", "blink", 5);
	ck_failed(bench, "unsupported");
	pass_result = 0;
	struct control_request *request = ask("n1", "blink", 5);
	(void)ask("n1", "blink", 5);
	ck_failed(bench, "busy");
	ck_assert_ptr_nonnull(request);
	close_all();
}
END_TEST

START_TEST(whoever_leaves_is_not_answered)
{
	open_all();
	control_cancel(ask("n1", "blink", 5));
	ck_assert_ptr_null(reply(true, false, "done"));
	ck_assert_ptr_null(bench->reply);
	close_all();
}
END_TEST

START_TEST(the_journal_has_the_first_word_only)
{
	open_all();
	(void)ask("n1", "wifi secret", 60);
	(void)reply(true, false, "done");
	json_t *journal = json_object_get(
		bench_ask(bench, json_pack("{s:s, s:s}", "command", "journal", "subject", "n1")), "journal");
	ck_assert_str_eq(text_of(json_array_get(journal, 0), "event"), "node.replied");
	ck_assert_str_eq(text_of(json_array_get(journal, 1), "event"), "node.command");
	ck_assert_str_eq(text_of(json_array_get(journal, 1), "detail"), "command=wifi by=operator");
	close_all();
}
END_TEST

TEST_SUITE(control_node_commands, the_answer_is_what_the_node_replies, a_node_that_does_not_reply_is_told_as_such,
	what_cannot_be_asked_is_refused, whoever_leaves_is_not_answered, the_journal_has_the_first_word_only)
