/*
 * update_hours: when a node may fetch and activate its image, from the windows that bear on it.
 *
 * Nodes that wait for a window to activate do not all restart in its first second: each has a place of its own in a
 * part of the window. Functions of their arguments.
 */
#ifndef WAKEGATE_GATEWAY_UPDATE_HOURS_H
#define WAKEGATE_GATEWAY_UPDATE_HOURS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/moment.h"
#include "gateway/update_window.h"

#define UPDATE_HOURS_SENTENCE_SIZE 96

/* Windows in which bytes are given, and in which images are activated. Zeroed: any time. */
struct update_hours {
	struct window_set fetch, apply;
	bool zone_missing; /* of one of them: none is open */
};

/* In wall clock ms. 0: there is no such limit, or it is past. */
struct update_times {
	int64_t fetch_from_ms, fetch_until_ms;
	int64_t apply_from_ms, apply_until_ms;
	int64_t changes_ms; /* the times must be asked for anew then; INT64_MAX: never */
};

/* `place` is the node's among all, 0 to WAVE_ALL - 1, `spread_ms` the part of a window, at most its half, that they
 * share. */
struct update_times update_hours_times(
	const struct update_hours *hours, uint32_t place, int64_t spread_ms, struct moment now);

/* Whether a node may fetch, or activate, now. */
bool update_hours_may_fetch(const struct update_hours *hours, struct moment now);
bool update_hours_may_apply(const struct update_hours *hours, struct moment now);

/* When it must have begun that nodes could fetch (`fetched`: activate) for so long until now. INT64_MIN: not known. */
int64_t update_hours_worked_since_ms(
	const struct update_hours *hours, bool fetched, int64_t duration_ms, struct moment now);

/* Why nothing is open, and until when: "outside its window until 2026-11-22 21:00 UTC". "" where something is open. */
void update_hours_explain(
	const struct update_hours *hours, struct moment now, char sentence[UPDATE_HOURS_SENTENCE_SIZE]);

#endif
