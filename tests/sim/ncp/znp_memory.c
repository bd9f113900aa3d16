#include "tests/sim/ncp/znp_memory.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/hex.h"

struct item {
	uint64_t number;
	size_t size;
	uint8_t value[ZNP_ITEM_MAX];
};

struct znp_memory {
	const char *path;
	struct item *items;
	size_t count;
};

static struct item *find(const struct znp_memory *memory, uint64_t number)
{
	for (size_t i = 0; i < memory->count; i++) {
		if (memory->items[i].number == number)
			return &memory->items[i];
	}
	return NULL;
}

static void save(const struct znp_memory *memory)
{
	char name[24], text[2 * ZNP_ITEM_MAX + 1];

	if (!memory->path)
		return;
	json_t *all = json_object();
	for (size_t i = 0; i < memory->count; i++) {
		const struct item *item = &memory->items[i];
		snprintf(name, sizeof(name), "%012llx", (unsigned long long)item->number);
		hex_print(text, item->value, item->size);
		json_object_set_new(all, name, json_string(text));
	}
	json_dump_file(all, memory->path, JSON_INDENT(1) | JSON_SORT_KEYS);
	json_decref(all);
}

static int put(struct znp_memory *memory, uint64_t number, struct bytes value)
{
	struct item *item = find(memory, number);

	if (value.size > ZNP_ITEM_MAX || (!item && memory->count == ZNP_ITEMS_MAX))
		return -ENOBUFS;
	if (!item)
		item = &memory->items[memory->count++];
	item->number = number;
	item->size = value.size;
	if (value.data)
		memcpy(item->value, value.data, value.size);
	else
		memset(item->value, 0, value.size);
	return 0;
}

/* What a stick has that never was in a network. */
static void fill(struct znp_memory *memory)
{
	static const struct {
		uint16_t number;
		size_t size;
		uint8_t first;
	} items[] = {
		{ ZNP_STARTUP_OPTION, 1, 0 },
		{ ZNP_EXTENDED_PAN_ID, 8, 0xff },
		{ 0x0030, 1, 20 }, /* time of a broadcast, and other settings that hosts write */
		{ 0x0032, 1, 0 },
		{ 0x0033, 1, 0 },
		{ 0x0036, 1, 0 },
		{ 0x0038, 1, 0 },
		{ 0x003e, 1, 0 },
		{ ZNP_ACTIVE_KEY, 17, 0 },
		{ ZNP_ALTERNATE_KEY, 17, 0 },
		{ ZNP_APS_USE_EXT_PANID, 8, 0 },
		{ ZNP_ON_A_NETWORK, 1, 0 },
		{ ZNP_PRECFGKEY, 16, 0x01 },
		{ ZNP_PRECFGKEYS_ENABLE, 1, 0 },
		{ ZNP_NWKKEY, 24, 0 },
		{ ZNP_PANID, 2, 0xff },
		{ ZNP_CHANLIST, 4, 0 },
		{ ZNP_LOGICAL_TYPE, 1, 0 },
		{ ZNP_ZDO_DIRECT_CB, 1, 1 },
		{ ZNP_TCLK_SEED, 16, 0x55 },
	};
	uint8_t room[32];

	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
		memset(room, items[i].first, sizeof(room));
		(void)put(memory, ZNP_ITEM(items[i].number), (struct bytes){ room, items[i].size });
	}
	for (uint16_t row = 0; row < 4; row++)
		(void)put(memory, ZNP_ROW(1, 0x0007, row), (struct bytes){ NULL, 12 });
}

static int load(struct znp_memory *memory)
{
	const char *name;
	json_t *value;
	uint8_t room[ZNP_ITEM_MAX];
	json_t *all = json_load_file(memory->path, 0, NULL);

	if (!all)
		return -ENOENT;
	json_object_foreach (all, name, value) {
		size_t size = json_string_length(value) / 2;
		if (size <= sizeof(room) && hex_parse(room, json_string_value(value), 2 * size) == 0)
			(void)put(memory, strtoull(name, NULL, 16), (struct bytes){ room, size });
	}
	json_decref(all);
	return 0;
}

int znp_memory_open(struct znp_memory **out, const char *path)
{
	struct znp_memory *memory = calloc(1, sizeof(*memory));

	if (memory)
		memory->items = calloc(ZNP_ITEMS_MAX, sizeof(*memory->items));
	if (!memory || !memory->items) {
		free(memory);
		return -ENOMEM;
	}
	memory->path = path;
	if (!path || load(memory) < 0)
		fill(memory);
	*out = memory;
	return 0;
}

struct bytes znp_memory_get(const struct znp_memory *memory, uint64_t item)
{
	const struct item *found = find(memory, item);

	return found ? (struct bytes){ found->value, found->size } : (struct bytes){ NULL, 0 };
}

int znp_memory_set(struct znp_memory *memory, uint64_t item, struct bytes value)
{
	int result = put(memory, item, value);

	if (result == 0)
		save(memory);
	return result;
}

int znp_memory_write(struct znp_memory *memory, uint64_t item, size_t offset, struct bytes value)
{
	struct item *found = find(memory, item);

	if (!found)
		return -ENOENT;
	if (offset > found->size || value.size > found->size - offset)
		return -EINVAL;
	memcpy(found->value + offset, value.data, value.size);
	save(memory);
	return 0;
}

bool znp_memory_delete(struct znp_memory *memory, uint64_t item)
{
	struct item *found = find(memory, item);

	if (!found)
		return false;
	*found = memory->items[--memory->count];
	save(memory);
	return true;
}

void znp_memory_close(struct znp_memory *memory)
{
	if (!memory)
		return;
	free(memory->items);
	free(memory);
}
