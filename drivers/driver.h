/*
 * driver: the contract between the gateway and one network of nodes: what a driver is, and is told.
 *
 * A driver makes a protocol live: sockets, serial ports, retries on the wire. It reports through `driver_host`
 * (driver_host.h) and is told through `driver_ops`; it decides nothing about nodes, images or time. All calls, both
 * ways, are made on the loop thread and none may block. Strings and structs passed are borrowed for the call unless
 * said otherwise.
 */
#ifndef WAKEGATE_DRIVERS_DRIVER_H
#define WAKEGATE_DRIVERS_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/driver_host.h"
#include "drivers/driver_orders.h"

struct driver;
struct settings_table;
struct uv_loop_s;

/* The process that a driver runs in, where that is not the gateway's own. */
struct driver_process {
	const char *state;   /* "running", or what it is about otherwise: one word, static */
	int pid;             /* 0: there is none, or it is on another machine */
	uint64_t restarts;   /* since open */
	const char *trouble; /* why it was ended last, a sentence; "" where all is well; lives until the next call */
};

/* A named figure of a driver, read and never reset. One that also falls, as it counts what is there now, is not a
 * counter: its name ends in "_now". */
struct driver_counter {
	const char *name; /* words joined by '_', a unit last where there is one */
	const uint64_t *value;
};

struct driver_ops {
	const char *name;
	const struct settings_table *settings; /* its group in the config file */
	/* Whether the settings ask for a process of its own; NULL: it runs in the gateway always. */
	bool (*apart)(const void *settings);
	/*
	 * Opens the network. `settings` points to the struct that the table describes and, like `host`, outlives the
	 * driver. `why` gets a sentence for a person on failure. -EADDRINUSE, -EACCES, -EINVAL, -ENOMEM, ….
	 */
	int (*open)(struct driver **out, struct uv_loop_s *loop, const void *settings, const struct driver_host *host,
		char *why, size_t why_size);
	/* The settings were read anew; optional. -ENOTSUP if the change needs a restart. */
	int (*reload)(struct driver *driver, const void *settings);
	/* From now on the node is to have this image; replaces a former offer. -ENOBUFS: too many offers stand;
	 * -ENOTSUP: this network carries no firmware. */
	int (*offer)(struct driver *driver, const struct driver_offer *offer);
	/* The offer to this node no longer stands; 0 also if there was none. */
	int (*withdraw)(struct driver *driver, const char *node);
	/* A word for a node, passed on when it can be, perhaps more than once; it replaces a former one that waits.
	 * Optional: a network without it takes none. -EINVAL: the node cannot be told, -ENOBUFS: too many wait. */
	int (*command)(struct driver *driver, const struct driver_command *command);
	/* A question of the operator, see above; optional. */
	void (*ask)(struct driver *driver, const struct driver_question *question);
	/* Bytes for which read() said -EAGAIN may be there now. */
	void (*images_ready)(struct driver *driver);
	/* Its figures, an array that lives as long as the driver; optional. */
	size_t (*counters)(const struct driver *driver, const struct driver_counter **out);
	/* Of a driver in a process of its own; NULL: it runs in the gateway. */
	void (*process)(const struct driver *driver, struct driver_process *out);
	/* Withdraws all offers and frees; NULL is fine. Every report's `done` has been called before. */
	void (*close)(struct driver *driver);
};

extern const struct driver_ops driver_coap;
extern const struct driver_ops driver_dummy;
extern const struct driver_ops driver_mqtt;
extern const struct driver_ops driver_zigbee;

#endif
