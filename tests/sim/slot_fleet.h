/*
 * slot_fleet: sleeping nodes in virtual time that come when they were told, as far as their clocks and their link let
 * them, and how many of them are in contact at a time.
 *
 * The gateway's side is gateway/slots itself; or nobody's, where the nodes choose their times by a hash.
 */
#ifndef WAKEGATE_TESTS_SLOT_FLEET_H
#define WAKEGATE_TESTS_SLOT_FLEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/node_record.h"
#include "gateway/random.h"
#include "gateway/schedule.h"
#include "gateway/slots.h"

struct slot_fleet_options {
	size_t nodes;
	struct schedule_settings schedule;
	int64_t drift_ppm;     /* clocks are off by up to so much, either way */
	int64_t latency_ms;    /* a contact comes up to so much late */
	unsigned loss_percent; /* of the contacts are not heard: the node waits for an interval of its own */
	bool hashed;           /* nodes come at a time of their own in each interval, whatever they are told */
	unsigned own_percent;  /* of the nodes come every `own_period_ms`, whatever they are told */
	int64_t own_period_ms;
	bool behind_broker; /* which has told them that what they sent is delivered: none is refused */
};

struct slot_node {
	struct node_record record;
	int64_t wake_at_ms;
	int64_t drift_ppm;
	uint64_t served, refused;
	int64_t first_served_ms; /* since the last slot_fleet_power_cut(); 0: not yet */
	bool own;
};

/* A time during which a node is in contact. */
struct slot_span {
	int64_t begin_ms, end_ms;
};

struct slot_fleet {
	struct slot_fleet_options options;
	struct random random;
	struct slots slots;
	struct slot_node *nodes;
	struct slot_span *spans;
	size_t span_count, span_room;
	int64_t now_ms;
};

/* All nodes are switched on, at any time of the first interval. Aborts without memory. */
void slot_fleet_open(struct slot_fleet *fleet, const struct slot_fleet_options *options, unsigned seed);
void slot_fleet_close(struct slot_fleet *fleet);

/* Time passes until then. */
void slot_fleet_live(struct slot_fleet *fleet, int64_t until_ms);

/* The site was without power and has it again: all nodes boot, and call within `within_ms`. The gateway has slept too,
 * or has not: it knows the nodes. */
void slot_fleet_power_cut(struct slot_fleet *fleet, int64_t within_ms);

/* The gateway restarts; it was killed before it had saved what it promised lately. */
void slot_fleet_restart_gateway(struct slot_fleet *fleet);

struct slot_crowd {
	unsigned peak;
	double mean;
};

/* How many were in contact at a time, from then until then. */
struct slot_crowd slot_fleet_crowd(const struct slot_fleet *fleet, int64_t from_ms, int64_t until_ms);

#endif
