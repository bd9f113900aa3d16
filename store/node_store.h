/*
 * node_store: the registry of nodes, as it outlives a restart.
 */
#ifndef WAKEGATE_STORE_NODE_STORE_H
#define WAKEGATE_STORE_NODE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

struct journal_entry;

struct stored_node {
	char id[65];
	char driver[17];
	char hardware[33];
	char version[33];
	uint8_t image[32]; /* head of the SHA-256 of what it says it runs */
	uint8_t image_size;
	int8_t battery_percent; /* -1: unknown */
	int16_t signal_dbm;     /* 0: unknown */
	uint32_t rank;          /* its place in the order of wake-up slots */
	int64_t rhythm;         /* when it calls, see gateway/rhythm.h */
	int64_t first_seen_ms;  /* wall clock */
	int64_t last_seen_ms;
	int64_t next_contact_ms; /* 0: unknown */
	uint64_t contacts;
	uint64_t drops; /* expected contacts that did not come */
	uint64_t readings;
	uint64_t bytes_in;
	uint64_t bytes_out;
	/* Drops before and since it began to be watched for a rollout, see gateway/node_watch.h. */
	int64_t watched_ms; /* wall clock; 0: never yet */
	uint64_t watched_drops;
	int64_t past_ms;
	int64_t past_drops_milli;
};

#define NODES_SAVE_MAX 16384 /* in one operation */

/* Calls `each` in the order in which the nodes were first saved; blocks, for start-up. */
int store_nodes_load(struct store *store, void (*each)(void *context, const struct stored_node *node), void *context);

/* Inserts or replaces, all or none; copies. */
int store_nodes_save(struct store *store, const struct stored_node *nodes, size_t count, struct store_reply reply);

/* What goes of a node that is removed. */
struct node_removal {
	char id[65];
	bool keeps_node, keeps_update; /* of its two rows */
};

/* Removes the node and its update and appends `entry` (may be NULL) to the journal, all or none; copies. Unknown ids
 * are fine. */
int store_node_remove(struct store *store, const struct node_removal *removal, const struct journal_entry *entry,
	struct store_reply reply);

#endif
