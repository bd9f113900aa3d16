/*
 * site_links: what the gateway lets pass over the link of a simulated site, against its budgets: transfers at a time,
 * through each parent too, and bytes a second.
 */
#ifndef WAKEGATE_TESTS_SITE_LINKS_H
#define WAKEGATE_TESTS_SITE_LINKS_H

#include <stddef.h>
#include <stdint.h>

#define SITE_PARENTS 8

struct site_world;

struct site_transfer {
	int64_t served_ms; /* when it was last given a block; 0: it fetches nothing */
	uint8_t parent;    /* as it said since the gateway started, from 1; 0: it has not */
};

struct site_links {
	struct site_world *world;
	struct site_transfer *list; /* by node */
	size_t count;
	double level;   /* bytes that are above the budget's rate */
	int64_t at_ms;  /* of the level */
	uint64_t waits; /* nodes that were told to come later, for the report */
};

void site_links_open(struct site_links *links, struct site_world *world, size_t nodes);
void site_links_close(struct site_links *links);

/* The name of the node's parent in the mesh; NULL: the site has none. */
const char *site_links_parent(const struct site_links *links, uint32_t node, char out[16]);

/* The gateway heard the node name its parent. */
void site_links_on_parent(struct site_links *links, uint32_t node);

/* The gateway gives the node so many bytes of its image: it has a place, and the link has room. */
void site_links_on_served(struct site_links *links, uint32_t node, uint32_t bytes);

/* The node's transfer is over, as far as the gateway knows; or it starts anew and knows of none. */
void site_links_end(struct site_links *links, uint32_t node);
void site_links_forget(struct site_links *links);

#endif
