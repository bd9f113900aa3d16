/*
 * group: reads one group of a config file into the struct that its table describes.
 */
#ifndef WAKEGATE_CONFIG_GROUP_H
#define WAKEGATE_CONFIG_GROUP_H

#include "config/settings.h"
#include "config/source.h"
#include "config/value.h"

struct config;
struct config_setting_t;

struct group_reader {
	struct value_home home;
	struct config_faults *faults;
	const struct source *source; /* the file at hand */
	bool out_of_memory;          /* sticky */
};

/* A group of the file and what it becomes. */
struct group {
	const char *name; /* in full: "telemetry.rules[0]" */
	const struct settings_table *table;
	struct place place;
	void *values; /* table->struct_size bytes */
	bool *given;  /* per setting of the table: it is in a file */
	bool present; /* a file has the group */
	bool faulty;  /* what the files say about it is wrong, so that the table's own check would mislead */
	/* Of a config that runs: whose reloadable values it has, and whose it had before; NULL: its own. */
	struct config *taken, *before;
};

/* Fills the struct with the table's defaults. 0 or -ENOMEM. */
int group_set_defaults(const struct settings_table *table, const struct value_home *home, void *values);

/* Reads what the file says, over what `values` has; adds a fault for each setting that is wrong. */
void group_read(struct group_reader *reader, struct group *group, const struct config_setting_t *found);

/* Adds a fault for each required setting that no file gave, and for what the table's own check finds. */
void group_check(struct config_faults *faults, const struct group *group);

/* Adds a fault for what the table's check finds beside the values of the other group. */
void group_check_beside(struct config_faults *faults, const struct group *group, const struct group *other);

#endif
