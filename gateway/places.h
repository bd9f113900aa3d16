/*
 * places: how many transfers of firmware a link carries at a time, in all and through each parent of a mesh, and who is
 * next.
 *
 * First come, first served: who finds no place gets a number and a time to come back, and keeps its number until then.
 * A plain value; the caller passes the time, in ms, monotonic.
 */
#ifndef WAKEGATE_GATEWAY_PLACES_H
#define WAKEGATE_GATEWAY_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLACES_MAX 256 /* taken or waited for; who comes beyond that gets a time, but no number */
#define PLACES_WAIT_LEAST_MS 5000
#define PLACES_WAIT_MOST_MS (3600 * 1000)

struct places_limits {
	int64_t link;    /* 0: any number, as far as PLACES_MAX allows */
	int64_t parent;  /* 0: any number */
	int64_t idle_ms; /* who asks for nothing for so long loses its place */
};

struct place {
	const void *who;
	int64_t since_ms; /* it has the place */
	int64_t until_ms; /* the place, or the number, is kept */
	uint16_t parent;  /* 0: not known, and not limited */
	bool taken;
};

/* Zero is an empty one. */
struct places {
	struct place list[PLACES_MAX]; /* in the order of their numbers */
	size_t count;
	int64_t mean_ms; /* that a place was taken for, lately; 0: not known yet */
};

/* 0: it has a place. Otherwise it is to come back after so many ms. */
int64_t places_ask(
	struct places *places, const struct places_limits *limits, const struct place *asker, int64_t now_ms);

/* It needs its place, or its number, no longer; nothing happens if it has none. */
void places_leave(struct places *places, const void *who, int64_t now_ms);

/* How many are taken, and how many wait. */
size_t places_taken(const struct places *places);
size_t places_waiting(const struct places *places);

#endif
