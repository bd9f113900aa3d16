#include "store/loss_store.h"

#include <errno.h>

#include "store/database.h"
#include "store/operation.h"
#include "store/row.h"

/* Runs a statement whose parameters are the numbers of a loss; 1 if it gave a row. */
static int run(struct database *database, const char *sql, const struct stored_loss *loss)
{
	struct row row = { 0 };
	int result = database_prepare(database, sql, &row.statement);

	if (result < 0)
		return result;
	bind_int(&row, (int64_t)loss->first);
	bind_int(&row, (int64_t)loss->last);
	result = database_step(database, row.statement);
	(void)sqlite3_reset(row.statement);
	return result;
}

static int note(struct database *database, const char *sql, const struct stored_loss *loss)
{
	struct row row = { 0 };
	int result = database_prepare(database, sql, &row.statement);

	if (result < 0)
		return result;
	bind_int(&row, (int64_t)loss->first);
	bind_int(&row, (int64_t)loss->last);
	bind_int(&row, loss->reason);
	bind_int(&row, (int64_t)loss->became);
	result = database_step(database, row.statement);
	(void)sqlite3_reset(row.statement);
	return result;
}

int loss_note(struct database *database, const struct stored_loss *loss)
{
	int result = note(database,
		"UPDATE loss SET last = ?2, became = became + ?4 WHERE last = ?1 - 1 AND reason = ?3 RETURNING 1",
		loss);

	if (result == 0)
		result = note(database, "INSERT INTO loss VALUES (?1, ?2, ?3, ?4)", loss);
	return result < 0 ? result : 0;
}

struct load {
	struct operation base;
	void (*each)(void *context, const struct stored_loss *loss);
	void *context;
};

static int run_load(struct operation *operation, struct database *database)
{
	const struct load *load = (struct load *)operation;
	struct row row = { 0 };
	int result = database_prepare(
		database, "SELECT first, last, reason, became FROM loss ORDER BY first", &row.statement);

	while (result >= 0 && (result = database_step(database, row.statement)) > 0) {
		struct stored_loss loss;

		row.next = 0;
		loss.first = (uint64_t)row_int(&row);
		loss.last = (uint64_t)row_int(&row);
		loss.reason = row_int(&row) == LOSS_THINNED ? LOSS_THINNED : LOSS_DROPPED;
		loss.became = (uint64_t)row_int(&row);
		load->each(load->context, &loss);
	}
	return result;
}

int store_losses_load(struct store *store, void (*each)(void *context, const struct stored_loss *loss), void *context)
{
	static const struct operation_kind kind = { STORE_TELEMETRY, OPERATION_READS, run_load, NULL, NULL };
	struct load load = { .base.kind = &kind, .each = each, .context = context };

	return store_await(store, &load.base);
}

struct forget {
	struct operation base;
	struct stored_loss known;
};

/* What lies above stays as a row of its own, what lies below stays in its row. */
static int run_forget(struct operation *operation, struct database *database)
{
	static const char above[] = "INSERT OR REPLACE INTO loss SELECT ?2 + 1, last, reason, became FROM loss"
				    " WHERE first <= ?2 AND last > ?2";
	static const char *const scripts[] = {
		above,
		"UPDATE loss SET last = ?1 - 1 WHERE first < ?1 AND last >= ?1 AND ?2 > 0",
		"DELETE FROM loss WHERE first BETWEEN ?1 AND ?2",
	};
	const struct forget *forget = (struct forget *)operation;
	int result = 0;

	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]) && result >= 0; i++)
		result = run(database, scripts[i], &forget->known);
	return result < 0 ? result : 0;
}

int store_losses_forget(struct store *store, const struct stored_loss *known, struct store_reply reply)
{
	static const struct operation_kind kind = { STORE_TELEMETRY, OPERATION_WRITES_LATER, run_forget, NULL, NULL };
	struct forget *forget = operation_new(&kind, sizeof(*forget), reply);

	if (!forget)
		return -ENOMEM;
	forget->known = *known;
	return store_submit(store, &forget->base);
}
