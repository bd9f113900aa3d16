/*
 * store_world: a scripted workload on a store whose disk fails, and what must hold of the files afterwards.
 *
 * The script writes to all files in every step (readings with what they fed to windows, nodes, updates, images),
 * deletes, closes and opens again. What the store replied to is noted; world_check() finds all of that, and nothing by
 * half.
 */
#ifndef WAKEGATE_TESTS_STORE_WORLD_H
#define WAKEGATE_TESTS_STORE_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/sim/fault_vfs.h"
#include "tests/unit/stepped_store.h"

#define WORLD_STEPS 10

/* What was asked of the store and what it said was durable, in the numbers of the steps or in bytes. */
struct claim {
	int asked, durable;
};

struct world {
	struct stepped_store stepped;
	struct fault_vfs *fault;
	bool segment_durable[WORLD_STEPS + 1], discard_asked[WORLD_STEPS + 1], discard_durable[WORLD_STEPS + 1];
	struct claim image_bytes, node, update;
	uint64_t newest_feed; /* that the store has */
	bool passing_durable, passing_gone_asked, passing_gone_durable;
};

/* A folder and a VFS with that seed; nothing is open yet. */
void world_begin(struct world *world, uint64_t seed);

/* Opens the store and finds out what it has; as store_open(). */
int world_open(struct world *world);

/* Runs the script up to its end, a power cut or a store that does not open; closes the store. */
void world_run(struct world *world);

/* Runs one more step, of all kinds of operations but the images; true if all of it is durable. May be repeated. */
bool world_run_extra(struct world *world);

/* Opens, compares with what the store replied, closes and checks the integrity of the files. */
void world_check(struct world *world);

void world_end(struct world *world);

#endif
