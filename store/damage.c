#include "store/damage.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store/database.h"

static int look_once(sqlite3 *connection, const char *sql, char *why, size_t why_size)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(connection, sql, -1, &statement, NULL);
	int result = 0;

	while (code == SQLITE_OK || code == SQLITE_ROW) {
		code = sqlite3_step(statement);
		if (code != SQLITE_ROW)
			break;
		const char *text = (const char *)sqlite3_column_text(statement, 0);
		if (text && strcmp(text, "ok") != 0) {
			(void)snprintf(why, why_size, "%s", text);
			result = -EBADMSG;
			break;
		}
	}
	if (code != SQLITE_ROW && code != SQLITE_DONE) {
		(void)snprintf(why, why_size, "%s", sqlite3_errmsg(connection));
		result = database_errno(connection, code);
	}
	(void)sqlite3_finalize(statement);
	return result;
}

int damage_look(sqlite3 *connection, const char *const *checks, char *why, size_t why_size)
{
	int result = 0;

	for (size_t i = 0; checks[i] && result == 0; i++) {
		result = look_once(connection, checks[i], why, why_size);
		/* To SQLite's own check a page that could not be read just now is a damaged one. */
		if (result == -EBADMSG)
			result = look_once(connection, checks[i], why, why_size);
	}
	return result;
}

bool damage_was_cut(const char *path)
{
	char wal[PATH_MAX];
	struct stat status;

	(void)snprintf(wal, sizeof(wal), "%s-wal", path);
	return stat(wal, &status) == 0 && status.st_size > 0;
}

static const char *suspect_path(const char *path, char out[PATH_MAX])
{
	(void)snprintf(out, PATH_MAX, "%s.suspect", path);
	return out;
}

void damage_suspect(const char *path)
{
	char note[PATH_MAX];
	int file = open(suspect_path(path, note), O_WRONLY | O_CREAT | O_CLOEXEC, 0640);

	/* Without room for the note the next start checks what it always checks. */
	if (file >= 0)
		(void)close(file);
}

bool damage_is_suspected(const char *path)
{
	char note[PATH_MAX];

	return access(suspect_path(path, note), F_OK) == 0;
}

void damage_suspect_clear(const char *path)
{
	char note[PATH_MAX];

	(void)unlink(suspect_path(path, note));
}

/* A name that is not taken: two damaged files in one second do not replace one another. */
static void choose_name(const char *path, char *renamed, size_t size)
{
	time_t at = time(NULL);
	struct tm utc;
	char stamp[32];

	do {
		(void)gmtime_r(&at, &utc);
		(void)strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &utc);
		(void)snprintf(renamed, size, "%s.corrupt-%s", path, stamp);
		at++;
	} while (access(renamed, F_OK) == 0);
}

static int rename_companion(const char *path, const char *renamed, const char *suffix)
{
	char from[PATH_MAX], to[PATH_MAX];

	(void)snprintf(from, sizeof(from), "%s%s", path, suffix);
	(void)snprintf(to, sizeof(to), "%s%s", renamed, suffix);
	return rename(from, to) < 0 && errno != ENOENT ? -errno : 0;
}

static int sync_directory_of(const char *path)
{
	char copy[PATH_MAX];

	(void)snprintf(copy, sizeof(copy), "%s", path);
	int directory = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return -errno;
	int result = fsync(directory) < 0 ? -errno : 0;
	(void)close(directory);
	return result;
}

int damage_set_aside(const char *path, char *renamed, size_t size)
{
	static const char *const suffixes[] = { "-wal", "-shm", "" };
	int result = 0;

	choose_name(path, renamed, size);
	/* The file itself last: until then a start finds it damaged again. */
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]) && result == 0; i++)
		result = rename_companion(path, renamed, suffixes[i]);
	if (result == 0)
		result = sync_directory_of(path);
	return result;
}
