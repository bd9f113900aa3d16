#include "store/schema.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>

#include "store/database.h"

/*
 * Rows of `node` are updated in place at every flush, so its key is a row id in the order of joining and not the text,
 * which would scatter a flush over all pages. The journal has no index: it is read by people, seldom, and written
 * often.
 */
static const char gateway_1[] =
	"CREATE TABLE setting(name TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE node("
	" number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, driver TEXT NOT NULL,"
	" hardware TEXT NOT NULL, version TEXT NOT NULL, image BLOB NOT NULL,"
	" battery_percent INTEGER NOT NULL, signal_dbm INTEGER NOT NULL, rank INTEGER NOT NULL,"
	" first_seen_ms INTEGER NOT NULL, last_seen_ms INTEGER NOT NULL,"
	" next_contact_ms INTEGER NOT NULL, contacts INTEGER NOT NULL, drops INTEGER NOT NULL,"
	" readings INTEGER NOT NULL, bytes_in INTEGER NOT NULL, bytes_out INTEGER NOT NULL);"
	"CREATE TABLE node_update("
	" number INTEGER PRIMARY KEY, node TEXT NOT NULL UNIQUE, sha256 BLOB NOT NULL,"
	" state TEXT NOT NULL, reason TEXT NOT NULL, offset INTEGER NOT NULL,"
	" attempts INTEGER NOT NULL, created_ms INTEGER NOT NULL, changed_ms INTEGER NOT NULL,"
	" retry_at_ms INTEGER NOT NULL, previous BLOB NOT NULL);"
	"CREATE TABLE journal("
	" number INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, subject TEXT NOT NULL,"
	" event TEXT NOT NULL, detail TEXT NOT NULL);";

/* A rollout is written whole at each of its steps: some dozen times in its life. */
static const char gateway_2[] = "ALTER TABLE node ADD COLUMN watched_ms INTEGER NOT NULL DEFAULT 0;"
				"ALTER TABLE node ADD COLUMN watched_drops INTEGER NOT NULL DEFAULT 0;"
				"ALTER TABLE node ADD COLUMN past_ms INTEGER NOT NULL DEFAULT 0;"
				"ALTER TABLE node ADD COLUMN past_drops_milli INTEGER NOT NULL DEFAULT 0;"
				"CREATE TABLE rollout("
				" number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, plan TEXT NOT NULL,"
				" state TEXT NOT NULL, wave INTEGER NOT NULL, looks INTEGER NOT NULL,"
				" reach INTEGER NOT NULL, approved INTEGER NOT NULL, created_ms INTEGER NOT NULL,"
				" wave_ms INTEGER NOT NULL, soak_ms INTEGER NOT NULL, changed_ms INTEGER NOT NULL,"
				" reason TEXT NOT NULL);";

/* Few rows, each written when its alert is raised, cleared or told. */
static const char gateway_3[] = "CREATE TABLE alert("
				" kind TEXT NOT NULL, subject TEXT NOT NULL, severity TEXT NOT NULL,"
				" text TEXT NOT NULL, stands INTEGER NOT NULL, told INTEGER NOT NULL,"
				" times INTEGER NOT NULL, raised_ms INTEGER NOT NULL, changed_ms INTEGER NOT NULL,"
				" PRIMARY KEY(kind, subject)) WITHOUT ROWID;";

static const char gateway_4[] = "ALTER TABLE node ADD COLUMN rhythm INTEGER NOT NULL DEFAULT 0;";

static const char gateway_5[] = "CREATE TABLE audit("
				" number INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, asker TEXT NOT NULL,"
				" uid INTEGER NOT NULL, pid INTEGER NOT NULL, said TEXT NOT NULL,"
				" command TEXT NOT NULL, arguments TEXT NOT NULL, outcome TEXT NOT NULL,"
				" reason TEXT NOT NULL);";

static const char gateway_6[] = "CREATE TABLE hold("
				" node TEXT PRIMARY KEY NOT NULL, reason TEXT NOT NULL, by TEXT NOT NULL,"
				" at_ms INTEGER NOT NULL) WITHOUT ROWID;";

/* An update may go over other images to the one that was ordered; without a goal of its own it is the goal. */
static const char gateway_7[] = "ALTER TABLE node_update ADD COLUMN goal BLOB NOT NULL DEFAULT x'';"
				"ALTER TABLE node_update ADD COLUMN stones INTEGER NOT NULL DEFAULT 0;";

static const char gateway_8[] = "ALTER TABLE node_update ADD COLUMN at_once INTEGER NOT NULL DEFAULT 0;";

/* Secrets are apart so that whoever copies or shows what drivers keep cannot take them along unawares. */
static const char gateway_9[] = "CREATE TABLE driver_record("
				" driver TEXT NOT NULL, name TEXT NOT NULL, value BLOB NOT NULL,"
				" PRIMARY KEY(driver, name)) WITHOUT ROWID;"
				"CREATE TABLE secret("
				" driver TEXT NOT NULL, name TEXT NOT NULL, value BLOB NOT NULL,"
				" PRIMARY KEY(driver, name)) WITHOUT ROWID;";

static const char gateway_10[] = "ALTER TABLE rollout ADD COLUMN forgiven_reach INTEGER NOT NULL DEFAULT 0;"
				 "ALTER TABLE rollout ADD COLUMN forgiven_ms INTEGER NOT NULL DEFAULT 0;";

static const char gateway_11[] = "ALTER TABLE node_update ADD COLUMN forced INTEGER NOT NULL DEFAULT 0;";

/*
 * A chunk's key is image number * 65536 + index. The manifest is apart so that the row of an image, written anew at
 * every append, stays small. `tail_crc32c` is of what is there of the last chunk while it is not whole.
 */
static const char images_1[] = "CREATE TABLE image("
			       " number INTEGER PRIMARY KEY, sha256 BLOB NOT NULL UNIQUE, sha1 BLOB NOT NULL,"
			       " size_bytes INTEGER NOT NULL, stored_bytes INTEGER NOT NULL,"
			       " tail_crc32c INTEGER NOT NULL, complete INTEGER NOT NULL, name TEXT NOT NULL,"
			       " format TEXT NOT NULL, version TEXT NOT NULL, hardware TEXT NOT NULL,"
			       " signer TEXT NOT NULL, added_ms INTEGER NOT NULL, used_ms INTEGER NOT NULL,"
			       " origin TEXT NOT NULL);"
			       "CREATE TABLE manifest(image INTEGER PRIMARY KEY, text TEXT NOT NULL);"
			       "CREATE TABLE chunk("
			       " number INTEGER PRIMARY KEY, crc32c BLOB NOT NULL, data BLOB NOT NULL);";

static const char images_2[] = "ALTER TABLE image ADD COLUMN requires TEXT NOT NULL DEFAULT '';";

static const char images_3[] = "ALTER TABLE image ADD COLUMN only_for TEXT NOT NULL DEFAULT '';";

/*
 * Append-only, no index, one row a commit: see docs/store.md for what each commit writes. `readings` and `segments`
 * are the totals of the table as of that row; `mark` has them as of the last deletion, and the next sequence number.
 */
static const char telemetry_1[] = "CREATE TABLE segment("
				  " first INTEGER PRIMARY KEY, count INTEGER NOT NULL, boot INTEGER NOT NULL,"
				  " oldest_us INTEGER NOT NULL, newest_us INTEGER NOT NULL, codec INTEGER NOT NULL,"
				  " kept_at_ms INTEGER NOT NULL, readings INTEGER NOT NULL, segments INTEGER NOT NULL,"
				  " crc32c INTEGER NOT NULL, exchanges BLOB NOT NULL, data BLOB NOT NULL);"
				  "CREATE TABLE mark("
				  " id INTEGER PRIMARY KEY CHECK (id = 1), newest INTEGER NOT NULL,"
				  " next INTEGER NOT NULL, readings INTEGER NOT NULL, segments INTEGER NOT NULL);"
				  "CREATE TABLE exchange("
				  " first INTEGER PRIMARY KEY, kept_at_ms INTEGER NOT NULL, exchanges BLOB NOT NULL);"
				  "CREATE TABLE loss(first INTEGER PRIMARY KEY, last INTEGER NOT NULL);";

/* `kind` has a row for each segment that is not plain, and its bytes. */
static const char telemetry_2[] = "CREATE TABLE kind("
				  " first INTEGER PRIMARY KEY, kind INTEGER NOT NULL, bytes INTEGER NOT NULL);"
				  "ALTER TABLE loss ADD COLUMN reason INTEGER NOT NULL DEFAULT 0;"
				  "ALTER TABLE loss ADD COLUMN became INTEGER NOT NULL DEFAULT 0;";

static const char telemetry_3[] = "CREATE TABLE feed("
				  " id INTEGER PRIMARY KEY, kept_at_ms INTEGER NOT NULL, count INTEGER NOT NULL,"
				  " codec INTEGER NOT NULL, crc32c INTEGER NOT NULL, exchanges BLOB NOT NULL,"
				  " data BLOB NOT NULL);";

/* How many reports of a segment have fingerprints that its readings tell, so that they are not in `exchanges`. */
static const char telemetry_4[] = "ALTER TABLE segment ADD COLUMN told INTEGER NOT NULL DEFAULT 0;";

/* Which start of the gateway fed them; 0 in rows of former versions. */
static const char telemetry_5[] = "ALTER TABLE feed ADD COLUMN boot INTEGER NOT NULL DEFAULT 0;";

const struct schema schema_gateway = { (const char *const[]){ gateway_1, gateway_2, gateway_3, gateway_4, gateway_5,
					       gateway_6, gateway_7, gateway_8, gateway_9, gateway_10, gateway_11 },
	11 };
const struct schema schema_images = { (const char *const[]){ images_1, images_2, images_3 }, 3 };
const struct schema schema_telemetry = {
	(const char *const[]){ telemetry_1, telemetry_2, telemetry_3, telemetry_4, telemetry_5 }, 5
};

static int read_version(sqlite3 *connection, int *version)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(connection, "PRAGMA user_version", -1, &statement, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	if (code == SQLITE_ROW)
		*version = sqlite3_column_int(statement, 0);
	(void)sqlite3_finalize(statement);
	return code == SQLITE_ROW ? 0 : database_errno(connection, code);
}

static int migrate_step(sqlite3 *connection, const char *script, int version)
{
	char close[64];
	int code;

	(void)snprintf(close, sizeof(close), "PRAGMA user_version = %d; COMMIT", version);
	code = sqlite3_exec(connection, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_exec(connection, script, NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_exec(connection, close, NULL, NULL, NULL);
	if (code == SQLITE_OK)
		return 0;
	int result = database_errno(connection, code);
	if (!sqlite3_get_autocommit(connection))
		(void)sqlite3_exec(connection, "ROLLBACK", NULL, NULL, NULL);
	return result;
}

int schema_look(sqlite3 *connection, const struct schema *schema, int *found)
{
	int result = read_version(connection, found);

	if (result < 0)
		return result;
	return *found > schema->version || *found < 0 ? -ENOTSUP : 0;
}

int schema_migrate(sqlite3 *connection, const struct schema *schema)
{
	int found;
	int result = schema_look(connection, schema, &found);

	for (int version = found; version < schema->version && result == 0; version++)
		result = migrate_step(connection, schema->scripts[version], version + 1);
	return result;
}
