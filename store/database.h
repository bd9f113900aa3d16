/*
 * database: one SQLite file: opened, checked, migrated, and spoken to by prepared statements.
 *
 * Used by one thread at a time. Functions that return int return 0 or a negative errno unless they say otherwise:
 * -ENOSPC, -EIO, -EBUSY, -ENOMEM, -EEXIST (a key is there already), -EBADMSG (the file is damaged).
 */
#ifndef WAKEGATE_STORE_DATABASE_H
#define WAKEGATE_STORE_DATABASE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DATABASE_STATEMENTS_MAX 48
#define DATABASE_PATH_MAX 192

struct schema;
struct written;

struct database_options {
	const char *directory;
	const char *name; /* of the file */
	const char *vfs;  /* NULL: the default */
	const struct schema *schema;
	/* What is checked at every start, a NULL-terminated list of SQL that says "ok" or nothing, and what is checked
	 * after the file was not closed properly. */
	const char *const *checks;
	const char *const *checks_after_crash;
	uint64_t quota_bytes; /* 0: none */
	unsigned cache_kb;    /* pages that SQLite keeps in memory */
	unsigned page_size;   /* of a new file, 0: 4096 */
	bool gives_back;      /* free pages can be given back to the file system by space_tidy() */
};

struct database {
	sqlite3 *connection;
	struct written *written; /* what its files were written */
	char path[DATABASE_PATH_MAX];
	struct {
		const char *sql;
		sqlite3_stmt *statement;
	} statements[DATABASE_STATEMENTS_MAX];
	size_t statement_count;
	unsigned page_size;   /* of this file, whatever the options say */
	uint64_t quota_pages; /* UINT64_MAX: none */
	uint64_t owned_pages; /* for which there is space on the disk */
	unsigned wal_frames;  /* in the WAL after the last commit */
	int space_file;       /* the file once more, to own space with; valid if has_space_file */
	bool has_space_file;
	bool gives_back;
	bool tidy_due;       /* something was committed since space_tidy() found nothing to do */
	bool damaged;        /* found while running */
	bool short_of_space; /* the disk was full when it was last asked for space */
};

/*
 * Opens; `database` is the caller's, finish it also after a failure. A damaged file is renamed with its companions and
 * begun anew; `set_aside` (256 bytes) then has its new path, otherwise "". -ENOTSUP: it is of a newer version. On
 * failure `why` has a sentence.
 */
int database_init(
	struct database *database, const struct database_options *options, char *set_aside, char *why, size_t why_size);

/* Checkpoints and closes. Zeroed memory is fine. */
void database_finish(struct database *database);

/* The error that an SQLite result code stands for. */
int database_errno(sqlite3 *connection, int code);

/* As database_errno(); notes damage. */
int database_error(struct database *database, int code);

/* The prepared statement of `sql`, which is a constant; reset and kept for the next time. */
int database_prepare(struct database *database, const char *sql, sqlite3_stmt **out);

/* Steps: 1 a row, 0 the end (and reset), or an error (and reset). */
int database_step(struct database *database, sqlite3_stmt *statement);

/* Runs a statement that yields nothing; `sql` is a constant. */
int database_execute(struct database *database, const char *sql);

/* The first column of the first row as a number, 0 if there is no row; `sql` is a constant without parameters. */
int database_number(struct database *database, const char *sql, int64_t *out);

/* Whether a transaction is open; SQLite ends it by itself on some failures. */
bool database_in_transaction(const struct database *database);

#endif
