/*
 * slab: many things of one size, from few large blocks.
 *
 * A thing that stays for months, allocated between others that stay for a second, keeps the memory around it from
 * going back to the system. Blocks are taken from the system as they fill up and kept until the end.
 */
#ifndef WAKEGATE_DRIVERS_SLAB_H
#define WAKEGATE_DRIVERS_SLAB_H

#include <stddef.h>

struct slab_block;

struct slab {
	size_t item_bytes;
	struct slab_block *blocks; /* the newest first */
	size_t unused;             /* items of the newest block that were never taken */
	void *given_back;          /* a chain of free items */
};

/* For items of that many bytes, at least a pointer's and a multiple of its alignment. */
void slab_init(struct slab *slab, size_t item_bytes);

/* An item of zeros, or NULL without memory. It stays where it is. */
void *slab_take(struct slab *slab);

/* The item is free for the next who takes one. */
void slab_give_back(struct slab *slab, void *item);

/* Frees all items, also those not given back. */
void slab_finish(struct slab *slab);

#endif
