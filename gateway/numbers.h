/*
 * numbers: the sequence numbers of the readings, each given once, over restarts, power cuts and a lost telemetry.db.
 *
 * What the store has is counted there. A number that goes to the broker before the store has it is reserved first: a
 * mark in gateway.db, durable by then, lies above it. After a stop the numbers go on where they were; after anything
 * else they go on above the mark, and what lies between is told as a gap.
 */
#ifndef WAKEGATE_GATEWAY_NUMBERS_H
#define WAKEGATE_GATEWAY_NUMBERS_H

#include <stdbool.h>
#include <stdint.h>

struct gaps;
struct store;

/* Belongs to its owner, who reads it; only the functions below change it. */
struct numbers {
	struct store *store;
	bool early;       /* numbers may go to the broker before the store has them */
	uint64_t next;    /* what the next reading gets */
	uint64_t seen;    /* above all that the store or the broker may know */
	uint64_t session; /* counts the starts, as the mark does */
	uint64_t journal; /* names what else is kept of them, for as long as gateway.db lives */
	/* As in the mark. */
	uint64_t oldest;   /* what was in the store at the start */
	uint64_t asked;    /* above all numbers that may be given; perhaps on its way to the disk */
	uint64_t reserved; /* the same, durable */
	bool asking;       /* a mark is on its way */
};

/* What the mark and the store say. */
struct numbers_found {
	bool marked, stopped;
	uint64_t stored; /* the store's next number; 0: it has never known one */
	uint64_t oldest, marked_below, published_below;
};

/* Reads the mark; `journal` is taken if it names none. Blocks; for start-up. -EIO. */
int numbers_load(struct numbers *numbers, struct store *store, uint64_t journal, struct numbers_found *found);

/* Finds the next number and marks it. `known`: above all numbers given before, where somebody knows; else 0. Blocks. */
void numbers_start(struct numbers *numbers, const struct numbers_found *found, uint64_t known, struct gaps *gaps);

/* Whether the next `count` numbers may go to the broker before the store has them. */
bool numbers_are_reserved(const struct numbers *numbers, uint32_t count);

/* Gives the next `count` numbers; the first of them. */
uint64_t numbers_give(struct numbers *numbers, uint32_t count);

/* The store or the broker may know all numbers below `end` from now on. */
void numbers_seen(struct numbers *numbers, uint64_t end);

/* Takes back what nobody has seen. */
void numbers_take_back(struct numbers *numbers);

/* Marks where the next start is to go on, at the end. */
void numbers_stop(struct numbers *numbers);

#endif
