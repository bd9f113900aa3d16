/*
 * soak_start: what nodes were like when a soak began, to see what became of them since, besides their drops.
 *
 * Kept for each rollout that watches, and only while it does: 16 bytes a node. Not kept over a restart.
 */
#ifndef WAKEGATE_GATEWAY_SOAK_START_H
#define WAKEGATE_GATEWAY_SOAK_START_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/moment.h"

struct node_record;
struct soak_start;

/* NAN: not known. */
struct node_change {
	float away;         /* 1: it was heard of in time when the soak began, and is not now; 0: it still is */
	float traffic;      /* bytes a day, both ways */
	float battery_loss; /* percent of a full one, as of a whole soak, if the node said it over half of one or more
			     */
};

/* Room for so many nodes. NULL without memory. */
struct soak_start *soak_start_open(size_t nodes, struct moment now);
/* NULL is fine. */
void soak_start_close(struct soak_start *start);

/* Takes down what the node is like now; there is room for it. */
void soak_start_add(struct soak_start *start, const struct node_record *record, bool is_online);
/* All were added. */
void soak_start_seal(struct soak_start *start);

/* All NAN for a node that was not there. */
struct node_change soak_start_change(
	const struct soak_start *start, const struct node_record *record, bool is_online, struct moment now);

#endif
