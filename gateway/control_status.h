/*
 * control_status: the control commands that say how the gateway is: status, and metrics for Prometheus.
 */
#ifndef WAKEGATE_GATEWAY_CONTROL_STATUS_H
#define WAKEGATE_GATEWAY_CONTROL_STATUS_H

#include <stdint.h>

struct alerts;
struct clock;
struct clock_watch;
struct control;
struct edge;
struct fleet;
struct governor;
struct holds;
struct image_cache;
struct image_settings;
struct labels_settings;
struct link_settings;
struct networks;
struct nodes;
struct publish;
struct rollouts;
struct quiet_hours_settings;
struct schedule_settings;
struct store;
struct telemetry;
struct telemetry_settings;
struct sparkplug_edge;
struct thin;
struct update_settings;
struct updates;
struct upstream;

/* What the commands need; all of it outlives the dispatcher. */
struct control_status {
	const struct clock *clock;
	const struct clock_watch *clock_watch;
	const char *gateway; /* its id */
	int64_t started_ms;  /* monotonic */
	struct store *store;
	struct nodes *nodes;
	const struct schedule_settings *schedule;
	const struct labels_settings *labels;
	struct updates *updates;
	struct holds *holds;
	struct rollouts *rollouts;
	struct image_cache *images;
	const struct image_settings *image_settings;
	struct telemetry *telemetry;
	const struct telemetry_settings *telemetry_settings;
	const struct edge *edge; /* the rules */
	struct publish *publish;
	struct governor *governor;
	struct thin *thin;
	const struct sparkplug_edge *sparkplug; /* NULL: the format is another one */
	struct networks *networks;
	struct upstream *upstream; /* NULL: there is no uplink */
	const struct alerts *alerts;
	const struct fleet *fleet; /* NULL: there is no uplink */
	const struct link_settings *links;
	const struct update_settings *update_settings;
	const struct quiet_hours_settings *quiet;
};

/* As control_register(). `parts` outlives the dispatcher. */
int control_status_register(struct control *control, struct control_status *parts);

#endif
