/*
 * ash_link: the network processor's end of an ASH connection: numbered frames both ways, repeated until acknowledged.
 *
 * Silicon Labs UG101. Its timers run in the machine's time, whatever the air's does.
 */
#ifndef WAKEGATE_TESTS_NCP_ASH_LINK_H
#define WAKEGATE_TESTS_NCP_ASH_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "protocols/ash.h"

#define ASH_LINK_WINDOW 3
#define ASH_LINK_QUEUE 64 /* frames that wait, with those that are not acknowledged; a further one fails the link */

struct air_clock;
struct port;

struct ash_link_frame {
	uint8_t data[ASH_DATA_MAX];
	size_t size;
};

struct ash_link {
	struct air_clock *clock;
	struct port *port;
	void *context;
	void (*reset)(void *context);                   /* the host reset the processor; RSTACK follows */
	void (*take)(void *context, struct bytes data); /* a frame came, in its turn */
	struct ash_parser parser;
	bool is_up, has_failed;
	bool is_rejecting; /* the host was told of a gap */
	bool is_held;      /* the host is not ready */
	uint8_t expected;  /* number of the host's next frame */
	uint8_t first;     /* number of the first frame in the queue */
	struct ash_link_frame queue[ASH_LINK_QUEUE];
	unsigned start, count, sent; /* of the queue */
	unsigned timeouts;
	uint64_t timer;
};

/* The caller has set clock, port, context, reset and take; the rest is zero. */
void ash_link_init(struct ash_link *link);

/* Bytes of the host. */
void ash_link_take(struct ash_link *link, struct bytes in);

/* Sends data to the host, when its turn comes. */
void ash_link_send(struct ash_link *link, struct bytes data);

/* The processor restarts by itself, and says so where the host listens. */
void ash_link_restart(struct ash_link *link, uint8_t reason);

/* It gives up, as after too many time-outs: ERROR, and nothing but RST helps. */
void ash_link_fail(struct ash_link *link, uint8_t code);

#endif
