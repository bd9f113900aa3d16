/*
 * node_removals: nodes that an operator removes, with what is to be updated there, from here and from the store.
 *
 * They are gone from here at once. What the store refuses, on a disk that fails or is full, is tried again until it is
 * done, so that the node is not back after a later restart.
 */
#ifndef WAKEGATE_GATEWAY_NODE_REMOVALS_H
#define WAKEGATE_GATEWAY_NODE_REMOVALS_H

#include <stdint.h>

#include "gateway/moment.h"
#include "store/store.h"

struct node;
struct node_removals;
struct nodes;
struct updates;

/* NULL if there is no memory. All of it outlives the removals. */
struct node_removals *node_removals_open(struct store *store, struct nodes *nodes, struct updates *updates);

/* Frees; after the store was closed, which calls the last replies. NULL is fine. */
void node_removals_close(struct node_removals *removals);

/*
 * Forgets the node, which is freed, and its update; `by` is for journal and log. `told` gets the store's first answer:
 * 0, it stays forgotten; or a negative errno, it is tried again, and a restart before that succeeds brings the node
 * back. -ENOMEM: nothing was done, and nothing is told.
 */
int node_removals_remove(
	struct node_removals *removals, struct node *node, const char *by, struct store_reply told, struct moment now);

/* Tries again what was refused. Milliseconds until it wants to be called again. */
int64_t node_removals_tick(struct node_removals *removals);

#endif
