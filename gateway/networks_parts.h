/*
 * networks_parts: what the networks report to, and what they are made with.
 */
#ifndef WAKEGATE_GATEWAY_NETWORKS_PARTS_H
#define WAKEGATE_GATEWAY_NETWORKS_PARTS_H

struct clock;
struct driver_ops;
struct driver_records;
struct holds;
struct image_cache;
struct link_settings;
struct nodes;
struct random;
struct remote_drivers;
struct schedule_settings;
struct telemetry;
struct uv_loop_s;

/* What the networks report to. Everything outlives them. */
struct networks_parts {
	struct uv_loop_s *loop;
	const char *gateway; /* its id: no node may bear it */
	const struct clock *clock;
	struct random *random;
	struct nodes *nodes;
	const struct holds *holds;
	struct telemetry *telemetry;
	struct image_cache *images;
	struct driver_records *records;
	struct remote_drivers *remotes; /* NULL: all drivers run inside */
	const struct schedule_settings *schedule;
	const struct link_settings *links;
	/* The only network there is, and its settings, whatever the config says; NULL: those that the config names. */
	const struct driver_ops *only;
	const void *only_settings;
};

#endif
