/*
 * scenario: the nodes of a simulation, as a file of JSON tells them.
 *
 * {"nodes": [{"count": 2, "model": "…", "sensors": ["temperature"], "ota": {"block": 64}, …}]}: groups of nodes that
 * are alike; what a group does not say is as of a mains-powered router. scenario.c has the table of names.
 */
#ifndef WAKEGATE_TESTS_NCP_SCENARIO_H
#define WAKEGATE_TESTS_NCP_SCENARIO_H

#include <stddef.h>

#include "tests/sim/ncp/node_plan.h"

#define SCENARIO_NODES_MAX 1000

struct scenario {
	struct node_plan *plans;
	size_t count;
};

/* Reads a file; a sentence in `why` on failure, and -EINVAL. */
int scenario_read(struct scenario *out, const char *path, char *why, size_t why_size);

void scenario_finish(struct scenario *scenario);

#endif
