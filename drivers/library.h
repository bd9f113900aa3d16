/*
 * library: an outside library that is loaded when it is needed, as a table of its functions.
 *
 * What is linked is in memory from the start, used or not; what hangs behind it too (docs/decisions/011, 121).
 */
#ifndef WAKEGATE_DRIVERS_LIBRARY_H
#define WAKEGATE_DRIVERS_LIBRARY_H

#include <stddef.h>

struct library_function {
	const char *name; /* as the library exports it */
	size_t offset;    /* of its pointer in the table */
};

/*
 * Loads the library of that file name and fills the table; blocks for milliseconds the first time. It is never
 * unloaded. -ENOTSUP: it is not installed, or lacks a function; the table is as it was.
 */
int library_load(void *table, const char *name, const struct library_function *functions, size_t count);

#endif
