#include "store/exchange_store.h"

#include <errno.h>
#include <string.h>

#include "store/database.h"
#include "store/operation.h"
#include "store/row.h"

struct recall {
	struct operation base;
	int64_t since_ms;
	void (*each)(void *context, uint64_t exchange, int64_t kept_at_ms);
	void *context;
};

/* From which sequence number on, found from the newest backwards: the rest may be millions. */
static int find_first_since(struct database *database, int64_t since_ms, int64_t *first)
{
	static const char sql[] = "SELECT kept_at_ms, first, length(exchanges) FROM segment UNION ALL "
				  "SELECT kept_at_ms, first, length(exchanges) FROM exchange ORDER BY 2 DESC";
	struct row row = { 0 };
	int64_t room = EXCHANGES_RECALLED_MAX * (int64_t)sizeof(uint64_t);
	int result = database_prepare(database, sql, &row.statement);

	*first = INT64_MAX;
	while (result >= 0 && room > 0 && (result = database_step(database, row.statement)) > 0) {
		row.next = 0;
		if (row_int(&row) < since_ms)
			break;
		*first = row_int(&row);
		room -= row_int(&row);
	}
	(void)sqlite3_reset(row.statement);
	return result < 0 ? result : 0;
}

static void recall_row(const struct recall *recall, struct row *row)
{
	size_t size;

	row->next = 0;
	int64_t kept_at_ms = row_int(row);
	const uint8_t *exchanges = row_blob(row, &size);
	for (size_t at = 0; at + sizeof(uint64_t) <= size; at += sizeof(uint64_t)) {
		uint64_t exchange;
		memcpy(&exchange, exchanges + at, sizeof(exchange));
		recall->each(recall->context, exchange, kept_at_ms);
	}
}

static int run_recall(struct operation *operation, struct database *database)
{
	static const char sql[] = "SELECT kept_at_ms, exchanges FROM exchange WHERE first >= ?1 AND kept_at_ms >= ?2 "
				  "UNION ALL SELECT kept_at_ms, exchanges FROM segment WHERE first >= ?1 "
				  "UNION ALL SELECT kept_at_ms, exchanges FROM feed WHERE kept_at_ms >= ?2 ORDER BY 1";
	struct recall *recall = (struct recall *)operation;
	struct row row = { 0 };
	int64_t first;
	int result = find_first_since(database, recall->since_ms, &first);

	if (result == 0)
		result = database_prepare(database, sql, &row.statement);
	if (result < 0)
		return result;
	bind_int(&row, first);
	bind_int(&row, recall->since_ms);
	while ((result = database_step(database, row.statement)) > 0)
		recall_row(recall, &row);
	return result;
}

int store_exchanges_load(struct store *store, int64_t since_ms,
	void (*each)(void *context, uint64_t exchange, int64_t kept_at_ms), void *context)
{
	static const struct operation_kind kind = { STORE_TELEMETRY, OPERATION_READS, run_recall, NULL, NULL };
	struct recall recall = { .base.kind = &kind, .since_ms = since_ms, .each = each, .context = context };

	return store_await(store, &recall.base);
}

struct forget {
	struct operation base;
	int64_t before_ms;
};

static int run_forget(struct operation *operation, struct database *database)
{
	struct row row = { 0 };
	int result = database_prepare(database, "DELETE FROM exchange WHERE kept_at_ms < ?", &row.statement);

	if (result < 0)
		return result;
	bind_int(&row, ((struct forget *)operation)->before_ms);
	return database_step(database, row.statement);
}

int store_exchanges_forget(struct store *store, int64_t before_ms, struct store_reply reply)
{
	static const struct operation_kind kind = { STORE_TELEMETRY, OPERATION_WRITES_LATER, run_forget, NULL, NULL };
	struct forget *forget = operation_new(&kind, sizeof(*forget), reply);

	if (!forget)
		return -ENOMEM;
	forget->before_ms = before_ms;
	return store_submit(store, &forget->base);
}
