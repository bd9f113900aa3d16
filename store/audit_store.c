#include "store/audit_store.h"

#include <errno.h>
#include <sqlite3.h>
#include <string.h>

#include "store/database.h"
#include "store/operation.h"
#include "store/row.h"

#define TRIM_EVERY 256 /* as in store/journal.c */

struct append {
	struct operation base;
	struct stored_action action;
};

static int trim(struct database *database)
{
	int64_t number = sqlite3_last_insert_rowid(database->connection);
	struct row row = { 0 };

	if (number % TRIM_EVERY != 0)
		return 0;
	int result = database_prepare(database, "DELETE FROM audit WHERE number <= ?", &row.statement);
	if (result < 0)
		return result;
	bind_int(&row, number - AUDIT_ENTRIES);
	return database_step(database, row.statement);
}

static int run_append(struct operation *operation, struct database *database)
{
	static const char sql[] = "INSERT INTO audit(at_ms, asker, uid, pid, said, command, arguments, outcome, reason)"
				  " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
	const struct stored_action *action = &((struct append *)operation)->action;
	struct row row = { 0 };
	int result = database_prepare(database, sql, &row.statement);

	if (result < 0)
		return result;
	bind_int(&row, action->at_ms);
	bind_text(&row, action->asker);
	bind_int(&row, action->uid);
	bind_int(&row, action->pid);
	bind_text(&row, action->by);
	bind_text(&row, action->command);
	bind_text(&row, action->arguments);
	bind_text(&row, action->outcome);
	bind_text(&row, action->reason);
	result = database_step(database, row.statement);
	return result < 0 ? result : trim(database);
}

int store_action_append(struct store *store, const struct stored_action *action, struct store_reply reply)
{
	static const struct operation_kind kind = { STORE_GATEWAY, OPERATION_WRITES, run_append, NULL, NULL };
	struct append *append = operation_new(&kind, sizeof(*append), reply);

	if (!append)
		return -ENOMEM;
	append->action = *action;
	return store_submit(store, &append->base);
}

struct reading {
	struct operation base;
	struct action_reader reader;
	int64_t since_ms;
	unsigned limit, count;
	struct stored_action actions[];
};

static void read_action(struct row *row, struct stored_action *action)
{
	row->next = 0;
	action->at_ms = row_int(row);
	row_text(row, action->asker, sizeof(action->asker));
	action->uid = row_int(row);
	action->pid = row_int(row);
	row_text(row, action->by, sizeof(action->by));
	row_text(row, action->command, sizeof(action->command));
	row_text(row, action->arguments, sizeof(action->arguments));
	row_text(row, action->outcome, sizeof(action->outcome));
	row_text(row, action->reason, sizeof(action->reason));
}

static int run_reading(struct operation *operation, struct database *database)
{
	static const char sql[] = "SELECT at_ms, asker, uid, pid, said, command, arguments, outcome, reason FROM audit"
				  " WHERE at_ms >= ? ORDER BY number DESC LIMIT ?";
	struct reading *reading = (struct reading *)operation;
	struct row row = { 0 };
	int result = database_prepare(database, sql, &row.statement);

	if (result < 0)
		return result;
	bind_int(&row, reading->since_ms);
	bind_int(&row, reading->limit);
	while ((result = database_step(database, row.statement)) > 0)
		read_action(&row, &reading->actions[reading->count++]);
	return result;
}

static void tell_reading(struct operation *operation)
{
	const struct reading *reading = (struct reading *)operation;

	for (unsigned i = 0; i < reading->count; i++)
		reading->reader.each(reading->reader.context, &reading->actions[i]);
	reading->reader.done(reading->reader.context, operation->result);
}

int store_actions_load(struct store *store, int64_t since_ms, unsigned limit, struct action_reader reader)
{
	static const struct operation_kind kind = { STORE_GATEWAY, OPERATION_READS, run_reading, tell_reading, NULL };
	struct reading *reading;

	if (limit > AUDIT_LOAD_MAX)
		return -EINVAL;
	reading =
		operation_new(&kind, sizeof(*reading) + limit * sizeof(reading->actions[0]), (struct store_reply){ 0 });
	if (!reading)
		return -ENOMEM;
	reading->reader = reader;
	reading->since_ms = since_ms;
	reading->limit = limit;
	return store_submit(store, &reading->base);
}
