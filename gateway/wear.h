/*
 * wear: how much was written to the card, and how long readings may be collected so that a day's budget suffices.
 *
 * A budget of B bytes a day fills an account evenly with 7/8 B a day; every byte written is taken from it. What is not
 * used is saved up to 1/8 B. The bound falls in a straight line from WEAR_MOST_MS where the account is empty to
 * WEAR_LEAST_MS where it is full. Longer bounds mean fewer commits and fewer bytes, so the account comes to rest
 * where as much is written as flows in: one state, no delay, nothing that could oscillate. Debts are kept, up to what a
 * day brings in. So whenever the bound is below WEAR_MOST_MS, the last 24 hours have written at most B.
 *
 * A value; times are of a clock that never jumps.
 */
#ifndef WAKEGATE_GATEWAY_WEAR_H
#define WAKEGATE_GATEWAY_WEAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WEAR_LEAST_MS 50
#define WEAR_MOST_MS 1500 /* a CoAP node repeats itself after 2 s (RFC 7252, ACK_TIMEOUT) */
#define WEAR_DAY_MS (INT64_C(24) * 3600 * 1000)
#define WEAR_HOURS 24
#define WEAR_RECORD_SIZE 225

struct wear {
	int64_t budget_bytes; /* a day; 0: none */
	double account_bytes; /* negative: a debt */
	bool over;            /* see wear_is_over() */
	int64_t at_ms;        /* up to when all of this is */
	uint64_t total_bytes;
	uint64_t hours[WEAR_HOURS]; /* bytes in this hour, in the one before, ... */
	int64_t hour_ms;            /* how much of this hour is over */
	int64_t known_ms;           /* for how long it has been counted; at most what `hours` covers */
};

/* Nothing was ever written; the account is full. */
void wear_init(struct wear *wear, int64_t budget_bytes, int64_t now_ms);

/* Another budget from now on. */
void wear_set_budget(struct wear *wear, int64_t budget_bytes);

/* `bytes` were written since the last call. */
void wear_pass(struct wear *wear, uint64_t bytes, int64_t now_ms);

/* Takes from the account what may have been written without being counted. */
void wear_charge(struct wear *wear, uint64_t bytes);

/* How long readings may wait for their commit. Only with a budget. */
int64_t wear_bound_ms(const struct wear *wear);

/* Whether the budget is exceeded although the bound cannot grow: from a debt of 1/128 B on until it is paid. */
bool wear_is_over(const struct wear *wear);

/* Bytes of the last 24 hours, or of as much of them as is known. */
uint64_t wear_last_day(const struct wear *wear);

/* Bytes a day at the pace of the last 24 hours; -1 before ten minutes are known. */
double wear_per_day(const struct wear *wear);

/* Years until `endurance_bytes` are written at that pace; -1: not known; 0: they are. 1000 at most. */
double wear_life_years(const struct wear *wear, int64_t endurance_bytes);

/* All but the budget as bytes that outlive a restart. */
void wear_save(const struct wear *wear, int64_t wall_ms, uint8_t out[WEAR_RECORD_SIZE]);

/* Goes on from there: after wear_init(). The time between passes, as far as the wall clock has moved on. -EBADMSG. */
int wear_load(struct wear *wear, int64_t wall_ms, const uint8_t *data, size_t size);

#endif
