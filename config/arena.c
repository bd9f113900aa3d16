#include "config/arena.h"

#include <stdlib.h>
#include <string.h>

struct arena_block {
	struct arena_block *next;
	max_align_t memory[];
};

void *arena_take(struct arena *arena, size_t size)
{
	struct arena_block *block = calloc(1, sizeof(*block) + (size ? size : 1));

	if (!block)
		return NULL;
	block->next = arena->blocks;
	arena->blocks = block;
	return block->memory;
}

char *arena_copy(struct arena *arena, const char *text, size_t size)
{
	char *copy = arena_take(arena, size + 1);

	if (copy)
		memcpy(copy, text, size);
	return copy;
}

void arena_finish(struct arena *arena)
{
	while (arena->blocks) {
		struct arena_block *next = arena->blocks->next;
		free(arena->blocks);
		arena->blocks = next;
	}
}
