/*
 * hold_store: which nodes an operator keeps from being updated, as it outlives a restart.
 */
#ifndef WAKEGATE_STORE_HOLD_STORE_H
#define WAKEGATE_STORE_HOLD_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

struct journal_entry;

struct stored_hold {
	char node[65]; /* "": all of them */
	char reason[97];
	char by[33];
	int64_t at_ms; /* wall clock */
};

/* Blocks, for start-up. */
int store_holds_load(struct store *store, void (*each)(void *context, const struct stored_hold *hold), void *context);

/* Inserts or replaces, or with `removed` removes, and appends `entry` to the journal, in one transaction; copies. */
int store_hold_save(struct store *store, const struct stored_hold *hold, bool removed,
	const struct journal_entry *entry, struct store_reply reply);

#endif
