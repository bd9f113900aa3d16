/*
 * content: what a config holds.
 */
#ifndef WAKEGATE_CONFIG_CONTENT_H
#define WAKEGATE_CONFIG_CONTENT_H

#include "config/arena.h"
#include "config/config.h"
#include "config/group.h"

struct config {
	struct arena arena;
	const struct settings_table *const *tables;
	size_t count;
	struct group *groups;   /* one per table; its place is where a file last began the group */
	struct config *adopted; /* owns what was taken over last, and has in turn what was before; NULL: nothing */
	bool whole;             /* every table was taken over from this one */
};

#endif
