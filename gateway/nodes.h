/*
 * nodes: the registry of the nodes that the gateway serves.
 *
 * Nodes join by their first contact, stay until an operator removes them, and outlive restarts through the store:
 * what changes rarely (what a node runs) is saved at once, what changes at every contact (last seen, counters) with
 * the next flush, so that ten thousand contacts cost one commit and not ten thousand.
 */
#ifndef WAKEGATE_GATEWAY_NODES_H
#define WAKEGATE_GATEWAY_NODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/moment.h"
#include "gateway/node.h"
#include "gateway/node_record.h"
#include "store/node_store.h"

struct clock_jump;
struct node_contact;
struct nodes;
struct settings_table;

#define NODES_MAX 100000
#define NODES_LOST_WAKES 10 /* a node that missed so many slots gives its rank to whoever needs one */

extern const struct settings_table nodes_settings_table;

struct nodes_settings {
	int64_t most;              /* how many may join */
	int64_t flush_interval_ms; /* how long counters may wait to be saved */
	int64_t missed_wakes;      /* how many slots a node may miss before it counts as silent */
};

/* Loads the registry. Blocks; for start-up. `settings` and `store` outlive the registry. */
int nodes_open(struct nodes **out, struct store *store, const struct nodes_settings *settings);

/* Hands everything unsaved to the store; before the store is closed. */
void nodes_flush(struct nodes *nodes);

/* Frees; after the store was closed, which calls the last replies. NULL is fine. */
void nodes_close(struct nodes *nodes);

/*
 * Notes a contact over the driver of that name; a new node joins. 0 with *out; -ENOBUFS: the registry is full; -EINVAL:
 * not an identity (see NODE_ID_MAX).
 */
int nodes_contact(struct nodes *nodes, const char *driver, const struct node_contact *contact, struct moment now,
	struct node **out);

/* Adds a node that has not been heard of yet. -EEXIST, -EINVAL, -ENOBUFS. */
int nodes_add(struct nodes *nodes, const char *id, const char *driver, struct moment now, struct node **out);

/* NULL if there is none of that identity. */
struct node *nodes_find(struct nodes *nodes, const char *id);

/* All nodes, in the order in which they joined: index 0 to nodes_count() - 1. A removal moves the last one down. */
size_t nodes_count(const struct nodes *nodes);
struct node *nodes_at(const struct nodes *nodes, size_t index);

/* Forgets the node here; for node_removals, which has the store forget it. */
void nodes_remove(struct nodes *nodes, struct node *node);

/* Its record changed: `urgent` saves it with the next commit, otherwise it goes with the next flush. */
void nodes_changed(struct nodes *nodes, struct node *node, bool urgent);

/* The node was heard outside a contact, in the middle of a transfer: until now it has missed no slot. */
void nodes_heard(struct nodes *nodes, struct node *node, struct moment now);

/* The wall clock was set: what is known of the nodes' contacts follows it, so that nobody has missed slots by that. */
void nodes_follow_clock(struct nodes *nodes, const struct clock_jump *jump);

/* See node_record_missed(). */
uint32_t node_missed(const struct node *node, int64_t interval_ms, struct moment now);

/*
 * The node is here and shall have a slot: it holds the lowest rank that is free where it has none, or one above what so
 * many nodes need. So the slots of lost nodes are filled and the spread stays even.
 */
void nodes_settle_rank(struct nodes *nodes, struct node *node);

/* The node needs no slot. */
void nodes_give_up_rank(struct nodes *nodes, struct node *node);

/* Looks at the next few nodes, in turn: those that missed NODES_LOST_WAKES slots give up their ranks. */
void nodes_release_lost(struct nodes *nodes, int64_t interval_ms, struct moment now);

/* Whether it missed more than the settings allow. */
bool nodes_is_silent(const struct nodes *nodes, const struct node *node, int64_t interval_ms, struct moment now);

/* Saves changed counters when they are due; returns the milliseconds until it wants to be called again. */
int64_t nodes_tick(struct nodes *nodes, struct moment now);

#endif
