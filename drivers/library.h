/*
 * library: an outside library that is loaded when it is needed, as a table of its functions.
 *
 * What is linked is in memory from the start, used or not; what hangs behind it too (docs/decisions/011, 141).
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

/* The same for a short use: the functions are there until library_give_back(*out), for which nothing of it may run. */
int library_borrow(void **out, void *table, const char *name, const struct library_function *functions, size_t count);
void library_give_back(void *library);

#endif
