#include "gateway/rollout.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const state_names[] = {
	[ROLLOUT_WAITING] = "waiting",
	[ROLLOUT_ROLLING] = "rolling",
	[ROLLOUT_SOAKING] = "soaking",
	[ROLLOUT_PAUSED] = "paused",
	[ROLLOUT_TRIPPED] = "tripped",
	[ROLLOUT_ROLLED_BACK] = "rolled_back",
	[ROLLOUT_ABORTED] = "aborted",
	[ROLLOUT_COMPLETE] = "complete",
};
#define STATES (sizeof(state_names) / sizeof(state_names[0]))

const char *rollout_state_name(enum rollout_state state)
{
	return state_names[state];
}

int rollout_state_parse(const char *name)
{
	for (size_t i = 0; i < STATES; i++)
		if (strcmp(state_names[i], name) == 0)
			return (int)i;
	return -EINVAL;
}

void rollout_init(struct rollout *rollout, const struct rollout_plan *plan, struct moment now)
{
	*rollout = (struct rollout){
		.plan = *plan,
		.created_ms = now.wall_ms,
		.wave_ms = now.wall_ms,
		.changed_ms = now.wall_ms,
	};
}

static struct rollout_step enter(struct rollout *rollout, enum rollout_state state, struct moment now)
{
	rollout->state = state;
	rollout->changed_ms = now.wall_ms;
	return (struct rollout_step){ .changed = true };
}

static struct rollout_step begin_wave(
	struct rollout *rollout, unsigned wave, const struct rollout_facts *facts, struct moment now)
{
	uint32_t reach = rollout->plan.waves[wave];

	/* A gateway by itself tries the image on one node at least. */
	if (!rollout->plan.fleet && facts->lowest < WAVE_ALL && reach <= facts->lowest)
		reach = facts->lowest + 1;
	rollout->wave = wave;
	rollout->wave_ms = now.wall_ms;
	rollout->looks = 0;
	if (rollout->reach < reach)
		rollout->reach = reach;
	return enter(rollout, ROLLOUT_ROLLING, now);
}

static struct rollout_step trip(struct rollout *rollout, const char *sentence, struct moment now)
{
	bool back = rollout->plan.on_failure == ROLLOUT_ROLLS_BACK;
	struct rollout_step step = enter(rollout, back ? ROLLOUT_ROLLED_BACK : ROLLOUT_TRIPPED, now);

	snprintf(rollout->reason, sizeof(rollout->reason), "%s", sentence);
	step.withdraw = true;
	step.revert = back;
	return step;
}

static bool is_last(const struct rollout *rollout)
{
	return rollout->wave + 1 >= rollout->plan.wave_count;
}

static struct rollout_step begin_soak(struct rollout *rollout, struct moment now)
{
	struct rollout_step step = enter(rollout, ROLLOUT_SOAKING, now);

	rollout->soak_ms = now.wall_ms;
	step.watch = true;
	return step;
}

/* All nodes within reach have come to an end. */
static struct rollout_step settle_wave(struct rollout *rollout, const struct rollout_facts *facts, struct moment now)
{
	char sentence[GATE_SENTENCE_SIZE];

	if (gate_judge_confirmed(&rollout->plan, &facts->tally, sentence) == GATE_TRIPPED)
		return trip(rollout, sentence, now);
	snprintf(rollout->reason, sizeof(rollout->reason), "%s", sentence);
	if (is_last(rollout))
		return enter(rollout, ROLLOUT_COMPLETE, now);
	/* A wave of a fleet's that holds no node here is watched elsewhere meanwhile. */
	return begin_soak(rollout, now);
}

/* None of the nodes within reach can take it now: the first that can is the one to try it, if there is any. Where all
 * there are were asked, and the image is for none, nothing that an operator releases or charges changes that. */
static struct rollout_step look_further(struct rollout *rollout, const struct rollout_facts *facts, struct moment now)
{
	char sentence[GATE_SENTENCE_SIZE];

	if (facts->lowest < WAVE_ALL)
		return facts->lowest >= rollout->reach ? begin_wave(rollout, rollout->wave, facts, now)
						       : (struct rollout_step){ 0 };
	if (facts->barred[OBSTACLE_UNFIT] < facts->concerned)
		return (struct rollout_step){ 0 };
	snprintf(sentence, sizeof(sentence), "the image is for none of the %u nodes", facts->concerned);
	return trip(rollout, sentence, now);
}

static struct rollout_step tick_rolling(struct rollout *rollout, const struct rollout_facts *facts, struct moment now)
{
	char sentence[GATE_SENTENCE_SIZE];

	if (gate_judge_failures(&rollout->plan, &facts->tally, sentence) == GATE_TRIPPED)
		return trip(rollout, sentence, now);
	if (facts->tally.open > 0 || facts->concerned == 0)
		return (struct rollout_step){ 0 };
	if (!rollout->plan.fleet && facts->tally.nodes == 0 && facts->forgiven == 0)
		return look_further(rollout, facts, now);
	return settle_wave(rollout, facts, now);
}

bool rollout_is_barred(const struct rollout *rollout, const struct rollout_facts *facts)
{
	/* A fleet's goes on: other gateways have nodes that can. */
	return rollout->state == ROLLOUT_ROLLING && !rollout->plan.fleet && facts->concerned > 0 &&
	       facts->tally.nodes == 0 && facts->forgiven == 0 && facts->lowest == WAVE_ALL;
}

void rollout_explain_barred(const struct rollout_facts *facts, char *out, size_t size)
{
	int written = snprintf(out, size, "no node can have the image now");
	const char *between = ":";

	for (int i = OBSTACLE_NONE + 1; i < OBSTACLES && written >= 0 && (size_t)written < size; i++) {
		if (facts->barred[i] == 0)
			continue;
		written += snprintf(out + written, size - (size_t)written, "%s %u %s", between, facts->barred[i],
			obstacle_counted((enum obstacle)i));
		between = ",";
	}
}

int64_t rollout_judged_ms(const struct rollout *rollout)
{
	return rollout->soak_ms + rollout->plan.soak_ms[rollout->wave] * (rollout->looks + 1);
}

static bool soak_is_over(const struct rollout *rollout, struct moment now)
{
	return now.wall_ms >= rollout_judged_ms(rollout);
}

bool rollout_wants_comparison(const struct rollout *rollout, struct moment now)
{
	return rollout->state == ROLLOUT_SOAKING && gate_compares(&rollout->plan) && soak_is_over(rollout, now);
}

static struct rollout_step end_soak(struct rollout *rollout, const struct rollout_facts *facts, struct moment now)
{
	if (!gate_compares(&rollout->plan))
		return begin_wave(rollout, rollout->wave + 1, facts, now);
	if (facts->verdict == GATE_TRIPPED)
		return trip(rollout, facts->sentence, now);
	snprintf(rollout->reason, sizeof(rollout->reason), "%s", facts->sentence);
	if (facts->verdict == GATE_PASSED)
		return begin_wave(rollout, rollout->wave + 1, facts, now);
	rollout->looks++;
	return enter(rollout, ROLLOUT_SOAKING, now);
}

static struct rollout_step tick_soaking(struct rollout *rollout, const struct rollout_facts *facts, struct moment now)
{
	char sentence[GATE_SENTENCE_SIZE];

	/* The clock was set back: no soak can have begun later than now. */
	if (rollout->soak_ms > now.wall_ms)
		rollout->soak_ms = now.wall_ms;
	if (gate_judge_failures(&rollout->plan, &facts->tally, sentence) == GATE_TRIPPED)
		return trip(rollout, sentence, now);
	if (!soak_is_over(rollout, now) || (gate_compares(&rollout->plan) && !facts->compared))
		return (struct rollout_step){ 0 };
	return end_soak(rollout, facts, now);
}

struct rollout_step rollout_tick(struct rollout *rollout, const struct rollout_facts *facts, struct moment now)
{
	const struct rollout_plan *plan = &rollout->plan;

	switch (rollout->state) {
	case ROLLOUT_WAITING:
		if ((plan->approval && !rollout->approved) || now.wall_ms < plan->start_ms)
			break;
		return begin_wave(rollout, 0, facts, now);
	case ROLLOUT_ROLLING:
		return tick_rolling(rollout, facts, now);
	case ROLLOUT_SOAKING:
		return tick_soaking(rollout, facts, now);
	case ROLLOUT_PAUSED:
	case ROLLOUT_TRIPPED:
	case ROLLOUT_ROLLED_BACK:
	case ROLLOUT_ABORTED:
	case ROLLOUT_COMPLETE:
		break;
	}
	return (struct rollout_step){ 0 };
}

static struct rollout_step stop(struct rollout *rollout, enum rollout_state state, struct moment now)
{
	struct rollout_step step = enter(rollout, state, now);

	step.withdraw = true;
	step.revert = state == ROLLOUT_ROLLED_BACK;
	return step;
}

/* A wave that was paused is gone on with; one whose gate tripped counts as passed, for an operator said so. */
static struct rollout_step resume(struct rollout *rollout, struct moment now)
{
	static const struct rollout_facts nothing_known = { .lowest = WAVE_ALL };

	if (rollout->state == ROLLOUT_PAUSED)
		return begin_wave(rollout, rollout->wave, &nothing_known, now);
	rollout->forgiven_reach = rollout->reach;
	rollout->forgiven_ms = now.wall_ms;
	if (is_last(rollout))
		return begin_wave(rollout, rollout->wave, &nothing_known, now);
	return begin_wave(rollout, rollout->wave + 1, &nothing_known, now);
}

static int check_intervention(const struct rollout *rollout, enum rollout_event event)
{
	enum rollout_state state = rollout->state;

	switch (event) {
	case ROLLOUT_APPROVE:
		return rollout->approved ? -EALREADY : state == ROLLOUT_WAITING && rollout->plan.approval ? 0 : -EINVAL;
	case ROLLOUT_PAUSE:
		return state == ROLLOUT_PAUSED ? -EALREADY : rollout_is_offering(rollout) ? 0 : -EINVAL;
	case ROLLOUT_RESUME:
		if (rollout_is_offering(rollout))
			return -EALREADY;
		return state == ROLLOUT_PAUSED || state == ROLLOUT_TRIPPED ? 0 : -EINVAL;
	case ROLLOUT_ABORT:
		return state == ROLLOUT_ABORTED ? -EALREADY : rollout_is_open(rollout) ? 0 : -EINVAL;
	case ROLLOUT_ROLL_BACK:
		return state == ROLLOUT_ROLLED_BACK ? -EALREADY : state == ROLLOUT_WAITING ? -EINVAL : 0;
	case ROLLOUT_TICK:
		break;
	}
	return -EINVAL;
}

int rollout_intervene(
	struct rollout *rollout, enum rollout_event event, const char *by, struct moment now, struct rollout_step *out)
{
	static const char *const words[] = {
		[ROLLOUT_APPROVE] = "approved",
		[ROLLOUT_PAUSE] = "paused",
		[ROLLOUT_RESUME] = "resumed",
		[ROLLOUT_ABORT] = "aborted",
		[ROLLOUT_ROLL_BACK] = "rolled back",
	};
	int error = check_intervention(rollout, event);

	if (error)
		return error;
	if (event == ROLLOUT_APPROVE) {
		rollout->approved = true;
		*out = enter(rollout, ROLLOUT_WAITING, now);
	} else if (event == ROLLOUT_RESUME) {
		*out = resume(rollout, now);
	} else {
		*out = stop(rollout,
			event == ROLLOUT_PAUSE   ? ROLLOUT_PAUSED
			: event == ROLLOUT_ABORT ? ROLLOUT_ABORTED
						 : ROLLOUT_ROLLED_BACK,
			now);
	}
	snprintf(rollout->reason, sizeof(rollout->reason), "%s by %s", words[event], by);
	return 0;
}

void rollout_grant_time(struct rollout *rollout, struct moment now)
{
	rollout->wave_ms = now.wall_ms;
}

bool rollout_is_offering(const struct rollout *rollout)
{
	return rollout->state == ROLLOUT_ROLLING || rollout->state == ROLLOUT_SOAKING;
}

bool rollout_is_stopped(const struct rollout *rollout)
{
	return rollout->state >= ROLLOUT_PAUSED && rollout->state <= ROLLOUT_ABORTED;
}

bool rollout_is_open(const struct rollout *rollout)
{
	return rollout->state < ROLLOUT_ROLLED_BACK;
}
