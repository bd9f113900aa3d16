/*
 * air_clock: the time of the simulated air, which may run faster than the machine's, and what is to happen in it.
 *
 * Virtual microseconds. What is due happens in the order of its time, and while it happens the clock shows exactly that
 * time: how late the machine is changes nothing between nodes, only what the host sees.
 */
#ifndef WAKEGATE_TESTS_NCP_AIR_CLOCK_H
#define WAKEGATE_TESTS_NCP_AIR_CLOCK_H

#include <stdint.h>
#include <uv.h>

#include "tests/sim/site_events.h"

#define AIR_MS INT64_C(1000)
#define AIR_S INT64_C(1000000)

struct air_clock {
	struct site_events events; /* counts in whatever unit its user does: microseconds here */
	int64_t now_us;
	double speed;
	uint64_t started_ns;
	uv_timer_t timer;
};

/* `speed`: virtual seconds in one of the machine's. */
void air_clock_open(struct air_clock *clock, uv_loop_t *loop, double speed);

/* The loop gives the timer back. */
void air_clock_close(struct air_clock *clock);

/* Lets all happen that is due by now. To be called first whenever the outside interferes, last when it has. */
void air_clock_run(struct air_clock *clock);

/* `call(context, argument)` after so long. What is no longer wanted is told by `argument`, there is no taking back. */
void air_clock_after(struct air_clock *clock, int64_t delay_us, void (*call)(void *context, uint64_t argument),
	void *context, uint64_t argument);

#endif
