#include "store/journal.h"

#include <sqlite3.h>

#include "store/database.h"
#include "store/row.h"
#include "store/update_store.h"

#define TRIM_EVERY 256 /* entries: not at each, which would write an old page with every new one */

static int trim_journal(struct database *database)
{
	int64_t number = sqlite3_last_insert_rowid(database->connection);
	struct row row = { 0 };

	if (number % TRIM_EVERY != 0)
		return 0;
	int result = database_prepare(database, "DELETE FROM journal WHERE number <= ?", &row.statement);
	if (result < 0)
		return result;
	bind_int(&row, number - JOURNAL_ENTRIES);
	return database_step(database, row.statement);
}

int journal_append(struct database *database, const struct journal_entry *entry)
{
	static const char sql[] = "INSERT INTO journal(at_ms, subject, event, detail) VALUES (?, ?, ?, ?)";
	struct row row = { 0 };
	int result = database_prepare(database, sql, &row.statement);

	if (result < 0)
		return result;
	bind_int(&row, entry->at_ms);
	bind_text(&row, entry->subject);
	bind_text(&row, entry->event);
	bind_text(&row, entry->detail);
	result = database_step(database, row.statement);
	return result < 0 ? result : trim_journal(database);
}
