/*
 * rollout_store: the rollouts, as they outlive a restart.
 */
#ifndef WAKEGATE_STORE_ROLLOUT_STORE_H
#define WAKEGATE_STORE_ROLLOUT_STORE_H

#include <stdint.h>

#include "store/store.h"

#define STORED_PLAN_MAX 12288 /* bytes of a plan, with its terminator */

struct journal_entry;

struct stored_rollout {
	char id[33];
	char plan[STORED_PLAN_MAX]; /* JSON */
	char state[16];             /* the gateway's word */
	char reason[160];
	uint32_t wave;
	uint32_t looks;
	uint32_t reach;
	uint32_t approved;
	int64_t created_ms; /* wall clock, like the others */
	int64_t wave_ms;
	int64_t soak_ms;
	int64_t changed_ms;
	uint32_t forgiven_reach;
	int64_t forgiven_ms; /* 0: never */
};

/* Calls `each` in the order in which they were first saved; blocks, for start-up. */
int store_rollouts_load(
	struct store *store, void (*each)(void *context, const struct stored_rollout *rollout), void *context);

/* Inserts or replaces, and appends `entry` (may be NULL) to the journal, in one transaction; copies. */
int store_rollout_save(struct store *store, const struct stored_rollout *rollout, const struct journal_entry *entry,
	struct store_reply reply);

/* An unknown id is fine. */
int store_rollout_remove(struct store *store, const char *id, struct store_reply reply);

#endif
