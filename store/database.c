#include "store/database.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/damage.h"
#include "store/schema.h"
#include "store/space.h"
#include "store/written.h"

#define FILE_MODE 0600              /* also of what SQLite puts beside it */
#define PAGE_SIZE 4096              /* where the options say none */
#define RESERVE_BYTES (1024 * 1024) /* above the quota, so that deleting never fails for it */
#define BUSY_TIMEOUT_MS 2000        /* somebody looks at the file with sqlite3 */

static const char *const check_everything[] = { "PRAGMA quick_check(1)", NULL };

int database_errno(sqlite3 *connection, int code)
{
	int system = sqlite3_system_errno(connection);

	if (code == SQLITE_CONSTRAINT_PRIMARYKEY || code == SQLITE_CONSTRAINT_ROWID || code == SQLITE_CONSTRAINT_UNIQUE)
		return -EEXIST;
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EBADMSG;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_CONSTRAINT:
	case SQLITE_RANGE:
	case SQLITE_TOOBIG:
		return -EINVAL;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_CANTOPEN:
		return system == EROFS || system == ENOENT || system == ENOSPC ? -system : -EACCES;
	default:
		return system == ENOSPC || system == EDQUOT ? -ENOSPC : -EIO;
	}
}

int database_error(struct database *database, int code)
{
	int result = database_errno(database->connection, code);

	if (result == -ENOSPC)
		database->short_of_space = true;
	if (result == -EBADMSG && !database->damaged) {
		database->damaged = true;
		damage_suspect(database->path);
	}
	return result;
}

static int note_wal(void *context, sqlite3 *connection, const char *name, int frames)
{
	struct database *database = context;

	database->wal_frames = (unsigned)frames;
	return SQLITE_OK;
}

/*
 * SQLite would create it readable by everyone; its companions get the same mode. There are keys in it: one that the
 * group may read, as earlier versions made them, is closed to it, unless it is somebody else's.
 */
static int create_file(const char *path)
{
	int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);

	if (file < 0)
		return -errno;
	(void)fchmod(file, FILE_MODE);
	(void)close(file);
	return 0;
}

/* In pages of the size that the file has: one that an earlier version began keeps its own. */
static int set_quota(struct database *database, uint64_t quota_bytes)
{
	int64_t page_size = 0;
	char sql[64];
	int result = database_number(database, "PRAGMA page_size", &page_size);

	if (result < 0)
		return result;
	database->page_size = (unsigned)page_size;
	uint64_t pages = quota_bytes / database->page_size;
	database->quota_pages = pages ? pages : UINT64_MAX;
	(void)snprintf(sql, sizeof(sql), "PRAGMA max_page_count = %lld",
		pages ? (long long)(pages + RESERVE_BYTES / database->page_size) : 4294967294LL);
	return database_errno(database->connection, sqlite3_exec(database->connection, sql, NULL, NULL, NULL));
}

/*
 * What comes next may change the file, so a newer one is told first.
 *
 * EXTRA is FULL in WAL mode. Before, while a new file becomes one with a WAL, it makes the deletion of the rollback
 * journal durable: a journal that comes back after a power cut undoes that, and what is in the WAL is lost.
 */
static int look_at_version(struct database *database, const struct schema *schema, int *version)
{
	int code = sqlite3_exec(database->connection, "PRAGMA synchronous = EXTRA", NULL, NULL, NULL);

	return code == SQLITE_OK ? schema_look(database->connection, schema, version)
				 : database_errno(database->connection, code);
}

static int set_up(struct database *database, const struct database_options *options)
{
	unsigned page_size = options->page_size ? options->page_size : PAGE_SIZE;
	char sql[512];

	(void)snprintf(sql, sizeof(sql),
		"PRAGMA page_size = %d; PRAGMA auto_vacuum = %s;"
		"PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = %d;"
		"PRAGMA cache_size = -%u; PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY;"
		"PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON",
		page_size, options->gives_back ? "INCREMENTAL" : "NONE", WAL_BYTES_MAX, options->cache_kb);
	database->gives_back = options->gives_back;
	int result = database_errno(database->connection, sqlite3_exec(database->connection, sql, NULL, NULL, NULL));
	return result < 0 ? result : set_quota(database, options->quota_bytes);
}

static int look_for_damage(
	struct database *database, const struct database_options *options, bool cut, char *why, size_t why_size)
{
	bool suspected = damage_is_suspected(database->path);
	int result = damage_look(database->connection, suspected ? check_everything : options->checks, why, why_size);

	if (result == 0 && cut)
		result = damage_look(database->connection, options->checks_after_crash, why, why_size);
	if (result == 0 && suspected)
		damage_suspect_clear(database->path);
	return result;
}

static void open_space_file(struct database *database)
{
	database->space_file = open(database->path, O_RDWR | O_CLOEXEC);
	database->has_space_file = database->space_file >= 0;
}

/* After SQLite: to close any handle of a file gives up all locks that the process has on it. */
static void close_connection(struct database *database)
{
	(void)sqlite3_close(database->connection);
	database->connection = NULL;
	if (database->has_space_file)
		(void)close(database->space_file);
	database->has_space_file = false;
}

static int open_file(struct database *database, const struct database_options *options, char *why, size_t why_size)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	bool cut = damage_was_cut(database->path);
	int version = 0;
	int result = create_file(database->path);

	if (result < 0) {
		(void)snprintf(why, why_size, "%s", strerror(-result));
		return result;
	}
	int code = sqlite3_open_v2(database->path, &database->connection, flags, written_vfs(database->written));
	if (!database->connection)
		return -ENOMEM;
	result = database_errno(database->connection, code);
	if (!options->vfs)
		open_space_file(database);
	(void)sqlite3_busy_timeout(database->connection, BUSY_TIMEOUT_MS);
	if (result == 0)
		result = look_at_version(database, options->schema, &version);
	if (result == 0)
		result = set_up(database, options);
	if (result == 0)
		result = schema_migrate(database->connection, options->schema);
	if (result == -ENOTSUP) {
		(void)snprintf(why, why_size,
			"it has version %d and this wakegate knows up to %d: run the newer wakegate, or move the file "
			"away to begin anew",
			version, options->schema->version);
		return result;
	}
	if (result < 0) {
		(void)snprintf(why, why_size, "%s", sqlite3_errmsg(database->connection));
		return result;
	}
	return look_for_damage(database, options, cut, why, why_size);
}

static void finalize_statements(struct database *database)
{
	for (size_t i = 0; i < database->statement_count; i++)
		(void)sqlite3_finalize(database->statements[i].statement);
	database->statement_count = 0;
}

/* Closes without touching the WAL, which belongs to the damaged file. */
static void close_as_found(struct database *database)
{
	int persist = 1;

	finalize_statements(database);
	(void)sqlite3_db_config(database->connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	(void)sqlite3_file_control(database->connection, "main", SQLITE_FCNTL_PERSIST_WAL, &persist);
	close_connection(database);
}

int database_init(
	struct database *database, const struct database_options *options, char *set_aside, char *why, size_t why_size)
{
	char found[256] = "";

	memset(database, 0, sizeof(*database));
	set_aside[0] = '\0';
	int length = snprintf(database->path, sizeof(database->path), "%s/%s", options->directory, options->name);
	if (length >= (int)sizeof(database->path)) {
		(void)snprintf(why, why_size, "the path of %s is too long", options->name);
		return -ENAMETOOLONG;
	}
	int result = written_open(&database->written, options->vfs);
	if (result == 0)
		result = open_file(database, options, found, sizeof(found));
	if (result == -EBADMSG) {
		close_as_found(database);
		result = damage_set_aside(database->path, set_aside, 256);
		if (result == 0) {
			damage_suspect_clear(database->path);
			result = open_file(database, options, found, sizeof(found));
		}
	}
	if (result < 0) {
		(void)snprintf(
			why, why_size, "cannot use %s: %s", database->path, found[0] ? found : strerror(-result));
		return result;
	}
	(void)sqlite3_wal_hook(database->connection, note_wal, database);
	space_reserve(database);
	database->tidy_due = true;
	return 0;
}

void database_finish(struct database *database)
{
	finalize_statements(database);
	close_connection(database);
	written_close(database->written);
	database->written = NULL;
}

int database_prepare(struct database *database, const char *sql, sqlite3_stmt **out)
{
	size_t i = 0;

	while (i < database->statement_count && database->statements[i].sql != sql)
		i++;
	if (i == database->statement_count) {
		assert(i < DATABASE_STATEMENTS_MAX);
		int code = sqlite3_prepare_v3(database->connection, sql, -1, SQLITE_PREPARE_PERSISTENT,
			&database->statements[i].statement, NULL);
		if (code != SQLITE_OK)
			return database_error(database, code);
		database->statements[i].sql = sql;
		database->statement_count++;
	}
	*out = database->statements[i].statement;
	return 0;
}

int database_step(struct database *database, sqlite3_stmt *statement)
{
	int code = sqlite3_step(statement);

	if (code == SQLITE_ROW)
		return 1;
	int result = code == SQLITE_DONE ? 0 : database_error(database, code);
	(void)sqlite3_reset(statement);
	return result;
}

int database_execute(struct database *database, const char *sql)
{
	sqlite3_stmt *statement;
	int result = database_prepare(database, sql, &statement);

	if (result < 0)
		return result;
	do
		result = database_step(database, statement);
	while (result > 0);
	return result;
}

int database_number(struct database *database, const char *sql, int64_t *out)
{
	sqlite3_stmt *statement;
	int result = database_prepare(database, sql, &statement);

	if (result < 0)
		return result;
	result = database_step(database, statement);
	if (result < 0)
		return result;
	*out = result > 0 ? sqlite3_column_int64(statement, 0) : 0;
	(void)sqlite3_reset(statement);
	return 0;
}

bool database_in_transaction(const struct database *database)
{
	return !sqlite3_get_autocommit(database->connection);
}
