/*
 * arena: memory that is given back all at once.
 */
#ifndef WAKEGATE_CONFIG_ARENA_H
#define WAKEGATE_CONFIG_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks; /* NULL to begin with */
};

/* Zeroed memory for any type, at least one byte; lives until arena_finish(). NULL when there is none. */
void *arena_take(struct arena *arena, size_t size);

/* A copy of the text's first `size` bytes, ended by NUL, or NULL when there is no memory. */
char *arena_copy(struct arena *arena, const char *text, size_t size);

void arena_finish(struct arena *arena);

#endif
