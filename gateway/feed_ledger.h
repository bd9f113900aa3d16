/*
 * feed_ledger: how much the feeds of open windows take in the store, and which of them are the oldest part of it.
 *
 * Feeds are counted in at most FEED_PARTS parts, so the memory does not depend on how many there are.
 */
#ifndef WAKEGATE_GATEWAY_FEED_LEDGER_H
#define WAKEGATE_GATEWAY_FEED_LEDGER_H

#include <stddef.h>
#include <stdint.h>

#define FEED_PARTS 16

/* In its owner's memory; all zero is an empty one. */
struct feed_ledger {
	struct feed_part {
		uint64_t first; /* id of its first feed */
		uint64_t bytes;
	} parts[FEED_PARTS];
	size_t count;
	uint64_t bytes;
};

/* A feed of so many bytes, its id above all before; a part is about `limit` / FEED_PARTS. */
void feed_ledger_add(struct feed_ledger *ledger, uint64_t id, uint64_t bytes, uint64_t limit);

/* Parts whose feeds all have ids below this one are gone. */
void feed_ledger_drop(struct feed_ledger *ledger, uint64_t below);

/* The first id behind the oldest part; 0: there are not two. */
uint64_t feed_ledger_second(const struct feed_ledger *ledger);

#endif
