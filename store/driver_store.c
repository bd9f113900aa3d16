#include "store/driver_store.h"

#include <errno.h>
#include <string.h>

#include "store/database.h"
#include "store/operation.h"
#include "store/row.h"

struct load {
	struct operation base;
	void (*each)(void *context, const struct stored_driver_record *record);
	void *context;
};

static int load_table(const struct load *load, struct database *database, const char *query, bool secret)
{
	struct row row = { 0 };
	int result = database_prepare(database, query, &row.statement);

	while (result >= 0 && (result = database_step(database, row.statement)) > 0) {
		char driver[STORED_DRIVER_MAX + 1], name[STORED_RECORD_NAME_MAX + 1];
		struct stored_driver_record record = { .driver = driver, .name = name, .secret = secret };
		row.next = 0;
		row_text(&row, driver, sizeof(driver));
		row_text(&row, name, sizeof(name));
		record.value = row_blob(&row, &record.size);
		if (record.size > 0 && record.size <= STORED_RECORD_MAX)
			load->each(load->context, &record);
	}
	return result;
}

static int run_load(struct operation *operation, struct database *database)
{
	const struct load *load = (struct load *)operation;
	int result = load_table(load, database, "SELECT driver, name, value FROM driver_record", false);

	return result < 0 ? result : load_table(load, database, "SELECT driver, name, value FROM secret", true);
}

int store_driver_records_load(
	struct store *store, void (*each)(void *context, const struct stored_driver_record *record), void *context)
{
	static const struct operation_kind kind = { STORE_GATEWAY, OPERATION_READS, run_load, NULL, NULL };
	struct load load = { .base.kind = &kind, .each = each, .context = context };

	return store_await(store, &load.base);
}

struct save {
	struct operation base;
	bool secret;
	char driver[STORED_DRIVER_MAX + 1];
	char name[STORED_RECORD_NAME_MAX + 1];
	size_t size;
	unsigned char value[];
};

/* A statement about the driver's record of that name, and with its value as the third parameter where it has one. */
static int run_on(struct database *database, const struct save *save, const char *statement, bool with_value)
{
	struct row row = { 0 };
	int result = database_prepare(database, statement, &row.statement);

	if (result < 0)
		return result;
	bind_text(&row, save->driver);
	bind_text(&row, save->name);
	if (with_value)
		bind_blob(&row, save->value, save->size);
	return database_step(database, row.statement);
}

static int remove_record(struct database *database, const struct save *save, bool secret)
{
	return run_on(database, save,
		secret ? "DELETE FROM secret WHERE driver = ? AND name = ?"
		       : "DELETE FROM driver_record WHERE driver = ? AND name = ?",
		false);
}

static int run_save(struct operation *operation, struct database *database)
{
	const struct save *save = (struct save *)operation;
	/* A name that changed tables stands in one of them only. */
	int result = remove_record(database, save, !save->secret);

	if (result < 0 || save->size == 0)
		return result < 0 ? result : remove_record(database, save, save->secret);
	return run_on(database, save,
		save->secret ? "INSERT OR REPLACE INTO secret(driver, name, value) VALUES (?, ?, ?)"
			     : "INSERT OR REPLACE INTO driver_record(driver, name, value) VALUES (?, ?, ?)",
		true);
}

int store_driver_record_save(struct store *store, const struct stored_driver_record *record, struct store_reply reply)
{
	static const struct operation_kind later = { STORE_GATEWAY, OPERATION_WRITES_LATER, run_save, NULL, NULL };
	static const struct operation_kind now = { STORE_GATEWAY, OPERATION_WRITES, run_save, NULL, NULL };
	size_t driver_size = strlen(record->driver), name_size = strlen(record->name);

	if (driver_size > STORED_DRIVER_MAX || name_size > STORED_RECORD_NAME_MAX || record->size > STORED_RECORD_MAX)
		return -EINVAL;
	struct save *save = operation_new(record->secret ? &now : &later, sizeof(*save) + record->size, reply);
	if (!save)
		return -ENOMEM;
	save->secret = record->secret;
	memcpy(save->driver, record->driver, driver_size);
	memcpy(save->name, record->name, name_size);
	save->size = record->size;
	if (record->size)
		memcpy(save->value, record->value, record->size);
	return store_submit(store, &save->base);
}
