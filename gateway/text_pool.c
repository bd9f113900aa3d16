#include "gateway/text_pool.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct pooled {
	uint32_t holders;
	char text[];
};

void text_pool_init(struct text_pool *pool)
{
	id_map_init(&pool->by_text);
}

static struct pooled *add(struct text_pool *pool, const char *text)
{
	size_t size = strlen(text) + 1;
	struct pooled *pooled = malloc(sizeof(*pooled) + size);

	if (!pooled)
		return NULL;
	pooled->holders = 0;
	memcpy(pooled->text, text, size);
	if (id_map_add(&pool->by_text, pooled->text, pooled) == 0)
		return pooled;
	free(pooled);
	return NULL;
}

const char *text_pool_hold(struct text_pool *pool, const char *text)
{
	if (!*text)
		return "";
	struct pooled *pooled = id_map_find(&pool->by_text, text);
	if (!pooled && !(pooled = add(pool, text)))
		return NULL;
	pooled->holders++;
	return pooled->text;
}

void text_pool_release(struct text_pool *pool, const char *held)
{
	struct pooled *pooled = *held ? id_map_find(&pool->by_text, held) : NULL;

	if (!pooled || --pooled->holders > 0)
		return;
	id_map_remove(&pool->by_text, held);
	free(pooled);
}

size_t text_pool_count(const struct text_pool *pool)
{
	return pool->by_text.count;
}

void text_pool_finish(struct text_pool *pool)
{
	for (size_t i = 0; i < pool->by_text.room; i++)
		free(pool->by_text.entries[i].value);
	id_map_finish(&pool->by_text);
}
