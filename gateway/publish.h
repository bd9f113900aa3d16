/*
 * publish: brings readings from the store, or straight from memory, upstream in batches and forgets them when the
 * broker has them.
 *
 * Live segments go first and from memory. What was kept while there was no uplink, or before a restart, is backlog: it
 * is read from the store oldest first and goes at a capped rate. Each batch names its sequence numbers; what a lost
 * connection left open is published again under the same ones. Memory is bounded whatever the backlog.
 */
#ifndef WAKEGATE_GATEWAY_PUBLISH_H
#define WAKEGATE_GATEWAY_PUBLISH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/moment.h"

#define PUBLISH_TICKETS (UINT64_C(1) << 63) /* set in every ticket of publish, and in nobody else's */

struct boot_clock;
struct gaps;
struct publish;
struct sparkplug_edge;
struct store;
struct telemetry_settings;
struct uplink_message;

/* All outlive the publish. */
struct publish_parts {
	struct store *store;
	struct gaps *gaps;
	const struct telemetry_settings *settings;
	const char *gateway; /* this gateway's id */
	const char *topic;   /* of the batches */
	/* uplink_ops.publish */
	int (*send)(void *context, const struct uplink_message *message, uint64_t ticket);
	void *context;
	struct sparkplug_edge *edge; /* NULL unless that is the format */
	/* Mends what was taken before the clock was set, which waits for that a while; NULL: it goes as it is. */
	const struct boot_clock *clock;
};

/* All that the store holds is backlog. Blocks for milliseconds; for start-up. -ENOMEM, -EIO. */
int publish_open(struct publish **out, const struct publish_parts *parts);

/* Hands what is delivered to the store to be forgotten; before the store is closed. */
void publish_flush(struct publish *publish, struct moment now);

/* Frees; after the store was closed, which calls the last replies. NULL is fine. */
void publish_close(struct publish *publish);

/* A segment that has just become durable: uncompressed bytes of version SEGMENT_ROWS. */
struct kept_segment {
	uint64_t first;
	uint32_t count;
	uint32_t boot;
	uint8_t *data; /* from malloc() */
	size_t size;
};

/* Takes the segment's data, or leaves it in the store only. */
void publish_on_kept(struct publish *publish, struct kept_segment *taken, struct moment now);

/* As in uplink_host. on_delivered: for tickets with PUBLISH_TICKETS. */
void publish_on_connected(struct publish *publish, unsigned window, struct moment now);
void publish_on_disconnected(struct publish *publish, struct moment now);
void publish_on_delivered(struct publish *publish, uint64_t ticket, int result, struct moment now);

/* Builds and sends the batches that are due. Call it after each round of events; milliseconds until it wants to be
 * called again. */
int64_t publish_tick(struct publish *publish, struct moment now);

struct publish_figures {
	bool connected;
	uint64_t waiting;       /* readings kept and not yet delivered */
	uint64_t delivered;     /* readings, since open */
	uint64_t lost;          /* readings that became gaps, since open */
	uint64_t batches;       /* delivered, since open */
	uint64_t payload_bytes; /* of these */
	uint64_t in_flight;     /* batches */
};
void publish_figures(const struct publish *publish, struct publish_figures *out);

#endif
