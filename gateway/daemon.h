/*
 * daemon: the gateway as a whole: opens every module in order, runs the loop, and closes in the reverse order.
 *
 * Modules know each other through the narrow ports that are bound here; nothing but this file knows them all. On a
 * stage the same modules, bound in the same way, run in virtual time: see docs/testing.md.
 */
#ifndef WAKEGATE_GATEWAY_DAEMON_H
#define WAKEGATE_GATEWAY_DAEMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct clock;
struct config;
struct daemon;
struct tables;

struct alerts;
struct control;
struct driver_ops;
struct nodes;
struct rollouts;
struct updates;
struct uplink_ops;

/* What a simulation puts in place of the machine: no loop, no signals, no socket, no thread. Outlives the daemon. */
struct daemon_stage {
	const struct driver_ops *network; /* the only one */
	const void *network_settings;
	const struct uplink_ops *uplink; /* NULL: none */
	const void *uplink_settings;
	const char *vfs;  /* see store_options */
	uint32_t machine; /* in place of machine_boot() */
};

struct daemon_options {
	const char *config_path;
	struct config *config; /* read from there against `tables`; both outlive the daemon */
	const struct tables *tables;
	const struct clock *clock;
	uint64_t seed;                    /* of everything that is left to chance */
	const struct daemon_stage *stage; /* NULL: the machine itself */
};

/* Opens everything. Blocks on the disk. On failure everything is closed again and `why` has a sentence. */
int daemon_open(struct daemon **out, const struct daemon_options *options, char *why, size_t why_size);

/* Works until SIGTERM or SIGINT; SIGHUP reads the config again. */
void daemon_run(struct daemon *daemon);

/* On a stage, in place of daemon_run(): what a round of the loop does after its events. Milliseconds until the next. */
int64_t daemon_turn(struct daemon *daemon);

/* On a stage, in place of the store's thread: whether the disk was given work, and that it is done and replied to. */
bool daemon_disk_waits(const struct daemon *daemon);
void daemon_serve_disk(struct daemon *daemon);

/* Its insides, to look at, and what takes the operator's commands. Live as long as the daemon. */
struct daemon_view {
	struct nodes *nodes;
	const struct updates *updates;
	const struct rollouts *rollouts;
	struct control *control;
	const struct alerts *alerts; /* NULL while it closes */
};
void daemon_view(const struct daemon *daemon, struct daemon_view *out);

/* Hands everything over to the disk, answers the nodes that wait, and frees. NULL is fine. */
void daemon_close(struct daemon *daemon);

#endif
