#include "drivers/stick_script.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/suite.h"

#define EVENT 0x4180

/* A stick that writes down what it is asked. */
struct stage {
	int64_t now_ms;
	struct stick_requests requests;
	struct script script;
	char log[512];
	enum script_turn turn;
	bool skip;
};

static void note(struct stage *stage, const char *word)
{
	strncat(stage->log, word, sizeof(stage->log) - strlen(stage->log) - 1);
}

static void transmit(void *context, const struct stick_request *request)
{
	char word[16];

	snprintf(word, sizeof(word), "%x ", request->command);
	note(context, word);
}

static void done(void *context, const char *failed)
{
	note(context, failed ? failed : "done");
}

static void init(struct stage *stage)
{
	memset(stage, 0, sizeof(*stage));
	stick_requests_init(&stage->requests, stage, transmit, &stage->now_ms);
	script_init(&stage->script, stage, &stage->requests, done);
}

static void answer(struct stage *stage)
{
	struct reader in;

	reader_init(&in, "\0", 1);
	stick_requests_answer(&stage->requests, &in);
}

static enum script_turn take(void *context, struct reader *in)
{
	struct stage *stage = context;

	note(stage, in ? "took " : "missed ");
	return stage->turn;
}

static bool is_needed(void *context)
{
	return !((struct stage *)context)->skip;
}

static const struct script_step steps[] = {
	{ .what = "one", .command = 1 },
	{ .what = "two", .command = 2, .needed = is_needed, .answer = take, .again_ms = 100, .may_fail = true },
	{ .what = "three", .command = 3, .awaits = EVENT, .timeout_ms = 1000 },
	{ .what = "four", .command = 4, .unanswered = true },
	{ .what = NULL },
};

START_TEST(steps_follow_each_other)
{
	struct stage stage;

	init(&stage);
	script_start(&stage.script, steps);
	ck_assert(script_runs(&stage.script));
	answer(&stage);
	answer(&stage);
	answer(&stage);
	ck_assert_str_eq(stage.log, "1 2 took 3 ");
	script_event(&stage.script, EVENT + 1);
	script_event(&stage.script, EVENT);
	ck_assert_str_eq(stage.log, "1 2 took 3 4 done");
	ck_assert(!script_runs(&stage.script));
	ck_assert_int_eq(script_deadline(&stage.script), INT64_MAX);
}
END_TEST

START_TEST(an_event_may_overtake_the_answer)
{
	struct stage stage;

	init(&stage);
	stage.skip = true;
	script_start(&stage.script, steps);
	answer(&stage);
	script_event(&stage.script, EVENT);
	ck_assert_str_eq(stage.log, "1 3 ");
	answer(&stage);
	ck_assert_str_eq(stage.log, "1 3 4 done");
}
END_TEST

START_TEST(an_event_that_does_not_come_fails_the_script)
{
	struct stage stage;

	init(&stage);
	stage.skip = true;
	script_start(&stage.script, steps);
	answer(&stage);
	answer(&stage);
	stage.now_ms = 999;
	script_alarm(&stage.script);
	ck_assert(script_runs(&stage.script));
	stage.now_ms = 1000;
	script_alarm(&stage.script);
	ck_assert_str_eq(stage.log, "1 3 three");
}
END_TEST

START_TEST(a_step_is_done_again_after_a_pause)
{
	struct stage stage;

	init(&stage);
	stage.turn = SCRIPT_AGAIN;
	script_start(&stage.script, steps);
	answer(&stage);
	answer(&stage);
	ck_assert_int_eq(script_deadline(&stage.script), 100);
	stage.now_ms = 100;
	script_alarm(&stage.script);
	ck_assert_uint_eq(stage.script.turn, 1);
	stage.turn = SCRIPT_DONE;
	answer(&stage);
	ck_assert_str_eq(stage.log, "1 2 took 2 took done");
}
END_TEST

START_TEST(a_late_answer_fails_a_step_that_needs_it)
{
	struct stage stage;

	init(&stage);
	script_start(&stage.script, steps);
	ck_assert(!stick_requests_expire(&stage.requests));
	stage.now_ms = SCRIPT_TIMEOUT_MS;
	ck_assert(stick_requests_expire(&stage.requests));
	ck_assert_str_eq(stage.log, "1 one");
	script_start(&stage.script, steps);
	answer(&stage);
	stage.now_ms *= 2;
	ck_assert(stick_requests_expire(&stage.requests));
	ck_assert_str_eq(stage.log, "1 one1 2 missed 3 ");
}
END_TEST

START_TEST(an_answer_to_a_script_that_was_dropped_is_ignored)
{
	struct stage stage;

	init(&stage);
	script_start(&stage.script, steps);
	script_stop(&stage.script);
	answer(&stage);
	ck_assert_str_eq(stage.log, "1 ");
	script_start(&stage.script, steps);
	script_start(&stage.script, steps);
	answer(&stage);
	ck_assert_str_eq(stage.log, "1 1 1 ");
	answer(&stage);
	ck_assert_str_eq(stage.log, "1 1 1 2 ");
}
END_TEST

START_TEST(requests_go_one_at_a_time_and_are_bounded)
{
	struct stage stage;
	const struct stick_request request = { .command = 9, .timeout_ms = 10 };

	init(&stage);
	for (int i = 0; i < STICK_REQUESTS_MAX; i++)
		ck_assert_int_eq(stick_requests_add(&stage.requests, &request), 0);
	ck_assert_int_eq(stick_requests_add(&stage.requests, &request), -ENOBUFS);
	ck_assert_str_eq(stage.log, "9 ");
	answer(&stage);
	ck_assert_str_eq(stage.log, "9 9 ");
	stick_requests_clear(&stage.requests);
	ck_assert_str_eq(stage.log, "9 9 ");
	ck_assert_ptr_null(stick_requests_current(&stage.requests));
	answer(&stage);
}
END_TEST

TEST_SUITE(stick_script, steps_follow_each_other, an_event_may_overtake_the_answer,
	an_event_that_does_not_come_fails_the_script, a_step_is_done_again_after_a_pause,
	a_late_answer_fails_a_step_that_needs_it, an_answer_to_a_script_that_was_dropped_is_ignored,
	requests_go_one_at_a_time_and_are_bounded)
