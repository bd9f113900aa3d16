#include "gateway/rule_step.h"

#include <stddef.h>
#include <string.h>

#include "gateway/rule.h"
#include "gateway/rule_series.h"
#include "gateway/rules.h"
#include "protocols/number.h"

/* A conversion that leads beyond the largest double leaves the number as it was. */
static void convert(const struct rule *rule, struct reading *reading)
{
	if (rule->scales) {
		(void)number_multiply(&reading->number, &reading->number, &rule->scale);
		if (reading->has_sum)
			(void)number_multiply(&reading->sum, &reading->sum, &rule->scale);
	}
	if (rule->shifts) {
		(void)number_add(&reading->number, &reading->number, &rule->offset);
		reading->has_sum = false; /* an integral over an unknown time cannot be shifted */
	}
	if (rule->settings->unit)
		reading->unit = (struct span){ rule->settings->unit, strlen(rule->settings->unit) };
}

/* Numbers, and booleans as 0 and 1. */
static bool value_of(struct number *out, const struct reading *reading)
{
	if (reading->kind == READING_NUMBER)
		*out = reading->number;
	else if (reading->kind == READING_BOOLEAN)
		*out = number_from_integer(reading->boolean);
	else
		return false;
	return true;
}

static bool is_beyond(const struct rule_alarm *alarm, const struct number *value)
{
	return (alarm->has_above && number_compare(value, &alarm->above) > 0) ||
	       (alarm->has_below && number_compare(value, &alarm->below) < 0);
}

static bool is_clear(const struct rule_alarm *alarm, const struct number *value)
{
	return (!alarm->has_above || number_compare(value, &alarm->clear_above) <= 0) &&
	       (!alarm->has_below || number_compare(value, &alarm->clear_below) >= 0);
}

/* What the alarm is known to be after this value. */
static enum alarm_known follow(
	const struct rule_alarm *alarm, struct alarm_state *state, const struct number *value, int64_t time_us)
{
	if (!is_beyond(alarm, value)) {
		state->beyond = false;
		return is_clear(alarm, value) ? ALARM_CLEAR : state->known;
	}
	if (!state->beyond)
		state->since_us = time_us;
	state->beyond = true;
	return time_us - state->since_us >= alarm->hold_us ? ALARM_RAISED : state->known;
}

/* What the rule and the reading are, for the parts of a step. */
struct applying {
	struct series *series;
	struct rule_step *step;
	struct reading *reading;
	const struct step_time *time;
	const struct rules_sink *sink;
	bool has_value;
	struct number value;
};

static int tell_alarm(const struct applying *applying, const struct alarm_state *alarm, bool urgent)
{
	struct rule *rule = applying->step->rule;
	struct reading state = {
		.name = series_span(applying->series, alarm->name),
		.kind = READING_BOOLEAN,
		.has_time = applying->reading->has_time,
		.is_dated = applying->reading->is_dated,
		.boolean = alarm->known == ALARM_RAISED,
		.time_us = applying->reading->time_us,
	};
	struct reading value = *applying->reading;

	value.name = state.name;
	value.has_sum = false;
	value.update_time_ms = 0;
	state.name.size -= strlen(ALARM_SUFFIX);
	rule->counts.alarms++;
	return applying->sink->alarm(
		applying->sink->context, &(struct rules_alarm){ rule->settings->name, &state, &value, urgent });
}

static int watch(const struct applying *applying)
{
	const struct rule *rule = applying->step->rule;
	struct alarm_state *states = applying->series->alarms + applying->step->first_alarm;
	const struct step_time *time = applying->time;
	int64_t time_us = time->time_us < time->received_us ? time->time_us : time->received_us;
	int result = 0;

	for (size_t i = 0; i < rule->alarm_count && result == 0; i++) {
		enum alarm_known before = states[i].known;

		states[i].known = follow(&rule->alarms[i], &states[i], &applying->value, time_us);
		if (states[i].known == before)
			continue;
		bool urgent = before == ALARM_RAISED || states[i].known == ALARM_RAISED;
		result = tell_alarm(applying, &states[i], urgent);
	}
	return result;
}

static int gather(const struct applying *applying)
{
	struct reading reading = *applying->reading;

	reading.kind = READING_NUMBER;
	reading.number = applying->value;
	reading.has_time = true;
	reading.time_us = applying->time->time_us;
	const struct rules_gathered gathered = { applying->step->rule->plan,
		series_span(applying->series, applying->step->tag), &reading };
	return applying->sink->gather(applying->sink->context, &gathered);
}

static bool is_in_band(const struct rule *rule, const struct number *value, const struct number *before)
{
	struct number difference, width;

	if (number_subtract(&difference, value, before) < 0)
		return false;
	if (number_compare(&difference, &(struct number){ 0 }) < 0 &&
		number_subtract(&difference, &(struct number){ 0 }, &difference) < 0)
		return false;
	if (rule->has_band && number_compare(&difference, &rule->band) <= 0)
		return true;
	if (!rule->has_share || number_multiply(&width, before, &rule->share) < 0)
		return false;
	if (number_compare(&width, &(struct number){ 0 }) < 0)
		(void)number_subtract(&width, &(struct number){ 0 }, &width);
	return number_compare(&difference, &width) <= 0;
}

/* Whether the reading goes on; if not, `loss` says why. */
static bool passes_gate(const struct applying *applying, enum rule_loss *loss)
{
	const struct rule *rule = applying->step->rule;
	struct gate_state *gate = &applying->step->gate;
	int64_t interval_us = rule->settings->interval_ms * 1000;
	int64_t heartbeat_us = rule->settings->heartbeat_ms * 1000;
	const struct step_time *time = applying->time;
	int64_t time_us = time->time_us < time->received_us ? time->time_us : time->received_us;
	int64_t since_us = time_us - gate->time_us;

	if (!time->in_order)
		return true; /* a late reading is history, which has its own before and after */
	*loss = RULE_TOO_SOON;
	if (gate->known && since_us < interval_us)
		return false;
	bool alive = heartbeat_us > 0 && since_us >= heartbeat_us;
	*loss = RULE_IN_DEADBAND;
	if (gate->known && gate->has_value && applying->has_value && !alive &&
		is_in_band(rule, &applying->value, &gate->value))
		return false;
	*gate = (struct gate_state){ true, applying->has_value, applying->value, time_us };
	return true;
}

static int end(const struct applying *applying, enum rule_loss loss)
{
	const struct rules_sink *sink = applying->sink;

	applying->step->rule->counts.gone[loss]++;
	if (sink->gone)
		sink->gone(sink->context, applying->step->rule->settings->name, loss);
	return 0;
}

int rule_step_apply(struct series *series, struct rule_step *step, struct reading *reading,
	const struct step_time *time, const struct rules_sink *sink)
{
	const struct rule *rule = step->rule;
	struct applying applying = { series, step, reading, time, sink, false, { 0 } };
	enum rule_loss loss = RULE_DROPPED;
	int result = 0;

	step->rule->counts.taken++;
	if (reading->kind == READING_NUMBER)
		convert(rule, reading);
	applying.has_value = value_of(&applying.value, reading);
	if (applying.has_value && time->in_order)
		result = watch(&applying);
	if (result == 0 && applying.has_value && rule->plan)
		result = gather(&applying);
	if (result < 0)
		return result;
	if (rule->settings->drop && (!rule->plan || applying.has_value))
		return end(&applying, rule->plan ? RULE_IN_WINDOW : RULE_DROPPED);
	if (!passes_gate(&applying, &loss))
		return end(&applying, loss);
	if (rule->settings->rename)
		reading->name = series_span(series, step->name);
	return 1;
}
