/*
 * record_shelf: the records that one driver keeps, in memory, within the limits of drivers/driver.h.
 */
#ifndef WAKEGATE_DRIVERS_RECORD_SHELF_H
#define WAKEGATE_DRIVERS_RECORD_SHELF_H

#include <stdbool.h>
#include <stddef.h>

#include "drivers/driver.h"
#include "drivers/id_map.h"

#define DRIVER_RECORDS_BYTES_MAX (8 * 1024 * 1024) /* of names and values of one driver */

struct record_shelf {
	struct id_map by_name;
	size_t bytes;
};

void record_shelf_init(struct record_shelf *shelf);

/* Secrets are wiped. */
void record_shelf_finish(struct record_shelf *shelf);

/* What keeping it would be: 1 a change, 0 none; -EINVAL: against the limits of its name or value; -ENOSPC: the driver
 * has too many records already, or too many bytes. */
int record_shelf_look(const struct record_shelf *shelf, const struct driver_record *record);

/* Puts it there, or takes it away where its value is empty; copies. To be looked at before. -ENOMEM. */
int record_shelf_put(struct record_shelf *shelf, const struct driver_record *record);

/* The record of that name, borrowed until the next put. False: there is none. */
bool record_shelf_find(const struct record_shelf *shelf, const char *name, struct driver_record *out);

/* Borrowed for the call; `each` puts nothing from within. */
void record_shelf_each(
	const struct record_shelf *shelf, void (*each)(void *taker, const struct driver_record *record), void *taker);

#endif
