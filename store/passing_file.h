/*
 * passing_file: an open file of an SQLite VFS that passes everything on to a file of another VFS (private to store/
 * and to the disk of the tests).
 *
 * A VFS that wants to see or change something embeds this as the first member of its files and replaces methods of a
 * copy of these.
 */
#ifndef WAKEGATE_STORE_PASSING_FILE_H
#define WAKEGATE_STORE_PASSING_FILE_H

#include <sqlite3.h>

struct passing_file {
	sqlite3_file base;
	sqlite3_file *real; /* open; SQLite allocates it behind the whole */
};

/* Version 2: with shared memory for the WAL, without memory-mapped files, which would pass by. */
extern const sqlite3_io_methods passing_file_methods;

#endif
