/*
 * schema: the tables of the store's files, and how a file of an older version becomes one of today's.
 */
#ifndef WAKEGATE_STORE_SCHEMA_H
#define WAKEGATE_STORE_SCHEMA_H

#include <stddef.h>

struct sqlite3;

/* Script number i (from 0) turns version i into i + 1; version 0 is an empty file. Scripts are never changed. */
struct schema {
	const char *const *scripts;
	int version; /* how many scripts there are */
};

extern const struct schema schema_gateway;
extern const struct schema schema_images;
extern const struct schema schema_telemetry;

/* The version of the file is in `found`. 0, -ENOTSUP if it is newer than the schema, or the error of the file, which is
 * not written to. */
int schema_look(struct sqlite3 *connection, const struct schema *schema, int *found);

/* Brings the file to the schema's version, each step in a transaction of its own. As schema_look(). */
int schema_migrate(struct sqlite3 *connection, const struct schema *schema);

#endif
