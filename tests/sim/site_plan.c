#include "tests/sim/site_plan.h"

#include <string.h>

#include "gateway/random.h"
#include "tests/sim/site_hours.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)

static int64_t between(struct random *random, int64_t least, int64_t most)
{
	return least + (int64_t)random_below(random, (uint64_t)(most - least) + 1);
}

/* Small sites are more common than large ones. */
static size_t count_nodes(struct random *random)
{
	size_t a = (size_t)between(random, 50, 500), b = (size_t)between(random, 50, 500);
	size_t c = (size_t)between(random, 50, 500);

	return a < b ? (a < c ? a : c) : (b < c ? b : c);
}

static void choose_releases(struct site_plan *plan, struct random *random)
{
	for (size_t i = SITE_HARDWARE_MAX; i < SITE_IMAGES; i++) {
		struct site_release *release = &plan->releases[i];
		bool bad = random_below(random, 3) == 0;
		*release = (struct site_release){
			.reverts = bad ? (unsigned)between(random, 0, 400) : 5,
			.reverts_late = bad ? (unsigned)between(random, 0, 300) : 2,
			.bricks = bad ? (unsigned)between(random, 0, 100) : 1,
			.damaged = bad ? (unsigned)between(random, 0, 200) : 5,
		};
	}
}

static bool one_of(struct random *random, unsigned count)
{
	return random_below(random, count) == 0;
}

static const struct site_hours *some_hours(struct random *random)
{
	return site_hours_at((unsigned)random_below(random, 100));
}

/* Hours in which nothing may be done make rollouts longer than most of what else goes wrong; so a few have them. */
static void choose_limits(struct site_plan *plan, struct random *random)
{
	if (one_of(random, 4))
		plan->window = some_hours(random);
	if (one_of(random, 4))
		plan->apply_window = some_hours(random);
	if (one_of(random, 4))
		plan->quiet = some_hours(random);
	if (plan->window || plan->apply_window || plan->quiet)
		plan->deadline_ms = 40 * HOUR_MS;
	if (one_of(random, 3)) {
		plan->stones = true;
		plan->stone_late_ms = one_of(random, 2) ? between(random, 1, 18) * HOUR_MS : 0;
	}
	if (one_of(random, 3))
		plan->absent = (unsigned)between(random, 10, 60);
	if (one_of(random, 3))
		plan->transfers = (unsigned)between(random, 1, 4);
	if (one_of(random, 4))
		plan->per_parent = (unsigned)between(random, 1, 2);
	if (one_of(random, 4))
		plan->rate_bytes = (unsigned)between(random, 200, 2000);
	if (plan->stones && one_of(random, 2))
		plan->stone_cut_ms = between(random, 1, 40000);
	plan->clock_jumps = one_of(random, 4);
	plan->clock_resets = one_of(random, 4);
}

/* Of each wave its own, in half of the sites that have several. From a generator of its own, so that all else of a
 * seed is as it would be without. */
static void choose_soaks(struct site_plan *plan, uint64_t seed)
{
	struct random random;
	unsigned soaks = 0;

	for (const char *at = strchr(plan->waves, ' '); at; at = strchr(at + 1, ' '))
		soaks++;
	random_init(&random, seed ^ UINT64_C(0x736f616b73));
	if (soaks < 2 || !one_of(&random, 2))
		return;
	plan->soaks = soaks;
	for (unsigned i = 1; i < soaks; i++)
		plan->soak_ms[i] = between(&random, 30, 240) * MINUTE_MS;
}

void site_plan_small(struct site_plan *plan, uint64_t seed)
{
	static const char *const waves[] = { "5 30 100", "1 5 10 100", "50 100", "100", "10 20 50 100" };
	struct random random;

	random_init(&random, seed ^ UINT64_C(0x706c616e));
	*plan = (struct site_plan){
		.seed = seed,
		.nodes = count_nodes(&random),
		.hardware_types = (unsigned)between(&random, 1, SITE_HARDWARE_MAX),
		.days_ms = 72 * HOUR_MS,
		.settle_ms = 20 * HOUR_MS,
		.interval_ms = between(&random, 20, 60) * MINUTE_MS,
		.readings = (unsigned)between(&random, 1, 4),
		.check_in = 8,
		.loss = (unsigned)between(&random, 0, 150),
		.reboots = (unsigned)between(&random, 0, 10),
		.drift_ppm = (int)between(&random, 0, 100),
		.commit_ms = between(&random, 0, 1500),
		.flush_ms = between(&random, 1, 15) * MINUTE_MS,
		.disk_ms = between(&random, 1, 200),
		.battery_least = 5000,
		.rollouts = true,
		.faults = true,
		.tracked = true,
		.waves = waves[random_below(&random, sizeof(waves) / sizeof(waves[0]))],
		.soak_ms = { between(&random, 30, 240) * MINUTE_MS },
		.soaks = 1,
		.remembers = random_below(&random, 2) == 0,
		.rolls_back = random_below(&random, 2) == 0,
		.deadline_ms = 10 * HOUR_MS,
	};
	choose_releases(plan, &random);
	choose_limits(plan, &random);
	choose_soaks(plan, seed);
}

int64_t site_plan_soak_ms(const struct site_plan *plan, unsigned wave)
{
	return plan->soak_ms[plan->soaks > 1 ? wave : 0];
}

void site_plan_narrow(struct site_plan *plan, uint64_t seed)
{
	struct random random;

	site_plan_small(plan, seed);
	random_init(&random, seed ^ UINT64_C(0x6e6172726f77));
	plan->rollouts = false;
	plan->clock_jumps = plan->clock_resets = false;
	plan->nodes = (size_t)between(&random, 40, 80);
	plan->interval_ms = between(&random, 10, 20) * MINUTE_MS;
	plan->readings = (unsigned)between(&random, 24, 60);
	plan->quota_bytes = 1024 * 1024;
	plan->thin_ms = between(&random, 1, 4) * 30 * MINUTE_MS;
}

void site_plan_week(struct site_plan *plan, uint64_t seed)
{
	*plan = (struct site_plan){
		.seed = seed,
		.nodes = 10000,
		.hardware_types = 1,
		.days_ms = 7 * 24 * HOUR_MS,
		.interval_ms = 15 * MINUTE_MS,
		.readings = 1,
		.check_in = 96,
		.loss = 2,
		.drift_ppm = 40,
		.commit_ms = 1500,
		.flush_ms = 15 * MINUTE_MS,
		.disk_ms = 20,
		.battery_least = 100000,
		.rollouts = true,
		.waves = "1 5 10 100",
		.soak_ms = { 6 * HOUR_MS },
		.soaks = 1,
		.remembers = true,
		.deadline_ms = 10 * HOUR_MS,
	};
}
