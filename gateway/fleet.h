/*
 * fleet: rollouts that a fleet server describes once for all of its gateways, in documents that a broker retains.
 *
 * Each document is on a topic of its own below one of `topics.rollouts` and becomes one rollout, however often and in
 * whatever order it comes. Every gateway follows it by itself: who is in which wave is the same everywhere (wave.h).
 * Commands go through the dispatcher, as the asker "fleet", so they meet the same checks and are written down alike.
 */
#ifndef WAKEGATE_GATEWAY_FLEET_H
#define WAKEGATE_GATEWAY_FLEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/settings.h"
#include "gateway/moment.h"

#define FLEET_DOCUMENTS_MAX 32
#define FLEET_GRACE_MS \
	(INT64_C(5) * 60 * 1000) /* connected for so long in all, and it did not come: it was taken back */

struct control;
struct fleet;
struct image_cache;
struct rollouts;
struct store;
struct topics;
struct upstream;

/* All outlive it. */
struct fleet_parts {
	struct control *control;
	struct rollouts *rollouts;
	const struct image_cache *images;
	struct store *store;
	struct upstream *upstream;
	const struct topics *topics;
	const struct setting_list *allowed; /* upstream.remote_commands: what a document may have done */
	/* An image is to be fetched; `text` as on the topic of manifests. May be NULL. */
	int (*take_manifest)(void *context, const char *text, struct moment now, char *why, size_t why_size);
	void *context;
};

/* Attaches itself to the upstream; blocks, for start-up. -ENOMEM, -ENOBUFS, -EIO. */
int fleet_open(struct fleet **out, const struct fleet_parts *parts);
/* After upstream_close(). NULL is fine. */
void fleet_close(struct fleet *fleet);

/* Follows what is not followed yet, and tells upstream; milliseconds until it wants to be called again. */
int64_t fleet_tick(struct fleet *fleet, struct moment now);

/* Whether a document stands for the rollout of that name, as far as is known: forgotten, it would begin anew. NULL
 * `fleet` is fine. */
bool fleet_has(const struct fleet *fleet, const char *rollout);

/* Documents that were refused, or are not followed in full: name and a sentence, borrowed; false: there are no more.
 * NULL `fleet` is fine. */
bool fleet_refused(const struct fleet *fleet, size_t index, const char **name, const char **why);

#endif
