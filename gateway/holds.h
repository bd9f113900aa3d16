/*
 * holds: which nodes an operator keeps from being updated, one by one or all at once; kept in the store.
 *
 * What is held gets no offer, and a transfer under way ends with the offer. Orders for it stay, and go on when it is
 * released. Who changes something here then calls updates_renew() or updates_renew_all(). Loop thread only.
 */
#ifndef WAKEGATE_GATEWAY_HOLDS_H
#define WAKEGATE_GATEWAY_HOLDS_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/moment.h"
#include "store/hold_store.h"

#define HOLDS_MAX 100000
#define HOLD_ALL "" /* in place of a node's id: the emergency stop */

struct holds;

/* Loads; blocks, for start-up. -ENOMEM, -EIO. The store is closed before the holds. */
int holds_open(struct holds **out, struct store *store);
void holds_close(struct holds *holds);

/* What is to be held, and why. Texts that are too long are cut. */
struct hold_order {
	const char *node; /* of at most 64 bytes; HOLD_ALL */
	const char *reason;
	const char *by;
};

/* Holds, or gives a held one another reason. 0; -ENOBUFS HOLDS_MAX; -ENOMEM. Journalled and logged. */
int holds_set(struct holds *holds, const struct hold_order *order, struct moment now);

/* -ENOENT it is not held; -ENOMEM. Journalled and logged. */
int holds_release(struct holds *holds, const char *node, const char *by, struct moment now);

/* The hold on all, else the node's own, else NULL; borrowed until the next change. NULL for `holds` is fine. */
const struct stored_hold *holds_on(const struct holds *holds, const char *node);

/* The hold on all, or NULL. */
const struct stored_hold *holds_on_all(const struct holds *holds);

/* Those on single nodes, in no order: index 0 to holds_count() - 1. */
size_t holds_count(const struct holds *holds);
const struct stored_hold *holds_at(const struct holds *holds, size_t index);

/* Tries anew what the store could not take, holds and releases; milliseconds until it wants to be called again. What it
 * could not take until a restart is forgotten by that. */
int64_t holds_tick(struct holds *holds);

#endif
