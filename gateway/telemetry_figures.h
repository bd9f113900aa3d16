/*
 * telemetry_figures: what telemetry counts.
 */
#ifndef WAKEGATE_GATEWAY_TELEMETRY_FIGURES_H
#define WAKEGATE_GATEWAY_TELEMETRY_FIGURES_H

#include <stdbool.h>
#include <stdint.h>

struct telemetry_figures {
	uint64_t reports;       /* taken, since open */
	uint64_t taken;         /* readings in them, before the rules */
	uint64_t readings;      /* durable, since open */
	uint64_t repeated;      /* reports that were kept before */
	uint64_t refused;       /* reports that could not be kept */
	uint64_t segments;      /* made durable by the store, since open */
	uint64_t segment_bytes; /* of these, as handed to the store */
	uint64_t by_broker;     /* readings acknowledged because the broker had them, since open */
	uint64_t by_disk;       /* because the disk had them */
	uint64_t never_stored;  /* readings that the disk has never seen, since open */
	uint64_t pending;       /* reports waiting to be durable */
	uint64_t dropped;       /* readings, to make room, since open */
	uint64_t next;          /* the next reading's sequence number */
	bool offers;            /* the broker may acknowledge too */
};

#endif
