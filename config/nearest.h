/*
 * nearest: finds the name a person probably meant.
 */
#ifndef WAKEGATE_CONFIG_NEAREST_H
#define WAKEGATE_CONFIG_NEAREST_H

#include <stddef.h>

#define NEAREST_NAME_MAX 40 /* bytes; longer names have no near ones */

/*
 * How many letters must be changed, inserted, dropped or swapped with their neighbour to make `a` into `b` (optimal
 * string alignment); NEAREST_NAME_MAX + 1 if either is too long.
 */
size_t nearest_distance(const char *a, const char *b);

/* Whether `written` is so close to `known` that it is worth asking. */
int nearest_is_typo(const char *written, const char *known);

#endif
