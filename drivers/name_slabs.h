/*
 * name_slabs: things that end with a name, from slabs for short, middling and long names.
 *
 * Most nodes bear short names; a place for the longest in each would cost more than the rest of what is known of them.
 */
#ifndef WAKEGATE_DRIVERS_NAME_SLABS_H
#define WAKEGATE_DRIVERS_NAME_SLABS_H

#include <stddef.h>

#include "drivers/slab.h"

#define NAME_SLABS 3

struct name_slabs {
	struct slab sizes[NAME_SLABS];
};

/* For things of `before_name` bytes and a name of up to NODE_ID_MAX bytes with its end. */
void name_slabs_init(struct name_slabs *slabs, size_t before_name);

/* Room for one with that name: zeros, the name is not copied. NULL without memory. It stays where it is. */
void *name_slabs_take(struct name_slabs *slabs, const char *name);

/* What was taken for that name is free for the next. */
void name_slabs_give_back(struct name_slabs *slabs, const char *name, void *item);

/* Frees all, also those not given back. */
void name_slabs_finish(struct name_slabs *slabs);

#endif
