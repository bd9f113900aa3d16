#include "tests/sim/site_clock.h"

#include <stdlib.h>

#include "tests/sim/site_gateway.h"
#include "tests/sim/site_operator.h"
#include "tests/sim/site_world.h"

#define SET_LEAST_MS INT64_C(1672531200000) /* docs/telemetry.md, "Times": a clock that says less was never set */
#define BOOT_MS 20000                       /* what a clock says that begins in 1970, when the machine is up */
#define NOTICED_MS 2000                     /* offers are looked at once a second */
#define UNDER_WAY_MS (2 * SITE_MINUTE_MS)   /* a message to the broker */

static void begin_era(struct site_clock *clock)
{
	if (clock->count == clock->room) {
		clock->room = clock->room ? 2 * clock->room : 16;
		clock->eras = realloc(clock->eras, clock->room * sizeof(*clock->eras));
		if (!clock->eras)
			abort();
	}
	clock->eras[clock->count++] = (struct site_era){ .from_ms = clock->world->now_ms,
		.off_ms = clock->world->clock_off_ms,
		.machine = clock->gateway->cuts,
		.start = clock->gateway->starts,
		.is_set = !site_clock_is_unset(clock->world),
		.ran = clock->gateway->daemon != NULL };
}

static void set(struct site_clock *clock, int64_t off_ms)
{
	struct site_world *world = clock->world;

	if (world->clock_off_ms == off_ms)
		return;
	world->clock_off_ms = off_ms;
	world->clock_jumped_ms = world->now_ms;
	site_world_say(world, "the clock is set, it is %d s ahead", (int)(off_ms / 1000));
	begin_era(clock);
	if (clock->gateway->daemon)
		site_operator_look_at_clock(clock->worker);
}

static int64_t between(struct site_clock *clock, int64_t least, int64_t most)
{
	return site_world_between(clock->world, least, most);
}

/* A minute to a day, either way; small ones are as common as large ones. */
static int64_t some_error_ms(struct site_clock *clock)
{
	static const int64_t most_ms[] = { 20 * SITE_MINUTE_MS, 3 * SITE_HOUR_MS, 30 * SITE_HOUR_MS };
	int64_t by_ms = between(clock, SITE_MINUTE_MS, most_ms[between(clock, 0, 2)]);

	return between(clock, 0, 1) ? by_ms : -by_ms;
}

static void set_right_later(struct site_clock *clock, int64_t after_ms);

/* Whoever sets it may be wrong. */
static void on_set(void *context, uint64_t number)
{
	struct site_clock *clock = context;

	if (number != clock->due)
		return;
	if (site_clock_is_unset(clock->world) && !clock->over && between(clock, 0, 3) == 0) {
		set(clock, some_error_ms(clock));
		set_right_later(clock, between(clock, SITE_MINUTE_MS, 3 * SITE_HOUR_MS));
		return;
	}
	set(clock, 0);
}

static void set_right_later(struct site_clock *clock, int64_t after_ms)
{
	site_world_later(clock->world, after_ms, on_set, clock, ++clock->due);
}

static void on_jump(void *context, uint64_t argument)
{
	struct site_clock *clock = context;

	if (clock->over)
		return;
	if (!site_clock_is_unset(clock->world)) {
		set(clock, some_error_ms(clock));
		set_right_later(clock, between(clock, 2 * SITE_MINUTE_MS, 10 * SITE_HOUR_MS));
	}
	site_world_later(clock->world, between(clock, SITE_HOUR_MS, 14 * SITE_HOUR_MS), on_jump, clock, 0);
}

/* Now and then nobody is there who could notice it at once. */
static void on_time_to_jump(void *context, uint64_t argument)
{
	struct site_clock *clock = context;

	if (!clock->over && clock->gateway->daemon && between(clock, 0, 2) == 0)
		site_gateway_kill(clock->gateway, 1000);
	site_world_later(clock->world, 500, on_jump, clock, 0);
}

void site_clock_open(
	struct site_clock *clock, struct site_world *world, struct site_gateway *gateway, struct site_operator *worker)
{
	*clock = (struct site_clock){ .world = world, .gateway = gateway, .worker = worker };
	begin_era(clock);
	if (world->plan->faults && world->plan->clock_jumps)
		site_world_later(world, between(clock, SITE_MINUTE_MS, 14 * SITE_HOUR_MS), on_time_to_jump, clock, 0);
}

void site_clock_close(struct site_clock *clock)
{
	free(clock->eras);
}

void site_clock_settle(struct site_clock *clock)
{
	clock->over = true;
	clock->due++;
	set(clock, 0);
}

void site_clock_lose_power(struct site_clock *clock, int64_t for_ms)
{
	struct site_world *world = clock->world;

	world->machine_ms = world->now_ms;
	if (!clock->over && world->plan->clock_resets) {
		set(clock, BOOT_MS - site_world_wall_ms(world) - for_ms);
		set_right_later(clock, for_ms + between(clock, 1000, between(clock, 1, 36) * 5 * SITE_MINUTE_MS));
	} else {
		begin_era(clock);
	}
}

bool site_clock_is_unset(const struct site_world *world)
{
	return site_world_clock_ms(world) < SET_LEAST_MS;
}

bool site_clock_has_just_jumped(const struct site_world *world)
{
	return world->clock_jumped_ms > 0 && world->now_ms - world->clock_jumped_ms <= NOTICED_MS;
}

/* What was timed by a clock that was not set: mended by the setting, if it came before the power went, or not yet. */
static bool may_be_mended(const struct site_clock *clock, size_t index, int64_t off_ms)
{
	const struct site_era *era = &clock->eras[index], *next = era + 1;

	while (next < clock->eras + clock->count && next->machine == era->machine && !next->is_set)
		next++;
	if (next == clock->eras + clock->count || next->machine != era->machine)
		return off_ms == era->off_ms;
	return off_ms == next->off_ms || (off_ms == era->off_ms && clock->world->now_ms < next->from_ms + UNDER_WAY_MS);
}

bool site_clock_may_be_off(const struct site_clock *clock, int64_t first_ms, int64_t last_ms, int64_t off_ms)
{
	for (size_t i = 0; i < clock->count && clock->eras[i].from_ms <= last_ms; i++) {
		const struct site_era *era = &clock->eras[i];

		if (i + 1 < clock->count && era[1].from_ms < first_ms)
			continue;
		if (era->is_set ? off_ms == era->off_ms : may_be_mended(clock, i, off_ms))
			return true;
	}
	return false;
}
