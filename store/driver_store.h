/*
 * driver_store: what drivers keep over restarts, named values of each, with secrets in a table apart.
 */
#ifndef WAKEGATE_STORE_DRIVER_STORE_H
#define WAKEGATE_STORE_DRIVER_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include "store/store.h"

#define STORED_DRIVER_MAX 32      /* bytes of a driver's name */
#define STORED_RECORD_NAME_MAX 64 /* of a record's */
#define STORED_RECORD_MAX 4096    /* of its value */

/* Borrowed for the call. */
struct stored_driver_record {
	const char *driver;
	const char *name;
	const void *value;
	size_t size;
	bool secret; /* rests in the table `secret`, which nothing but store_driver_records_load() reads */
};

/* Blocks, for start-up. */
int store_driver_records_load(
	struct store *store, void (*each)(void *context, const struct stored_driver_record *record), void *context);

/*
 * Inserts or replaces the record of that name, or with size 0 removes it; copies. Rides in the next commit of anything
 * else, at the latest a second later; a secret does not wait.
 */
int store_driver_record_save(struct store *store, const struct stored_driver_record *record, struct store_reply reply);

#endif
