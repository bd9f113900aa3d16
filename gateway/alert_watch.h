/*
 * alert_watch: looks at the gateway again and again and says which troubles it finds.
 *
 * It asks the modules, they do not know of alerts. Nodes are looked at in slices.
 */
#ifndef WAKEGATE_GATEWAY_ALERT_WATCH_H
#define WAKEGATE_GATEWAY_ALERT_WATCH_H

#include <stdint.h>

#include "gateway/moment.h"

struct alert_settings;
struct alert_watch;
struct alerts;
struct fleet;
struct governor;
struct holds;
struct image_cache;
struct networks;
struct nodes;
struct nodes_settings;
struct publish;
struct rollouts;
struct schedule_settings;
struct store;
struct thin;
struct updates;
struct upstream;

/* All outlive the watch. */
struct alert_watch_parts {
	struct alerts *alerts;
	const struct alert_settings *settings;
	const struct nodes *nodes;
	const struct nodes_settings *nodes_settings;
	const struct schedule_settings *schedule;
	const struct updates *updates;
	const struct rollouts *rollouts;
	const struct fleet *fleet; /* NULL: there is no upstream */
	const struct holds *holds; /* NULL: nothing can be held */
	const struct image_cache *images;
	const struct upstream *upstream; /* NULL: none is configured */
	const struct publish *publish;
	const struct thin *thin; /* measures what the readings take */
	struct store *store;
	struct governor *governor;
	const struct networks *networks; /* NULL: none */
};

/* -ENOMEM. */
int alert_watch_open(struct alert_watch **out, const struct alert_watch_parts *parts, struct moment now);
/* NULL is fine. */
void alert_watch_close(struct alert_watch *watch);

/* Looks at some; milliseconds until it wants to be called again. */
int64_t alert_watch_tick(struct alert_watch *watch, struct moment now);

#endif
