#include "gateway/rule_series.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/pattern.h"
#include "gateway/rule.h"
#include "gateway/window_tag.h"

/* A series being worked out. The first pass, without a series, counts what the second one fills. */
struct draft {
	struct series *series;
	uint32_t steps, alarms;
	size_t texts;
};

static struct series_text add_text(struct draft *draft, const char *text, size_t size)
{
	struct series_text added = { (uint32_t)draft->texts, (uint16_t)size };

	if (draft->series && size > 0)
		memcpy(draft->series->texts + draft->texts, text, size);
	draft->texts += size;
	return added;
}

static void add_alarms(struct draft *draft, const struct rule *rule, struct span name)
{
	char middle[READING_NAME_MAX];
	char text[READING_NAME_MAX + 1];

	for (size_t i = 0; i < rule->alarm_count; i++) {
		int size = (int)pattern_fill(middle, rule->alarms[i].name, name);
		int most = READING_NAME_MAX - (int)strlen(ALARM_PREFIX ALARM_SUFFIX);

		size = snprintf(
			text, sizeof(text), ALARM_PREFIX "%.*s" ALARM_SUFFIX, size < most ? size : most, middle);
		struct series_text added = add_text(draft, text, (size_t)size);
		if (draft->series)
			draft->series->alarms[draft->alarms].name = added;
		draft->alarms++;
	}
}

/* Returns the name with which readings leave the rule, in `room` if it is a new one. */
static struct span add_step(struct draft *draft, struct rule *rule, struct span name, char room[READING_NAME_MAX])
{
	char text[WINDOW_TAG_MAX];
	struct rule_step step = { .rule = rule, .digest = rule->digest, .first_alarm = draft->alarms };

	add_alarms(draft, rule, name);
	if (rule->plan)
		step.tag = add_text(draft, text, window_tag_write(text, rule->plan, name));
	if (rule->settings->rename) {
		size_t size = pattern_fill(text, rule->settings->rename, name);
		memcpy(room, text, size);
		name = (struct span){ room, size };
		step.name = add_text(draft, text, size);
	}
	if (draft->series)
		draft->series->steps[draft->steps] = step;
	draft->steps++;
	return name;
}

static void fill(struct draft *draft, struct rule *rules, size_t count, const struct series_key *key)
{
	char room[READING_NAME_MAX];
	struct span name = key->name;

	draft->steps = draft->alarms = 0;
	draft->texts = 0;
	(void)add_text(draft, key->node.data, key->node.size);
	(void)add_text(draft, key->name.data, key->name.size);
	for (size_t i = 0; i < count; i++) {
		if (!rule_is_for(&rules[i], key->node, key->labels, name))
			continue;
		name = add_step(draft, &rules[i], name, room);
		if (rules[i].settings->final || (rules[i].settings->drop && !rules[i].plan))
			break;
	}
}

static struct series *allocate(const struct draft *draft)
{
	size_t steps_size = draft->steps * sizeof(struct rule_step);
	size_t alarms_size = draft->alarms * sizeof(struct alarm_state);
	struct series *series = calloc(1, sizeof(*series) + steps_size + alarms_size + draft->texts);

	if (!series)
		return NULL;
	series->steps = (struct rule_step *)(series + 1);
	series->alarms = (struct alarm_state *)(series->steps + draft->steps);
	series->texts = (char *)(series->alarms + draft->alarms);
	return series;
}

static void hand_on(struct series *series, const struct series *former)
{
	for (uint32_t i = 0; i < series->step_count; i++) {
		struct rule_step *step = &series->steps[i];
		const struct rule_step *old = NULL;

		for (uint32_t j = 0; j < former->step_count && !old; j++)
			if (former->steps[j].digest == step->digest)
				old = &former->steps[j];
		if (!old)
			continue;
		step->gate = old->gate;
		for (size_t j = 0; j < step->rule->alarm_count; j++) {
			struct alarm_state *alarm = &series->alarms[step->first_alarm + j];
			struct series_text name = alarm->name;
			*alarm = former->alarms[old->first_alarm + j];
			alarm->name = name;
		}
	}
	series->newest_us = former->newest_us;
}

struct series *series_new(struct rule *rules, size_t count, const struct series_key *key, const struct series *former)
{
	struct draft draft = { .series = NULL };

	fill(&draft, rules, count, key);
	struct series *series = allocate(&draft);
	if (!series)
		return NULL;
	draft.series = series;
	fill(&draft, rules, count, key);
	series->hash = key->hash;
	series->labels = key->labels;
	series->node_size = (uint16_t)key->node.size;
	series->name_size = (uint16_t)key->name.size;
	series->step_count = draft.steps;
	series->alarm_count = draft.alarms;
	series->newest_us = INT64_MIN;
	if (former)
		hand_on(series, former);
	return series;
}

void series_forget(struct series *series)
{
	for (uint32_t i = 0; i < series->step_count; i++)
		series->steps[i].gate = (struct gate_state){ .known = false };
	for (uint32_t i = 0; i < series->alarm_count; i++) {
		series->alarms[i].known = ALARM_UNKNOWN;
		series->alarms[i].beyond = false;
	}
	series->newest_us = INT64_MIN;
}
