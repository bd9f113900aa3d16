/*
 * schedule: when a node wakes next.
 *
 * Every node has a slot of its own in the check-in interval: the van der Corput rank (its rank with the bits reversed),
 * which keeps any number of nodes evenly spread however many join or leave; a hash would be no better than chance.
 * Slots lie on the wall clock, so that a restart of the gateway keeps the spread.
 */
#ifndef WAKEGATE_GATEWAY_SCHEDULE_H
#define WAKEGATE_GATEWAY_SCHEDULE_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/moment.h"

struct random;
struct settings_table;

extern const struct settings_table schedule_settings_table;

struct schedule_settings {
	int64_t interval_ms;    /* from one check-in of a node to the next */
	int64_t jitter_percent; /* how much of its slot a node's contact is moved at random */
	int64_t contact_ms;     /* how long a contact takes */
	int64_t concurrent;     /* how many nodes may be in contact at a time; 0: any number */
};

/* Where in the interval the rank's slot begins, in ms from its start. */
int64_t schedule_slot_ms(uint32_t rank, int64_t interval_ms);

/*
 * Milliseconds until the node of that rank shall call again: its next slot that is at least half an interval away,
 * moved at random inside the slot, which is as wide as `node_count` nodes leave it.
 */
int64_t schedule_next_ms(const struct schedule_settings *settings, uint32_t rank, size_t node_count, struct moment now,
	struct random *random);

/*
 * All nodes came at once, and this one finds no room: milliseconds until a slot that is free for it. These slots are as
 * close as `concurrent` allows, so the nodes come one after another for as long as it takes, but no longer than an
 * interval; where that would be more than half of one they are those that the nodes have anyway. The same answer
 * whenever it asks before, and after a restart.
 */
int64_t schedule_free_ms(const struct schedule_settings *settings, uint32_t rank, size_t node_count, struct moment now);

/* How far the moment is from the rank's nearest slot, in ms, negative before it. */
int64_t schedule_offset_ms(const struct schedule_settings *settings, uint32_t rank, struct moment now);

#endif
