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
 * {"plan", "nodes", "running", "waves": nodes in each, "running_of": of them, "excluded": [{"reason", "nodes"}]}, and
 * where `pages` wants it "list": [{"node", "wave", "earliest_ms", "over": versions of the stepping stones before it,
 * where there are such} or
 * {"node", "reason", "detail"}] of the nodes of that hardware, and "next" while there are more. The waves after the
 * first are taken to begin when the soaks before them end, and an interval later.
 */
json_t *rollout_preview(
	const struct control_rollouts *parts, const struct rollout_plan *plan, const struct preview_pages *pages);

#define SAMPLE_MOST 2000 /* nodes, of those that get the image */

/*
 * What a forecast needs: "sample": [[wave from 0, period_ms, next_ms from now, share of missed calls, is silent, images
 * on its way before the one, their bytes, parent from 1 or 0]] of SAMPLE_MOST nodes at most, in the order of their
 * waves; "wave_nodes": how many get the image in each; "closed" and "apply_closed": the quarters of an hour of the
 * coming week in which the first of them is given nothing, and activates nothing, as texts of 0 and 1, where there are
 * such; "transfers" so far, and of these "failed"; "now_ms".
 */
json_t *rollout_sample(const struct control_rollouts *parts, const struct rollout_plan *plan);

#endif
