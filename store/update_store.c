#include "store/update_store.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "store/database.h"
#include "store/journal.h"
#include "store/operation.h"
#include "store/row.h"

struct load {
	struct operation base;
	void (*each)(void *context, const struct stored_update *update);
	void *context;
};

static void read_update(struct row *row, struct stored_update *update)
{
	memset(update, 0, sizeof(*update));
	row->next = 0;
	row_text(row, update->node, sizeof(update->node));
	(void)row_copy(row, update->sha256, sizeof(update->sha256));
	row_text(row, update->state, sizeof(update->state));
	row_text(row, update->reason, sizeof(update->reason));
	update->offset = (uint32_t)row_int(row);
	update->attempts = (uint32_t)row_int(row);
	update->created_ms = row_int(row);
	update->changed_ms = row_int(row);
	update->retry_at_ms = row_int(row);
	update->previous_size = (uint8_t)row_copy(row, update->previous, sizeof(update->previous));
	if (row_copy(row, update->goal, sizeof(update->goal)) < sizeof(update->goal))
		memcpy(update->goal, update->sha256, sizeof(update->goal));
	update->stones = (uint32_t)row_int(row);
	update->at_once = row_int(row) != 0;
	update->forced = row_int(row) != 0;
}

static int run_load(struct operation *operation, struct database *database)
{
	static const char sql[] = "SELECT node, sha256, state, reason, offset, attempts, created_ms, changed_ms,"
				  " retry_at_ms, previous, goal, stones, at_once, forced FROM node_update"
				  " ORDER BY number";
	struct load *load = (struct load *)operation;
	struct row row = { 0 };
	int result = database_prepare(database, sql, &row.statement);

	while (result >= 0 && (result = database_step(database, row.statement)) > 0) {
		struct stored_update update;
		read_update(&row, &update);
		load->each(load->context, &update);
	}
	return result;
}

int store_updates_load(
	struct store *store, void (*each)(void *context, const struct stored_update *update), void *context)
{
	static const struct operation_kind kind = { STORE_GATEWAY, OPERATION_READS, run_load, NULL, NULL };
	struct load load = { .base.kind = &kind, .each = each, .context = context };

	return store_await(store, &load.base);
}

struct save {
	struct operation base;
	bool has_update, has_entry;
	struct stored_update update;
	struct journal_entry entry;
};

static int save_update(struct database *database, const struct stored_update *update)
{
	static const char sql[] =
		"INSERT INTO node_update(node, sha256, state, reason, offset, attempts, created_ms, changed_ms,"
		" retry_at_ms, previous, goal, stones, at_once, forced)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
		" ON CONFLICT(node) DO UPDATE SET sha256 = excluded.sha256, state = excluded.state,"
		" reason = excluded.reason, offset = excluded.offset, attempts = excluded.attempts,"
		" created_ms = excluded.created_ms, changed_ms = excluded.changed_ms,"
		" retry_at_ms = excluded.retry_at_ms, previous = excluded.previous,"
		" goal = excluded.goal, stones = excluded.stones, at_once = excluded.at_once,"
		" forced = excluded.forced";
	struct row row = { 0 };
	int result = database_prepare(database, sql, &row.statement);

	if (result < 0)
		return result;
	bind_text(&row, update->node);
	bind_blob(&row, update->sha256, sizeof(update->sha256));
	bind_text(&row, update->state);
	bind_text(&row, update->reason);
	bind_int(&row, update->offset);
	bind_int(&row, update->attempts);
	bind_int(&row, update->created_ms);
	bind_int(&row, update->changed_ms);
	bind_int(&row, update->retry_at_ms);
	bind_blob(&row, update->previous, update->previous_size);
	bind_blob(&row, update->goal, sizeof(update->goal));
	bind_int(&row, update->stones);
	bind_int(&row, update->at_once);
	bind_int(&row, update->forced);
	return database_step(database, row.statement);
}

static int run_save(struct operation *operation, struct database *database)
{
	const struct save *save = (struct save *)operation;
	int result = save->has_update ? save_update(database, &save->update) : 0;

	return result == 0 && save->has_entry ? journal_append(database, &save->entry) : result;
}

int store_update_save(struct store *store, const struct stored_update *update, const struct journal_entry *entry,
	struct store_reply reply)
{
	static const struct operation_kind kind = { STORE_GATEWAY, OPERATION_WRITES, run_save, NULL, NULL };
	struct save *save;

	if (update && (!update->node[0] || update->previous_size > sizeof(update->previous)))
		return -EINVAL;
	save = operation_new(&kind, sizeof(*save), reply);
	if (!save)
		return -ENOMEM;
	if (update)
		save->update = *update;
	if (entry)
		save->entry = *entry;
	save->has_update = update != NULL;
	save->has_entry = entry != NULL;
	return store_submit(store, &save->base);
}

struct recount {
	struct operation base;
	struct journal_reader reader;
	char subject[65]; /* "": about all */
	unsigned limit, count;
	struct journal_entry entries[];
};

static int run_recount(struct operation *operation, struct database *database)
{
	static const char sql[] = "SELECT at_ms, subject, event, detail FROM journal WHERE ?1 = '' OR subject = ?1 "
				  "ORDER BY number DESC LIMIT ?2";
	struct recount *recount = (struct recount *)operation;
	struct row row = { 0 };
	int result = database_prepare(database, sql, &row.statement);

	if (result < 0)
		return result;
	bind_text(&row, recount->subject);
	bind_int(&row, recount->limit);
	while ((result = database_step(database, row.statement)) > 0) {
		struct journal_entry *entry = &recount->entries[recount->count++];
		row.next = 0;
		entry->at_ms = row_int(&row);
		row_text(&row, entry->subject, sizeof(entry->subject));
		row_text(&row, entry->event, sizeof(entry->event));
		row_text(&row, entry->detail, sizeof(entry->detail));
	}
	return result;
}

static void tell_recount(struct operation *operation)
{
	struct recount *recount = (struct recount *)operation;

	for (unsigned i = 0; i < recount->count && operation->result == 0; i++)
		recount->reader.each(recount->reader.context, &recount->entries[i]);
	recount->reader.done(recount->reader.context, operation->result);
}

int store_journal_load(struct store *store, const char *subject, unsigned limit, struct journal_reader reader)
{
	static const struct operation_kind kind = { STORE_GATEWAY, OPERATION_READS, run_recount, tell_recount, NULL };
	struct recount *recount;

	if (limit > JOURNAL_LOAD_MAX || (subject && strlen(subject) >= sizeof(recount->subject)))
		return -EINVAL;
	recount =
		operation_new(&kind, sizeof(*recount) + limit * sizeof(recount->entries[0]), (struct store_reply){ 0 });
	if (!recount)
		return -ENOMEM;
	recount->reader = reader;
	recount->limit = limit;
	if (subject)
		memcpy(recount->subject, subject, strlen(subject) + 1);
	return store_submit(store, &recount->base);
}
