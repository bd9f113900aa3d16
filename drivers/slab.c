#include "drivers/slab.h"

#include <assert.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES ((size_t)64 * 1024)

struct slab_block {
	struct slab_block *next;
	alignas(max_align_t) char items[];
};

void slab_init(struct slab *slab, size_t item_bytes)
{
	assert(item_bytes >= sizeof(void *) && item_bytes % sizeof(void *) == 0 && item_bytes <= BLOCK_BYTES);
	*slab = (struct slab){ .item_bytes = item_bytes };
}

static size_t items_per_block(const struct slab *slab)
{
	return BLOCK_BYTES / slab->item_bytes;
}

/* What is not used of it yet costs no memory: the system gives zeroed pages when they are touched. */
static int add_block(struct slab *slab)
{
	struct slab_block *block = calloc(1, sizeof(*block) + BLOCK_BYTES);

	if (!block)
		return -1;
	block->next = slab->blocks;
	slab->blocks = block;
	slab->unused = items_per_block(slab);
	return 0;
}

void *slab_take(struct slab *slab)
{
	void *item = slab->given_back;

	if (item) {
		memcpy(&slab->given_back, item, sizeof(slab->given_back));
		return memset(item, 0, slab->item_bytes);
	}
	if (slab->unused == 0 && add_block(slab) < 0)
		return NULL;
	return slab->blocks->items + (items_per_block(slab) - slab->unused--) * slab->item_bytes;
}

void slab_give_back(struct slab *slab, void *item)
{
	memcpy(item, &slab->given_back, sizeof(slab->given_back));
	slab->given_back = item;
}

void slab_finish(struct slab *slab)
{
	while (slab->blocks) {
		struct slab_block *block = slab->blocks;

		slab->blocks = block->next;
		free(block);
	}
	slab_init(slab, slab->item_bytes);
}
