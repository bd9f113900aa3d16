/*
 * id_map: finds a thing by its identity.
 *
 * An open-addressed hash table with a secret seed, so that nobody who chooses identities can make it slow. It owns
 * neither keys nor values; a key must stay where it is while it is in the map.
 */
#ifndef WAKEGATE_DRIVERS_ID_MAP_H
#define WAKEGATE_DRIVERS_ID_MAP_H

#include <stddef.h>
#include <stdint.h>

struct id_map_entry {
	const char *key;
	void *value;
};

struct id_map {
	struct id_map_entry *entries;
	size_t room; /* a power of two, or 0 */
	size_t count;
	uint64_t seed;
};

/* An empty map; takes its seed from the kernel. */
void id_map_init(struct id_map *map);
void id_map_finish(struct id_map *map);

/* NULL if there is none. */
void *id_map_find(const struct id_map *map, const char *key);

/* The key must not be in the map yet. -ENOMEM. */
int id_map_add(struct id_map *map, const char *key, void *value);

/* Nothing happens if it is not there. */
void id_map_remove(struct id_map *map, const char *key);

#endif
