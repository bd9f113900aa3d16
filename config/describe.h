/*
 * describe: says in words what a setting may be.
 *
 * The same words stand in faults, in the sample file and in the manual page.
 */
#ifndef WAKEGATE_CONFIG_DESCRIBE_H
#define WAKEGATE_CONFIG_DESCRIBE_H

#include <stddef.h>

#include "config/settings.h"

/* "a whole number from 1 to 65535"; cut to `size`, ended by NUL. */
void describe_allowed(const struct setting *setting, char *out, size_t size);

/* The same, shorter, where the setting's default shows how it is written: "5 s to 1 h". */
void describe_range(const struct setting *setting, char *out, size_t size);

#endif
