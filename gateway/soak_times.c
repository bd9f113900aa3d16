#include "gateway/soak_times.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "config/value.h"
#include "gateway/rollout_targets.h"

/* Where the time at the begin of the text ends: behind its unit, before which a blank may stand. */
static size_t time_size(const char *text)
{
	size_t size = strspn(text, "0123456789");

	size += strspn(text + size, " ");
	return size + strcspn(text + size, " ,");
}

/* The next time of the text, which is at `*at`; -EINVAL if there is none. */
static int next_time(int64_t *out_ms, const char **at)
{
	char text[32];
	size_t size = time_size(*at);

	if (size >= sizeof(text))
		return -EINVAL;
	memcpy(text, *at, size);
	text[size] = '\0';
	if (value_parse_duration(out_ms, text) < 0 || *out_ms > SOAK_TIME_MOST)
		return -EINVAL;
	*at += size;
	*at += strspn(*at, " ,");
	return 0;
}

int soak_times_parse(json_t **out, const char *text)
{
	json_t *list = json_array();
	int64_t ms;
	int error;

	do {
		error = json_array_size(list) < WAVES_MAX ? next_time(&ms, &text) : -EINVAL;
		if (!error)
			(void)json_array_append_new(list, json_integer(ms));
	} while (!error && *text);
	if (!error)
		*out = json_incref(json_array_size(list) == 1 ? json_array_get(list, 0) : list);
	json_decref(list);
	return error;
}

static bool is_time(const json_t *json)
{
	return json_is_integer(json) && json_integer_value(json) >= 0 && json_integer_value(json) <= SOAK_TIME_MOST;
}

static bool are_times(const json_t *list)
{
	size_t i;
	json_t *item;

	json_array_foreach (list, i, item)
		if (!is_time(item))
			return false;
	return true;
}

static int check_list(const json_t *list, unsigned wave_count, char *why)
{
	size_t count = json_array_size(list);

	if (count != wave_count && count + 1 != wave_count)
		return rollout_refuse(why,
			"%zu soak times for %u waves: it is one for all of them, or one for each but the last", count,
			wave_count);
	if (count == wave_count && json_integer_value(json_array_get(list, count - 1)) != 0)
		return rollout_refuse(why,
			"%zu soak times for %u waves, of which none follows the last: its time is 0 or left out", count,
			wave_count);
	return 0;
}

int soak_times_read(int64_t out[WAVES_MAX], const json_t *json, unsigned wave_count, char *why)
{
	if (!is_time(json) && !(json_is_array(json) && are_times(json)))
		return rollout_refuse(
			why, "\"soak_ms\" is no number from 0 to %lld, or list of such", (long long)SOAK_TIME_MOST);
	if (json_is_array(json) && check_list(json, wave_count, why) < 0)
		return -EINVAL;
	for (unsigned wave = 0; wave < WAVES_MAX; wave++)
		out[wave] = wave + 1 < wave_count ? soak_times_after(json, wave) : 0;
	return 0;
}

json_t *soak_times_json(const int64_t soak_ms[WAVES_MAX], unsigned wave_count)
{
	json_t *list = json_array(), *json;
	bool alike = true;

	for (unsigned wave = 0; wave + 1 < wave_count; wave++) {
		(void)json_array_append_new(list, json_integer(soak_ms[wave]));
		alike &= soak_ms[wave] == soak_ms[0];
	}
	if (!alike)
		return list;
	json = json_integer(soak_ms[0]);
	json_decref(list);
	return json;
}

int64_t soak_times_after(const json_t *json, unsigned wave)
{
	return json_integer_value(json_is_array(json) ? json_array_get(json, wave) : json);
}
