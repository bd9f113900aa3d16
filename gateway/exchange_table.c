#include "gateway/exchange_table.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_LEAST 256
#define NUMBER_BITS 24
#define NUMBER_MASK ((UINT32_C(1) << NUMBER_BITS) - 1)

_Static_assert(EXCHANGES_MAX < NUMBER_MASK, "a number must tell whether it is in the ring");

void exchange_table_init(struct exchange_table *table)
{
	memset(table, 0, sizeof(*table));
}

void exchange_table_finish(struct exchange_table *table)
{
	free(table->entries);
	free(table->heads);
	exchange_table_init(table);
}

/* Fingerprints need not be spread evenly; a multiplication spreads them (Fibonacci hashing). */
static uint64_t spread(uint64_t exchange)
{
	return exchange * 0x9e3779b97f4a7c15;
}

static uint32_t *head_of(const struct exchange_table *table, uint64_t exchange)
{
	return &table->heads[(size_t)(spread(exchange) >> 32) & (2 * table->room - 1)];
}

static uint32_t mark_of(uint64_t exchange)
{
	return UINT32_C(1) << (NUMBER_BITS + (spread(exchange) >> 61));
}

static struct exchange_entry *entry_at(const struct exchange_table *table, uint32_t number)
{
	return &table->entries[number & (table->room - 1)];
}

/* One from 2^24 exchanges ago may pass for one that is: it leads to another chain, where nothing is found that was not
 * asked for. */
static bool is_in_ring(const struct exchange_table *table, uint32_t number)
{
	uint32_t age = (table->end - number) & NUMBER_MASK;

	return age > 0 && age <= table->count;
}

void exchange_expect(const struct exchange_table *table, uint64_t exchange)
{
	if (table->room > 0)
		__builtin_prefetch(head_of(table, exchange), 1);
}

struct exchange_entry *exchange_find(struct exchange_table *table, uint64_t exchange)
{
	uint32_t head = table->room > 0 ? *head_of(table, exchange) : 0;

	if (!(head & mark_of(exchange)))
		return NULL;
	for (uint32_t number = head & NUMBER_MASK; is_in_ring(table, number);) {
		struct exchange_entry *entry = entry_at(table, number);

		if (entry->exchange == exchange)
			return entry;
		if (entry->next == number)
			return NULL;
		number = entry->next;
	}
	return NULL;
}

void exchange_remove(struct exchange_table *table, uint64_t exchange)
{
	struct exchange_entry *entry = exchange_find(table, exchange);

	if (entry)
		entry->exchange = 0;
}

void exchange_forget_before(struct exchange_table *table, int64_t before_ms)
{
	while (table->count > 0 &&
		entry_at(table, table->end - (uint32_t)table->count)->kept_at_s * INT64_C(1000) < before_ms)
		table->count--;
}

static void put(struct exchange_table *table, const struct exchange_entry *entry)
{
	uint32_t *head = head_of(table, entry->exchange);
	uint32_t number = table->end & NUMBER_MASK;
	bool is_first = !is_in_ring(table, *head);
	struct exchange_entry *place = entry_at(table, number);

	*place = *entry;
	place->next = is_first ? number : *head & NUMBER_MASK;
	*head = number | mark_of(entry->exchange) | (is_first ? 0 : *head & ~NUMBER_MASK);
	table->end++;
	table->count++;
}

/* -1 if there is no memory; the table is as it was. */
static int grow(struct exchange_table *table)
{
	struct exchange_table grown = { .room = table->room ? table->room * 2 : ROOM_LEAST, .end = 1 };

	grown.entries = calloc(grown.room, sizeof(grown.entries[0]));
	grown.heads = calloc(2 * grown.room, sizeof(grown.heads[0]));
	if (!grown.entries || !grown.heads) {
		exchange_table_finish(&grown);
		return -1;
	}
	for (size_t left = table->count; left > 0; left--)
		put(&grown, entry_at(table, table->end - (uint32_t)left));
	exchange_table_finish(table);
	*table = grown;
	return 0;
}

void exchange_add(struct exchange_table *table, uint64_t exchange, int64_t kept_at_ms, uint32_t commit)
{
	struct exchange_entry entry = { exchange, (int32_t)((kept_at_ms + 999) / 1000), commit, 0 };

	if (table->count == table->room && (table->room == EXCHANGES_MAX || grow(table) < 0)) {
		if (table->room == 0)
			return;
		table->count--;
	}
	put(table, &entry);
}
