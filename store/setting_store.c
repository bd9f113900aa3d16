/* The small named values of store/store.h. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "store/database.h"
#include "store/operation.h"
#include "store/row.h"
#include "store/store.h"

#define SETTING_NAME_MAX 64
#define SETTING_VALUE_MAX 4096

struct get {
	struct operation base;
	const char *name;
	void *buffer;
	size_t size;
};

static int run_get(struct operation *operation, struct database *database)
{
	struct get *get = (struct get *)operation;
	struct row row = { 0 };
	size_t size;
	int result = database_prepare(database, "SELECT value FROM setting WHERE name = ?", &row.statement);

	if (result < 0)
		return result;
	bind_text(&row, get->name);
	result = database_step(database, row.statement);
	if (result <= 0)
		return result < 0 ? result : -ENOENT;
	row.next = 0;
	const void *value = row_blob(&row, &size);
	if (size && size <= get->size)
		memcpy(get->buffer, value, size);
	(void)sqlite3_reset(row.statement);
	return size <= get->size ? (int)size : -ENOBUFS;
}

int store_setting_get(struct store *store, const char *name, void *buffer, size_t size)
{
	static const struct operation_kind kind = { STORE_GATEWAY, OPERATION_READS, run_get, NULL, NULL };
	struct get get = { .base.kind = &kind, .name = name, .buffer = buffer, .size = size };

	return store_await(store, &get.base);
}

struct put {
	struct operation base;
	char name[SETTING_NAME_MAX + 1];
	size_t size;
	uint8_t value[];
};

static int run_put(struct operation *operation, struct database *database)
{
	const struct put *put = (struct put *)operation;
	struct row row = { 0 };
	int result = database_prepare(database, "INSERT OR REPLACE INTO setting VALUES (?, ?)", &row.statement);

	if (result < 0)
		return result;
	bind_text(&row, put->name);
	bind_blob(&row, put->value, put->size);
	return database_step(database, row.statement);
}

/* NULL: no memory. */
static struct operation *new_put(
	const struct operation_kind *kind, const char *name, const void *value, size_t size, struct store_reply reply)
{
	struct put *put = operation_new(kind, sizeof(*put) + size, reply);

	if (!put)
		return NULL;
	memcpy(put->name, name, strlen(name) + 1);
	put->size = size;
	if (size)
		memcpy(put->value, value, size);
	return &put->base;
}

static bool is_too_large(const char *name, size_t size)
{
	return strlen(name) > SETTING_NAME_MAX || size > SETTING_VALUE_MAX;
}

int store_setting_put(struct store *store, const char *name, const void *value, size_t size, struct store_reply reply)
{
	static const struct operation_kind kind = { STORE_GATEWAY, OPERATION_WRITES, run_put, NULL, NULL };

	if (is_too_large(name, size))
		return -EINVAL;
	return store_submit(store, new_put(&kind, name, value, size, reply));
}

int store_setting_put_later(
	struct store *store, const char *name, const void *value, size_t size, struct store_reply reply)
{
	static const struct operation_kind kind = { STORE_GATEWAY, OPERATION_WRITES_LATER, run_put, NULL, NULL };

	if (is_too_large(name, size))
		return -EINVAL;
	return store_submit(store, new_put(&kind, name, value, size, reply));
}
