#include "gateway/boot_clock.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "protocols/segment.h"

static void add_jump(struct boot_clock *clock, const struct boot_clock_jump *jump)
{
	/* What was received with a clock that was set bears the time that people had then. */
	if (jump->from_ms >= CLOCK_SET_LEAST_MS || jump->to_ms < jump->from_ms)
		return;
	if (clock->count == BOOT_CLOCK_JUMPS_MAX) {
		clock->count--;
		memmove(clock->jumps, clock->jumps + 1, clock->count * sizeof(clock->jumps[0]));
	}
	clock->jumps[clock->count++] = *jump;
}

/* The same clock went on since then. */
static bool goes_on(const struct boot_clock *clock, uint32_t machine, uint32_t boot)
{
	return machine != 0 && clock->machine == machine && clock->first_boot < boot;
}

bool boot_clock_missed(
	const struct boot_clock *kept, uint32_t machine, uint32_t boot, struct moment now, struct clock_jump *out)
{
	struct clock_jump jump = { .from_ms = now.monotonic_ms + kept->ahead_ms, .to_ms = now.wall_ms };

	if (!goes_on(kept, machine, boot) || llabs(clock_jump_ms(&jump)) <= CLOCK_JUMP_LEAST_MS)
		return false;
	*out = jump;
	return true;
}

void boot_clock_start(struct boot_clock *clock, uint32_t machine, uint32_t boot, struct moment now)
{
	struct clock_jump missed;

	if (clock->count > BOOT_CLOCK_JUMPS_MAX)
		clock->count = 0;
	if (boot_clock_missed(clock, machine, boot, now, &missed))
		add_jump(clock, &(struct boot_clock_jump){ clock->first_boot, boot - 1, missed.from_ms, missed.to_ms });
	clock->first_boot = goes_on(clock, machine, boot) ? clock->first_boot : boot;
	clock->machine = machine;
	clock->boot = boot;
	clock->ahead_ms = now.wall_ms - now.monotonic_ms;
}

void boot_clock_jumped(struct boot_clock *clock, const struct clock_jump *jump, struct moment now)
{
	add_jump(clock, &(struct boot_clock_jump){ clock->first_boot, clock->boot, jump->from_ms, jump->to_ms });
	clock->ahead_ms = now.wall_ms - now.monotonic_ms;
}

bool boot_clock_is_unset(struct moment now)
{
	return now.wall_ms < CLOCK_SET_LEAST_MS;
}

void boot_clock_mend(const struct boot_clock *clock, uint32_t boot, struct segment_entry *entry)
{
	uint64_t by_ms = 0;

	if (entry->received_ms >= CLOCK_SET_LEAST_MS)
		return;
	/* In their order: what was received before the first one was set by all of them. */
	for (uint32_t i = 0; i < clock->count; i++) {
		const struct boot_clock_jump *jump = &clock->jumps[i];
		int64_t received_ms = (int64_t)((uint64_t)entry->received_ms + by_ms);

		if (boot >= jump->first_boot && boot <= jump->last_boot && received_ms <= jump->from_ms)
			by_ms += (uint64_t)jump->to_ms - (uint64_t)jump->from_ms;
	}
	entry->received_ms = (int64_t)((uint64_t)entry->received_ms + by_ms);
	if (entry->reading.has_time && !entry->reading.is_dated)
		entry->reading.time_us = (int64_t)((uint64_t)entry->reading.time_us + by_ms * 1000);
}
