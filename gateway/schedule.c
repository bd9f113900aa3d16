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
	{ .name = "contact",
		.type = SETTING_DURATION,
		.offset = offsetof(struct schedule_settings, contact_ms),
		.initial = "1 s",
		.least = 100,
		.most = 3600 * 1000,
		.reloadable = true,
		.help = "How long a node is busy with the gateway when it calls, as far as the link is concerned." },
	{ .name = "concurrent",
		.type = SETTING_INTEGER,
		.offset = offsetof(struct schedule_settings, concurrent),
		.initial = "1000",
		.least = 0,
		.most = 1000000,
		.reloadable = true,
		.help = "How many nodes may be in contact at a time; when more come at once, the others are told a "
			"free slot. The default is what the gateway bears, a mesh bears less. 0: any number." },
};

const struct settings_table schedule_settings_table = {
	.group = "schedule",
	.help = "When sleeping nodes wake.",
	.settings = settings,
	.count = sizeof(settings) / sizeof(settings[0]),
	.struct_size = sizeof(struct schedule_settings),
};

/* Swaps neighbours, then pairs of them, and so on. */
static uint32_t reverse_bits(uint32_t value)
{
	value = (value >> 1 & 0x55555555) | (value & 0x55555555) << 1;
	value = (value >> 2 & 0x33333333) | (value & 0x33333333) << 2;
	value = (value >> 4 & 0x0f0f0f0f) | (value & 0x0f0f0f0f) << 4;
	value = (value >> 8 & 0x00ff00ff) | (value & 0x00ff00ff) << 8;
	return value >> 16 | value << 16;
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

/* Until the rank's slot in the interval comes round, at least `least_ms` from now. */
static int64_t until_slot_ms(uint32_t rank, int64_t interval_ms, int64_t least_ms, struct moment now)
{
	int64_t wait = schedule_slot_ms(rank, interval_ms) - now.wall_ms % interval_ms;

	if (wait < least_ms)
		wait += (least_ms - wait + interval_ms - 1) / interval_ms * interval_ms;
	return wait;
}

int64_t schedule_next_ms(const struct schedule_settings *options, uint32_t rank, size_t node_count, struct moment now,
	struct random *random)
{
	int64_t interval = options->interval_ms;
	int64_t jitter = slot_width_ms(node_count, interval) * options->jitter_percent / 100;

	/* A node that calls a little early for its slot is in its slot, and has the next interval's before it. */
	return until_slot_ms(rank, interval, interval / 2, now) + (int64_t)random_below(random, (uint64_t)jitter + 1);
}

int64_t schedule_free_ms(const struct schedule_settings *options, uint32_t rank, size_t node_count, struct moment now)
{
	int64_t round = (int64_t)node_count * options->contact_ms / (options->concurrent > 0 ? options->concurrent : 1);

	if (round < 1000)
		round = 1000;
	/* By then the first ones come again. */
	if (round > options->interval_ms / 2)
		round = options->interval_ms;
	/* Those who found room are busy for so long. */
	return until_slot_ms(rank, round, options->contact_ms, now);
}

int64_t schedule_offset_ms(const struct schedule_settings *options, uint32_t rank, struct moment now)
{
	int64_t interval = options->interval_ms;
	int64_t offset = now.wall_ms % interval - schedule_slot_ms(rank, interval);

	if (offset >= interval / 2)
		offset -= interval;
	return offset < -interval / 2 ? offset + interval : offset;
}
