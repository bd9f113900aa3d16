#include "drivers/name_slabs.h"

#include <stdalign.h>
#include <string.h>

#include "drivers/driver.h"

/* Bytes of a name with its end. */
static const size_t name_sizes[NAME_SLABS] = { 16, 32, NODE_ID_MAX + 1 };

void name_slabs_init(struct name_slabs *slabs, size_t before_name)
{
	const size_t unit = alignof(void *);

	for (size_t i = 0; i < NAME_SLABS; i++)
		slab_init(&slabs->sizes[i], (before_name + name_sizes[i] + unit - 1) / unit * unit);
}

static struct slab *slab_for(struct name_slabs *slabs, const char *name)
{
	size_t size = 0;

	while (strlen(name) >= name_sizes[size])
		size++;
	return &slabs->sizes[size];
}

void *name_slabs_take(struct name_slabs *slabs, const char *name)
{
	return slab_take(slab_for(slabs, name));
}

void name_slabs_give_back(struct name_slabs *slabs, const char *name, void *item)
{
	slab_give_back(slab_for(slabs, name), item);
}

void name_slabs_finish(struct name_slabs *slabs)
{
	for (size_t i = 0; i < NAME_SLABS; i++)
		slab_finish(&slabs->sizes[i]);
}
