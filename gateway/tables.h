/*
 * tables: all settings tables of the daemon, in the order of the sample file.
 */
#ifndef WAKEGATE_GATEWAY_TABLES_H
#define WAKEGATE_GATEWAY_TABLES_H

#include <stddef.h>

#define TABLES_MAX 32

struct settings_table;

struct tables {
	const struct settings_table *list[TABLES_MAX];
	size_t count;
};

void tables_init(struct tables *tables);

#endif
