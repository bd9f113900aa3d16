/*
 * site: a gateway, its nodes, its disk, its uplink and its operator in virtual time: one seed, one run, the same every
 * time.
 */
#ifndef WAKEGATE_TESTS_SITE_H
#define WAKEGATE_TESTS_SITE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "tests/sim/site_plan.h"

struct site_report {
	bool failed;
	char verdict[512];
	int64_t ended_ms; /* the site's time of it */
	uint64_t contacts, readings, updates, answers, offers, turns;
	unsigned starts, cuts, kills, stops, failed_starts, faults;
	size_t newest;        /* nodes that run the last image at the end */
	json_t *forecast;     /* what the gateway told of the rollout of the first release; yours; NULL: none */
	int64_t completed_ms; /* how long that took from then; 0: it is not complete */
	uint64_t hash;        /* of the whole run */
};

/* Runs the plan to its end or to the first invariant that does not hold; `trace` NULL: none. True: all held. */
bool site_run(const struct site_plan *plan, FILE *trace, struct site_report *out);

#endif
