/*
 * node_record: what is known of a node, as struct stored_node has it.
 */
#ifndef WAKEGATE_GATEWAY_NODE_RECORD_H
#define WAKEGATE_GATEWAY_NODE_RECORD_H

#include <stdint.h>

#include "gateway/moment.h"
#include "gateway/rhythm.h"

#define NODES_NO_RANK UINT32_MAX

/* A plain value; its texts and its image's digest are the registry's. */
struct node_record {
	const char *id, *driver, *hardware, *version;
	const uint8_t *image; /* 32 bytes, zeros after its size */
	uint8_t image_size;
	int8_t battery_percent;
	int16_t signal_dbm;
	uint32_t rank; /* of its slot; NODES_NO_RANK: it holds none */
	struct rhythm rhythm;
	uint32_t battery_s; /* when it last said what its battery has: monotonic, + 1; 0: not since the gateway's start
			     */
	int64_t first_seen_ms, last_seen_ms, next_contact_ms;
	uint64_t contacts, drops, readings, bytes_in, bytes_out;
	int64_t watched_ms, past_ms, past_drops_milli;
	uint64_t watched_drops;
};

/* How many slots the node has missed by now, or visits of its own rhythm; 0 while its next contact is not due. */
uint32_t node_record_missed(const struct node_record *record, int64_t interval_ms, struct moment now);

/* From one visit of a node that comes as it likes to the next; 0: it keeps to its slots, or that is not known. */
int64_t node_record_own_period_ms(const struct node_record *record);

/* From one chance to reach the node to the next, for deadlines in wakes: an interval, or its own period if longer. */
int64_t node_record_wake_ms(const struct node_record *record, int64_t interval_ms);

/* When it is likely to call, from `from_ms` on, wall clock; `from_ms` itself where nothing is known of its contacts. */
int64_t node_record_likely_ms(const struct node_record *record, int64_t interval_ms, int64_t from_ms);

#endif
