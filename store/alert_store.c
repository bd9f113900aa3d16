#include "store/alert_store.h"

#include <errno.h>
#include <string.h>

#include "store/database.h"
#include "store/journal.h"
#include "store/operation.h"
#include "store/row.h"
#include "store/update_store.h"

struct load {
	struct operation base;
	void (*each)(void *context, const struct stored_alert *alert);
	void *context;
};

static void read_alert(struct row *row, struct stored_alert *alert)
{
	memset(alert, 0, sizeof(*alert));
	row->next = 0;
	row_text(row, alert->kind, sizeof(alert->kind));
	row_text(row, alert->subject, sizeof(alert->subject));
	row_text(row, alert->severity, sizeof(alert->severity));
	row_text(row, alert->text, sizeof(alert->text));
	alert->stands = row_int(row);
	alert->told = row_int(row);
	alert->times = (uint32_t)row_int(row);
	alert->raised_ms = row_int(row);
	alert->changed_ms = row_int(row);
}

static int run_load(struct operation *operation, struct database *database)
{
	static const char sql[] = "SELECT kind, subject, severity, text, stands, told, times, raised_ms, changed_ms"
				  " FROM alert ORDER BY changed_ms";
	struct load *load = (struct load *)operation;
	struct row row = { 0 };
	int result = database_prepare(database, sql, &row.statement);

	while (result >= 0 && (result = database_step(database, row.statement)) > 0) {
		struct stored_alert alert;
		read_alert(&row, &alert);
		load->each(load->context, &alert);
	}
	return result;
}

int store_alerts_load(struct store *store, void (*each)(void *context, const struct stored_alert *alert), void *context)
{
	static const struct operation_kind kind = { STORE_GATEWAY, OPERATION_READS, run_load, NULL, NULL };
	struct load load = { .base.kind = &kind, .each = each, .context = context };

	return store_await(store, &load.base);
}

struct save {
	struct operation base;
	struct stored_alert alert;
	struct journal_entry entry;
	bool noted;
};

static int run_save(struct operation *operation, struct database *database)
{
	static const char sql[] = "INSERT OR REPLACE INTO alert(kind, subject, severity, text, stands, told, times,"
				  " raised_ms, changed_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
	const struct save *save = (struct save *)operation;
	const struct stored_alert *alert = &save->alert;
	struct row row = { 0 };
	int result = database_prepare(database, sql, &row.statement);

	if (result < 0)
		return result;
	bind_text(&row, alert->kind);
	bind_text(&row, alert->subject);
	bind_text(&row, alert->severity);
	bind_text(&row, alert->text);
	bind_int(&row, alert->stands);
	bind_int(&row, alert->told);
	bind_int(&row, alert->times);
	bind_int(&row, alert->raised_ms);
	bind_int(&row, alert->changed_ms);
	result = database_step(database, row.statement);
	return result == 0 && save->noted ? journal_append(database, &save->entry) : result;
}

int store_alert_save(struct store *store, const struct stored_alert *alert, const struct journal_entry *entry,
	struct store_reply reply)
{
	static const struct operation_kind at_once = { STORE_GATEWAY, OPERATION_WRITES, run_save, NULL, NULL };
	static const struct operation_kind later = { STORE_GATEWAY, OPERATION_WRITES_LATER, run_save, NULL, NULL };
	struct save *save = operation_new(entry ? &at_once : &later, sizeof(*save), reply);

	if (!save)
		return -ENOMEM;
	save->alert = *alert;
	save->noted = entry;
	if (entry)
		save->entry = *entry;
	return store_submit(store, &save->base);
}

struct forgetting {
	struct operation base;
	int64_t before_ms;
};

static int run_forget(struct operation *operation, struct database *database)
{
	const struct forgetting *forgetting = (struct forgetting *)operation;
	struct row row = { 0 };
	int result = database_prepare(
		database, "DELETE FROM alert WHERE NOT stands AND told AND changed_ms < ?", &row.statement);

	if (result < 0)
		return result;
	bind_int(&row, forgetting->before_ms);
	return database_step(database, row.statement);
}

int store_alerts_forget(struct store *store, int64_t before_ms, struct store_reply reply)
{
	static const struct operation_kind kind = { STORE_GATEWAY, OPERATION_WRITES_LATER, run_forget, NULL, NULL };
	struct forgetting *forgetting = operation_new(&kind, sizeof(*forgetting), reply);

	if (!forgetting)
		return -ENOMEM;
	forgetting->before_ms = before_ms;
	return store_submit(store, &forgetting->base);
}
