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
	struct group *groups; /* one per table; its place is where a file last began the group */
	size_t users;         /* groups of a running config that have, or had before, values of this one */
};

/* One user less; the last one frees it. NULL is fine. */
void config_release(struct config *taken);

#endif
