#include "gateway/label_cache.h"

#include <string.h>

#include "gateway/labels.h"

void label_cache_init(struct label_cache *cache, uint64_t seed)
{
	cache->key = (struct siphash_key){ seed, ~seed };
}

void label_cache_clear(struct label_cache *cache)
{
	memset(cache->places, 0, sizeof(cache->places));
}

uint64_t label_cache_find(
	struct label_cache *cache, const struct labels_settings *settings, struct span node, struct span hardware)
{
	struct siphash_key key = cache->key;

	if (settings->nodes.count == 0)
		return 0;
	key.low ^= siphash(&cache->key, node.data, node.size);
	uint64_t hash = siphash(&key, hardware.data, hardware.size);
	size_t place = hash & (LABEL_CACHE_PLACES - 1);
	if (cache->places[place].hash != hash || hash == 0) {
		cache->places[place].hash = hash;
		cache->places[place].labels = labels_of_node(settings, node, hardware);
	}
	return cache->places[place].labels;
}
