/*
 * site_world: what all parts of a simulated site share: its time, what is to happen, chance, the trace and the verdict.
 */
#ifndef WAKEGATE_TESTS_SITE_WORLD_H
#define WAKEGATE_TESTS_SITE_WORLD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "gateway/moment.h"
#include "gateway/random.h"
#include "tests/sim/site_events.h"
#include "tests/sim/site_plan.h"

#define SITE_MINUTE_MS INT64_C(60000)
#define SITE_HOUR_MS INT64_C(3600000)
#define SITE_DAY_MS INT64_C(86400000)

struct site_world {
	const struct site_plan *plan;
	int64_t now_ms; /* since the site's beginning */
	struct random random;
	struct site_events events;
	struct clock clock;      /* the gateway's */
	int64_t machine_ms;      /* when its machine had power last */
	int64_t clock_off_ms;    /* how far its wall clock is ahead of the truth */
	int64_t clock_jumped_ms; /* when that changed last; 0: never */
	FILE *trace;             /* NULL: none */
	uint64_t trace_hash;     /* of all that was ever traced, the same for the same run */
	bool failed;
	char verdict[512];
};

void site_world_open(struct site_world *world, const struct site_plan *plan, FILE *trace);
void site_world_close(struct site_world *world);

/* Milliseconds since 1970: the truth, and what the gateway's clock says. */
int64_t site_world_wall_ms(const struct site_world *world);
int64_t site_world_clock_ms(const struct site_world *world);

/* It happens `after_ms` from now. */
void site_world_later(struct site_world *world, int64_t after_ms, void (*call)(void *context, uint64_t argument),
	void *context, uint64_t argument);

/* True in so many of a thousand cases. */
bool site_world_chance(struct site_world *world, unsigned permille);

/* Evenly between both, both included. */
int64_t site_world_between(struct site_world *world, int64_t least, int64_t most);

/* A line of the trace. */
void site_world_say(struct site_world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* An invariant does not hold; the first one is the verdict, and the run ends. */
void site_world_fail(struct site_world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
