#include "protocols/column_texts.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "protocols/text_hash.h"
#include "protocols/text_same.h"

#define PROBES_MAX 32
#define SHARED_MAX 255 /* bytes of the text before that are referred to */

struct span texts_get(const struct text_table *table, size_t number)
{
	assert(number < table->count);
	return (struct span){ table->arena->bytes + table->places[number].offset, table->places[number].size };
}

void texts_clear(struct text_table *table)
{
	table->count = 0;
	memset(table->slots, 0, (table->slot_mask + 1) * sizeof(table->slots[0]));
}

/* The slot that holds the text, or the free one where it would go; NULL: there is none near. */
static uint32_t *find_slot(const struct text_table *table, struct span text)
{
	uint32_t hash = text_hash(text);

	/* The bound keeps a node that chooses colliding names from making this slow. */
	for (size_t i = 0; i < PROBES_MAX; i++) {
		uint32_t *slot = &table->slots[(hash + i) & table->slot_mask];

		if (!*slot || text_same(texts_get(table, *slot - 1), text))
			return slot;
	}
	return NULL;
}

int texts_find(struct text_table *table, struct span text)
{
	struct text_arena *arena = table->arena;
	uint32_t *slot = find_slot(table, text);

	if (slot && *slot)
		return (int)(*slot - 1);
	if (table->count == table->most || text.size > arena->room - arena->used)
		return -ENOBUFS;
	if (text.size > 0)
		memcpy(arena->bytes + arena->used, text.data, text.size);
	table->places[table->count++] = (struct text_place){ (uint32_t)arena->used, (uint32_t)text.size };
	arena->used += text.size;
	if (slot)
		*slot = (uint32_t)table->count;
	return (int)table->count - 1;
}

void texts_take_back(struct text_table *table, size_t count, size_t used)
{
	/* The newest first, so that every slot to be freed is the last of its run. */
	for (; table->count > count; table->count--) {
		uint32_t hash = text_hash(texts_get(table, table->count - 1));

		for (size_t i = 0; i < PROBES_MAX; i++) {
			uint32_t *slot = &table->slots[(hash + i) & table->slot_mask];

			if (*slot == table->count)
				*slot = 0;
		}
	}
	table->arena->used = used;
}

static size_t shared_size(const struct text_table *table, size_t number)
{
	struct span text = texts_get(table, number);
	struct span before = number > 0 ? texts_get(table, number - 1) : (struct span){ 0 };
	size_t size = 0;

	while (size < text.size && size < before.size && size < SHARED_MAX && text.data[size] == before.data[size])
		size++;
	return size;
}

void texts_write(struct writer *out, const struct text_table *table, int64_t *scratch)
{
	int64_t *shared_sizes = scratch + table->count;

	for (size_t i = 0; i < table->count; i++)
		scratch[i] = shared_sizes[i] = (int64_t)shared_size(table, i);
	integers_write(out, scratch, table->count);
	for (size_t i = 0; i < table->count; i++)
		scratch[i] = (int64_t)table->places[i].size - shared_sizes[i];
	integers_write(out, scratch, table->count);
	for (size_t i = 0; i < table->count; i++) {
		struct span text = texts_get(table, i);
		size_t shared = (size_t)shared_sizes[i];

		write_bytes(out, text.data + shared, text.size - shared);
	}
}

static void read_text(struct reader *in, struct text_table *table, uint64_t shared, uint64_t own)
{
	struct text_arena *arena = table->arena;
	struct span before = table->count > 0 ? texts_get(table, table->count - 1) : (struct span){ 0 };
	size_t room = arena->room - arena->used;

	if (shared > before.size || shared > SHARED_MAX || shared > room || own > room - shared) {
		in->failed = true;
		return;
	}
	const uint8_t *bytes = read_bytes(in, (size_t)own);
	if (!bytes)
		return;
	char *text = arena->bytes + arena->used;
	if (shared > 0)
		memcpy(text, before.data, (size_t)shared);
	if (own > 0)
		memcpy(text + shared, bytes, (size_t)own);
	table->places[table->count++] = (struct text_place){ (uint32_t)arena->used, (uint32_t)(shared + own) };
	arena->used += (size_t)(shared + own);
}

void texts_read(struct reader *in, struct text_table *table, size_t count, int64_t *scratch)
{
	assert(count <= table->most);
	table->count = 0;
	integers_read(in, scratch, count);
	integers_read(in, scratch + count, count);
	for (size_t i = 0; i < count && !in->failed; i++)
		read_text(in, table, (uint64_t)scratch[i], (uint64_t)scratch[count + i]);
}
