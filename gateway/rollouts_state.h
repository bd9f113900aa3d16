/*
 * rollouts_state: what the parts of rollouts share: the list in memory, and what each part does for the others. For
 * these alone:
 *
 *   rollouts          makes, moves and removes rollouts, and passes time on to them
 *   rollouts_kept     writes them to the store and the journal, and reads them back
 *   rollouts_claims   says which rollout has a right to a node, and when the node may follow it
 *   rollouts_orders   orders updates at the contacts of nodes, and takes them back
 *   rollouts_count    counts how far the nodes of a wave are
 *   rollouts_compare  compares updated nodes with the others over a soak
 */
#ifndef WAKEGATE_GATEWAY_ROLLOUTS_STATE_H
#define WAKEGATE_GATEWAY_ROLLOUTS_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/rollout_turn.h"
#include "gateway/rollouts.h"
#include "store/update_store.h"

struct removal;
struct soak_start;

struct rollouts_entry {
	struct rollout rollout;
	struct rollout_facts facts; /* of the last whole count */
	struct rollout_facts count; /* under way */
	size_t counted;             /* nodes looked at for it */
	int64_t count_at_ms;        /* monotonic: not before, the next one */
	bool unsaved;               /* as it is now */
	bool untold;                /* the journal lacks its last step: */
	struct journal_entry step;
	struct soak_start *start; /* while it soaks and compares; NULL: not yet, or no longer */
};

struct rollouts {
	struct rollouts_parts parts;
	struct rollouts_entry *list[ROLLOUTS_MAX];
	size_t count;
	int64_t opened_ms;        /* monotonic, of the first tick; 0: there was none yet */
	struct removal *removals; /* that the store could not take */
};

/* rollouts */

/* NULL: there is none of that name. */
struct rollouts_entry *rollouts_entry_of(const struct rollouts *rollouts, const char *id);

/* rollouts_kept */

/* At the end of the list; NULL: full, or no memory. */
struct rollouts_entry *rollouts_append(struct rollouts *rollouts);
/* It made a step: saves it with an entry in the journal, and logs it. */
void rollouts_settle(struct rollouts *rollouts, struct rollouts_entry *entry, struct moment now);
/* The one at `index` goes, from the store too. */
void rollouts_drop(struct rollouts *rollouts, size_t index);
/* Saves what is `unsaved`, and tries anew what the store could not take. */
void rollouts_save_rest(struct rollouts *rollouts);

/* rollouts_claims */

/* What is the same for all nodes and rollouts at this moment. */
struct turn_scene rollouts_scene(const struct rollouts *rollouts, struct moment now);
/* Resolves the time zones of the plan's windows. */
void rollouts_find_zones(const struct rollouts *rollouts, struct rollout *rollout);
/* Whether the plan is about the node, as rollout_concerns(). */
bool rollouts_concern(
	const struct rollouts *rollouts, const struct rollout *rollout, const struct node *node, struct moment now);
/* Whether the rollout at `index` is complete and the node, which slept or was held back meanwhile, is to get its image
 * when it comes: no later rollout is about it. */
bool rollouts_is_straggler(const struct rollouts *rollouts, size_t index, const struct node *node, struct moment now);

/* rollouts_orders */

/* Takes back the offer that a node has not begun to follow; a transfer under way is ended as well, an activation cannot
 * be. */
void rollouts_withdraw(struct rollouts *rollouts, const struct rollout *rollout, struct node *node, struct moment now);
/* Orders the former image back to each node that runs the rollout's; logs how many cannot have it. */
void rollouts_revert_all(struct rollouts *rollouts, const struct rollout *rollout, struct moment now);

/* rollouts_count */

/* What was counted so far is dropped; the next count begins at `at_ms` (monotonic). */
void rollouts_count_anew(struct rollouts_entry *entry, int64_t at_ms);
/* Goes on with counting; true when all nodes were looked at: the facts are new then. */
bool rollouts_count_slice(struct rollouts *rollouts, struct rollouts_entry *entry, struct moment now);

/* rollouts_compare */

/* Takes down what nodes are like as a soak begins, or goes on after a restart, and ends that with the soak; `anew`: a
 * soak begins now. Without memory only drops are compared. */
void rollouts_watch_soak(struct rollouts *rollouts, struct rollouts_entry *entry, bool anew, struct moment now);
/* Puts the gates' verdict into the facts. Without memory there is none, until the next call. */
void rollouts_compare(struct rollouts *rollouts, struct rollouts_entry *entry, struct moment now);

#endif
