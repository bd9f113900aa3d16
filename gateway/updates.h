/*
 * updates: all updates of all nodes: ordered by an operator or from upstream, offered through the drivers, judged by
 * what the nodes report, and kept in the store with a journal of every step.
 */
#ifndef WAKEGATE_GATEWAY_UPDATES_H
#define WAKEGATE_GATEWAY_UPDATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/moment.h"
#include "gateway/update.h"
#include "gateway/update_order.h"
#include "gateway/updates_port.h"

struct clock_jump;
struct delivery_progress;
struct holds;
struct node;
struct nodes;
struct random;
struct store;
struct updates;

struct updates_parts {
	struct store *store;
	const struct holds *holds; /* what must not be offered anything; NULL: nobody is held */
	struct nodes *nodes;
	struct random *random;
	const struct update_settings *settings;
	struct updates_port port;
	const struct clock_jump *missed_jump; /* of the wall clock, since they were kept; NULL: not known */
};

/* Loads; blocks, for start-up. Offers what is due. Everything in `parts` outlives the updates. */
int updates_open(struct updates **out, const struct updates_parts *parts, struct moment now);
void updates_close(struct updates *updates);

/*
 * Orders; replaces the node's former update. 0; -EALREADY it runs the image, or has the same update under way;
 * -ENOENT no such image; -ENOLINK it requires another one that is missing; -ENODATA the node has said no version;
 * -EINVAL the image is for other hardware; -ENOBUFS too many.
 */
int updates_order(struct updates *updates, const struct update_order *order, struct moment now);

/* 0; -ENOENT if the node has no update under way. */
int updates_cancel(struct updates *updates, struct node *node, const char *by, struct moment now);

/* The same, but it has not failed: `by` takes its order back, and may give it again. */
int updates_withdraw(struct updates *updates, struct node *node, const char *by, struct moment now);

/* Whether the node's update gets no offer, whatever step it takes: it restarts into an image that it shall not have any
 * more, and may come back with another one. To be said anew at each contact, before updates_on_contact(). */
void updates_withhold(struct updates *updates, const struct node *node, bool withheld);

/* What is held has changed, for one node or for all: offers end, or are made again. */
void updates_renew(struct updates *updates, struct node *node, struct moment now);
void updates_renew_all(struct updates *updates, struct moment now);

/* The node's current or last update, or NULL. */
const struct update *updates_find(const struct updates *updates, const char *node);

/* Whether the node shall not have the image, or not any more: it is held, or its update to that has failed or was
 * withdrawn. */
bool updates_has_ended(const struct updates *updates, const char *node, const uint8_t sha256[32]);

/* Nodes that say they have less of their battery, in percent, begin no update; 0: all may. */
int64_t updates_battery_least(const struct updates *updates);

/* All of them, in no order: index 0 to updates_count() - 1. */
size_t updates_count(const struct updates *updates);
const struct update *updates_at(const struct updates *updates, size_t index);

/* A contact of the node; `reports` if it said what it runs (see its record). Offers or withdraws accordingly. */
void updates_on_contact(struct updates *updates, struct node *node, bool reports, struct moment now);

/* The node asked for its image, and the link had no room: it was told to come after so many ms. */
void updates_on_put_off(struct updates *updates, const struct node *node, int64_t wait_ms, struct moment now);

/* What a driver saw or the node said. */
void updates_on_progress(
	struct updates *updates, struct node *node, const struct delivery_progress *progress, struct moment now);

/* The wall clock was set: active updates follow it and are saved; before the next tick, which judges by their times. */
void updates_follow_clock(struct updates *updates, const struct clock_jump *jump);

/* The node is about to be gone from the registry; the store is told by node_removals. */
void updates_forget(struct updates *updates, const char *node);

/* Whether an update under way needs the image. */
bool updates_need(const struct updates *updates, const uint8_t sha256[32]);

/* Whether a node ran the image before its current or last update, and so may be ordered back to it. */
bool updates_may_go_back(const struct updates *updates, const uint8_t sha256[32]);

/* Time passes: stalls, deadlines, retries that are due. Milliseconds until it wants to be called again. */
int64_t updates_tick(struct updates *updates, struct moment now);

#endif
