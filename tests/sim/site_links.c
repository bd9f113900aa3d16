#include "tests/sim/site_links.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/site_world.h"

#define IDLE_MS (2 * SITE_MINUTE_MS) /* links.idle */
#define BURST_S 10                   /* what a budget saves up, docs/links.md */

void site_links_open(struct site_links *links, struct site_world *world, size_t nodes)
{
	*links = (struct site_links){ .world = world, .count = nodes };
	links->list = calloc(nodes, sizeof(*links->list));
	if (!links->list)
		abort();
}

void site_links_close(struct site_links *links)
{
	free(links->list);
}

const char *site_links_parent(const struct site_links *links, uint32_t node, char out[16])
{
	if (links->world->plan->per_parent == 0)
		return NULL;
	snprintf(out, 16, "router-%u", node % SITE_PARENTS);
	return out;
}

void site_links_on_parent(struct site_links *links, uint32_t node)
{
	if (links->world->plan->per_parent > 0)
		links->list[node].parent = (uint8_t)(node % SITE_PARENTS + 1);
}

static bool is_under_way(const struct site_links *links, size_t node)
{
	int64_t served_ms = links->list[node].served_ms;

	return served_ms > 0 && links->world->now_ms - served_ms <= IDLE_MS;
}

static void check_places(struct site_links *links, uint32_t node)
{
	const struct site_plan *plan = links->world->plan;
	unsigned all = 0, of_parent = 0;
	uint8_t parent = links->list[node].parent;

	for (size_t i = 0; i < links->count; i++) {
		if (!is_under_way(links, i))
			continue;
		all++;
		of_parent += parent > 0 && links->list[i].parent == parent;
	}
	if (plan->transfers > 0 && all > plan->transfers)
		site_world_fail(links->world, "%u nodes fetch at a time, and %u may", all, plan->transfers);
	if (plan->per_parent > 0 && of_parent > plan->per_parent)
		site_world_fail(
			links->world, "%u nodes fetch through one parent, and %u may", of_parent, plan->per_parent);
}

/* A bucket of its own: telemetry, which goes first, may only leave firmware less than this. */
static void check_rate(struct site_links *links, uint32_t bytes)
{
	double rate = links->world->plan->rate_bytes;
	double drained = (double)(links->world->now_ms - links->at_ms) / 1000 * rate;

	links->level = links->level > drained ? links->level - drained : 0;
	links->at_ms = links->world->now_ms;
	links->level += bytes;
	if (rate > 0 && links->level > BURST_S * rate + bytes)
		site_world_fail(links->world, "%.0f bytes of images at once, at %.0f a second", links->level, rate);
}

void site_links_on_served(struct site_links *links, uint32_t node, uint32_t bytes)
{
	bool begins = !is_under_way(links, node);

	links->list[node].served_ms = links->world->now_ms;
	if (begins)
		check_places(links, node);
	check_rate(links, bytes);
}

void site_links_end(struct site_links *links, uint32_t node)
{
	links->list[node].served_ms = 0;
}

void site_links_forget(struct site_links *links)
{
	memset(links->list, 0, links->count * sizeof(*links->list));
	links->level = 0;
}
