/*
 * driver_orders: what a driver is told of a node: its image, a word, and what an operator asks of the driver itself.
 */
#ifndef WAKEGATE_DRIVERS_DRIVER_ORDERS_H
#define WAKEGATE_DRIVERS_DRIVER_ORDERS_H

#include <stddef.h>
#include <stdint.h>

#include "protocols/reading.h"

struct image_source;

/* When a node may do what, on the loop's monotonic clock; 0: there is no such limit. */
struct offer_times {
	int64_t fetch_from_ms,
		fetch_until_ms;              /* it gets no bytes before and after: it waits at the block where it is */
	int64_t apply_at_ms, apply_until_ms; /* not to be activated before, nor after without asking anew */
};

/* An image that a node shall have. The driver holds a reference of its own for as long as the offer stands. */
struct driver_offer {
	const char *node;
	struct image_source *image;
	struct offer_times times;
};

/* A word for a node. */
struct driver_command {
	const char *node;
	uint32_t id;      /* comes back with the reply; never 0 */
	const char *text; /* 1 to NODE_COMMAND_MAX bytes of UTF-8 without control characters */
	int64_t until_ms; /* on the loop's monotonic clock: not to be passed on after */
};

/* What an operator asks a driver, in the driver's own words. `done` is called exactly once, perhaps before ask()
 * returns: 0 with a JSON object, or a negative errno with a sentence for a person. */
struct driver_question {
	const char *verb;      /* one word, e.g. "permit" */
	struct span arguments; /* a JSON object */
	void (*done)(void *context, int result, struct span answer);
	void *context;
};

#endif
