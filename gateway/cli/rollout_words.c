#include "gateway/cli/rollout_words.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "gateway/cli/field.h"
#include "gateway/cli/human.h"
#include "gateway/soak_times.h"

static bool is_state(const json_t *rollout, const char *state)
{
	return strcmp(field_text(rollout, "state"), state) == 0;
}

static const char *state_word(const json_t *rollout)
{
	return is_state(rollout, "rolled_back") ? "rolled back" : field_text(rollout, "state");
}

const char *rollout_words_short(char *out, const json_t *rollout)
{
	snprintf(out, ROLLOUT_WORDS_SIZE, "%s%s", state_word(rollout),
		*field_said(rollout, "waits") && !is_state(rollout, "waiting") ? ", waits" : "");
	return out;
}

const char *rollout_words_state(char *out, const json_t *rollout, int64_t now_ms)
{
	static const char *const of_waves[] = { "rolling", "soaking", "paused", "tripped" };
	const char *waits = field_said(rollout, "waits");
	int64_t until_ms = field_number(rollout, "soak_until_ms");
	int64_t start_ms = field_number(json_object_get(rollout, "plan"), "start_ms");
	char age[HUMAN_SIZE], wave[64] = "", when[HUMAN_SIZE + 16] = "";

	for (size_t i = 0; i < sizeof(of_waves) / sizeof(of_waves[0]); i++)
		if (is_state(rollout, of_waves[i]))
			snprintf(wave, sizeof(wave), ", wave %" PRId64 " of %" PRId64, field_number(rollout, "wave"),
				field_number(rollout, "waves"));
	if (until_ms)
		snprintf(when, sizeof(when), ", judged %s", human_age(age, until_ms, now_ms));
	else if (is_state(rollout, "waiting") && !*waits && start_ms > now_ms)
		snprintf(when, sizeof(when), ", begins %s", human_age(age, start_ms, now_ms));
	snprintf(out, ROLLOUT_WORDS_SIZE, "%s%s%s%s%s", state_word(rollout), wave, when, *waits ? ": " : "", waits);
	return out;
}

const char *rollout_words_next(char *out, const json_t *rollout)
{
	static const struct {
		const char *state, *first, *others;
	} ways[] = {
		{ "tripped", "resume",
			"goes on past that; rollback brings the former images back; abort leaves all as it is" },
		{ "paused", "resume", "goes on; rollback brings the former images back; abort leaves all as it is" },
		{ "waiting", "approve", "begins it; abort ends it" },
		{ "rolling", "abort", "ends it" },
	};
	bool is_held_up = is_state(rollout, "rolling")
				  ? *field_said(rollout, "waits") && !field_number(rollout, "reached")
			  : is_state(rollout, "waiting") ? json_is_false(json_object_get(rollout, "approved"))
							 : true;

	out[0] = '\0';
	for (size_t i = 0; is_held_up && i < sizeof(ways) / sizeof(ways[0]); i++)
		if (is_state(rollout, ways[i].state))
			snprintf(out, ROLLOUT_WORDS_SIZE, "wakegate rollout %s %s %s", ways[i].first,
				field_text(rollout, "rollout"), ways[i].others);
	return out;
}

const char *rollout_words_image(char *out, const json_t *rollout)
{
	const char *version = field_said(rollout, "version");

	if (*version)
		snprintf(out, ROLLOUT_WORDS_SIZE, "%s@%s, %.16s", field_text(rollout, "hardware"), version,
			field_text(rollout, "image"));
	else
		snprintf(out, ROLLOUT_WORDS_SIZE, "%.16s", field_text(rollout, "image"));
	return out;
}

const char *rollout_words_soak(char *out, const json_t *rollout)
{
	const json_t *times = json_object_get(json_object_get(rollout, "plan"), "soak_ms");
	int64_t waves = field_number(rollout, "waves");
	char text[HUMAN_SIZE];
	size_t used = 0;

	out[0] = '\0';
	if (waves < 2)
		return out;
	if (!json_is_array(times)) {
		snprintf(out, ROLLOUT_WORDS_SIZE, "%s after %s", human_duration(text, soak_times_after(times, 0)),
			waves == 2 ? "the first wave" : "each wave but the last");
		return out;
	}
	for (unsigned i = 0; i + 1 < (unsigned)waves && used < ROLLOUT_WORDS_SIZE; i++)
		used += (size_t)snprintf(out + used, ROLLOUT_WORDS_SIZE - used, "%s%s after wave %u", i ? ", " : "",
			human_duration(text, soak_times_after(times, i)), i + 1);
	return out;
}

/* They are counted when it begins. */
static int64_t nodes_in_all(const json_t *rollout)
{
	int64_t sum = 0;
	size_t i;
	json_t *count;

	json_array_foreach (json_object_get(rollout, "wave_nodes"), i, count)
		sum += json_integer_value(count);
	return field_number(rollout, "nodes") ? field_number(rollout, "nodes") : sum;
}

const char *rollout_words_nodes(char *out, const json_t *rollout)
{
	const json_t *returns = json_object_get(rollout, "returns");

	if (returns)
		snprintf(out, ROLLOUT_WORDS_SIZE,
			"%" PRId64 " in all: %" PRId64 " back, %" PRId64 " on their way, %" PRId64 " refuse, %" PRId64
			" cannot",
			nodes_in_all(rollout), field_number(returns, "done"), field_number(returns, "under_way"),
			field_number(returns, "refused"), field_number(returns, "impossible"));
	else
		snprintf(out, ROLLOUT_WORDS_SIZE,
			"%" PRId64 " of %" PRId64 " reached: %" PRId64 " confirmed, %" PRId64 " failed, %" PRId64
			" silent, %" PRId64 " open",
			field_number(rollout, "reached"), nodes_in_all(rollout), field_number(rollout, "confirmed"),
			field_number(rollout, "failed"), field_number(rollout, "silent"),
			field_number(rollout, "open"));
	return out;
}

/* As the daemon names it, and as a person would. */
static const char *obstacle_text(const char *name)
{
	static const char *const texts[][2] = { { "held", "by an operator" }, { "battery", "by a low battery" },
		{ "stone", "by a missing stepping stone" }, { "unfit", "that the image is not for" } };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(texts[i][0], name) == 0)
			return texts[i][1];
	return name;
}

const char *rollout_words_held_back(char *out, const json_t *rollout)
{
	const char *obstacle;
	json_t *count;
	size_t used = 0;

	out[0] = '\0';
	json_object_foreach (json_object_get(rollout, "excused"), obstacle, count)
		if (json_integer_value(count) > 0 && used < ROLLOUT_WORDS_SIZE)
			used += (size_t)snprintf(out + used, ROLLOUT_WORDS_SIZE - used, "%s%" JSON_INTEGER_FORMAT " %s",
				used ? ", " : "", json_integer_value(count), obstacle_text(obstacle));
	return out;
}
