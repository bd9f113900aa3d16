/*
 * bench_power: how many of 100 bad releases the gates of a rollout stop in a wave, by what is wrong and by how many
 * nodes there are: the table of docs/rollouts.md, which it prints beside its figures and compares with what stands
 * there. The seeds are fixed, so a row differs only where the gates do.
 */
#include <stdio.h>
#include <string.h>

#include "gateway/gate.h"
#include "gateway/rollout_plan.h"
#include "tests/bench/figure.h"
#include "tests/sim/drop_fleet.h"

#define SEEDS 100
#define GOOD_SEEDS 1000
#define ROW_SIZE 96

struct size {
	size_t nodes, updated;
};

static const struct size sizes[] = { { 20, 2 }, { 50, 5 }, { 100, 5 }, { 200, 10 }, { 500, 10 }, { 1000, 10 },
	{ 2000, 20 }, { 2000, 100 }, { 10000, 100 }, { 10000, 500 } };
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

static unsigned count_stopped(
	struct drop_fleet_options options, const struct size *size, unsigned first_seed, unsigned seeds)
{
	char sentence[GATE_SENTENCE_SIZE];
	unsigned stopped = 0;

	options.nodes = size->nodes;
	options.updated = size->updated;
	for (unsigned seed = first_seed; seed < first_seed + seeds; seed++)
		stopped += drop_fleet_judge(&options, &drop_fleet_gates, seed, sentence) > 0;
	return stopped;
}

/* As the page has it. */
static void write_row(char row[ROW_SIZE], const struct size *size)
{
	struct drop_fleet_options drops = drop_fleet_good, traffic = drops, drain = drops, away = drops;

	drops.bad_share = 0.3;
	traffic.traffic_ratio = 3;
	drain.drain_ratio = 4;
	away.bad_away_share = 0.25;
	snprintf(row, ROW_SIZE, "| %zu | %zu | %u | %u | %u | %u | %u |\n", size->nodes, size->updated,
		count_stopped(drops, size, 1, SEEDS), count_stopped(traffic, size, 1, SEEDS),
		count_stopped(drain, size, 1, SEEDS), count_stopped(away, size, 1, SEEDS),
		count_stopped(drop_fleet_good, size, 1, SEEDS));
}

static bool is_in_the_page(const char *row)
{
	FILE *page = fopen(PAGE, "r");
	char line[1024];
	bool found = false;

	while (page && !found && fgets(line, sizeof(line), page))
		found = strcmp(line, row) == 0;
	if (page)
		(void)fclose(page);
	return found;
}

static void compare_table(void)
{
	char row[ROW_SIZE];
	unsigned same = 0;

	for (size_t i = 0; i < SIZES; i++) {
		write_row(row, &sizes[i]);
		same += is_in_the_page(row);
		fputs(row, stderr);
	}
	figure("power.rows_as_in_the_docs", same, "rows", SIZES, true);
}

/* The gates may stop one good release of a hundred. */
static void count_good(void)
{
	static const struct size some[] = { { 200, 10 }, { 2000, 20 }, { 2000, 100 }, { 2000, 400 } };
	char name[64];

	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
		snprintf(name, sizeof(name), "power.good_stopped_of_1000_%zu_of_%zu", some[i].updated, some[i].nodes);
		figure(name, count_stopped(drop_fleet_good, &some[i], 1, GOOD_SEEDS), "seeds", GOOD_SEEDS / 100.0,
			false);
	}
}

int main(void)
{
	struct drop_fleet_options unlike = drop_fleet_good;

	compare_table();
	count_good();
	unlike.bad_share = 0.3;
	unlike.unlike = 1;
	figure("power.bad_stopped_of_100_unlike_1", count_stopped(unlike, &(struct size){ 2000, 20 }, 1, SEEDS),
		"seeds", -1, true);
	return 0;
}
