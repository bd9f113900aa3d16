#include "store/hold_store.h"

#include <errno.h>

#include "store/database.h"
#include "store/journal.h"
#include "store/operation.h"
#include "store/row.h"
#include "store/update_store.h"

struct load {
	struct operation base;
	void (*each)(void *context, const struct stored_hold *hold);
	void *context;
};

static int run_load(struct operation *operation, struct database *database)
{
	struct load *load = (struct load *)operation;
	struct row row = { 0 };
	int result = database_prepare(database, "SELECT node, reason, by, at_ms FROM hold", &row.statement);

	while (result >= 0 && (result = database_step(database, row.statement)) > 0) {
		struct stored_hold hold = { 0 };
		row.next = 0;
		row_text(&row, hold.node, sizeof(hold.node));
		row_text(&row, hold.reason, sizeof(hold.reason));
		row_text(&row, hold.by, sizeof(hold.by));
		hold.at_ms = row_int(&row);
		load->each(load->context, &hold);
	}
	return result;
}

int store_holds_load(struct store *store, void (*each)(void *context, const struct stored_hold *hold), void *context)
{
	static const struct operation_kind kind = { STORE_GATEWAY, OPERATION_READS, run_load, NULL, NULL };
	struct load load = { .base.kind = &kind, .each = each, .context = context };

	return store_await(store, &load.base);
}

struct save {
	struct operation base;
	bool removed;
	struct stored_hold hold;
	struct journal_entry entry;
};

static int save_hold(struct database *database, const struct stored_hold *hold)
{
	struct row row = { 0 };
	int result = database_prepare(
		database, "INSERT OR REPLACE INTO hold(node, reason, by, at_ms) VALUES (?, ?, ?, ?)", &row.statement);

	if (result < 0)
		return result;
	bind_text(&row, hold->node);
	bind_text(&row, hold->reason);
	bind_text(&row, hold->by);
	bind_int(&row, hold->at_ms);
	return database_step(database, row.statement);
}

static int remove_hold(struct database *database, const struct stored_hold *hold)
{
	struct row row = { 0 };
	int result = database_prepare(database, "DELETE FROM hold WHERE node = ?", &row.statement);

	if (result < 0)
		return result;
	bind_text(&row, hold->node);
	return database_step(database, row.statement);
}

static int run_save(struct operation *operation, struct database *database)
{
	const struct save *save = (struct save *)operation;
	int result = save->removed ? remove_hold(database, &save->hold) : save_hold(database, &save->hold);

	return result == 0 ? journal_append(database, &save->entry) : result;
}

int store_hold_save(struct store *store, const struct stored_hold *hold, bool removed,
	const struct journal_entry *entry, struct store_reply reply)
{
	static const struct operation_kind kind = { STORE_GATEWAY, OPERATION_WRITES, run_save, NULL, NULL };
	struct save *save = operation_new(&kind, sizeof(*save), reply);

	if (!save)
		return -ENOMEM;
	save->removed = removed;
	save->hold = *hold;
	save->entry = *entry;
	return store_submit(store, &save->base);
}
