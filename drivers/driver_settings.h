/*
 * driver_settings: a driver's settings as JSON, for one that runs in another process, and back.
 *
 * One object: a member for each setting of the table that has a value, durations in milliseconds, sizes in bytes,
 * choices and paths as texts, lists as arrays, groups as arrays of objects.
 */
#ifndef WAKEGATE_DRIVERS_DRIVER_SETTINGS_H
#define WAKEGATE_DRIVERS_DRIVER_SETTINGS_H

#include <stddef.h>

#include "config/arena.h"
#include "protocols/cursor.h"
#include "protocols/reading.h"

struct settings_table;

/* A failed `out` says that it did not fit. */
void driver_settings_write(const struct settings_table *table, const void *values, struct writer *out);

/*
 * Fills `values` (the table's struct_size bytes) with the table's defaults and what the object says; texts live in the
 * arena. Members that the table does not have are passed over. -EINVAL with a sentence; -ENOMEM.
 */
int driver_settings_read(const struct settings_table *table, void *values, struct arena *arena, struct span json,
	char *why, size_t why_size);

#endif
