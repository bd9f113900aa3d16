#include "tests/sim/ncp/stick_memory.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/hex.h"

struct item {
	uint64_t number;
	size_t size;
	uint8_t value[STICK_ITEM_MAX];
};

struct stick_memory {
	const char *path;
	struct item *items;
	size_t count;
};

static struct item *find(const struct stick_memory *memory, uint64_t number)
{
	for (size_t i = 0; i < memory->count; i++) {
		if (memory->items[i].number == number)
			return &memory->items[i];
	}
	return NULL;
}

static void save(const struct stick_memory *memory)
{
	char name[24], text[2 * STICK_ITEM_MAX + 1];

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

static int put(struct stick_memory *memory, uint64_t number, struct bytes value)
{
	struct item *item = find(memory, number);

	if (value.size > STICK_ITEM_MAX || (!item && memory->count == STICK_ITEMS_MAX))
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

static int load(struct stick_memory *memory)
{
	const char *name;
	json_t *value;
	uint8_t room[STICK_ITEM_MAX];
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

int stick_memory_open(struct stick_memory **out, const char *path, bool *is_new)
{
	struct stick_memory *memory = calloc(1, sizeof(*memory));

	if (memory)
		memory->items = calloc(STICK_ITEMS_MAX, sizeof(*memory->items));
	if (!memory || !memory->items) {
		free(memory);
		return -ENOMEM;
	}
	memory->path = path;
	*is_new = !path || load(memory) < 0;
	*out = memory;
	return 0;
}

struct bytes stick_memory_get(const struct stick_memory *memory, uint64_t item)
{
	const struct item *found = find(memory, item);

	return found ? (struct bytes){ found->value, found->size } : (struct bytes){ NULL, 0 };
}

int stick_memory_set(struct stick_memory *memory, uint64_t item, struct bytes value)
{
	int result = put(memory, item, value);

	if (result == 0)
		save(memory);
	return result;
}

int stick_memory_write(struct stick_memory *memory, uint64_t item, size_t offset, struct bytes value)
{
	struct item *found = find(memory, item);

	if (!found)
		return -ENOENT;
	if (offset > found->size || value.size > found->size - offset)
		return -EINVAL;
	if (value.size > 0)
		memcpy(found->value + offset, value.data, value.size);
	save(memory);
	return 0;
}

bool stick_memory_delete(struct stick_memory *memory, uint64_t item)
{
	struct item *found = find(memory, item);

	if (!found)
		return false;
	*found = memory->items[--memory->count];
	save(memory);
	return true;
}

void stick_memory_close(struct stick_memory *memory)
{
	if (!memory)
		return;
	free(memory->items);
	free(memory);
}
