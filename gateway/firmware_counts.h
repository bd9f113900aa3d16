/*
 * firmware_counts: how nodes fare by what they run: contacts, drops, readings and traffic for each hardware type and
 * version.
 *
 * An event counts for the version that the node runs then, so these only grow, unlike sums over the nodes that run it
 * now. At most FIRMWARE_SETS_MAX are told apart; the rest is together in "other". A plain value.
 */
#ifndef WAKEGATE_GATEWAY_FIRMWARE_COUNTS_H
#define WAKEGATE_GATEWAY_FIRMWARE_COUNTS_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/moment.h"

#define FIRMWARE_SETS_MAX 64

struct node_record;
struct nodes;

struct firmware_count {
	char hardware[33], version[33];
	uint64_t contacts, drops, readings, bytes_in, bytes_out;
	uint32_t nodes, online, batteries; /* as of the last firmware_counts_json(); `batteries` are known ones */
	uint64_t battery_sum;              /* percent */
};

/* Zeroed: nothing was counted. */
struct firmware_counts {
	struct firmware_count sets[FIRMWARE_SETS_MAX], other;
	size_t count;
	size_t latest; /* what was asked for last */
};

/* Where events of such a node count; valid until the next call of any function here. */
struct firmware_count *firmware_count_of(struct firmware_counts *counts, const struct node_record *record);

/*
 * Adds how many nodes there are of each now, and returns all as an array of objects: hardware, version, nodes, online,
 * battery_percent (the mean, where known), contacts, drops, readings, bytes_in, bytes_out. When all sets are taken,
 * those that no node runs any more make room. NULL if there is no memory.
 */
json_t *firmware_counts_json(
	struct firmware_counts *counts, const struct nodes *nodes, int64_t interval_ms, struct moment now);

#endif
