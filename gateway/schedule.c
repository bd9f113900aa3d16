#include "gateway/schedule.h"

#include "config/settings.h"
#include "gateway/random.h"

static const struct setting settings[] = {
	{ .name = "interval",
		.type = SETTING_DURATION,
		.offset = offsetof(struct schedule_settings, interval_ms),
		.initial = "15 min",
		.least = 1000,
		.most = 7 * 24 * 3600 * 1000LL,
		.reloadable = true,
		.help = "Time from one check-in of a node to the next; every node gets a slot of its own in it." },
	{ .name = "jitter_percent",
		.type = SETTING_INTEGER,
		.offset = offsetof(struct schedule_settings, jitter_percent),
		.initial = "10",
		.least = 0,
		.most = 100,
		.reloadable = true,
		.help = "How much of its slot a node's contact is moved at random." },
};

const struct settings_table schedule_settings_table = {
	.group = "schedule",
	.help = "When sleeping nodes wake.",
	.settings = settings,
	.count = sizeof(settings) / sizeof(settings[0]),
	.struct_size = sizeof(struct schedule_settings),
};

static uint32_t reverse_bits(uint32_t value)
{
	uint32_t reversed = 0;

	for (int bit = 0; bit < 32; bit++, value >>= 1)
		reversed = reversed << 1 | (value & 1);
	return reversed;
}

int64_t schedule_slot_ms(uint32_t rank, int64_t interval_ms)
{
	/* An interval of a week has 30 bits, so the product fits. */
	return (int64_t)((uint64_t)reverse_bits(rank) * (uint64_t)interval_ms >> 32);
}

static int64_t slot_width_ms(size_t node_count, int64_t interval_ms)
{
	size_t slots = 1;

	while (slots < node_count)
		slots *= 2;
	return interval_ms / (int64_t)slots;
}

int64_t schedule_next_ms(const struct schedule_settings *options, uint32_t rank, size_t node_count, struct moment now,
	struct random *random)
{
	int64_t interval = options->interval_ms;
	int64_t phase = now.wall_ms % interval;
	int64_t wait = schedule_slot_ms(rank, interval) - phase;
	int64_t jitter = slot_width_ms(node_count, interval) * options->jitter_percent / 100;

	/* A node that calls a little early for its slot is in its slot, and has the next interval's before it. */
	while (wait < interval / 2)
		wait += interval;
	return wait + (int64_t)random_below(random, (uint64_t)jitter + 1);
}
