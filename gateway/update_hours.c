#include "gateway/update_hours.h"

#include <stdio.h>
#include <time.h>

#include "gateway/boot_clock.h"
#include "gateway/wave.h"

#define LOOK_AGAIN_MS INT64_C(60000) /* at a clock that was not set, or a zone that was not there */
#define NOT_KNOWN_FETCH_MS (10 * LOOK_AGAIN_MS)
#define NOT_KNOWN_APPLY_MS (24 * 60 * LOOK_AGAIN_MS) /* a node that was told less might trust it */

/* A window that never opens, a zone that is not there or a clock that was never set: nobody can say when. */
static bool is_unknown(const struct update_hours *hours, struct moment now)
{
	bool limited = hours->fetch.count + hours->apply.count > 0;

	return hours->zone_missing || (limited && boot_clock_is_unset(now));
}

/* Both times are the same, so that nothing is allowed even if nobody looks again. */
static void forbid_fetching(struct update_times *times, struct moment now)
{
	times->fetch_from_ms = times->fetch_until_ms = now.wall_ms + NOT_KNOWN_FETCH_MS;
}

static void forbid_activation(struct update_times *times, struct moment now)
{
	times->apply_from_ms = times->apply_until_ms = now.wall_ms + NOT_KNOWN_APPLY_MS;
}

static int64_t second_of(struct moment now)
{
	return now.wall_ms / 1000;
}

bool update_hours_may_fetch(const struct update_hours *hours, struct moment now)
{
	return !is_unknown(hours, now) && window_set_at(&hours->fetch, second_of(now)).is_open;
}

bool update_hours_may_apply(const struct update_hours *hours, struct moment now)
{
	return !is_unknown(hours, now) && window_set_at(&hours->apply, second_of(now)).is_open;
}

/* From when until when the windows are open: now, or the next time. INT64_MAX: not before the horizon. */
struct opening {
	int64_t from_s, until_s;
};

static struct opening next_opening(const struct window_set *set, struct moment now)
{
	int64_t opens_s = window_set_opens(set, second_of(now));

	if (opens_s == INT64_MAX)
		return (struct opening){ INT64_MAX, INT64_MAX };
	return (struct opening){ window_set_opened(set, opens_s), window_set_closes(set, opens_s) };
}

static void limit_fetching(struct update_times *times, const struct window_set *set, struct moment now)
{
	struct opening opening = next_opening(set, now);

	if (opening.from_s == INT64_MAX)
		forbid_fetching(times, now);
	else if (opening.from_s > second_of(now))
		times->fetch_from_ms = opening.from_s * 1000;
	if (opening.until_s != INT64_MAX)
		times->fetch_until_ms = opening.until_s * 1000;
}

static int64_t place_in(const struct opening *opening, uint32_t place, int64_t spread_ms)
{
	int64_t half_ms = opening->until_s == INT64_MAX ? spread_ms : (opening->until_s - opening->from_s) * 500;
	int64_t part_ms = spread_ms < half_ms ? spread_ms : half_ms;

	return opening->from_s * 1000 + part_ms * place / WAVE_ALL;
}

static void limit_activation(
	struct update_times *times, const struct window_set *set, uint32_t place, int64_t spread_ms, struct moment now)
{
	struct opening opening = next_opening(set, now);

	if (opening.from_s == INT64_MAX)
		forbid_activation(times, now);
	else if (opening.from_s != INT64_MIN && place_in(&opening, place, spread_ms) > now.wall_ms)
		times->apply_from_ms = place_in(&opening, place, spread_ms);
	if (opening.until_s != INT64_MAX)
		times->apply_until_ms = opening.until_s * 1000;
}

static void note_change(struct update_times *times, int64_t at_ms)
{
	if (at_ms > 0 && at_ms < times->changes_ms)
		times->changes_ms = at_ms;
}

struct update_times update_hours_times(
	const struct update_hours *hours, uint32_t place, int64_t spread_ms, struct moment now)
{
	struct update_times times = { .changes_ms = INT64_MAX };

	if (is_unknown(hours, now)) {
		forbid_fetching(&times, now);
		forbid_activation(&times, now);
		times.changes_ms = now.wall_ms + LOOK_AGAIN_MS;
		return times;
	}
	if (hours->fetch.count > 0)
		limit_fetching(&times, &hours->fetch, now);
	if (hours->apply.count > 0)
		limit_activation(&times, &hours->apply, place, spread_ms, now);
	note_change(&times, times.fetch_from_ms);
	note_change(&times, times.fetch_until_ms);
	note_change(&times, times.apply_from_ms);
	note_change(&times, times.apply_until_ms);
	return times;
}

int64_t update_hours_worked_since_ms(
	const struct update_hours *hours, bool fetched, int64_t duration_ms, struct moment now)
{
	const struct window_set *set = fetched ? &hours->apply : &hours->fetch;

	if (set->count == 0)
		return now.wall_ms - duration_ms;
	if (is_unknown(hours, now))
		return INT64_MIN;
	int64_t since_s = window_set_open_for(set, second_of(now), (duration_ms + 999) / 1000);
	return since_s == INT64_MIN ? INT64_MIN : since_s * 1000;
}

static void name_second(int64_t at_s, char *out, size_t size)
{
	time_t time = (time_t)at_s;
	struct tm date;

	if (!gmtime_r(&time, &date) || strftime(out, size, "%Y-%m-%d %H:%M UTC", &date) == 0)
		snprintf(out, size, "a time unknown");
}

void update_hours_explain(
	const struct update_hours *hours, struct moment now, char sentence[UPDATE_HOURS_SENTENCE_SIZE])
{
	bool may_fetch = update_hours_may_fetch(hours, now);
	char date[32];

	sentence[0] = '\0';
	if (hours->zone_missing)
		snprintf(sentence, UPDATE_HOURS_SENTENCE_SIZE, "no window opens: its time zone is not there (tzdata)");
	else if (is_unknown(hours, now))
		snprintf(sentence, UPDATE_HOURS_SENTENCE_SIZE, "no window opens: the clock was not set");
	if (*sentence || (may_fetch && update_hours_may_apply(hours, now)))
		return;
	int64_t opens_s = window_set_opens(may_fetch ? &hours->apply : &hours->fetch, second_of(now));
	const char *what = may_fetch ? "activated" : "given";
	if (opens_s == INT64_MAX) {
		snprintf(sentence, UPDATE_HOURS_SENTENCE_SIZE, "nothing is %s: its windows never open together", what);
		return;
	}
	name_second(opens_s, date, sizeof(date));
	snprintf(sentence, UPDATE_HOURS_SENTENCE_SIZE, "nothing is %s before its window opens: %s", what, date);
}
