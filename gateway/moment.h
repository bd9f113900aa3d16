/*
 * moment: now, as an argument.
 *
 * Domain functions never ask a clock; the loop reads both clocks once per event and hands them on, a simulation hands
 * on its own.
 */
#ifndef WAKEGATE_GATEWAY_MOMENT_H
#define WAKEGATE_GATEWAY_MOMENT_H

#include <stdint.h>

struct moment {
	int64_t monotonic_ms; /* never jumps, counts from an arbitrary point; for intervals */
	int64_t wall_ms;      /* since 1970-01-01 UTC; may jump; for what people and peers see */
};

/* Both clocks of this machine. */
struct moment moment_now(void);

#endif
