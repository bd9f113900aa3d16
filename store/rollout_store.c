#include "store/rollout_store.h"

#include <errno.h>
#include <string.h>

#include "store/database.h"
#include "store/journal.h"
#include "store/operation.h"
#include "store/removal.h"
#include "store/row.h"
#include "store/update_store.h"

struct load {
	struct operation base;
	void (*each)(void *context, const struct stored_rollout *rollout);
	void *context;
};

static void read_rollout(struct row *row, struct stored_rollout *rollout)
{
	memset(rollout, 0, sizeof(*rollout));
	row->next = 0;
	row_text(row, rollout->id, sizeof(rollout->id));
	row_text(row, rollout->plan, sizeof(rollout->plan));
	row_text(row, rollout->state, sizeof(rollout->state));
	row_text(row, rollout->reason, sizeof(rollout->reason));
	rollout->wave = (uint32_t)row_int(row);
	rollout->looks = (uint32_t)row_int(row);
	rollout->reach = (uint32_t)row_int(row);
	rollout->approved = (uint32_t)row_int(row);
	rollout->created_ms = row_int(row);
	rollout->wave_ms = row_int(row);
	rollout->soak_ms = row_int(row);
	rollout->changed_ms = row_int(row);
	rollout->forgiven_reach = (uint32_t)row_int(row);
	rollout->forgiven_ms = row_int(row);
}

static int run_load(struct operation *operation, struct database *database)
{
	static const char sql[] = "SELECT id, plan, state, reason, wave, looks, reach, approved, created_ms, wave_ms,"
				  " soak_ms, changed_ms, forgiven_reach, forgiven_ms FROM rollout ORDER BY number";
	struct load *load = (struct load *)operation;
	struct row row = { 0 };
	int result = database_prepare(database, sql, &row.statement);

	while (result >= 0 && (result = database_step(database, row.statement)) > 0) {
		struct stored_rollout rollout;
		read_rollout(&row, &rollout);
		load->each(load->context, &rollout);
	}
	return result;
}

int store_rollouts_load(
	struct store *store, void (*each)(void *context, const struct stored_rollout *rollout), void *context)
{
	static const struct operation_kind kind = { STORE_GATEWAY, OPERATION_READS, run_load, NULL, NULL };
	struct load load = { .base.kind = &kind, .each = each, .context = context };

	return store_await(store, &load.base);
}

struct save {
	struct operation base;
	struct stored_rollout rollout;
	bool is_step;
	struct journal_entry entry;
};

static int save_rollout(struct database *database, const struct stored_rollout *rollout)
{
	static const char sql[] =
		"INSERT INTO rollout(id, plan, state, reason, wave, looks, reach, approved, created_ms, wave_ms,"
		" soak_ms, changed_ms, forgiven_reach, forgiven_ms)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
		" ON CONFLICT(id) DO UPDATE SET plan = excluded.plan, state = excluded.state,"
		" reason = excluded.reason, wave = excluded.wave, looks = excluded.looks, reach = excluded.reach,"
		" approved = excluded.approved, created_ms = excluded.created_ms, wave_ms = excluded.wave_ms,"
		" soak_ms = excluded.soak_ms, changed_ms = excluded.changed_ms,"
		" forgiven_reach = excluded.forgiven_reach, forgiven_ms = excluded.forgiven_ms";
	struct row row = { 0 };
	int result = database_prepare(database, sql, &row.statement);

	if (result < 0)
		return result;
	bind_text(&row, rollout->id);
	bind_text(&row, rollout->plan);
	bind_text(&row, rollout->state);
	bind_text(&row, rollout->reason);
	bind_int(&row, rollout->wave);
	bind_int(&row, rollout->looks);
	bind_int(&row, rollout->reach);
	bind_int(&row, rollout->approved);
	bind_int(&row, rollout->created_ms);
	bind_int(&row, rollout->wave_ms);
	bind_int(&row, rollout->soak_ms);
	bind_int(&row, rollout->changed_ms);
	bind_int(&row, rollout->forgiven_reach);
	bind_int(&row, rollout->forgiven_ms);
	return database_step(database, row.statement);
}

static int run_save(struct operation *operation, struct database *database)
{
	const struct save *save = (struct save *)operation;
	int result = save_rollout(database, &save->rollout);

	return result == 0 && save->is_step ? journal_append(database, &save->entry) : result;
}

int store_rollout_save(struct store *store, const struct stored_rollout *rollout, const struct journal_entry *entry,
	struct store_reply reply)
{
	static const struct operation_kind kind = { STORE_GATEWAY, OPERATION_WRITES, run_save, NULL, NULL };
	struct save *save;

	if (!rollout->id[0])
		return -EINVAL;
	save = operation_new(&kind, sizeof(*save), reply);
	if (!save)
		return -ENOMEM;
	save->rollout = *rollout;
	save->is_step = entry != NULL;
	if (entry)
		save->entry = *entry;
	return store_submit(store, &save->base);
}

int store_rollout_remove(struct store *store, const char *id, struct store_reply reply)
{
	return removal_submit(store, "DELETE FROM rollout WHERE id = ?", id, reply);
}
