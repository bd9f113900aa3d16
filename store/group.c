#include "store/group.h"

#include <errno.h>
#include <time.h>

#include "store/database.h"

static int64_t clock_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Damage is an I/O error to those above. */
static int result_to_tell(int result)
{
	return result == -EBADMSG ? -EIO : result;
}

static void fail_waiting(struct group *group, int result)
{
	for (struct operation *each = group->waiting.first; each; each = each->next) {
		if (each->result >= 0)
			each->result = result_to_tell(result);
	}
}

static int run_in_savepoint(struct group *group, struct operation *operation)
{
	struct database *database = group->database;
	int result = database_execute(database, "SAVEPOINT operation");

	if (result < 0)
		return result;
	result = operation->kind->run(operation, database);
	if (!database_in_transaction(database))
		return result < 0 ? result : -EIO;
	if (result < 0)
		(void)database_execute(database, "ROLLBACK TO operation");
	int released = database_execute(database, "RELEASE operation");
	return released < 0 ? released : result;
}

static int run_writer(struct group *group, struct operation *operation)
{
	if (!database_in_transaction(group->database)) {
		int result = database_execute(group->database, "BEGIN IMMEDIATE");
		if (result < 0)
			return result;
	}
	return run_in_savepoint(group, operation);
}

void group_run(struct group *group, struct operation *operation, int64_t now_ms, struct operation_list *finished)
{
	enum operation_effect effect = operation->kind->effect;
	bool was_open = database_in_transaction(group->database);
	int result = effect == OPERATION_READS ? operation->kind->run(operation, group->database)
					       : run_writer(group, operation);

	/* A full or failing disk ends the whole transaction within the statement that met it. */
	if (was_open && !database_in_transaction(group->database))
		fail_waiting(group, result < 0 ? result : -EIO);
	operation->result = result_to_tell(result);
	/* What a reader saw of the others may yet be undone. */
	if (effect == OPERATION_READS && !group->urgent) {
		operation_list_append(finished, operation);
		return;
	}
	if (!group->waiting.first)
		group->deadline_ms = now_ms + STORE_LATER_MS;
	group->urgent = group->urgent || effect == OPERATION_WRITES;
	operation_list_append(&group->waiting, operation);
}

bool group_is_due(const struct group *group, int64_t now_ms)
{
	return group->waiting.first && (group->urgent || now_ms >= group->deadline_ms);
}

static void count_commit(struct group *group, int result, uint64_t took_us)
{
	if (result < 0) {
		group->commit_failures++;
		return;
	}
	group->commits++;
	group->last_commit_us = took_us;
	if (took_us > group->longest_commit_us)
		group->longest_commit_us = took_us;
}

void group_commit(struct group *group, struct operation_list *finished)
{
	struct database *database = group->database;

	/* Not in one: it has failed already, and so has everything that waits. */
	if (database_in_transaction(database)) {
		int64_t start_us = clock_us();
		int result = database_execute(database, "COMMIT");
		count_commit(group, result, (uint64_t)(clock_us() - start_us));
		if (result < 0) {
			fail_waiting(group, result);
			if (database_in_transaction(database))
				(void)database_execute(database, "ROLLBACK");
		}
		database->tidy_due = true;
	}
	group->urgent = false;
	operation_list_move(finished, &group->waiting);
}
