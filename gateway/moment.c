#include "gateway/moment.h"

#include <time.h>

#define APART_MOST_MS 1000

static int64_t clock_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Both at about the same time: held up between the two, they would look like clocks that were set. */
static struct moment machine_now(void *context)
{
	struct moment moment;
	int64_t after_ms;
	int tries = 3;

	do {
		moment.monotonic_ms = clock_ms(CLOCK_MONOTONIC);
		moment.wall_ms = clock_ms(CLOCK_REALTIME);
		after_ms = clock_ms(CLOCK_MONOTONIC);
	} while (after_ms - moment.monotonic_ms > APART_MOST_MS && --tries > 0);
	return moment;
}

const struct clock machine_clock = { .now = machine_now };
