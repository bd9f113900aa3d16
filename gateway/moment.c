#include "gateway/moment.h"

#include <time.h>

static int64_t clock_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct moment machine_now(void *context)
{
	return (struct moment){ .monotonic_ms = clock_ms(CLOCK_MONOTONIC), .wall_ms = clock_ms(CLOCK_REALTIME) };
}

const struct clock machine_clock = { .now = machine_now };
