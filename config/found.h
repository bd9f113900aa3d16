/*
 * found: says in words what stands in a config file.
 */
#ifndef WAKEGATE_CONFIG_FOUND_H
#define WAKEGATE_CONFIG_FOUND_H

#include <stddef.h>

#include "config/fault.h"

struct config_setting_t;

/* `70000`, `"text"`, `a group`; long texts are cut. Ended by NUL. */
void found_describe(const struct config_setting_t *found, char *out, size_t size);

/* The names that are allowed where `written` was found. */
struct found_names {
	const char *written;
	const char *(*at)(const void *table, size_t index); /* NULL after the last */
	const void *table;
};

/* Adds a fault that says that `name` is unknown, and which known one was probably meant, or all that are known. */
void found_refuse_name(
	struct config_faults *faults, struct place place, const char *name, const struct found_names *names);

#endif
