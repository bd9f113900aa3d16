/*
 * drain_window: how many batches of the backlog may be on their way to the broker, so that the line is full and no live
 * batch waits long behind them.
 *
 * It grows by one with each PUBACK that comes about as fast as the line can, and is halved when they take longer: then
 * batches queue somewhere on the way. From then on it grows by one when as many PUBACKs have come as it is large.
 */
#ifndef WAKEGATE_GATEWAY_DRAIN_WINDOW_H
#define WAKEGATE_GATEWAY_DRAIN_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#define DRAIN_WINDOW_LEAST 2
#define DRAIN_WINDOW_FIRST 4

struct drain_window {
	unsigned size;       /* batches */
	bool known;          /* there was a PUBACK */
	int64_t fastest_ms;  /* of them */
	int64_t narrowed_ms; /* when it was last halved, monotonic */
	bool careful;        /* how many the line takes is about known */
	unsigned landed;     /* PUBACKs towards one more, while careful */
};

/* A session begins: nothing is known. */
void drain_window_init(struct drain_window *window);

/* A batch was sent and is acknowledged now, both monotonic. `full`: as many were on their way as may be. */
void drain_window_note(struct drain_window *window, int64_t sent_ms, int64_t now_ms, bool full);

#endif
