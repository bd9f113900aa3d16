/*
 * tellings: nodes that are yet to be told what became of their reports, some of them in each turn of the loop.
 *
 * A commit may end the wait of thousands. Were all told at once nothing else would be done meanwhile; told by and by,
 * the first ones already report again while the last are told, and the disk has something to write.
 */
#ifndef WAKEGATE_GATEWAY_TELLINGS_H
#define WAKEGATE_GATEWAY_TELLINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/commit.h"

#define TELLINGS_EACH_TURN 256

struct telling;

struct tellings {
	struct telling *first, **last; /* in the order in which they came */
	bool telling;                  /* somebody is being told right now */
};

void tellings_init(struct tellings *tellings);

/* Whether somebody is yet to be told. */
bool tellings_wait(const struct tellings *tellings);

/* Tells all waiters of the commit, once: as many as a turn has at once if nobody else is to be told before, the others
 * by tellings_go_on(). Meanwhile others may be attached to it, and it may be freed. */
void tellings_add(struct tellings *tellings, struct commit *commit, int result, uint32_t retry_s);

/* Tells as many as a turn has. */
void tellings_go_on(struct tellings *tellings);

/* Tells all. */
void tellings_finish(struct tellings *tellings);

#endif
