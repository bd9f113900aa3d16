/*
 * forecast_links: how long the simulated transfers of a forecast wait for each other: on the link, and at a parent.
 */
#ifndef WAKEGATE_GATEWAY_FORECAST_LINKS_H
#define WAKEGATE_GATEWAY_FORECAST_LINKS_H

#include <stddef.h>
#include <stdint.h>

struct forecast_input;
struct forecast_node;

/* Places for transfers, by when each is free again; the earliest first. */
struct forecast_places {
	int64_t *free_ms;
	size_t count; /* 0: any number */
};

struct forecast_links {
	struct forecast_places all;
	struct forecast_places *parents; /* those of a copy one after the other; of parent 0, none */
	size_t parent_count;
	size_t copies; /* of the mesh, where each node sampled stands for several */
	int64_t *times;
	size_t time_count;
};

/* As many places as the input allows, for `total` nodes like those sampled. -ENOMEM; to be closed then too. */
int forecast_links_open(struct forecast_links *links, const struct forecast_input *input, uint32_t total);
void forecast_links_close(struct forecast_links *links);

/* All are free from the begin on. */
void forecast_links_clear(struct forecast_links *links);

/* A transfer of the node, of that copy of the mesh, that could begin at `at_ms`: when it begins. It takes its places
 * for `lasts_ms`. */
int64_t forecast_links_take(
	struct forecast_links *links, const struct forecast_node *node, size_t copy, int64_t at_ms, int64_t lasts_ms);

#endif
