#include "gateway/forecast_links.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/forecast.h"

static uint32_t highest_parent(const struct forecast_input *input)
{
	uint32_t highest = 0;

	for (size_t i = 0; i < input->sampled; i++)
		if (input->sample[i].parent > highest)
			highest = input->sample[i].parent;
	return highest;
}

/* No more than it has children. */
static void count_places(struct forecast_links *links, const struct forecast_input *input)
{
	for (size_t i = 0; i < input->sampled; i++) {
		struct forecast_places *places = &links->parents[input->sample[i].parent];
		if (input->sample[i].parent > 0 && (int64_t)places->count < input->per_parent) {
			places->count++;
			links->time_count++;
		}
	}
}

static void lay_out(struct forecast_links *links)
{
	int64_t *next = links->times + links->all.count;

	links->all.free_ms = links->times;
	for (size_t copy = 0; copy < links->copies; copy++)
		for (size_t i = 0; i < links->parent_count; i++) {
			struct forecast_places *places = &links->parents[copy * links->parent_count + i];
			places->count = links->parents[i].count;
			places->free_ms = next;
			next += places->count;
		}
}

int forecast_links_open(struct forecast_links *links, const struct forecast_input *input, uint32_t total)
{
	*links = (struct forecast_links){ .copies = (total + input->sampled - 1) / input->sampled };
	links->parent_count = input->per_parent > 0 ? highest_parent(input) + 1 : 1;
	links->parents = calloc(links->parent_count * links->copies, sizeof(links->parents[0]));
	if (!links->parents)
		return -ENOMEM;
	if (input->per_parent > 0)
		count_places(links, input);
	/* As many as there are nodes are as good as any number. */
	links->all.count = input->at_once < total ? (size_t)input->at_once : 0;
	links->time_count = links->time_count * links->copies + links->all.count;
	links->times = calloc(links->time_count + 1, sizeof(links->times[0]));
	if (!links->times)
		return -ENOMEM;
	lay_out(links);
	return 0;
}

void forecast_links_close(struct forecast_links *links)
{
	free(links->parents);
	free(links->times);
}

void forecast_links_clear(struct forecast_links *links)
{
	memset(links->times, 0, (links->time_count + 1) * sizeof(links->times[0]));
}

/* The place that was free for the shortest time by then, or else the first that will be. */
static size_t find_place(const struct forecast_places *places, int64_t at_ms)
{
	size_t low = 0, high = places->count;

	while (high - low > 1) {
		size_t middle = (low + high) / 2;
		if (places->free_ms[middle] <= at_ms)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static void occupy(struct forecast_places *places, size_t place, int64_t until_ms)
{
	int64_t *times = places->free_ms;

	while (place + 1 < places->count && times[place + 1] < until_ms) {
		times[place] = times[place + 1];
		place++;
	}
	times[place] = until_ms;
}

int64_t forecast_links_take(
	struct forecast_links *links, const struct forecast_node *node, size_t copy, int64_t at_ms, int64_t lasts_ms)
{
	size_t parent = node->parent < links->parent_count ? node->parent : 0;
	struct forecast_places *lists[] = { &links->parents[copy * links->parent_count + parent], &links->all };

	for (size_t i = 0; i < 2; i++)
		if (lists[i]->count > 0) {
			int64_t free_ms = lists[i]->free_ms[find_place(lists[i], at_ms)];
			at_ms = free_ms > at_ms ? free_ms : at_ms;
		}
	for (size_t i = 0; i < 2; i++)
		if (lists[i]->count > 0)
			occupy(lists[i], find_place(lists[i], at_ms), at_ms + lasts_ms);
	return at_ms;
}
