/*
 * daemon: the gateway as a whole: opens every module in order, runs the loop, and closes in the reverse order.
 *
 * Modules know each other through the narrow ports that are bound here; nothing but this file knows them all.
 */
#ifndef WAKEGATE_GATEWAY_DAEMON_H
#define WAKEGATE_GATEWAY_DAEMON_H

#include <stddef.h>
#include <stdint.h>

struct clock;
struct config;
struct daemon;
struct tables;

struct daemon_options {
	const char *config_path;
	struct config *config; /* read from there against `tables`; both outlive the daemon */
	const struct tables *tables;
	const struct clock *clock;
	uint64_t seed; /* of everything that is left to chance */
};

/* Opens everything. Blocks on the disk. On failure everything is closed again and `why` has a sentence. */
int daemon_open(struct daemon **out, const struct daemon_options *options, char *why, size_t why_size);

/* Works until SIGTERM or SIGINT; SIGHUP reads the config again. */
void daemon_run(struct daemon *daemon);

/* Hands everything over to the disk, answers the nodes that wait, and frees. NULL is fine. */
void daemon_close(struct daemon *daemon);

#endif
