#include "store/exchange_store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/database.h"
#include "store/exchange_rows.h"
#include "store/operation.h"
#include "store/row.h"
#include "store/segment_store.h"

/* The `stored` fingerprints with those that the readings tell behind them, for free(); *all: how many. */
static uint64_t *join_told(exchange_teller *teller, const struct stored_segment *segment, size_t stored, size_t *all)
{
	/* Several reports may be told as one that is none of them, so that there are more than `segment->told`. */
	size_t room = segment->count < SEGMENT_EXCHANGES_MAX ? segment->count : SEGMENT_EXCHANGES_MAX;
	uint64_t *exchanges = malloc((stored + room) * sizeof(*exchanges));
	int found = exchanges ? teller(segment, exchanges + stored, room) : -ENOMEM;

	if (found == -ENOMEM) {
		free(exchanges);
		return NULL;
	}
	if (stored > 0)
		memcpy(exchanges, segment->exchanges, stored * sizeof(*exchanges));
	/* Where the readings cannot be read they are lost, and so is what they told. */
	*all = stored + (found > 0 ? (size_t)found : 0);
	return exchanges;
}

/* all_exchanges(exchanges, told, count, codec, data) */
static void all_exchanges(sqlite3_context *context, int count, sqlite3_value **values)
{
	struct stored_segment segment = {
		.exchanges = sqlite3_value_blob(values[0]),
		.told = (uint32_t)sqlite3_value_int64(values[1]),
		.count = (uint32_t)sqlite3_value_int64(values[2]),
		.codec = (uint8_t)sqlite3_value_int64(values[3]),
		.data = sqlite3_value_blob(values[4]),
		.size = (size_t)sqlite3_value_bytes(values[4]),
	};
	exchange_teller *const *teller = sqlite3_user_data(context);
	size_t all;

	(void)count;
	if (segment.told == 0 || !*teller) {
		sqlite3_result_value(context, values[0]);
		return;
	}
	uint64_t *exchanges =
		join_told(*teller, &segment, (size_t)sqlite3_value_bytes(values[0]) / sizeof(*exchanges), &all);
	if (exchanges)
		sqlite3_result_blob64(context, exchanges, all * sizeof(*exchanges), free);
	else
		sqlite3_result_error_nomem(context);
}

int exchange_rows_init(struct database *database, exchange_teller *const *teller)
{
	int code = sqlite3_create_function_v2(
		database->connection, "all_exchanges", 5, SQLITE_UTF8, (void *)teller, all_exchanges, NULL, NULL, NULL);

	return code == SQLITE_OK ? 0 : database_error(database, code);
}

struct recall {
	struct operation base;
	int64_t now_ms, life_ms;
	void (*each)(void *context, uint64_t exchange, int64_t kept_at_ms);
	void *context;
};

/* From which sequence number on, found from the newest backwards: the rest may be millions. */
static int find_first_since(struct database *database, int64_t since_ms, int64_t *first)
{
	static const char sql[] = "SELECT kept_at_ms, first, length(exchanges) + 8 * told FROM segment UNION ALL "
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

/* When the newest of all was kept; 0: there is none. */
static int find_newest(struct database *database, int64_t *newest_ms)
{
	static const char sql[] =
		"SELECT max(coalesce((SELECT kept_at_ms FROM segment ORDER BY first DESC LIMIT 1), 0), "
		"coalesce((SELECT kept_at_ms FROM exchange ORDER BY first DESC LIMIT 1), 0), "
		"coalesce((SELECT kept_at_ms FROM feed ORDER BY id DESC LIMIT 1), 0))";

	return database_number(database, sql, newest_ms);
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
				  "UNION ALL SELECT kept_at_ms, all_exchanges(exchanges, told, count, codec, data) "
				  "FROM segment WHERE first >= ?1 "
				  "UNION ALL SELECT kept_at_ms, exchanges FROM feed WHERE kept_at_ms >= ?2 ORDER BY 1";
	struct recall *recall = (struct recall *)operation;
	struct row row = { 0 };
	int64_t first = 0, newest_ms = 0;
	int result = find_newest(database, &newest_ms);
	int64_t since_ms = (newest_ms < recall->now_ms ? newest_ms : recall->now_ms) - recall->life_ms;

	if (result == 0)
		result = find_first_since(database, since_ms, &first);
	if (result == 0)
		result = database_prepare(database, sql, &row.statement);
	if (result < 0)
		return result;
	bind_int(&row, first);
	bind_int(&row, since_ms);
	while ((result = database_step(database, row.statement)) > 0)
		recall_row(recall, &row);
	return result;
}

int store_exchanges_load(struct store *store, int64_t now_ms, int64_t life_ms,
	void (*each)(void *context, uint64_t exchange, int64_t kept_at_ms), void *context)
{
	static const struct operation_kind kind = { STORE_TELEMETRY, OPERATION_READS, run_recall, NULL, NULL };
	struct recall recall = {
		.base.kind = &kind, .now_ms = now_ms, .life_ms = life_ms, .each = each, .context = context
	};

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
