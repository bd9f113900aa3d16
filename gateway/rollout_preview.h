/*
 * rollout_preview: who would get what from a rollout, in which wave, when, and who not and why, as JSON.
 */
#ifndef WAKEGATE_GATEWAY_ROLLOUT_PREVIEW_H
#define WAKEGATE_GATEWAY_ROLLOUT_PREVIEW_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define PREVIEW_PAGE_DEFAULT 500
#define PREVIEW_PAGE_MOST 1000 /* nodes */

struct control_rollouts;
struct rollout_plan;

/* Which of the nodes are listed. */
struct preview_pages {
	bool wanted;
	int64_t from, limit;
};

/*
 * {"plan", "nodes", "running", "waves": nodes in each, "excluded": [{"reason", "nodes"}]}, and where `pages` wants it
 * "list": [{"node", "wave", "earliest_ms"} or {"node", "reason"}] of the nodes of that hardware, and "next" while there
 * are more. The waves after the first are taken to begin when the soaks before them end, and an interval later.
 */
json_t *rollout_preview(
	const struct control_rollouts *parts, const struct rollout_plan *plan, const struct preview_pages *pages);

#endif
