/*
 * exchange_table: which messages of nodes were kept lately, so that a repeated one is not kept twice.
 *
 * Bounded: beyond EXCHANGES_MAX the oldest are forgotten before their time.
 */
#ifndef WAKEGATE_GATEWAY_EXCHANGE_TABLE_H
#define WAKEGATE_GATEWAY_EXCHANGE_TABLE_H

#include <stddef.h>
#include <stdint.h>

#define EXCHANGES_MAX 131072
#define EXCHANGE_DURABLE 0

struct exchange_entry {
	uint64_t exchange; /* 0: removed */
	int32_t kept_at_s; /* monotonic, rounded up; before 0 if it was kept before the machine started */
	uint32_t commit;   /* serial of the commit that keeps it, or EXCHANGE_DURABLE */
	uint32_t next;     /* number of the one before it in its chain; its own: there was none */
};

/*
 * Entries are numbered as they come, and each chain leads from newer to older ones: where it meets a number that has
 * left the ring it ends. So what leaves need not be looked for. A head is the number of its newest entry, in 24 bits,
 * and above it eight marks, one of which each entry of the chain has set: almost every message is new, and then its
 * mark is rarely there, so that the entries need not be fetched from memory.
 */
struct exchange_table {
	struct exchange_entry *entries; /* a ring in the order of time: number i is at i modulo `room` */
	uint32_t *heads;                /* of the chains; twice `room` */
	size_t room;                    /* a power of two, or 0 */
	uint32_t end;                   /* the next number; they wrap around */
	size_t count;                   /* in the ring, the newest being number end - 1 */
};

void exchange_table_init(struct exchange_table *table);
void exchange_table_finish(struct exchange_table *table);

/* The message will be looked for soon: what that takes is fetched into the cache. */
void exchange_expect(const struct exchange_table *table, uint64_t exchange);

/* The entry of this message, valid until the next change of the table, or NULL. */
struct exchange_entry *exchange_find(struct exchange_table *table, uint64_t exchange);

/* Notes a message that is not in the table, kept at a monotonic time, for a commit as in exchange_entry. Where memory
 * is short it is not noted. */
void exchange_add(struct exchange_table *table, uint64_t exchange, int64_t kept_at_ms, uint32_t commit);

/* Forgets one, or all kept before, to the second and never too early; unknown ones are fine. */
void exchange_remove(struct exchange_table *table, uint64_t exchange);
void exchange_forget_before(struct exchange_table *table, int64_t before_ms);

#endif
