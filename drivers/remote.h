/*
 * remote: a driver whose real self runs in another process, reached over libzmq.
 *
 * Its settings say how it is reached. A process of the gateway's own is started, watched and, when it ends, stalls,
 * floods or sends garbage, ended and started anew after a pause that doubles; offers are then told anew. One that was
 * started elsewhere is waited for. See docs/driver-protocol.md for what is said, docs/decisions/210 for why.
 */
#ifndef WAKEGATE_DRIVERS_REMOTE_H
#define WAKEGATE_DRIVERS_REMOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/driver.h"
#include "drivers/remote_guard.h"

#define REMOTE_ARGUMENTS_MAX 16

/* What driver_remote.open() is given; outlives the driver. */
struct remote_settings {
	const char *name;                   /* of the driver: what its nodes and records belong to */
	const struct settings_table *table; /* its settings; NULL: it has none, or has them from elsewhere */
	const void *values;
	const char *endpoint;                   /* where to listen for it: "ipc://PATH" or "tcp://ADDRESS:PORT" */
	const char *key_file, *driver_key_file; /* CURVE: our secret key, its public one; NULL: plain */
	const char *const *program;             /* to start it, ended by NULL; NULL: it is started elsewhere */
	struct remote_limits limits;
	int64_t restart_after_ms, restart_most_ms;
	uint32_t (*chance)(void *context); /* 32 random bits */
	void *chance_context;
};

extern const struct driver_ops driver_remote;

#endif
