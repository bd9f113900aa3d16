#include "store/removal.h"

#include <errno.h>
#include <string.h>

#include "store/database.h"
#include "store/operation.h"
#include "store/row.h"

struct removal {
	struct operation base;
	const char *sql;
	char key[REMOVAL_KEY_MAX + 1];
};

static int run_removal(struct operation *operation, struct database *database)
{
	const struct removal *removal = (struct removal *)operation;
	struct row row = { 0 };
	int result = database_prepare(database, removal->sql, &row.statement);

	if (result < 0)
		return result;
	bind_text(&row, removal->key);
	return database_step(database, row.statement);
}

int removal_submit(struct store *store, const char *sql, const char *key, struct store_reply reply)
{
	static const struct operation_kind kind = { STORE_GATEWAY, OPERATION_WRITES, run_removal, NULL, NULL };
	struct removal *removal;

	if (strlen(key) >= sizeof(removal->key))
		return -EINVAL;
	removal = operation_new(&kind, sizeof(*removal), reply);
	if (!removal)
		return -ENOMEM;
	removal->sql = sql;
	memcpy(removal->key, key, strlen(key) + 1);
	return store_submit(store, &removal->base);
}
