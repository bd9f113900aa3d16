/*
 * fault_vfs: an SQLite VFS over the default one that cuts the power, fails and fills up where a test says so.
 *
 * It numbers what changes a file (writes, truncations, syncs, deletions) from the last fault_vfs_plan() on, and reads
 * likewise. After a power cut everything fails until fault_vfs_restore(), which leaves of all that was not synced what
 * the plan says. The same seed and the same calls give the same outcome.
 */
#ifndef WAKEGATE_TESTS_FAULT_VFS_H
#define WAKEGATE_TESTS_FAULT_VFS_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/sim/fault_disk.h"

struct fault_vfs;

enum fault {
	FAULT_NONE,
	FAULT_POWER_CUT,
	FAULT_NO_SPACE, /* of a write that makes a file grow; others pass */
	FAULT_IO_ERROR,
	FAULT_READ_ERROR, /* strikes by the numbers of the reads */
};

struct fault_plan {
	enum fault fault;
	uint64_t first;             /* the number of the change that it strikes, from 1 */
	uint64_t count;             /* how many in a row; a power cut needs none */
	int64_t capacity_bytes;     /* all files together may not grow beyond; 0: any size */
	enum fault_remains remains; /* after a power cut */
};

/* Registers the VFS under `name`, which must be new. Close it when all its files are closed. */
struct fault_vfs *fault_vfs_open(const char *name, uint64_t seed);
void fault_vfs_close(struct fault_vfs *fault);

/* From the next opening of files on: false: nothing can be lost, and it costs nothing; a disk that is only fast. */
void fault_vfs_set_tracking(struct fault_vfs *fault, bool tracks);

/* What is to go wrong from now on; counting starts anew. */
void fault_vfs_plan(struct fault_vfs *fault, const struct fault_plan *plan);

/* Changes and reads since the plan. */
uint64_t fault_vfs_changes(struct fault_vfs *fault);
uint64_t fault_vfs_reads(struct fault_vfs *fault);

/* Whether the power is off. */
bool fault_vfs_is_off(struct fault_vfs *fault);

/* Everything fails from now on, as it does for a process that was killed; until fault_vfs_restore(), or until
 * fault_vfs_revive(), when all that was written is there. All files must be closed for either. */
void fault_vfs_kill(struct fault_vfs *fault);
void fault_vfs_revive(struct fault_vfs *fault);

/* Bytes in all files. */
int64_t fault_vfs_bytes(struct fault_vfs *fault);

/* Cuts the power now if it is on, and brings it back. All files must be closed. */
void fault_vfs_restore(struct fault_vfs *fault);

#endif
