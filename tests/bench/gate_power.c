/*
 * gate_power: how many of 100 bad releases the gates of a rollout stop in a wave, by what is wrong and by how many
 * nodes there are; the table of docs/rollouts.md.
 *
 *     gate_power [SEEDS]
 */
#include <stdio.h>
#include <stdlib.h>

#include "gateway/gate.h"
#include "gateway/rollout_plan.h"
#include "tests/sim/drop_fleet.h"

#define SEEDS 100

static const size_t sizes[][2] = { { 20, 2 }, { 50, 5 }, { 100, 5 }, { 200, 10 }, { 500, 10 }, { 1000, 10 },
	{ 2000, 20 }, { 2000, 100 }, { 10000, 100 }, { 10000, 500 } };

static unsigned count_stopped(struct drop_fleet_options options, const size_t size[2], unsigned seeds)
{
	char sentence[GATE_SENTENCE_SIZE];
	unsigned stopped = 0;

	options.nodes = size[0];
	options.updated = size[1];
	for (unsigned seed = 1; seed <= seeds; seed++)
		stopped += drop_fleet_judge(&options, &drop_fleet_gates, seed, sentence) > 0;
	return stopped;
}

int main(int count, char **arguments)
{
	unsigned seeds = count > 1 ? (unsigned)strtoul(arguments[1], NULL, 10) : SEEDS;
	struct drop_fleet_options drops = drop_fleet_good, traffic = drops, drain = drops, away = drops;

	drops.bad_share = 0.3;
	traffic.traffic_ratio = 3;
	drain.drain_ratio = 4;
	away.bad_away_share = 0.25;
	printf("| nodes | updated | drops | traffic | battery | away | good |\n|---|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		printf("| %zu | %zu | %u | %u | %u | %u | %u |\n", sizes[i][0], sizes[i][1],
			count_stopped(drops, sizes[i], seeds), count_stopped(traffic, sizes[i], seeds),
			count_stopped(drain, sizes[i], seeds), count_stopped(away, sizes[i], seeds),
			count_stopped(drop_fleet_good, sizes[i], seeds));
		fflush(stdout);
	}
	return EXIT_SUCCESS;
}
