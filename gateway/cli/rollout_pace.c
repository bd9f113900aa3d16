#include "gateway/cli/rollout_pace.h"

#include <stdio.h>
#include <string.h>

#include "gateway/cli/field.h"
#include "gateway/cli/human.h"
#include "gateway/soak_times.h"

#define HOUR_MS 3600000.0

static void pace_of_wave(struct rollout_pace *out, const json_t *rollout, int64_t now_ms)
{
	int64_t past_ms = now_ms - field_number(rollout, "wave_ms");
	size_t wave = (size_t)field_number(rollout, "wave") - 1;
	int64_t done = json_integer_value(json_array_get(json_object_get(rollout, "wave_confirmed"), wave));
	int64_t open = field_number(rollout, "open");

	if (!field_number(rollout, "wave_ms") || past_ms <= 0)
		return;
	out->nodes_per_hour = done > 0 ? (double)done / ((double)past_ms / HOUR_MS) : 0;
	if (open == 0)
		out->wave_left_ms = 0;
	else if (done > 0)
		out->wave_left_ms = (int64_t)((double)open / out->nodes_per_hour * HOUR_MS);
}

/* The soaks after the waves from this one on, counted from 1. */
static int64_t soaks_from(const json_t *rollout, int64_t wave)
{
	const json_t *times = json_object_get(json_object_get(rollout, "plan"), "soak_ms");
	int64_t sum_ms = 0;

	for (; wave < field_number(rollout, "waves"); wave++)
		sum_ms += soak_times_after(times, (unsigned)wave - 1);
	return sum_ms;
}

void rollout_pace_of(struct rollout_pace *out, const json_t *rollout, int64_t now_ms)
{
	const char *state = field_text(rollout, "state");
	int64_t wave = field_number(rollout, "wave");

	*out = (struct rollout_pace){ -1, -1, -1 };
	if (strcmp(state, "rolling") == 0) {
		pace_of_wave(out, rollout, now_ms);
		if (out->wave_left_ms >= 0)
			out->least_left_ms = out->wave_left_ms + soaks_from(rollout, wave);
	} else if (strcmp(state, "soaking") == 0) {
		int64_t left_ms = field_number(rollout, "soak_until_ms") - now_ms;
		out->least_left_ms = (left_ms > 0 ? left_ms : 0) + soaks_from(rollout, wave + 1);
	}
}

const char *rollout_pace_text(char out[ROLLOUT_PACE_SIZE], const struct rollout_pace *pace)
{
	char text[HUMAN_SIZE];
	size_t size = 0;

	out[0] = '\0';
	if (pace->nodes_per_hour == 0)
		size += (size_t)snprintf(out, ROLLOUT_PACE_SIZE, "no node of this wave is done yet");
	else if (pace->nodes_per_hour > 0)
		size += (size_t)snprintf(
			out, ROLLOUT_PACE_SIZE, "%.*f nodes an hour", pace->nodes_per_hour < 10, pace->nodes_per_hour);
	if (pace->wave_left_ms > 0)
		size += (size_t)snprintf(out + size, ROLLOUT_PACE_SIZE - size, ", this wave in about %s",
			human_duration(text, pace->wave_left_ms));
	if (pace->least_left_ms > 0)
		(void)snprintf(out + size, ROLLOUT_PACE_SIZE - size, "%sall in %s at least", size ? ", " : "",
			human_duration(text, pace->least_left_ms));
	return out;
}
