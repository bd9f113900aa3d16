/*
 * rollouts: all rollouts of this gateway: who is to get what, how far each is, and what the gates say; kept in the
 * store with a journal of every step.
 *
 * A node gets its order at its own contact, when its wave has come, so a rollout that stops reaches each node at its
 * next contact and nothing has to be taken back from nodes that sleep. How far a wave is, is counted from the registry
 * and the updates in slices, and so is the same after a restart.
 */
#ifndef WAKEGATE_GATEWAY_ROLLOUTS_H
#define WAKEGATE_GATEWAY_ROLLOUTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/moment.h"
#include "gateway/rollout.h"

#define ROLLOUTS_MAX 64      /* kept; the oldest that is over makes room */
#define ROLLOUTS_OPEN_MAX 16 /* at a time */

struct clock_jump;
struct holds;
struct image_cache;
struct labels_settings;
struct node;
struct nodes;
struct quiet_hours;
struct random;
struct rollouts;
struct schedule_settings;
struct store;
struct update;
struct update_hours;
struct updates;

/* All outlive the rollouts. */
struct rollouts_parts {
	struct store *store;
	struct nodes *nodes;
	struct updates *updates;
	struct random *random;
	const struct schedule_settings *schedule; /* how long a wake is */
	const struct labels_settings *labels;     /* NULL: no node has any */
	const struct holds *holds;                /* NULL: no node is held */
	const struct image_cache *images;         /* NULL: no image requires another */
	/* The whole digest of the image whose digest begins with `head`; -ENOENT if it is not here. */
	int (*find_image)(void *context, const uint8_t *head, uint8_t size, uint8_t sha256[32]);
	void *context;
	struct quiet_hours *quiet; /* NULL: none, and plans have no windows */
};

/* Loads; blocks, for start-up. -ENOMEM, -EIO. */
int rollouts_open(struct rollouts **out, const struct rollouts_parts *parts);
/* After the store was closed. NULL is fine. */
void rollouts_close(struct rollouts *rollouts);

/* Begins one; `by` is for the journal. 0; -EEXIST there is one of that name; -EBUSY see rollouts_rival(); -ENOBUFS
 * ROLLOUTS_OPEN_MAX are open; -ENOMEM. */
int rollouts_create(struct rollouts *rollouts, const struct rollout_plan *plan, const char *by, struct moment now);
/* The open one of the same priority that may want nodes of the plan, or NULL. */
const struct rollout *rollouts_rival(const struct rollouts *rollouts, const struct rollout_plan *plan);

/* -ENOENT, else as rollout_intervene(). */
int rollouts_intervene(
	struct rollouts *rollouts, const char *id, enum rollout_event event, const char *by, struct moment now);

/* Forgets one that is over. -ENOENT, -EBUSY. */
int rollouts_remove(struct rollouts *rollouts, const char *id);

/* NULL if there is none; borrowed until the next call that changes any. In the order of their making. */
const struct rollout *rollouts_find(const struct rollouts *rollouts, const char *id);
size_t rollouts_count(const struct rollouts *rollouts);
const struct rollout *rollouts_at(const struct rollouts *rollouts, size_t index);

/* What the last count found, of the one at `index`. */
const struct rollout_facts *rollouts_facts(const struct rollouts *rollouts, size_t index);

/* Nodes were released, or what they lacked is here: those that are open have their time from now on. */
void rollouts_grant_time(struct rollouts *rollouts, struct moment now);

/* When the node may follow the order `update`: by the windows of labels, and of the rollout that gave it, if one did.
 */
void rollouts_hours(const struct rollouts *rollouts, const struct node *node, const struct update *update,
	struct moment now, struct update_hours *out);

/* The node is in contact: orders its update if its turn has come. Before updates_on_contact(). */
void rollouts_on_contact(struct rollouts *rollouts, struct node *node, struct moment now);

/* Whether an open rollout needs the image, or one that is complete has it for a node that sleeps. */
bool rollouts_need(const struct rollouts *rollouts, const uint8_t sha256[32]);

/* The wall clock was set: times follow it; before the next tick, which judges by them. */
void rollouts_follow_clock(struct rollouts *rollouts, const struct clock_jump *jump);

/* Time passes: counts, judges. Milliseconds until it wants to be called again. */
int64_t rollouts_tick(struct rollouts *rollouts, struct moment now);

#endif
