/*
 * turn_clock: a clock that is read once in a turn of the loop, for callbacks of which a turn has hundreds.
 *
 * Everything that one turn hears bears the same moment, as with uv_now(). Whoever works for long in a turn and needs
 * the time after it asks the machine's clock.
 */
#ifndef WAKEGATE_GATEWAY_TURN_CLOCK_H
#define WAKEGATE_GATEWAY_TURN_CLOCK_H

#include <stdint.h>

#include "gateway/moment.h"

struct uv_loop_s;

struct turn_clock {
	struct clock clock; /* what to hand on; lives as long as this struct, at its place */
	const struct clock *source;
	const struct uv_loop_s *loop;
	uint64_t turn; /* uv_now() of the moment */
	struct moment moment;
};

/* Borrows both for as long as it is asked. */
void turn_clock_init(struct turn_clock *turn_clock, const struct clock *source, const struct uv_loop_s *loop);

#endif
