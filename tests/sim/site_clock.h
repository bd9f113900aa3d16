/*
 * site_clock: the wall clock of the gateway of a simulated site: wrong at times, begun in 1970 after a power cut, set
 * right in the end; and what it said when, for whoever judges times.
 */
#ifndef WAKEGATE_TESTS_SITE_CLOCK_H
#define WAKEGATE_TESTS_SITE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct site_gateway;
struct site_operator;
struct site_world;

/* For how long the clock said what it said. */
struct site_era {
	int64_t from_ms;  /* of the site's time */
	int64_t off_ms;   /* ahead of the truth */
	unsigned machine; /* which start of the gateway's machine */
	unsigned start;   /* of the gateway, the last one by then */
	bool is_set;      /* false: it counts from 1970 */
	bool ran;         /* the gateway, when it began */
};

struct site_clock {
	struct site_world *world;
	struct site_gateway *gateway;
	struct site_operator *worker;
	struct site_era *eras;
	size_t count, room;
	uint32_t due; /* which setting right is meant */
	bool over;
};

void site_clock_open(
	struct site_clock *clock, struct site_world *world, struct site_gateway *gateway, struct site_operator *worker);
void site_clock_close(struct site_clock *clock);

/* From now on it is right. */
void site_clock_settle(struct site_clock *clock);

/* The gateway has no power for so long. */
void site_clock_lose_power(struct site_clock *clock, int64_t for_ms);

/* It was never set since the machine started. */
bool site_clock_is_unset(const struct site_world *world);

/* So lately that what was told by it may not be mended yet. */
bool site_clock_has_just_jumped(const struct site_world *world);

/*
 * Whether a reading that the gateway timed, and that was sent to it between these moments of the site, may come with a
 * time that is so far ahead of the truth: as the clock was then, or, if it was not set by then, as it was set.
 */
bool site_clock_may_be_off(const struct site_clock *clock, int64_t first_ms, int64_t last_ms, int64_t off_ms);

#endif
