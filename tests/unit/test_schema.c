#include "store/schema.h"

#include <sqlite3.h>
#include <string.h>

#include "store/image_store.h"
#include "store/node_store.h"
#include "store/segment_store.h"
#include "store/update_store.h"
#include "tests/unit/stepped_store.h"
#include "tests/unit/suite.h"

#define SQL_MAX 2048
#define TEXT_MAX 65536

static const struct {
	const char *name;
	const struct schema *schema;
} files[] = { { "gateway.db", &schema_gateway }, { "images.db", &schema_images },
	{ "telemetry.db", &schema_telemetry } };

static void execute(sqlite3 *connection, const char *sql)
{
	ck_assert_msg(sqlite3_exec(connection, sql, NULL, NULL, NULL) == SQLITE_OK, "%s: %s", sql,
		sqlite3_errmsg(connection));
}

/* Calls `each` for every table. */
static void each_table(sqlite3 *connection, void (*each)(sqlite3 *connection, const char *table, char *out), char *out)
{
	static const char sql[] = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
				  " ORDER BY name";
	sqlite3_stmt *tables;

	ck_assert_int_eq(sqlite3_prepare_v2(connection, sql, -1, &tables, NULL), SQLITE_OK);
	while (sqlite3_step(tables) == SQLITE_ROW)
		each(connection, (const char *)sqlite3_column_text(tables, 0), out);
	ck_assert_int_eq(sqlite3_finalize(tables), SQLITE_OK);
}

/* A row with something in each column: what a later version makes of it must be told by the script. */
static void put_row(sqlite3 *connection, const char *table, char *out)
{
	char sql[SQL_MAX];
	sqlite3_stmt *columns;

	(void)out;
	(void)snprintf(sql, sizeof(sql), "SELECT type FROM pragma_table_info('%s')", table);
	ck_assert_int_eq(sqlite3_prepare_v2(connection, sql, -1, &columns, NULL), SQLITE_OK);
	int size = snprintf(sql, sizeof(sql), "INSERT INTO \"%s\" VALUES", table);
	for (char before = '('; sqlite3_step(columns) == SQLITE_ROW; before = ',') {
		const char *type = (const char *)sqlite3_column_text(columns, 0);
		size += snprintf(sql + size, sizeof(sql) - (size_t)size, "%c%s", before,
			strcmp(type, "TEXT") == 0   ? "'offered'"
			: strcmp(type, "BLOB") == 0 ? "x'0102030405'"
						    : "1");
	}
	(void)snprintf(sql + size, sizeof(sql) - (size_t)size, ")");
	ck_assert_int_eq(sqlite3_finalize(columns), SQLITE_OK);
	execute(connection, sql);
}

/* "table: column type, …" and the number of rows. */
static void describe(sqlite3 *connection, const char *table, char *out)
{
	char sql[SQL_MAX];
	sqlite3_stmt *found;

	(void)snprintf(sql, sizeof(sql),
		"SELECT group_concat(name || ' ' || type || \"notnull\") FROM pragma_table_info('%s')", table);
	ck_assert_int_eq(sqlite3_prepare_v2(connection, sql, -1, &found, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(found), SQLITE_ROW);
	(void)snprintf(out + strlen(out), TEXT_MAX - strlen(out), "%s: %s\n", table, sqlite3_column_text(found, 0));
	ck_assert_int_eq(sqlite3_finalize(found), SQLITE_OK);
}

static void count_rows(sqlite3 *connection, const char *table, char *out)
{
	char sql[SQL_MAX];
	sqlite3_stmt *found;

	(void)snprintf(sql, sizeof(sql), "SELECT count(*) FROM \"%s\"", table);
	ck_assert_int_eq(sqlite3_prepare_v2(connection, sql, -1, &found, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(found), SQLITE_ROW);
	(void)snprintf(out + strlen(out), TEXT_MAX - strlen(out), "%s %d\n", table, sqlite3_column_int(found, 0));
	ck_assert_int_eq(sqlite3_finalize(found), SQLITE_OK);
}

static sqlite3 *open_file(const struct stepped_store *stepped, const char *name)
{
	sqlite3 *connection;

	ck_assert_int_eq(sqlite3_open(stepped_path(stepped, name), &connection), SQLITE_OK);
	return connection;
}

/* The file as that version would have left it, a row in each table. What is in it goes to `rows`. */
static void make_former(const struct stepped_store *stepped, size_t file, int version, char *rows)
{
	sqlite3 *connection = open_file(stepped, files[file].name);
	char sql[64];

	for (int i = 0; i < version; i++)
		execute(connection, files[file].schema->scripts[i]);
	(void)snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", version);
	execute(connection, sql);
	each_table(connection, put_row, NULL);
	each_table(connection, count_rows, rows);
	ck_assert_int_eq(sqlite3_close(connection), SQLITE_OK);
}

static void look(const struct stepped_store *stepped, size_t file,
	void (*each)(sqlite3 *connection, const char *table, char *out), char *out)
{
	sqlite3 *connection = open_file(stepped, files[file].name);

	each_table(connection, each, out);
	ck_assert_int_eq(sqlite3_close(connection), SQLITE_OK);
}

static void count_node(void *context, const struct stored_node *node)
{
	++*(int *)context;
}

static void count_update(void *context, const struct stored_update *update)
{
	ck_assert(!update->forced || update->at_once);
	++*(int *)context;
}

static void count_image(void *context, const struct stored_image *image)
{
	++*(int *)context;
}

/* What a start reads first can be read. */
static void load(struct stepped_store *stepped, size_t file)
{
	struct segment_summary summary;
	int nodes = 0, updates = 0, images = 0;

	ck_assert_int_eq(store_nodes_load(stepped->store, count_node, &nodes), 0);
	ck_assert_int_eq(store_updates_load(stepped->store, count_update, &updates), 0);
	ck_assert_int_eq(store_images_load(stepped->store, count_image, &images), 0);
	ck_assert_int_eq(store_segment_summary(stepped->store, &summary), 0);
	ck_assert_int_eq(nodes, file == 0);
	ck_assert_int_eq(updates, file == 0);
	ck_assert_int_eq(images, file == 1);
	ck_assert_uint_eq(summary.first, file == 2);
}

/* The file as any former version left it keeps what is in it, and has the columns of one made today. */
static void migrate_all(size_t file)
{
	static char today[TEXT_MAX], columns[TEXT_MAX], before[TEXT_MAX], after[TEXT_MAX];
	struct stepped_store stepped;

	stepped_open(&stepped);
	stepped_shut(&stepped);
	look(&stepped, file, describe, today);
	stepped_close(&stepped);
	for (int version = 1; version < files[file].schema->version; version++) {
		before[0] = after[0] = columns[0] = '\0';
		stepped_make_directory(&stepped);
		make_former(&stepped, file, version, before);
		ck_assert_msg(stepped_try_open(&stepped) == 0, "version %d: %s", version, stepped.why);
		ck_assert_str_eq(stepped.findings.set_aside[file], "");
		load(&stepped, file);
		stepped_shut(&stepped);
		look(&stepped, file, describe, columns);
		ck_assert_str_eq(columns, today);
		look(&stepped, file, count_rows, after);
		for (char *line = strtok(before, "\n"); line; line = strtok(NULL, "\n"))
			ck_assert_msg(strstr(after, line), "version %d: %s is not in %s", version, line, after);
		stepped_close(&stepped);
	}
}

START_TEST(a_gateway_file_of_any_former_version_keeps_what_is_in_it)
{
	migrate_all(0);
}
END_TEST

START_TEST(an_images_file_of_any_former_version_keeps_what_is_in_it)
{
	migrate_all(1);
}
END_TEST

START_TEST(a_telemetry_file_of_any_former_version_keeps_what_is_in_it)
{
	migrate_all(2);
}
END_TEST

TEST_SUITE(schema, a_gateway_file_of_any_former_version_keeps_what_is_in_it,
	an_images_file_of_any_former_version_keeps_what_is_in_it,
	a_telemetry_file_of_any_former_version_keeps_what_is_in_it)
