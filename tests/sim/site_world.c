#include "tests/sim/site_world.h"

#include <stdarg.h>
#include <string.h>

#include "protocols/siphash.h"

#define BEGIN_MS INT64_C(1790000000000) /* 2026-09-21 */

static struct moment now_of(void *context)
{
	const struct site_world *world = context;

	return (struct moment){ .monotonic_ms = 1000 + world->now_ms - world->machine_ms,
		.wall_ms = site_world_clock_ms(world) };
}

void site_world_open(struct site_world *world, const struct site_plan *plan, FILE *trace)
{
	*world = (struct site_world){ .plan = plan, .trace = trace };
	world->clock = (struct clock){ now_of, world };
	random_init(&world->random, plan->seed);
}

void site_world_close(struct site_world *world)
{
	site_events_finish(&world->events);
}

int64_t site_world_wall_ms(const struct site_world *world)
{
	return BEGIN_MS + world->now_ms;
}

int64_t site_world_clock_ms(const struct site_world *world)
{
	return site_world_wall_ms(world) + world->clock_off_ms;
}

void site_world_later(struct site_world *world, int64_t after_ms, void (*call)(void *context, uint64_t argument),
	void *context, uint64_t argument)
{
	site_events_add(&world->events,
		(struct site_event){
			.at_ms = world->now_ms + after_ms, .call = call, .context = context, .argument = argument });
}

bool site_world_chance(struct site_world *world, unsigned permille)
{
	return permille > 0 && random_below(&world->random, 1000) < permille;
}

int64_t site_world_between(struct site_world *world, int64_t least, int64_t most)
{
	return least + (int64_t)random_below(&world->random, (uint64_t)(most - least) + 1);
}

static void note(struct site_world *world, const char *text)
{
	const struct siphash_key key = { world->trace_hash, (uint64_t)world->now_ms };

	world->trace_hash = siphash(&key, text, strlen(text));
	if (!world->trace)
		return;
	int64_t s = world->now_ms / 1000;
	fprintf(world->trace, "day %d %02d:%02d:%02d.%03d  %s\n", (int)(s / 86400), (int)(s / 3600 % 24),
		(int)(s / 60 % 60), (int)(s % 60), (int)(world->now_ms % 1000), text);
	fflush(world->trace);
}

void site_world_say(struct site_world *world, const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	note(world, text);
}

void site_world_fail(struct site_world *world, const char *format, ...)
{
	va_list arguments;

	if (world->failed)
		return;
	world->failed = true;
	va_start(arguments, format);
	vsnprintf(world->verdict, sizeof(world->verdict), format, arguments);
	va_end(arguments);
	note(world, world->verdict);
}
