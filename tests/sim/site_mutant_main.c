/*
 * wakegate-site-mutant: plants a bug into the gateway and says by which seed of a simulated site it is found.
 *
 *     wakegate-site-mutant --list
 *     wakegate-site-mutant NAME [SEEDS]     ends with 0 if one of so many seeds finds it
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/log.h"
#include "tests/sim/site.h"
#include "tests/sim/site_mutations.h"

#define SEEDS 60
#define HOUR_MS INT64_C(3600000)

/* Small and short: a bug shows early or in another seed. */
static void plan_for(struct site_plan *plan, uint64_t seed)
{
	if (site_mutations_are_narrow()) {
		site_plan_narrow(plan, seed);
		return;
	}
	site_plan_small(plan, seed);
	plan->nodes = 60;
	plan->hardware_types = 2;
	plan->days_ms = 44 * HOUR_MS;
	plan->settle_ms = 15 * HOUR_MS;
}

int main(int argc, char **argv)
{
	uint64_t seeds = argc > 2 ? strtoull(argv[2], NULL, 10) : SEEDS;
	struct site_plan plan;
	struct site_report report;

	if (argc > 1 && strcmp(argv[1], "--list") == 0) {
		site_mutations_list();
		return 0;
	}
	if (argc < 2 || site_mutations_plant(argv[1]) < 0) {
		fprintf(stderr, "wakegate-site-mutant: no such bug; --list names them\n");
		return 2;
	}
	log_set_level(LOG_LEVEL_ERROR);
	for (uint64_t seed = site_mutations_from(); seed < site_mutations_from() + seeds; seed++) {
		plan_for(&plan, seed);
		if (site_run(&plan, NULL, &report))
			continue;
		printf("%s: found by seed %" PRIu64 " after %.1f h: %s\n", argv[1], seed,
			(double)report.ended_ms / (double)HOUR_MS, report.verdict);
		return 0;
	}
	printf("%s: not found by %" PRIu64 " seeds\n", argv[1], seeds);
	return 1;
}
