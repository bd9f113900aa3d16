/*
 * update_flow: the way of an image to the nodes put together: orders, rollouts, the hours of both, and what must stay
 * in the cache for them.
 */
#ifndef WAKEGATE_GATEWAY_UPDATE_FLOW_H
#define WAKEGATE_GATEWAY_UPDATE_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct clock;
struct clock_jump;
struct firmware;
struct holds;
struct labels_settings;
struct networks;
struct nodes;
struct quiet_hours_settings;
struct random;
struct rollouts;
struct schedule_settings;
struct store;
struct ticker;
struct update_flow;
struct update_settings;
struct updates;

/* All outlive the flow. */
struct update_flow_parts {
	struct store *store;
	struct nodes *nodes;
	struct holds *holds;
	struct firmware *firmware;
	struct networks *networks; /* that nodes are offered their images over */
	const struct clock *clock;
	struct random *random;
	struct ticker *ticker; /* gets what is to be called as time passes */
	const struct update_settings *updates;
	const struct quiet_hours_settings *quiet;
	const struct labels_settings *labels;
	const struct schedule_settings *schedule;
	const struct clock_jump *missed_jump; /* of the wall clock, while the gateway was down; NULL: none */
};

/* Reads what stands from the store and offers it again; blocks for milliseconds, for start-up. -ENOMEM, -EIO. Unless
 * there is no memory for it *out is there after a failure too, to be closed after the store, which may have replies for
 * its parts. It is put there before anything is offered. */
int update_flow_open(struct update_flow **out, const struct update_flow_parts *parts);

struct updates *update_flow_updates(const struct update_flow *flow);
struct rollouts *update_flow_rollouts(const struct update_flow *flow);

/* Whether the image must stay in the cache: a node runs it, ran it before its last update, is to get it, or needs it on
 * its way to what it is to get. NULL, while it opens: true. */
bool update_flow_needs(const struct update_flow *flow, const uint8_t sha256[32]);

/* Quiet hours or labels were read anew. */
void update_flow_reload(struct update_flow *flow);

/* The wall clock was set: times follow it; before the next tick, which judges by them. */
void update_flow_follow_clock(struct update_flow *flow, const struct clock_jump *jump);

/* After store_close(). NULL is fine. */
void update_flow_close(struct update_flow *flow);

#endif
