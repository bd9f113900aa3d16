/*
 * damage: finds out whether a file is damaged, and sets a damaged one aside without changing a byte of it.
 */
#ifndef WAKEGATE_STORE_DAMAGE_H
#define WAKEGATE_STORE_DAMAGE_H

#include <stdbool.h>
#include <stddef.h>

struct sqlite3;

/*
 * Runs each of `checks`, a NULL-terminated list of SQL. 0; -EBADMSG if one fails for damage or yields a text that is
 * not "ok", twice; other errors of the file. `why` gets what was found.
 */
int damage_look(struct sqlite3 *connection, const char *const *checks, char *why, size_t why_size);

/* The file was written to and not closed since: its WAL is there. */
bool damage_was_cut(const char *path);

/*
 * A note beside the file that damage was met while running: the next start then checks the whole file. suspect_clear()
 * is fine without one.
 */
void damage_suspect(const char *path);
bool damage_is_suspected(const char *path);
void damage_suspect_clear(const char *path);

/*
 * Renames a file that is not open, with its -wal and -shm, to NAME.corrupt-YYYYMMDDTHHMMSSZ (in UTC); `renamed` has the
 * new path.
 */
int damage_set_aside(const char *path, char *renamed, size_t size);

#endif
