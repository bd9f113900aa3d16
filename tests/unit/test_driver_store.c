#include "store/driver_store.h"

#include <errno.h>
#include <sqlite3.h>

#include "tests/unit/stepped_store.h"
#include "tests/unit/suite.h"

struct listing {
	size_t count;
	bool secret;
	char text[256]; /* DRIVER/NAME=VALUE of the last one */
};

static void see(void *context, const struct stored_driver_record *record)
{
	struct listing *listing = context;

	listing->count++;
	listing->secret = record->secret;
	snprintf(listing->text, sizeof(listing->text), "%s/%s=%.*s", record->driver, record->name, (int)record->size,
		(const char *)record->value);
}

static struct listing list(struct stepped_store *stepped)
{
	struct listing listing = { 0 };

	ck_assert_int_eq(store_driver_records_load(stepped->store, see, &listing), 0);
	return listing;
}

static int save(struct stepped_store *stepped, const char *name, const char *value, bool secret)
{
	const struct stored_driver_record record = { "zigbee", name, value, strlen(value), secret };
	struct outcome outcome;
	int error = store_driver_record_save(stepped->store, &record, outcome_reply(&outcome));

	return error ? error : outcome_of(stepped, &outcome);
}

/* Whether a text stands anywhere in what a table holds. */
static bool table_has(struct stepped_store *stepped, const char *table, const char *name)
{
	char path[128], query[128];
	sqlite3 *file;
	sqlite3_stmt *statement;

	snprintf(path, sizeof(path), "%s/gateway.db", stepped->directory);
	snprintf(query, sizeof(query), "SELECT 1 FROM %s WHERE name = '%s'", table, name);
	ck_assert_int_eq(sqlite3_open_v2(path, &file, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_prepare_v2(file, query, -1, &statement, NULL), SQLITE_OK);
	bool found = sqlite3_step(statement) == SQLITE_ROW;
	sqlite3_finalize(statement);
	sqlite3_close(file);
	return found;
}

START_TEST(a_record_comes_back_after_a_restart)
{
	struct stepped_store stepped;

	stepped_open(&stepped);
	ck_assert_int_eq(save(&stepped, "node/00124b", "17", false), 0);
	stepped_reopen(&stepped);
	struct listing listing = list(&stepped);
	ck_assert_uint_eq(listing.count, 1);
	ck_assert_str_eq(listing.text, "zigbee/node/00124b=17");
	ck_assert(!listing.secret);
	stepped_close(&stepped);
}
END_TEST

START_TEST(a_record_is_replaced_and_removed)
{
	struct stepped_store stepped;

	stepped_open(&stepped);
	ck_assert_int_eq(save(&stepped, "channel", "15", false), 0);
	ck_assert_int_eq(save(&stepped, "channel", "25", false), 0);
	ck_assert_str_eq(list(&stepped).text, "zigbee/channel=25");
	ck_assert_int_eq(save(&stepped, "channel", "", false), 0);
	ck_assert_uint_eq(list(&stepped).count, 0);
	stepped_close(&stepped);
}
END_TEST

START_TEST(a_secret_rests_apart_and_in_one_table_only)
{
	struct stepped_store stepped;

	stepped_open(&stepped);
	ck_assert_int_eq(save(&stepped, "key", "abc", false), 0);
	ck_assert(table_has(&stepped, "driver_record", "key"));
	ck_assert_int_eq(save(&stepped, "key", "abc", true), 0);
	ck_assert(table_has(&stepped, "secret", "key"));
	ck_assert(!table_has(&stepped, "driver_record", "key"));
	struct listing listing = list(&stepped);
	ck_assert_uint_eq(listing.count, 1);
	ck_assert(listing.secret);
	stepped_close(&stepped);
}
END_TEST

START_TEST(what_is_too_long_is_refused)
{
	struct stepped_store stepped;
	char name[STORED_RECORD_NAME_MAX + 2];

	stepped_open(&stepped);
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	ck_assert_int_eq(save(&stepped, name, "1", false), -EINVAL);
	ck_assert_uint_eq(list(&stepped).count, 0);
	stepped_close(&stepped);
}
END_TEST

TEST_SUITE(driver_store, a_record_comes_back_after_a_restart, a_record_is_replaced_and_removed,
	a_secret_rests_apart_and_in_one_table_only, what_is_too_long_is_refused)
