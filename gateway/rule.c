#include "gateway/rule.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "gateway/labels.h"
#include "gateway/pattern.h"
#include "gateway/window_plan.h"
#include "protocols/number.h"
#include "protocols/siphash.h"

/* The decimal that stood in the config: the shortest that reads as this double. */
static struct number decimal_of(double real)
{
	char text[NUMBER_TEXT_MAX];
	struct number double_of = number_from_double(real);
	struct number number = double_of;

	(void)number_parse(&number, text, number_print(&double_of, text));
	return number;
}

static uint64_t mix(uint64_t digest, const void *data, size_t size)
{
	const struct siphash_key key = { digest, 0x72756c65 };

	return siphash(&key, data, size);
}

static uint64_t mix_text(uint64_t digest, const char *text)
{
	return mix(digest, text ? text : "\1", text ? strlen(text) + 1 : 1);
}

static uint64_t mix_list(uint64_t digest, const struct setting_list *list)
{
	digest = mix(digest, &list->count, sizeof(list->count));
	for (size_t i = 0; i < list->count; i++)
		digest = mix_text(digest, list->items[i]);
	return digest;
}

/* Windows are not in it: their plans are compared by themselves. */
static uint64_t digest_of(const struct rule_settings *settings)
{
	const struct rule_alarm_settings *alarms = settings->alarms.items;
	const double numbers[] = { settings->scale, settings->offset, settings->deadband, settings->deadband_percent,
		(double)settings->heartbeat_ms, (double)settings->interval_ms };
	uint64_t digest = mix_text(1, settings->name);

	digest = mix_list(digest, &settings->names);
	digest = mix(digest, numbers, sizeof(numbers));
	for (size_t i = 0; i < settings->alarms.count; i++) {
		const double thresholds[] = { alarms[i].above, alarms[i].below, alarms[i].hysteresis,
			(double)alarms[i].hold_ms };
		digest = mix_text(digest, alarms[i].name);
		digest = mix(digest, thresholds, sizeof(thresholds));
	}
	return digest;
}

static void init_alarm(struct rule_alarm *alarm, const struct rule_alarm_settings *settings)
{
	struct number hysteresis = decimal_of(settings->hysteresis);

	alarm->name = settings->name;
	alarm->hold_us = settings->hold_ms * 1000;
	alarm->has_above = !isnan(settings->above);
	alarm->has_below = !isnan(settings->below);
	if (alarm->has_above) {
		alarm->above = alarm->clear_above = decimal_of(settings->above);
		(void)number_subtract(&alarm->clear_above, &alarm->above, &hysteresis);
	}
	if (alarm->has_below) {
		alarm->below = alarm->clear_below = decimal_of(settings->below);
		(void)number_add(&alarm->clear_below, &alarm->below, &hysteresis);
	}
}

static void init_numbers(struct rule *rule, const struct rule_settings *settings)
{
	struct number hundredth = { .mantissa = 1, .exponent = -2 };

	rule->scales = !isnan(settings->scale);
	rule->shifts = !isnan(settings->offset);
	rule->has_band = !isnan(settings->deadband);
	rule->has_share = !isnan(settings->deadband_percent);
	if (rule->scales)
		rule->scale = decimal_of(settings->scale);
	if (rule->shifts)
		rule->offset = decimal_of(settings->offset);
	if (rule->has_band)
		rule->band = decimal_of(settings->deadband);
	if (rule->has_share) {
		struct number percent = decimal_of(settings->deadband_percent);
		(void)number_multiply(&rule->share, &percent, &hundredth);
	}
}

int rule_init(struct rule *rule, const struct rule_settings *settings, const struct labels_settings *labels)
{
	const struct rule_alarm_settings *alarms = settings->alarms.items;

	*rule = (struct rule){ .settings = settings, .digest = digest_of(settings) };
	for (size_t i = 0; i < settings->labels.count; i++)
		rule->labels |= labels_find(labels, settings->labels.items[i]);
	init_numbers(rule, settings);
	for (size_t i = 0; i < settings->alarms.count; i++)
		init_alarm(&rule->alarms[rule->alarm_count++], &alarms[i]);
	if (settings->window_ms == 0)
		return 0;
	rule->plan = window_plan_new(settings);
	return rule->plan ? 0 : -ENOMEM;
}

void rule_finish(struct rule *rule)
{
	window_plan_release(rule->plan);
	rule->plan = NULL;
}

bool rule_is_for(const struct rule *rule, struct span node, uint64_t labels, struct span name)
{
	return (rule->labels & ~labels) == 0 && patterns_match(&rule->settings->nodes, node) &&
	       patterns_match(&rule->settings->names, name);
}
