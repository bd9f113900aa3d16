/*
 * wakegate-site: runs simulated sites, a seed each, and says which invariant of which seed does not hold.
 *
 *     wakegate-site [--seed N] [--seeds N] [--every N] [--trace] [--calm] [--narrow] [--nodes N] [--days N]
 *
 * --every: how far the seeds are apart, so that several processes share them; --calm: nothing goes wrong;
 * --narrow: sites whose readings have little room.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/log.h"
#include "tests/sim/site.h"

struct site_options {
	uint64_t seed, seeds, every;
	bool trace, calm, narrow;
	long nodes, days;
};

static void parse(struct site_options *options, int argc, char **argv)
{
	static const struct option names[] = { { "seed", 1, NULL, 's' }, { "seeds", 1, NULL, 'n' },
		{ "every", 1, NULL, 'e' }, { "trace", 0, NULL, 't' }, { "calm", 0, NULL, 'c' },
		{ "narrow", 0, NULL, 'w' }, { "nodes", 1, NULL, 'N' }, { "days", 1, NULL, 'd' }, { NULL, 0, NULL, 0 } };
	int option;

	*options = (struct site_options){ .seed = 1, .seeds = 1, .every = 1 };
	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1)
		switch (option) {
		case 's':
			options->seed = strtoull(optarg, NULL, 10);
			break;
		case 'n':
			options->seeds = strtoull(optarg, NULL, 10);
			break;
		case 'e':
			options->every = strtoull(optarg, NULL, 10);
			break;
		case 't':
			options->trace = true;
			break;
		case 'c':
			options->calm = true;
			break;
		case 'w':
			options->narrow = true;
			break;
		case 'N':
			options->nodes = atol(optarg);
			break;
		case 'd':
			options->days = atol(optarg);
			break;
		default:
			exit(2);
		}
}

static bool run(const struct site_options *options, uint64_t seed)
{
	struct site_plan plan;
	struct site_report report;

	if (options->narrow)
		site_plan_narrow(&plan, seed);
	else
		site_plan_small(&plan, seed);
	if (options->calm)
		plan.faults = false;
	if (options->nodes > 0)
		plan.nodes = (size_t)options->nodes;
	if (options->days > 0)
		plan.days_ms = options->days * 24 * 3600 * 1000;
	bool held = site_run(&plan, options->trace ? stdout : NULL, &report);
	printf("seed %" PRIu64 ": %zu nodes, %" PRIu64 " contacts, %" PRIu64 " readings, %" PRIu64 " updates, "
	       "%u faults, %u starts (%u cuts, %u kills, %u stops, %u failed), run %016" PRIx64 "%s\n",
		seed, plan.nodes, report.contacts, report.readings, report.updates, report.faults, report.starts,
		report.cuts, report.kills, report.stops, report.failed_starts, report.hash, held ? "" : " FAILED");
	if (!held)
		printf("seed %" PRIu64 " failed after %.3f h: %s\nreplay with: tests/run sim --seed %" PRIu64 "\n",
			seed, (double)report.ended_ms / 3600000, report.verdict, seed);
	fflush(stdout);
	return held;
}

int main(int argc, char **argv)
{
	struct site_options options;
	uint64_t failed = 0;

	parse(&options, argc, argv);
	log_set_level(options.trace ? LOG_LEVEL_NOTICE : LOG_LEVEL_ERROR);
	for (uint64_t i = 0; i < options.seeds; i++)
		failed += !run(&options, options.seed + i * options.every);
	printf("%" PRIu64 " seeds, %" PRIu64 " failed\n", options.seeds, failed);
	return failed > 0;
}
