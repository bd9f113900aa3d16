#include "store/database.h"

#include <errno.h>
#include <sys/stat.h>

#include "store/node_store.h"
#include "store/schema.h"
#include "store/segment_store.h"
#include "tests/unit/stepped_store.h"
#include "tests/unit/suite.h"

static const char *const names[] = { "gateway.db", "images.db", "telemetry.db" };

static void run_sql(const struct stepped_store *stepped, const char *name, const char *sql)
{
	sqlite3 *connection;

	ck_assert_int_eq(sqlite3_open(stepped_path(stepped, name), &connection), SQLITE_OK);
	ck_assert_msg(sqlite3_exec(connection, sql, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(connection));
	(void)sqlite3_close(connection);
}

/* Writes the same byte over a part of a file. */
static void overwrite(const struct stepped_store *stepped, const char *name, long offset, size_t size)
{
	FILE *file = fopen(stepped_path(stepped, name), "r+b");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fseek(file, offset, SEEK_SET), 0);
	for (size_t i = 0; i < size; i++)
		ck_assert_int_eq(fputc(0x5a, file), 0x5a);
	ck_assert_int_eq(fclose(file), 0);
}

static int save_nodes(struct stepped_store *stepped, int count)
{
	struct outcome outcome = { 0 };

	for (int i = 0; i < count && outcome.result == 0; i++) {
		struct stored_node node = { .hardware = "some hardware that takes room" };
		(void)snprintf(node.id, sizeof(node.id), "node-%d", i);
		ck_assert_int_eq(store_nodes_save(stepped->store, &node, 1, outcome_reply(&outcome)), 0);
		(void)outcome_of(stepped, &outcome);
	}
	return outcome.result;
}

static int append(struct stepped_store *stepped, uint64_t first)
{
	static const uint8_t data[3000];
	struct stored_segment segment = { .first = first, .count = 1, .data = data, .size = sizeof(data) };
	struct outcome outcome;

	ck_assert_int_eq(store_segment_append(stepped->store, &segment, outcome_reply(&outcome)), 0);
	return outcome_of(stepped, &outcome);
}

static void count_node(void *context, const struct stored_node *node)
{
	++*(int *)context;
}

static int node_count(struct stepped_store *stepped)
{
	int count = 0;

	ck_assert_int_eq(store_nodes_load(stepped->store, count_node, &count), 0);
	return count;
}

START_TEST(a_file_of_an_older_version_becomes_one_of_today)
{
	struct stepped_store stepped;
	struct segment_summary summary;

	stepped_open(&stepped);
	ck_assert_int_eq(append(&stepped, 1), 0);
	stepped_shut(&stepped);
	run_sql(&stepped, "telemetry.db",
		"DROP TABLE feed; ALTER TABLE segment DROP COLUMN told; PRAGMA user_version = 2");
	ck_assert_int_eq(stepped_try_open(&stepped), 0);
	ck_assert_int_eq(store_segment_summary(stepped.store, &summary), 0);
	ck_assert_uint_eq(summary.segments, 1);
	ck_assert_int_eq(append(&stepped, 2), 0);
	stepped_close(&stepped);
}
END_TEST

START_TEST(a_file_of_a_newer_version_is_refused)
{
	const struct schema *const schemas[] = { &schema_gateway, &schema_images, &schema_telemetry };
	char version[64];

	for (int i = 0; i < 3; i++) {
		struct stepped_store stepped;
		stepped_open(&stepped);
		stepped_shut(&stepped);
		run_sql(&stepped, names[i], "PRAGMA user_version = 99");
		ck_assert_int_eq(stepped_try_open(&stepped), -ENOTSUP);
		ck_assert_ptr_nonnull(strstr(stepped.why, names[i]));
		ck_assert_ptr_nonnull(strstr(stepped.why, "version 99"));
		ck_assert_str_eq(stepped.findings.set_aside[i], "");
		snprintf(version, sizeof(version), "PRAGMA user_version = %d", schemas[i]->version);
		run_sql(&stepped, names[i], version);
		ck_assert_int_eq(stepped_try_open(&stepped), 0);
		stepped_close(&stepped);
	}
}
END_TEST

START_TEST(a_file_that_is_none_is_set_aside_by_name)
{
	for (int i = 0; i < 3; i++) {
		struct stepped_store stepped;
		stepped_open(&stepped);
		ck_assert_int_eq(save_nodes(&stepped, 3), 0);
		stepped_shut(&stepped);
		overwrite(&stepped, names[i], 0, 100);
		ck_assert_int_eq(stepped_try_open(&stepped), 0);
		ck_assert_ptr_nonnull(strstr(stepped.findings.set_aside[i], names[i]));
		ck_assert_ptr_nonnull(strstr(stepped.findings.set_aside[i], ".corrupt-20"));
		ck_assert_int_eq(access(stepped.findings.set_aside[i], F_OK), 0);
		ck_assert_str_eq(stepped.findings.set_aside[(i + 1) % 3], "");
		ck_assert_int_eq(node_count(&stepped), i == 0 ? 0 : 3);
		stepped_reopen(&stepped);
		ck_assert_str_eq(stepped.findings.set_aside[i], "");
		stepped_close(&stepped);
	}
}
END_TEST

START_TEST(a_damaged_page_of_the_registry_is_found_at_start)
{
	struct stepped_store stepped;

	stepped_open(&stepped);
	ck_assert_int_eq(save_nodes(&stepped, 500), 0);
	stepped_shut(&stepped);
	overwrite(&stepped, "gateway.db", 8 * 4096, 4096);
	ck_assert_int_eq(stepped_try_open(&stepped), 0);
	ck_assert_str_ne(stepped.findings.set_aside[0], "");
	ck_assert_int_eq(node_count(&stepped), 0);
	stepped_close(&stepped);
}
END_TEST

START_TEST(a_file_that_was_cut_short_is_set_aside)
{
	struct stepped_store stepped;

	stepped_open(&stepped);
	ck_assert_int_eq(save_nodes(&stepped, 500), 0);
	stepped_shut(&stepped);
	ck_assert_int_eq(truncate(stepped_path(&stepped, "gateway.db"), 5000), 0);
	ck_assert_int_eq(stepped_try_open(&stepped), 0);
	ck_assert_str_ne(stepped.findings.set_aside[0], "");
	stepped_close(&stepped);
}
END_TEST

START_TEST(the_wal_goes_aside_with_its_file)
{
	struct stepped_store stepped;
	char wal[300];

	stepped_open(&stepped);
	stepped_shut(&stepped);
	overwrite(&stepped, "gateway.db", 0, 4096);
	FILE *file = fopen(stepped_path(&stepped, "gateway.db-wal"), "wb");
	ck_assert_int_eq(fwrite("not a log", 9, 1, file), 1);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(stepped_try_open(&stepped), 0);
	(void)snprintf(wal, sizeof(wal), "%s-wal", stepped.findings.set_aside[0]);
	ck_assert_int_eq(access(wal, F_OK), 0);
	stepped_close(&stepped);
}
END_TEST

START_TEST(damage_met_while_running_is_set_aside_at_the_next_start)
{
	struct stepped_store stepped;
	struct store_figures figures;
	struct outcome outcome;
	uint64_t first = 300;

	stepped_open(&stepped);
	for (uint64_t each = 1; each <= 600; each++)
		ck_assert_int_eq(append(&stepped, each), 0);
	stepped_shut(&stepped);
	/* A page in the middle, which a start does not look at. */
	overwrite(&stepped, "telemetry.db", 4096L * 300, 4096);
	ck_assert_int_eq(stepped_try_open(&stepped), 0);
	ck_assert_str_eq(stepped.findings.set_aside[2], "");
	ck_assert_int_eq(store_segment_discard(stepped.store, &first, 1, 0, outcome_reply(&outcome)), 0);
	(void)outcome_of(&stepped, &outcome);
	for (first = 100; first < 550 && outcome.result == 0; first++) {
		ck_assert_int_eq(store_segment_discard(stepped.store, &first, 1, 0, outcome_reply(&outcome)), 0);
		(void)outcome_of(&stepped, &outcome);
	}
	ck_assert_int_eq(outcome.result, -EIO);
	store_figures(stepped.store, &figures);
	ck_assert(figures.damaged);
	stepped_reopen(&stepped);
	ck_assert_str_ne(stepped.findings.set_aside[2], "");
	stepped_reopen(&stepped);
	ck_assert_str_eq(stepped.findings.set_aside[2], "");
	stepped_close(&stepped);
}
END_TEST

START_TEST(a_second_process_is_kept_out)
{
	struct stepped_store stepped;
	struct store *second = NULL;
	struct store_findings findings;
	char why[256];

	stepped_open(&stepped);
	ck_assert_int_eq(store_open(&second, &stepped.options, &findings, why, sizeof(why)), -EBUSY);
	ck_assert_ptr_nonnull(strstr(why, stepped.directory));
	ck_assert_ptr_null(second);
	stepped_close(&stepped);
}
END_TEST

START_TEST(a_folder_that_is_missing_is_named)
{
	struct stepped_store stepped;

	stepped_make_directory(&stepped);
	ck_assert_int_eq(rmdir(stepped.directory), 0);
	ck_assert_int_eq(stepped_try_open(&stepped), -ENOENT);
	ck_assert_ptr_nonnull(strstr(stepped.why, stepped.directory));
}
END_TEST

START_TEST(the_files_are_not_for_everyone)
{
	struct stepped_store stepped;
	struct stat status;

	stepped_open(&stepped);
	ck_assert_int_eq(save_nodes(&stepped, 1), 0);
	ck_assert_int_eq(stat(stepped_path(&stepped, "gateway.db"), &status), 0);
	ck_assert_int_eq(status.st_mode & 0777, 0600);
	ck_assert_int_eq(stat(stepped_path(&stepped, "gateway.db-wal"), &status), 0);
	ck_assert_int_eq(status.st_mode & 0777, 0600);
	stepped_shut(&stepped);
	/* As earlier versions made them. */
	ck_assert_int_eq(chmod(stepped_path(&stepped, "gateway.db"), 0640), 0);
	ck_assert_int_eq(stepped_try_open(&stepped), 0);
	ck_assert_int_eq(stat(stepped_path(&stepped, "gateway.db"), &status), 0);
	ck_assert_int_eq(status.st_mode & 0777, 0600);
	stepped_close(&stepped);
}
END_TEST

static const char *const no_checks[] = { NULL };

static int open_with(struct database *database, const struct stepped_store *stepped, const struct schema *schema)
{
	const struct database_options options = { .directory = stepped->directory,
		.name = "test.db",
		.schema = schema,
		.cache_kb = 64,
		.checks = no_checks,
		.checks_after_crash = no_checks };
	char set_aside[256], why[256];

	return database_init(database, &options, set_aside, why, sizeof(why));
}

START_TEST(an_older_file_becomes_one_of_today)
{
	static const char *const scripts[] = { "CREATE TABLE a(x); INSERT INTO a VALUES (7)",
		"ALTER TABLE a ADD COLUMN y DEFAULT 5", "UPDATE a SET y = y + x" };
	struct schema schema = { scripts, 1 };
	struct stepped_store stepped;
	struct database database;
	int64_t found = 0;

	stepped_make_directory(&stepped);
	ck_assert_int_eq(open_with(&database, &stepped, &schema), 0);
	database_finish(&database);
	schema.version = 3;
	ck_assert_int_eq(open_with(&database, &stepped, &schema), 0);
	ck_assert_int_eq(database_number(&database, "SELECT y FROM a", &found), 0);
	ck_assert_int_eq(found, 12);
	ck_assert_int_eq(database_number(&database, "PRAGMA user_version", &found), 0);
	ck_assert_int_eq(found, 3);
	database_finish(&database);
	stepped_close(&stepped);
}
END_TEST

START_TEST(a_migration_that_fails_changes_nothing)
{
	static const char *const scripts[] = { "CREATE TABLE a(x)", "INSERT INTO a VALUES (1); nonsense" };
	struct schema schema = { scripts, 1 };
	struct stepped_store stepped;
	struct database database;
	int64_t found = -1;

	stepped_make_directory(&stepped);
	ck_assert_int_eq(open_with(&database, &stepped, &schema), 0);
	database_finish(&database);
	schema.version = 2;
	ck_assert_int_lt(open_with(&database, &stepped, &schema), 0);
	database_finish(&database);
	schema.version = 1;
	ck_assert_int_eq(open_with(&database, &stepped, &schema), 0);
	ck_assert_int_eq(database_number(&database, "SELECT count(*) FROM a", &found), 0);
	ck_assert_int_eq(found, 0);
	database_finish(&database);
	stepped_close(&stepped);
}
END_TEST

START_TEST(a_file_keeps_the_pages_it_began_with)
{
	struct database_options options = { .name = "test.db",
		.schema = &(const struct schema){ (const char *const[]){ "CREATE TABLE a(x)" }, 1 },
		.cache_kb = 64,
		.page_size = 4096,
		.quota_bytes = 8 << 20,
		.checks = no_checks,
		.checks_after_crash = no_checks };
	struct stepped_store stepped;
	struct database database;
	char set_aside[256], why[256];

	stepped_make_directory(&stepped);
	options.directory = stepped.directory;
	for (int round = 0; round < 2; round++) {
		int64_t most = 0;

		ck_assert_int_eq(database_init(&database, &options, set_aside, why, sizeof(why)), 0);
		ck_assert_uint_eq(database.page_size, 4096);
		ck_assert_uint_eq(database.quota_pages, (8 << 20) / 4096);
		ck_assert_int_eq(database_number(&database, "PRAGMA max_page_count", &most), 0);
		ck_assert_int_eq(most, (9 << 20) / 4096);
		database_finish(&database);
		options.page_size = 1024;
	}
	stepped_close(&stepped);
}
END_TEST

TEST_SUITE(database, a_file_of_a_newer_version_is_refused, a_file_of_an_older_version_becomes_one_of_today,
	a_file_that_is_none_is_set_aside_by_name, a_damaged_page_of_the_registry_is_found_at_start,
	a_file_that_was_cut_short_is_set_aside, the_wal_goes_aside_with_its_file,
	damage_met_while_running_is_set_aside_at_the_next_start, a_second_process_is_kept_out,
	a_folder_that_is_missing_is_named, the_files_are_not_for_everyone, an_older_file_becomes_one_of_today,
	a_migration_that_fails_changes_nothing, a_file_keeps_the_pages_it_began_with)
