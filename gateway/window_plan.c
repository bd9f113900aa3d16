#include "gateway/window_plan.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/pattern.h"

static struct window_plan *allocate(size_t outputs)
{
	struct window_plan *plan = calloc(1, sizeof(*plan) + outputs * sizeof(plan->outputs[0]));

	if (plan)
		plan->users = 1;
	return plan;
}

static void add_output(struct window_plan *plan, const struct rule_output_settings *settings)
{
	struct window_output *output = &plan->outputs[plan->output_count++];

	output->function = (enum window_function)settings->value;
	output->percent = isnan(settings->percentile) ? 0 : settings->percentile;
	plan->samples |= output->function == WINDOW_PERCENTILE;
	if (settings->name)
		snprintf(output->name, sizeof(output->name), "%s", settings->name);
	else if (output->function == WINDOW_PERCENTILE)
		snprintf(output->name, sizeof(output->name), PATTERN_NAME "/p%g", output->percent);
	else
		snprintf(
			output->name, sizeof(output->name), PATTERN_NAME "/%s", window_function_name(output->function));
	snprintf(output->unit, sizeof(output->unit), "%s", settings->unit ? settings->unit : "");
}

struct window_plan *window_plan_new(const struct rule_settings *rule)
{
	const struct rule_output_settings *outputs = rule->outputs.items;
	struct window_plan *plan = allocate(rule->outputs.count);

	if (!plan)
		return NULL;
	snprintf(plan->rule, sizeof(plan->rule), "%s", rule->name);
	plan->width_ms = rule->window_ms;
	plan->late_ms = rule->late_ms;
	plan->held = rule->drop;
	for (size_t i = 0; i < rule->outputs.count; i++)
		add_output(plan, &outputs[i]);
	return plan;
}

struct window_plan *window_plan_new_orphan(struct span rule, int64_t width_ms, bool held)
{
	static const enum window_function functions[] = { WINDOW_MIN, WINDOW_MEAN, WINDOW_MAX, WINDOW_COUNT };
	struct window_plan *plan = allocate(sizeof(functions) / sizeof(functions[0]));

	if (!plan)
		return NULL;
	snprintf(plan->rule, sizeof(plan->rule), "%.*s", (int)(rule.size < RULE_NAME_MAX ? rule.size : RULE_NAME_MAX),
		rule.data);
	plan->width_ms = width_ms;
	plan->held = held;
	plan->retired = true;
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		add_output(plan, &(struct rule_output_settings){ .value = functions[i], .percentile = NAN });
	return plan;
}

bool window_plan_same(const struct window_plan *a, const struct window_plan *b)
{
	bool same = strcmp(a->rule, b->rule) == 0 && a->width_ms == b->width_ms && a->late_ms == b->late_ms &&
		    a->held == b->held && a->output_count == b->output_count;

	for (size_t i = 0; same && i < a->output_count; i++) {
		const struct window_output *left = &a->outputs[i];
		const struct window_output *right = &b->outputs[i];

		same = left->function == right->function && left->percent == right->percent &&
		       strcmp(left->name, right->name) == 0 && strcmp(left->unit, right->unit) == 0;
	}
	return same;
}

struct window_plan *window_plan_share(struct window_plan *plan)
{
	plan->users++;
	return plan;
}

void window_plan_release(struct window_plan *plan)
{
	if (!plan)
		return;
	assert(plan->users > 0);
	if (--plan->users == 0)
		free(plan);
}
