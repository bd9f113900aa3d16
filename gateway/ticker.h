/*
 * ticker: lets time pass for the modules that wait for it, on one timer of the loop.
 *
 * A module's tick function does what is due and returns the milliseconds until it wants to be called again. An eager
 * one is also called after every round of events, because an event may have brought its next deadline closer; it must
 * cost next to nothing when there is nothing to do.
 */
#ifndef WAKEGATE_GATEWAY_TICKER_H
#define WAKEGATE_GATEWAY_TICKER_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/moment.h"

#define TICKS_MAX 24

struct ticker;
struct uv_loop_s;

struct tick {
	int64_t (*call)(void *context, struct moment now);
	void *context;
	bool eager;
};

/* Both outlive the ticker. -ENOMEM. */
int ticker_open(struct ticker **out, struct uv_loop_s *loop, const struct clock *clock);

/* Called first in the next round of the loop. At most TICKS_MAX (asserted). */
void ticker_add(struct ticker *ticker, const struct tick *tick);

/* Calls what is due, and the eager ones; the milliseconds until it wants to be called again. The loop does it before
 * each wait; whoever has no loop, as a simulation, does it himself. */
int64_t ticker_run(struct ticker *ticker);

/* Frees once the loop has run again; NULL is fine. */
void ticker_close(struct ticker *ticker);

#endif
