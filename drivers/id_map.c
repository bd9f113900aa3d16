#include "drivers/id_map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define ROOM_AT_FIRST 16

void id_map_init(struct id_map *map)
{
	memset(map, 0, sizeof(*map));
	if (getrandom(&map->seed, sizeof(map->seed), GRND_NONBLOCK) < 0)
		map->seed = (uintptr_t)map;
}

void id_map_finish(struct id_map *map)
{
	free(map->entries);
	memset(map, 0, sizeof(*map));
}

static size_t home_of(const struct id_map *map, const char *key)
{
	uint64_t hash = map->seed;

	for (; *key; key++)
		hash = (hash ^ (unsigned char)*key) * 0x9fb21c651e98df25;
	hash ^= hash >> 32;
	return (size_t)(hash * 0x9e3779b97f4a7c15 >> 20) & (map->room - 1);
}

/* The key's entry, or the empty one where it belongs. The map is never full. */
static struct id_map_entry *entry_of(const struct id_map *map, const char *key)
{
	size_t at = home_of(map, key);

	while (map->entries[at].key && strcmp(map->entries[at].key, key) != 0)
		at = (at + 1) & (map->room - 1);
	return &map->entries[at];
}

void *id_map_find(const struct id_map *map, const char *key)
{
	return map->count > 0 ? entry_of(map, key)->value : NULL;
}

static int grow(struct id_map *map)
{
	struct id_map_entry *old = map->entries;
	size_t old_room = map->room;
	size_t room = old_room ? old_room * 2 : ROOM_AT_FIRST;
	struct id_map_entry *entries = calloc(room, sizeof(*entries));

	if (!entries)
		return -ENOMEM;
	map->entries = entries;
	map->room = room;
	for (size_t i = 0; i < old_room; i++)
		if (old[i].key)
			*entry_of(map, old[i].key) = old[i];
	free(old);
	return 0;
}

int id_map_add(struct id_map *map, const char *key, void *value)
{
	if ((map->count + 1) * 3 > map->room * 2 && grow(map) < 0)
		return -ENOMEM;
	*entry_of(map, key) = (struct id_map_entry){ .key = key, .value = value };
	map->count++;
	return 0;
}

void id_map_remove(struct id_map *map, const char *key)
{
	struct id_map_entry *entry = map->room ? entry_of(map, key) : NULL;

	if (!entry || !entry->key)
		return;
	*entry = (struct id_map_entry){ 0 };
	map->count--;

	/* Those that were pushed behind it move up, so that no search ends at the gap. */
	size_t at = (size_t)(entry - map->entries);
	for (at = (at + 1) & (map->room - 1); map->entries[at].key; at = (at + 1) & (map->room - 1)) {
		struct id_map_entry moving = map->entries[at];
		map->entries[at] = (struct id_map_entry){ 0 };
		*entry_of(map, moving.key) = moving;
	}
}
