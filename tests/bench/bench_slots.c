/*
 * bench_slots: how evenly contacts are spread by slots, before and after a power cut of the whole site, beside nodes
 * that choose their times by a hash; and what a contact costs with 100,000 nodes.
 *
 * 500 nodes call once an hour for 60 s. Their clocks are off by up to 1 %, a contact comes up to half a second late; in
 * one of the lines 1 of 100 is not heard. The power cut is answered with `concurrent = 10`: the mean is 8.3. Figures
 * are those of the worst of 20 seeds, but for the hash, where they are the mean.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "drivers/driver.h"
#include "gateway/log.h"
#include "gateway/nodes.h"
#include "store/store.h"
#include "tests/bench/figure.h"
#include "tests/sim/slot_fleet.h"

#define HOUR_MS (INT64_C(3600) * 1000)
#define SETTLED_MS (6 * HOUR_MS)
#define SEEDS 20
#define REGISTERED 100000
#define CONTACTS 400000

static const struct slot_fleet_options site = {
	.nodes = 500,
	.schedule = { .interval_ms = HOUR_MS, .jitter_percent = 10, .contact_ms = 60000, .concurrent = 10 },
	.drift_ppm = 10000,
	.latency_ms = 500,
};

static double ratio(struct slot_crowd crowd)
{
	return crowd.peak / crowd.mean;
}

static double worst_of_seeds(double (*measure)(unsigned seed))
{
	double worst = 0;

	for (unsigned seed = 1; seed <= SEEDS; seed++) {
		double found = measure(seed);
		worst = found > worst ? found : worst;
	}
	return worst;
}

static double mean_of_seeds(double (*measure)(unsigned seed))
{
	double sum = 0;

	for (unsigned seed = 1; seed <= SEEDS; seed++)
		sum += measure(seed);
	return sum / SEEDS;
}

static double measure_hashed(unsigned seed)
{
	struct slot_fleet_options options = site;
	struct slot_fleet fleet;

	options.hashed = true;
	slot_fleet_open(&fleet, &options, seed);
	slot_fleet_live(&fleet, 3 * HOUR_MS);
	double found = ratio(slot_fleet_crowd(&fleet, HOUR_MS, 3 * HOUR_MS));
	slot_fleet_close(&fleet);
	return found;
}

static double measure_assigned(unsigned seed)
{
	struct slot_fleet fleet;

	slot_fleet_open(&fleet, &site, seed);
	slot_fleet_live(&fleet, SETTLED_MS + 3 * HOUR_MS);
	double found = ratio(slot_fleet_crowd(&fleet, SETTLED_MS, SETTLED_MS + 3 * HOUR_MS));
	slot_fleet_close(&fleet);
	return found;
}

static double measure_lossy(unsigned seed)
{
	struct slot_fleet_options options = site;
	struct slot_fleet fleet;

	options.loss_percent = 1;
	slot_fleet_open(&fleet, &options, seed);
	slot_fleet_live(&fleet, SETTLED_MS + 3 * HOUR_MS);
	double found = ratio(slot_fleet_crowd(&fleet, SETTLED_MS, SETTLED_MS + 3 * HOUR_MS));
	slot_fleet_close(&fleet);
	return found;
}

struct recovery {
	double later;   /* peak over mean, from an hour after it on */
	unsigned first; /* peak in the first hour */
	double drained_min;
};

static struct recovery recover(unsigned seed)
{
	struct recovery recovery = { 0 };
	struct slot_fleet fleet;
	int64_t last = SETTLED_MS;

	slot_fleet_open(&fleet, &site, seed);
	slot_fleet_live(&fleet, SETTLED_MS);
	slot_fleet_power_cut(&fleet, 10000);
	slot_fleet_live(&fleet, SETTLED_MS + 4 * HOUR_MS);
	recovery.later = ratio(slot_fleet_crowd(&fleet, SETTLED_MS + HOUR_MS, SETTLED_MS + 4 * HOUR_MS));
	recovery.first = slot_fleet_crowd(&fleet, SETTLED_MS + 60000, SETTLED_MS + HOUR_MS).peak;
	for (size_t i = 0; i < site.nodes; i++)
		last = fleet.nodes[i].first_served_ms > last ? fleet.nodes[i].first_served_ms : last;
	recovery.drained_min = (double)(last - SETTLED_MS) / 60000;
	slot_fleet_close(&fleet);
	return recovery;
}

static double measure_recovered(unsigned seed)
{
	return recover(seed).later;
}

/* Nodes behind a broker that are told slots: none is refused. */
static double measure_broker(unsigned seed)
{
	struct slot_fleet_options options = site;
	struct slot_fleet fleet;

	options.behind_broker = true;
	slot_fleet_open(&fleet, &options, seed);
	slot_fleet_live(&fleet, SETTLED_MS);
	slot_fleet_power_cut(&fleet, 10000);
	slot_fleet_live(&fleet, SETTLED_MS + 4 * HOUR_MS);
	double found = ratio(slot_fleet_crowd(&fleet, SETTLED_MS + HOUR_MS, SETTLED_MS + 4 * HOUR_MS));
	slot_fleet_close(&fleet);
	return found;
}

static double measure_first_hour(unsigned seed)
{
	return recover(seed).first;
}

static double measure_drained(unsigned seed)
{
	return recover(seed).drained_min;
}

static double now_us(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

struct registry {
	struct store *store;
	struct nodes *nodes;
	struct slots slots;
	struct random random;
	struct moment now;
};

static void contact(struct registry *registry, unsigned index)
{
	char id[16];
	struct node_contact contact = { .node = id, .battery_percent = -1 };
	struct slots_contact visit = { .node_count = nodes_count(registry->nodes) };
	uint32_t next_s;

	snprintf(id, sizeof(id), "node-%06u", index);
	struct node *node = nodes_find(registry->nodes, id);
	if (!node && nodes_add(registry->nodes, id, "coap", registry->now, &node) < 0)
		abort();
	nodes_settle_rank(registry->nodes, node);
	(void)slots_on_contact(&registry->slots, &node->record, &visit, registry->now, &next_s);
	if (nodes_contact(registry->nodes, "coap", &contact, registry->now, &node) < 0)
		abort();
	registry->now.monotonic_ms++;
	registry->now.wall_ms++;
}

static void cost_contacts(void)
{
	static const struct nodes_settings node_settings = { REGISTERED, HOUR_MS, 2 };
	static const struct schedule_settings schedule = { HOUR_MS, 10, 1000, 1000 };
	struct registry registry = { .now = { .monotonic_ms = 1, .wall_ms = 1790000000000 } };
	char folder[] = "bench-slots-XXXXXX", command[64], why[256];
	struct store_options options = { .directory = folder, .threadless = true };
	struct store_findings findings;

	random_init(&registry.random, 1);
	slots_init(&registry.slots, &schedule, &registry.random);
	if (!mkdtemp(folder) || store_open(&registry.store, &options, &findings, why, sizeof(why)) < 0 ||
		nodes_open(&registry.nodes, registry.store, &node_settings) < 0)
		abort();
	for (unsigned i = 0; i < REGISTERED; i++) {
		contact(&registry, i);
		if (i % 1000 == 0)
			store_dispatch(registry.store);
	}
	store_dispatch(registry.store);
	double begun = now_us();
	for (unsigned i = 0; i < CONTACTS; i++)
		contact(&registry, (unsigned)random_below(&registry.random, REGISTERED));
	figure("slots.contact_of_100000", (now_us() - begun) / CONTACTS, "us", 10, false);
	store_close(registry.store);
	nodes_close(registry.nodes);
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	if (system(command) != 0)
		fprintf(stderr, "bench_slots: %s is left behind\n", folder);
}

int main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	figure("slots.peak_over_mean", worst_of_seeds(measure_assigned), "x", 1.15, false);
	figure("slots.peak_over_mean_hashed", mean_of_seeds(measure_hashed), "x", 0, false);
	figure("slots.peak_over_mean_1_percent_lost", worst_of_seeds(measure_lossy), "x", 0, false);
	figure("slots.peak_over_mean_hour_after_cut", worst_of_seeds(measure_recovered), "x", 1.2, false);
	figure("slots.broker_hour_after_cut", worst_of_seeds(measure_broker), "x", 1.2, false);
	figure("slots.peak_in_hour_after_cut", worst_of_seeds(measure_first_hour), "nodes", 20, false);
	figure("slots.drained_after_cut", worst_of_seeds(measure_drained), "min", 62, false);
	cost_contacts();
}
