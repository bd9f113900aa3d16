/*
 * moment: now, as an argument.
 *
 * Domain functions never ask a clock: whoever hears an event reads both clocks once and hands them on. The clock itself
 * is an interface, so that a simulation hands on its own time.
 */
#ifndef WAKEGATE_GATEWAY_MOMENT_H
#define WAKEGATE_GATEWAY_MOMENT_H

#include <stdint.h>

struct moment {
	int64_t monotonic_ms; /* never jumps, counts from an arbitrary point; for intervals */
	int64_t wall_ms;      /* since 1970-01-01 UTC; may jump; for what people and peers see */
};

struct clock {
	struct moment (*now)(void *context);
	void *context;
};

/* Both clocks of this machine. */
extern const struct clock machine_clock;

static inline struct moment clock_moment(const struct clock *clock)
{
	return clock->now(clock->context);
}

#endif
