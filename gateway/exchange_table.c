#include "gateway/exchange_table.h"

#include <stdlib.h>
#include <string.h>

#define ROOM_LEAST 256

void exchange_table_init(struct exchange_table *table)
{
	memset(table, 0, sizeof(*table));
}

void exchange_table_finish(struct exchange_table *table)
{
	free(table->entries);
	free(table->slots);
	exchange_table_init(table);
}

/* Fingerprints need not be spread evenly; a multiplication spreads them (Fibonacci hashing). */
static size_t home_of(const struct exchange_table *table, uint64_t exchange)
{
	return (size_t)(exchange * 0x9e3779b97f4a7c15 >> 32) & (2 * table->room - 1);
}

/* The slot that holds the message, or the free one where it would go. */
static size_t find_slot(const struct exchange_table *table, uint64_t exchange)
{
	size_t mask = 2 * table->room - 1;
	size_t slot = home_of(table, exchange);

	while (table->slots[slot] && table->entries[table->slots[slot] - 1].exchange != exchange)
		slot = (slot + 1) & mask;
	return slot;
}

struct exchange_entry *exchange_find(struct exchange_table *table, uint64_t exchange)
{
	if (table->room == 0)
		return NULL;
	uint32_t position = table->slots[find_slot(table, exchange)];
	return position ? &table->entries[position - 1] : NULL;
}

/* Moves back what stands behind a freed slot and would not be found any more. */
static void free_slot(struct exchange_table *table, size_t hole)
{
	size_t mask = 2 * table->room - 1;

	for (size_t slot = (hole + 1) & mask; table->slots[slot]; slot = (slot + 1) & mask) {
		size_t home = home_of(table, table->entries[table->slots[slot] - 1].exchange);

		if (((slot - home) & mask) < ((slot - hole) & mask))
			continue;
		table->slots[hole] = table->slots[slot];
		hole = slot;
	}
	table->slots[hole] = 0;
}

void exchange_remove(struct exchange_table *table, uint64_t exchange)
{
	if (table->room == 0)
		return;
	size_t slot = find_slot(table, exchange);
	uint32_t position = table->slots[slot];
	if (!position)
		return;
	free_slot(table, slot);
	table->entries[position - 1].exchange = 0;
}

static void drop_first(struct exchange_table *table)
{
	uint64_t exchange = table->entries[table->first].exchange;

	if (exchange)
		exchange_remove(table, exchange);
	table->first = (table->first + 1) & (table->room - 1);
	table->count--;
}

void exchange_forget_before(struct exchange_table *table, int64_t before_ms)
{
	while (table->count > 0 && table->entries[table->first].kept_at_s * INT64_C(1000) < before_ms)
		drop_first(table);
}

static void put(struct exchange_table *table, const struct exchange_entry *entry)
{
	size_t position = (table->first + table->count++) & (table->room - 1);

	table->entries[position] = *entry;
	if (entry->exchange)
		table->slots[find_slot(table, entry->exchange)] = (uint32_t)position + 1;
}

/* -1 if there is no memory; the table is as it was. */
static int grow(struct exchange_table *table)
{
	struct exchange_table grown = { .room = table->room ? table->room * 2 : ROOM_LEAST };

	grown.entries = calloc(grown.room, sizeof(grown.entries[0]));
	grown.slots = calloc(2 * grown.room, sizeof(grown.slots[0]));
	if (!grown.entries || !grown.slots) {
		exchange_table_finish(&grown);
		return -1;
	}
	for (size_t i = 0; i < table->count; i++)
		put(&grown, &table->entries[(table->first + i) & (table->room - 1)]);
	exchange_table_finish(table);
	*table = grown;
	return 0;
}

void exchange_add(struct exchange_table *table, uint64_t exchange, int64_t kept_at_ms, uint32_t commit)
{
	struct exchange_entry entry = { exchange, (int32_t)((kept_at_ms + 999) / 1000), commit };

	if (table->count == table->room && (table->room == EXCHANGES_MAX || grow(table) < 0)) {
		if (table->room == 0)
			return;
		drop_first(table);
	}
	put(table, &entry);
}
