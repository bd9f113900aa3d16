/*
 * reading_flow: the way of the readings through the gateway put together: intake, what was lost, and publishing.
 */
#ifndef WAKEGATE_GATEWAY_READING_FLOW_H
#define WAKEGATE_GATEWAY_READING_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/moment.h"

struct clock_jump;
struct edge;
struct governor;
struct labels_settings;
struct nodes;
struct publish;
struct reading_flow;
struct rules_settings;
struct sparkplug_edge;
struct sparkplug_settings;
struct store;
struct telemetry;
struct telemetry_settings;
struct thin;
struct upstream;

/* All outlive the flow. */
struct reading_flow_parts {
	struct store *store;
	const struct telemetry_settings *settings;
	const struct rules_settings *rules;
	const struct labels_settings *labels;
	struct nodes *nodes;   /* that the labels are for */
	const char *gateway;   /* this gateway's id */
	const char *topic;     /* of the batches */
	uint32_t boot;         /* which start of the gateway this is */
	uint32_t machine;      /* which start of the machine, see machine_boot() */
	uint64_t journal_name; /* any random number, see telemetry.h */
	uint64_t seed;         /* any random number */
	const struct sparkplug_settings *sparkplug;
	/* Whether a node is heard of as often as it should be. */
	bool (*is_there)(void *context, const char *node, struct moment now);
	void *context;
};

/* Blocks for milliseconds, for start-up. -ENOMEM, -EIO. Unless there is no memory for it *out is there after a failure
 * too, to be flushed and closed, for the store may have replies for its parts. */
int reading_flow_open(struct reading_flow **out, const struct reading_flow_parts *parts, struct moment now);

/* From now on readings go upstream; without it they stay in the store. It may be closed before the flow. -ENOBUFS. */
int reading_flow_attach(struct reading_flow *flow, struct upstream *upstream);

/* The wall clock was set: what was taken before it ever was is mended by it. */
void reading_flow_follow_clock(struct reading_flow *flow, const struct clock_jump *jump, struct moment now);

/* How the wall clock was set while the gateway was down; NULL: it was not, as far as one knows. */
const struct clock_jump *reading_flow_missed_jump(const struct reading_flow *flow);

/* The rules or labels were read anew. */
void reading_flow_reload(struct reading_flow *flow);

/* What the upstream has to subscribe to for it; lives as long as the flow. NULL: nothing. */
const char *const *reading_flow_filters(const struct reading_flow *flow, size_t *count);

/* Call it after each round of events; milliseconds until it wants to be called again. */
int64_t reading_flow_tick(struct reading_flow *flow, struct moment now);

struct telemetry *reading_flow_telemetry(const struct reading_flow *flow);
struct publish *reading_flow_publish(const struct reading_flow *flow);
struct governor *reading_flow_governor(const struct reading_flow *flow);
struct edge *reading_flow_edge(const struct reading_flow *flow);
struct thin *reading_flow_thin(const struct reading_flow *flow);
/* NULL: the format is another one. */
struct sparkplug_edge *reading_flow_sparkplug(const struct reading_flow *flow);

/* Hands all that was taken to the store; after the upstream was closed, before store_close(). NULL is fine. */
void reading_flow_flush(struct reading_flow *flow, struct moment now);

/* After store_close(): nodes whose readings the store could not take any more are told so, by drivers that are still
 * open. NULL is fine. */
void reading_flow_refuse_rest(struct reading_flow *flow);

/* Frees. NULL is fine. */
void reading_flow_close(struct reading_flow *flow);

#endif
