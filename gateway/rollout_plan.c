#include "gateway/rollout_plan.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/soak_times.h"
#include "protocols/hex.h"

#define SOAK_DEFAULT_MS (INT64_C(24) * 3600 * 1000)
#define MILLIONTHS_A_PERCENT 10000
#define WAVES_DEFAULT "1 5 10 100"

static const char *const on_failure_names[] = { [ROLLOUT_PAUSES] = "pause", [ROLLOUT_ROLLS_BACK] = "rollback" };

/* Names go into topics, file names and logs. */
static bool is_name(const char *text)
{
	size_t size = strlen(text);

	for (size_t i = 0; i < size; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr("-_.", text[i]))
			return false;
	return size > 0 && size <= ROLLOUT_ID_MAX;
}

struct limit {
	const char *name;
	size_t offset;
	int64_t least, most, initial;
};

static const struct limit limits[] = {
	{ "priority", offsetof(struct rollout_plan, priority), -100, 100, 0 },
	{ "start_ms", offsetof(struct rollout_plan, start_ms), 0, INT64_MAX / 2, 0 },
	{ "deadline_wakes", offsetof(struct rollout_plan, deadline_wakes), 1, 100000, 20 },
	{ "confirmed_percent", offsetof(struct rollout_plan, confirmed_percent), 0, 100, 90 },
	{ "failed_percent", offsetof(struct rollout_plan, failed_percent), 0, 100, 10 },
	{ "failed_most", offsetof(struct rollout_plan, failed_most), 0, 1000000, 0 },
	{ "battery_percent", offsetof(struct rollout_plan, battery_percent), 0, 100, 0 },
	{ "traffic_percent", offsetof(struct rollout_plan, traffic_percent), 0, 10000, 50 },
	{ "drain_percent", offsetof(struct rollout_plan, drain_percent), 0, 10000, 50 },
	{ "confidence_percent", offsetof(struct rollout_plan, confidence_percent), 50, 99, 99 },
};
#define LIMITS (sizeof(limits) / sizeof(limits[0]))

static int64_t *number_of(const struct rollout_plan *plan, size_t offset)
{
	return (int64_t *)((char *)plan + offset);
}

static int read_numbers(struct rollout_plan *plan, const json_t *json, char *why)
{
	for (size_t i = 0; i < LIMITS; i++) {
		const struct limit *limit = &limits[i];
		const json_t *value = json_object_get(json, limit->name);
		int64_t number = value ? json_integer_value(value) : limit->initial;

		if ((value && !json_is_integer(value)) || number < limit->least || number > limit->most)
			return rollout_refuse(why, "\"%s\" is no number from %lld to %lld", limit->name,
				(long long)limit->least, (long long)limit->most);
		*number_of(plan, limit->offset) = number;
	}
	return 0;
}

static int read_switch(const json_t *json, const char *name, bool initial, bool *out, char *why)
{
	const json_t *value = json_object_get(json, name);

	if (value && !json_is_boolean(value))
		return rollout_refuse(why, "\"%s\" is neither true nor false", name);
	*out = value ? json_is_true(value) : initial;
	return 0;
}

/* Percent with up to four decimals, as millionths; where the next one begins into *next. -1 if there is none. */
static int64_t read_share(const char *text, const char **next)
{
	size_t size = strspn(text, "0123456789.");
	char *end;
	double percent = strtod(text, &end);

	if (size == 0 || end != text + size || percent > 100)
		return -1;
	*next = end + strspn(end, " %,");
	return (int64_t)(percent * MILLIONTHS_A_PERCENT + 0.5);
}

static int read_waves(struct rollout_plan *plan, const char *text, char *why)
{
	const char *at = text;
	int64_t last = 0;

	for (plan->wave_count = 0; *at; plan->wave_count++) {
		int64_t share = read_share(at, &at);
		if (share <= last || plan->wave_count == WAVES_MAX)
			return rollout_refuse(why,
				"\"waves\" are up to %d rising shares in percent such as \"" WAVES_DEFAULT
				"\", not \"%.40s\"",
				WAVES_MAX, text);
		plan->waves[plan->wave_count] = (uint32_t)share;
		last = share;
	}
	return last == WAVE_ALL ? 0 : rollout_refuse(why, "the last of the \"waves\" is not 100 percent");
}

/* The waves are known by then. */
static int read_soaks(struct rollout_plan *plan, const json_t *json, char *why)
{
	const json_t *said = json_object_get(json, "soak_ms");
	json_t *usual = json_integer(SOAK_DEFAULT_MS);
	int error = soak_times_read(plan->soak_ms, said ? said : usual, plan->wave_count, why);

	json_decref(usual);
	return error;
}

static int read_on_failure(struct rollout_plan *plan, const json_t *json, char *why)
{
	const char *text = json_string_value(json_object_get(json, "on_failure"));

	plan->on_failure = ROLLOUT_PAUSES;
	if (!json_object_get(json, "on_failure"))
		return 0;
	for (size_t i = 0; text && i < sizeof(on_failure_names) / sizeof(on_failure_names[0]); i++)
		if (strcmp(text, on_failure_names[i]) == 0) {
			plan->on_failure = (enum rollout_on_failure)i;
			return 0;
		}
	return rollout_refuse(why, "\"on_failure\" is neither \"pause\" nor \"rollback\"");
}

static int read_names(struct rollout_plan *plan, const json_t *json, char *why)
{
	const char *id = json_string_value(json_object_get(json, "rollout"));
	const char *image = json_string_value(json_object_get(json, "image"));

	if (!id || !is_name(id))
		return rollout_refuse(
			why, "\"rollout\" is no name of up to %d letters, digits and -_.", ROLLOUT_ID_MAX);
	snprintf(plan->id, sizeof(plan->id), "%s", id);
	if (!image || strlen(image) != 64 || hex_parse(plan->sha256, image, 64) < 0)
		return rollout_refuse(why, "\"image\" is no SHA-256 in hexadecimal digits");
	return 0;
}

static int read_window(const json_t *json, const char *name, struct plan_window *out, char *why)
{
	const json_t *value = json_object_get(json, name);
	const char *text = json_string_value(value);
	char reason[ROLLOUT_SENTENCE_SIZE];

	if (!value || (text && !*text))
		return 0;
	if (!text || strlen(text) > UPDATE_WINDOW_TEXT_MAX)
		return rollout_refuse(why, "\"%s\" is no text of at most %d bytes", name, UPDATE_WINDOW_TEXT_MAX);
	if (update_window_parse(&out->window, text, reason, sizeof(reason)) < 0)
		return rollout_refuse(why, "\"%s\": %s", name, reason);
	snprintf(out->text, sizeof(out->text), "%s", text);
	return 0;
}

int rollout_plan_parse(struct rollout_plan *out, const json_t *json, char *why)
{
	struct rollout_plan plan = { 0 };
	const json_t *waves = json_object_get(json, "waves");

	if (!json_is_object(json))
		return rollout_refuse(why, "a rollout is an object");
	if (waves && !json_is_string(waves))
		return rollout_refuse(why, "\"waves\" is no text");
	if (read_names(&plan, json, why) < 0 || rollout_targets_parse(&plan.targets, json, why) < 0 ||
		read_numbers(&plan, json, why) < 0 ||
		read_waves(&plan, waves ? json_string_value(waves) : WAVES_DEFAULT, why) < 0 ||
		read_soaks(&plan, json, why) < 0 || read_window(json, "window", &plan.window, why) < 0 ||
		read_window(json, "apply_window", &plan.apply_window, why) < 0 ||
		read_on_failure(&plan, json, why) < 0 || read_switch(json, "drops", true, &plan.drops, why) < 0 ||
		read_switch(json, "online", true, &plan.online, why) < 0 ||
		read_switch(json, "fleet", false, &plan.fleet, why) < 0 ||
		read_switch(json, "approval", false, &plan.approval, why) < 0)
		return -EINVAL;
	*out = plan;
	return 0;
}

static json_t *waves_json(const struct rollout_plan *plan)
{
	char text[WAVES_MAX * 12] = "";
	size_t size = 0;

	for (unsigned i = 0; i < plan->wave_count; i++)
		size += (size_t)snprintf(text + size, sizeof(text) - size, "%s%.6g", i ? " " : "",
			(double)plan->waves[i] / MILLIONTHS_A_PERCENT);
	return json_string(text);
}

json_t *rollout_plan_json(const struct rollout_plan *plan)
{
	char image[65];

	hex_print(image, plan->sha256, sizeof(plan->sha256));
	json_t *json = json_pack("{s:s, s:s, s:o, s:o, s:s, s:b, s:b, s:b, s:b}", "rollout", plan->id, "image", image,
		"waves", waves_json(plan), "soak_ms", soak_times_json(plan->soak_ms, plan->wave_count), "on_failure",
		on_failure_names[plan->on_failure], "drops", (int)plan->drops, "online", (int)plan->online, "fleet",
		(int)plan->fleet, "approval", (int)plan->approval);

	if (json)
		rollout_targets_write(&plan->targets, json);
	if (json && *plan->window.text)
		(void)json_object_set_new(json, "window", json_string(plan->window.text));
	if (json && *plan->apply_window.text)
		(void)json_object_set_new(json, "apply_window", json_string(plan->apply_window.text));
	for (size_t i = 0; json && i < LIMITS; i++)
		(void)json_object_set_new(json, limits[i].name, json_integer(*number_of(plan, limits[i].offset)));
	return json;
}
