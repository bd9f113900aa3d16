#include "drivers/stick_script.h"

#include <stddef.h>

static void begin_step(struct script *script);

void script_init(struct script *script, void *owner, struct stick_requests *requests,
	void (*done)(void *owner, const char *failed))
{
	*script = (struct script){
		.owner = owner, .requests = requests, .done = done, .now_ms = requests->now_ms, .wake_ms = INT64_MAX
	};
}

void script_stop(struct script *script)
{
	script->step = NULL;
	script->phase = SCRIPT_IDLE;
	script->wake_ms = INT64_MAX;
	script->run++;
}

static void end(struct script *script, const char *failed)
{
	script_stop(script);
	script->done(script->owner, failed);
}

static void go_on(struct script *script)
{
	script->step++;
	script->turn = 0;
	begin_step(script);
}

static void pause_before_again(struct script *script)
{
	script->turn++;
	script->phase = SCRIPT_PAUSES;
	script->wake_ms = *script->now_ms + script->step->again_ms;
	if (script->step->again_ms == 0)
		begin_step(script);
}

static void wait_for_event(struct script *script)
{
	const struct script_step *step = script->step;

	if (!step->awaits || script->came) {
		go_on(script);
		return;
	}
	script->phase = SCRIPT_WAITS;
	script->wake_ms = *script->now_ms + (step->timeout_ms ? step->timeout_ms : SCRIPT_TIMEOUT_MS);
}

static void take_turn(struct script *script, enum script_turn turn)
{
	switch (turn) {
	case SCRIPT_NEXT:
		wait_for_event(script);
		return;
	case SCRIPT_AGAIN:
		pause_before_again(script);
		return;
	case SCRIPT_DONE:
		end(script, NULL);
		return;
	case SCRIPT_FAILED:
		end(script, script->step->what);
		return;
	}
}

static void on_answered(void *context, uint32_t run, struct reader *answer)
{
	struct script *script = context;

	if (run != script->run)
		return;
	const struct script_step *step = script->step;
	if (!answer && !step->may_fail) {
		end(script, step->what);
		return;
	}
	enum script_turn turn = step->answer ? step->answer(script->owner, answer) : SCRIPT_NEXT;
	/* The answer may have ended the script, or begun another. */
	if (run == script->run)
		take_turn(script, answer && answer->failed ? SCRIPT_FAILED : turn);
}

static void ask(struct script *script)
{
	const struct script_step *step = script->step;
	struct stick_request request = {
		.unanswered = step->unanswered,
		.timeout_ms = step->timeout_ms ? step->timeout_ms : SCRIPT_TIMEOUT_MS,
		.argument = script->run,
		.answered = on_answered,
		.context = script,
	};
	struct writer out;

	script->command = step->command;
	writer_init(&out, request.data, sizeof(request.data));
	if (step->write)
		step->write(script->owner, &out);
	request.command = script->command;
	request.size = (uint16_t)writer_size(&out);
	script->phase = SCRIPT_ASKED;
	script->wake_ms = INT64_MAX;
	if (out.failed || stick_requests_add(script->requests, &request) < 0)
		end(script, step->what);
}

static void begin_step(struct script *script)
{
	while (script->step->what && script->step->needed && !script->step->needed(script->owner))
		script->step++;
	if (!script->step->what) {
		end(script, NULL);
		return;
	}
	script->came = false;
	if (script->step->prepare && script->turn == 0)
		script->step->prepare(script->owner);
	if (script->step->command)
		ask(script);
	else
		wait_for_event(script);
}

void script_start(struct script *script, const struct script_step *steps)
{
	script_stop(script);
	script->step = steps;
	script->turn = 0;
	begin_step(script);
}

bool script_runs(const struct script *script)
{
	return script->step != NULL;
}

void script_event(struct script *script, uint16_t event)
{
	if (!script->step || script->step->awaits != event)
		return;
	script->came = true;
	if (script->phase == SCRIPT_WAITS)
		go_on(script);
}

int64_t script_deadline(const struct script *script)
{
	return script->wake_ms;
}

void script_alarm(struct script *script)
{
	if (*script->now_ms < script->wake_ms)
		return;
	script->wake_ms = INT64_MAX;
	if (script->phase == SCRIPT_PAUSES)
		begin_step(script);
	else if (script->phase == SCRIPT_WAITS)
		end(script, script->step->what);
}
