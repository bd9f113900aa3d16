/*
 * group: runs the operations on one database in their order and commits them together.
 *
 * Each writing operation runs in a savepoint, so that one which fails alone leaves its neighbours unharmed. Where the
 * transaction itself fails, all of it is undone and all of its operations get the error.
 */
#ifndef WAKEGATE_STORE_GROUP_H
#define WAKEGATE_STORE_GROUP_H

#include <stdbool.h>
#include <stdint.h>

#include "store/operation.h"

#define STORE_LATER_MS 1000 /* how long a deletion may wait for another commit to ride in */

struct group {
	struct database *database;
	struct operation_list waiting; /* ran, not committed */
	bool urgent;                   /* one of them wants to be durable now */
	int64_t deadline_ms;           /* monotonic: when the others must be; set while `waiting` is not empty */
	uint64_t commits, commit_failures;
	uint64_t last_commit_us, longest_commit_us;
};

/* Runs the operation. Goes to `finished` at once if it neither wrote nor saw what is not durable. */
void group_run(struct group *group, struct operation *operation, int64_t now_ms, struct operation_list *finished);

/* Whether group_commit() is to be called now. */
bool group_is_due(const struct group *group, int64_t now_ms);

/* Commits; everything that waited goes to `finished`, with the error if that failed. */
void group_commit(struct group *group, struct operation_list *finished);

#endif
