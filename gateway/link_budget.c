#include "gateway/link_budget.h"

#include <stddef.h>

#include "config/settings.h"

static const struct setting settings[] = {
	{ .name = "transfers",
		.type = SETTING_INTEGER,
		.offset = offsetof(struct link_settings, transfers),
		.initial = "0",
		.least = 0,
		.most = PLACES_MAX / 2,
		.reloadable = true,
		.help = "How many nodes of a link may fetch firmware at a time; the others are told when to come. 0: "
			"any number. A mesh of 250 kbit/s bears 4 to 8." },
	{ .name = "per_parent",
		.type = SETTING_INTEGER,
		.offset = offsetof(struct link_settings, per_parent),
		.initial = "0",
		.least = 0,
		.most = PLACES_MAX / 2,
		.reloadable = true,
		.help = "How many of them through the same parent in the mesh, as nodes name it in their check-ins. 0: "
			"any number." },
	{ .name = "idle",
		.type = SETTING_DURATION,
		.offset = offsetof(struct link_settings, idle_ms),
		.initial = "2 min",
		.least = 1000,
		.most = 24 * 3600 * 1000,
		.reloadable = true,
		.help = "A node that fetches nothing for so long loses its place to another one." },
	{ .name = "rate",
		.type = SETTING_SIZE,
		.offset = offsetof(struct link_settings, rate_bytes),
		.initial = "0 B",
		.least = 0,
		.most = INT64_C(1) << 30,
		.reloadable = true,
		.help = "Bytes a second that a link may carry in both directions. Telemetry is never put off for it, "
			"firmware gets what is left. 0: no budget." },
};

const struct settings_table link_settings_table = {
	.group = "links",
	.help = "What each network of nodes may carry: coap and mqtt_nodes have a budget of their own.",
	.settings = settings,
	.count = sizeof(settings) / sizeof(settings[0]),
	.struct_size = sizeof(struct link_settings),
};

void link_budget_init(struct link_budget *budget, const struct link_settings *options)
{
	*budget = (struct link_budget){ .settings = options };
}

static int64_t most_saved(const struct link_budget *budget)
{
	return budget->settings->rate_bytes * LINK_BURST_MS;
}

/* What telemetry took too much is forgotten at last, lest firmware wait for hours for one bad one. */
static void save_up(struct link_budget *budget, int64_t now_ms)
{
	int64_t most = most_saved(budget), passed = now_ms - budget->at_ms;

	if (passed > 2 * LINK_BURST_MS)
		passed = 2 * LINK_BURST_MS;
	budget->saved = budget->at_ms ? budget->saved + passed * budget->settings->rate_bytes : most;
	if (budget->saved > most)
		budget->saved = most;
	if (budget->saved < -most)
		budget->saved = -most;
	budget->at_ms = now_ms;
	if (budget->saved >= most / 2)
		budget->dry = false;
}

static void take(struct link_budget *budget, uint32_t bytes)
{
	budget->saved -= (int64_t)bytes * 1000;
	if (budget->saved <= 0)
		budget->dry = true;
}

void link_budget_spend(struct link_budget *budget, uint32_t bytes, int64_t now_ms)
{
	if (budget->settings->rate_bytes == 0)
		return;
	save_up(budget, now_ms);
	take(budget, bytes);
}

static int64_t wait_for_bytes(struct link_budget *budget, int64_t now_ms)
{
	if (budget->settings->rate_bytes == 0)
		return 0;
	save_up(budget, now_ms);
	if (!budget->dry)
		return 0;
	return (most_saved(budget) / 2 - budget->saved) / budget->settings->rate_bytes + 1;
}

static int64_t wait_for_place(struct link_budget *budget, const struct link_fetch *fetch, int64_t now_ms)
{
	const struct link_settings *options = budget->settings;
	const struct places_limits limits = { options->transfers, options->per_parent, options->idle_ms };
	const struct place asker = { .who = fetch->who, .parent = fetch->parent };

	if (!fetch->who || (limits.link == 0 && limits.parent == 0))
		return 0;
	int64_t wait_ms = places_ask(&budget->places, &limits, &asker, now_ms);
	budget->taken = places_taken(&budget->places);
	budget->waiting = places_waiting(&budget->places);
	return wait_ms;
}

int64_t link_budget_fetch(struct link_budget *budget, const struct link_fetch *fetch, int64_t now_ms)
{
	int64_t wait_ms = wait_for_place(budget, fetch, now_ms);

	if (wait_ms > 0) {
		budget->put_off_places++;
		return wait_ms;
	}
	wait_ms = wait_for_bytes(budget, now_ms);
	if (wait_ms > 0)
		budget->put_off_bytes++;
	else if (budget->settings->rate_bytes > 0)
		take(budget, fetch->bytes);
	return wait_ms;
}

void link_budget_end(struct link_budget *budget, const void *who, int64_t now_ms)
{
	places_leave(&budget->places, who, now_ms);
	budget->taken = places_taken(&budget->places);
	budget->waiting = places_waiting(&budget->places);
}
