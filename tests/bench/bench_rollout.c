/*
 * bench_rollout: what the gates of a rollout find, how even its waves are, and what a decision costs.
 *
 * The gates judge simulated fleets of 2,000 nodes of which 20 have the image (the first wave): nodes that differ among
 * themselves and drop twice a day in the mean; a bad release makes 30 % of the updated nodes drop four times as often.
 * All gates are on, and nodes talk, discharge and go away as well.
 * A wave soaks for a day, and for more while it is under suspicion. A contact is decided on with 100,000 nodes in the
 * registry and a rollout open, over a real store.
 */
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "drivers/driver.h"
#include "gateway/gate.h"
#include "gateway/log.h"
#include "gateway/nodes.h"
#include "gateway/random.h"
#include "gateway/rollouts.h"
#include "gateway/schedule.h"
#include "gateway/update.h"
#include "gateway/updates.h"
#include "store/store.h"
#include "tests/sim/drop_fleet.h"

#define SEEDS 100
#define FLEET_NODES 1000000
#define FLEET_GATEWAYS 1000
#define REGISTERED 100000
#define CONTACTS 200000

static const struct rollout_plan plan = {
	.id = "bench",
	.targets.hardware = "meter-2",
	.sha256 = { 2, 2, 2, 2 },
	.waves = { 10000, 50000, 100000, WAVE_ALL },
	.wave_count = 4,
	.soak_ms = { 24 * 3600 * 1000, 24 * 3600 * 1000, 24 * 3600 * 1000 },
	.deadline_wakes = 20,
	.confirmed_percent = 90,
	.failed_percent = 10,
	.confidence_percent = 99,
	.drops = true,
};

/* `goal` is the most that is allowed, or with `at_least` the least; negative: none. */
static void figure(const char *name, double value, const char *unit, double goal, bool at_least)
{
	bool met = at_least ? value >= goal : value <= goal;

	if (goal < 0)
		printf("%s %.4g %s - -\n", name, value, unit);
	else
		printf("%s %.4g %s %.4g %s\n", name, value, unit, goal, met ? "met" : "short");
	fflush(stdout);
}

static double count_stopped(const struct drop_fleet_options *options, unsigned first_seed)
{
	char sentence[GATE_SENTENCE_SIZE];
	unsigned stopped = 0;

	for (unsigned seed = first_seed; seed < first_seed + SEEDS; seed++)
		stopped += drop_fleet_judge(options, &drop_fleet_gates, seed, sentence) > 0;
	return stopped;
}

static void judge_fleets(void)
{
	struct drop_fleet_options good = drop_fleet_good, unlike = good, drops = good, other;

	unlike.unlike = 1;
	drops.bad_share = 0.3;
	figure("rollout.bad_stopped_of_100", count_stopped(&drops, 1), "seeds", 95, true);
	figure("rollout.good_stopped_of_100", count_stopped(&good, 100001), "seeds", 2, false);
	drops.unlike = 1;
	figure("rollout.bad_stopped_of_100_unlike_1", count_stopped(&drops, 1), "seeds", -1, true);
	figure("rollout.good_stopped_of_100_unlike_1", count_stopped(&unlike, 100001), "seeds", 2, false);
	other = good;
	other.traffic_ratio = 3;
	figure("rollout.talkative_stopped_of_100", count_stopped(&other, 1), "seeds", -1, true);
	other = good;
	other.drain_ratio = 4;
	figure("rollout.thirsty_stopped_of_100", count_stopped(&other, 1), "seeds", -1, true);
	other = good;
	other.bad_away_share = 0.25;
	figure("rollout.vanishing_stopped_of_100", count_stopped(&other, 1), "seeds", -1, true);
}

/* Where each node of the fleet stands, whatever gateway it calls. */
static uint32_t *find_places(const struct rollout_plan *fleet)
{
	uint32_t *places = malloc(FLEET_NODES * sizeof(*places));
	char node[24];

	for (unsigned i = 0; places && i < FLEET_NODES; i++) {
		snprintf(node, sizeof(node), "node-%06u", i);
		places[i] = wave_place(fleet->id, node);
	}
	return places;
}

/* Each of the gateways begins the same rollout by itself, from what it knows: its own nodes. */
static struct rollout *begin_everywhere(const struct rollout_plan *fleet, const uint32_t *places, unsigned gateways)
{
	struct rollout *rollouts = calloc(gateways, sizeof(*rollouts));
	struct rollout_facts *facts = calloc(gateways, sizeof(*facts));
	struct moment now = { 1000, 1790000000000 };

	if (!rollouts || !facts)
		abort();
	for (unsigned g = 0; g < gateways; g++)
		facts[g].lowest = WAVE_ALL;
	for (unsigned i = 0; i < FLEET_NODES; i++) {
		struct rollout_facts *mine = &facts[i % gateways];
		mine->concerned++;
		mine->lowest = places[i] < mine->lowest ? places[i] : mine->lowest;
	}
	for (unsigned g = 0; g < gateways; g++) {
		rollout_init(&rollouts[g], fleet, now);
		(void)rollout_tick(&rollouts[g], &facts[g], now);
	}
	free(facts);
	return rollouts;
}

/* One more gateway takes over a part of the nodes of all others. */
static void share_waves(void)
{
	struct rollout_plan fleet = plan;
	unsigned first = 0, kept = 0;

	fleet.fleet = true;
	uint32_t *places = find_places(&fleet);
	if (!places)
		abort();
	struct rollout *before = begin_everywhere(&fleet, places, FLEET_GATEWAYS);
	struct rollout *after = begin_everywhere(&fleet, places, FLEET_GATEWAYS + 1);
	for (unsigned i = 0; i < FLEET_NODES; i++) {
		bool in_first = places[i] < before[i % FLEET_GATEWAYS].reach;
		first += in_first;
		kept += in_first == (places[i] < after[i % (FLEET_GATEWAYS + 1)].reach);
	}
	double off = (double)first / FLEET_NODES * 100 - 1;
	figure("rollout.first_wave_off_by", off < 0 ? -off : off, "points", 0.05, false);
	figure("rollout.kept_by_a_new_gateway", kept, "nodes", FLEET_NODES, true);
	free(before);
	free(after);
	free(places);
}

static struct image_source *on_image(void *context, const uint8_t sha256[32], const char **hardware)
{
	return NULL;
}

static int on_offer(void *context, const struct node *node, const struct driver_offer *offer)
{
	return 0;
}

static void on_withdraw(void *context, const struct node *node)
{
}

static int on_find(void *context, const uint8_t *head, uint8_t size, uint8_t sha256[32])
{
	return -1;
}

struct site {
	struct store *store;
	struct nodes *nodes;
	struct updates *updates;
	struct rollouts *rollouts;
	struct random random;
	struct moment now;
};

static void site_open(struct site *site, const char *folder)
{
	static const struct nodes_settings node_settings = { REGISTERED, 300000, 2 };
	static const struct schedule_settings schedule = { .interval_ms = 15 * 60 * 1000, .jitter_percent = 10 };
	static const struct update_settings update_settings = { 5, 600000, 21600000, 43200000, 864000000 };
	struct store_options options = { .directory = folder, .threadless = true };
	struct store_findings findings;
	char why[256];

	random_init(&site->random, 1);
	if (store_open(&site->store, &options, &findings, why, sizeof(why)) < 0 ||
		nodes_open(&site->nodes, site->store, &node_settings) < 0)
		abort();
	struct updates_parts updates = { .store = site->store,
		.nodes = site->nodes,
		.random = &site->random,
		.settings = &update_settings,
		.port = { site, on_image, on_offer, on_withdraw, NULL, NULL } };
	if (updates_open(&site->updates, &updates, site->now) < 0)
		abort();
	struct rollouts_parts rollouts = { .store = site->store,
		.nodes = site->nodes,
		.updates = site->updates,
		.random = &site->random,
		.schedule = &schedule,
		.find_image = on_find };
	if (rollouts_open(&site->rollouts, &rollouts) < 0)
		abort();
}

static void contact(struct site *site, unsigned index)
{
	char id[16];
	struct node_contact contact = { .node = id,
		.reports = true,
		.hardware = "meter-2",
		.version = "1.0.0",
		.image = { 1, 1, 1, 1, 1, 1, 1, 1 },
		.image_size = 8,
		.battery_percent = 80 };
	struct node *node;

	snprintf(id, sizeof(id), "node-%06u", index);
	if (nodes_contact(site->nodes, "coap", &contact, site->now, &node) < 0)
		abort();
	rollouts_on_contact(site->rollouts, node, site->now);
	updates_on_contact(site->updates, node, true, site->now);
}

static double now_us(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static void cost_contacts(void)
{
	char folder[] = "bench-rollout-XXXXXX", command[64];
	struct site site = { .now = { .monotonic_ms = 1, .wall_ms = 1790000000000 } };

	if (!mkdtemp(folder))
		abort();
	site_open(&site, folder);
	size_t before = mallinfo2().uordblks;
	for (unsigned i = 0; i < REGISTERED; i++) {
		contact(&site, i);
		if (i % 1000 == 0)
			store_dispatch(site.store);
	}
	store_dispatch(site.store);
	figure("rollout.memory_of_a_node", (double)(mallinfo2().uordblks - before) / REGISTERED, "B", 300, false);
	if (rollouts_create(site.rollouts, &plan, "bench", site.now) < 0)
		abort();
	while (rollouts_tick(site.rollouts, site.now) == 0)
		;
	double begun = now_us();
	for (unsigned i = 0; i < CONTACTS; i++)
		contact(&site, (unsigned)random_below(&site.random, REGISTERED));
	figure("rollout.decision_of_a_contact", (now_us() - begun) / CONTACTS, "us", 10, false);
	nodes_flush(site.nodes);
	store_close(site.store);
	rollouts_close(site.rollouts);
	updates_close(site.updates);
	nodes_close(site.nodes);
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	if (system(command) != 0)
		fprintf(stderr, "bench_rollout: %s is left behind\n", folder);
}

int main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	judge_fleets();
	share_waves();
	cost_contacts();
}
