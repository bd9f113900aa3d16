#include "store/audit_store.h"

#include <errno.h>
#include <sqlite3.h>

#include "tests/unit/stepped_store.h"
#include "tests/unit/suite.h"

struct listing {
	size_t count;
	struct stored_action newest;
};

static void see(void *context, const struct stored_action *action)
{
	struct listing *listing = context;

	if (listing->count++ == 0)
		listing->newest = *action;
}

static void see_end(void *context, int result)
{
	ck_assert_int_eq(result, 0);
}

static struct listing list(struct stepped_store *stepped, int64_t since_ms, unsigned limit)
{
	struct listing listing = { 0 };

	ck_assert_int_eq(
		store_actions_load(stepped->store, since_ms, limit, (struct action_reader){ see, see_end, &listing }),
		0);
	store_dispatch(stepped->store);
	return listing;
}

static void append(struct stepped_store *stepped, int64_t at_ms)
{
	const struct stored_action action = {
		.at_ms = at_ms,
		.asker = "operator",
		.uid = 1000,
		.pid = 77,
		.by = "alice",
		.command = "rollout.pause",
		.arguments = "{\"rollout\":\"spring\"}",
		.outcome = "not_found",
		.reason = "there is no rollout \"spring\"",
	};

	ck_assert_int_eq(store_action_append(stepped->store, &action, (struct store_reply){ 0 }), 0);
}

START_TEST(an_action_comes_back_as_it_was_written)
{
	struct stepped_store stepped;

	stepped_open(&stepped);
	append(&stepped, 5);
	stepped_reopen(&stepped);
	struct listing listing = list(&stepped, 0, 10);
	ck_assert_uint_eq(listing.count, 1);
	ck_assert_int_eq(listing.newest.at_ms, 5);
	ck_assert_int_eq(listing.newest.uid, 1000);
	ck_assert_int_eq(listing.newest.pid, 77);
	ck_assert_str_eq(listing.newest.asker, "operator");
	ck_assert_str_eq(listing.newest.by, "alice");
	ck_assert_str_eq(listing.newest.command, "rollout.pause");
	ck_assert_str_eq(listing.newest.arguments, "{\"rollout\":\"spring\"}");
	ck_assert_str_eq(listing.newest.outcome, "not_found");
	ck_assert_str_eq(listing.newest.reason, "there is no rollout \"spring\"");
	stepped_close(&stepped);
}
END_TEST

START_TEST(the_newest_come_first_and_none_from_before)
{
	struct stepped_store stepped;

	stepped_open(&stepped);
	for (int64_t at_ms = 1; at_ms <= 10; at_ms++)
		append(&stepped, at_ms);
	ck_assert_int_eq(list(&stepped, 0, 10).newest.at_ms, 10);
	ck_assert_uint_eq(list(&stepped, 8, 10).count, 3);
	ck_assert_uint_eq(list(&stepped, 0, 4).count, 4);
	ck_assert_int_eq(
		store_actions_load(stepped.store, 0, AUDIT_LOAD_MAX + 1, (struct action_reader){ 0 }), -EINVAL);
	stepped_close(&stepped);
}
END_TEST

START_TEST(it_does_not_grow_without_end)
{
	struct stepped_store stepped;
	int64_t all = AUDIT_ENTRIES + 600;

	stepped_open(&stepped);
	for (int64_t at_ms = 1; at_ms <= all; at_ms++) {
		append(&stepped, at_ms);
		if (at_ms % 1000 == 0)
			store_dispatch(stepped.store);
	}
	store_dispatch(stepped.store);
	stepped_shut(&stepped);
	sqlite3 *database;
	sqlite3_stmt *count;
	ck_assert_int_eq(sqlite3_open(stepped_path(&stepped, "gateway.db"), &database), SQLITE_OK);
	ck_assert_int_eq(sqlite3_prepare_v2(database, "SELECT count(*) FROM audit", -1, &count, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(count), SQLITE_ROW);
	ck_assert_int_ge(sqlite3_column_int(count, 0), AUDIT_ENTRIES);
	ck_assert_int_lt(sqlite3_column_int(count, 0), AUDIT_ENTRIES + 256);
	sqlite3_finalize(count);
	sqlite3_close(database);
	stepped_close(&stepped);
}
END_TEST

TEST_SUITE(audit_store, an_action_comes_back_as_it_was_written, the_newest_come_first_and_none_from_before,
	it_does_not_grow_without_end)
