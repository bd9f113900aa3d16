/*
 * listing: a list that the daemon answered with, as a table of one row each.
 */
#ifndef WAKEGATE_GATEWAY_CLI_LISTING_H
#define WAKEGATE_GATEWAY_CLI_LISTING_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/cli/table.h"

struct cli;

struct listing {
	const char *member; /* of the document: the list */
	const struct table_column *columns;
	size_t column_count;
	/* Adds the cells of one row. `now_ms`: wall clock. */
	void (*add)(struct table *table, const json_t *item, int64_t now_ms);
	const char *none; /* what to say of an empty list */
};

/* Prints the document, or with --json the document itself; takes it. Returns an exit code. */
int listing_print(struct cli *cli, const struct listing *listing, json_t *document);

#endif
