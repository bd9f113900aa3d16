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

/* Who waits for a segment to be durable at the broker or in the store. */
struct segment_offer {
	/* 0: the broker has all of it. Else publish has let go of it and it must be stored. Must not call back but for
	 * publish_discard(). */
	void (*settled)(void *context, int result);
	void *context;
};

/*
 * Takes the data of a segment that the store does not have; it goes to the broker at once. `settled` is called once,
 * unless the segment is stored or abandoned before; then it may be offered again. -EAGAIN: the uplink is down, or
 * segments of higher numbers are on their way; -ENOMEM.
 */
int publish_offer(
	struct publish *publish, struct kept_segment *taken, const struct segment_offer *offer, struct moment now);

/* How long an offer is worth waiting for; 0: the broker is too slow, or there is none. */
int64_t publish_patience_ms(const struct publish *publish);

/* An offer was waited for in vain; offers are not worth waiting for until the broker is fast again. */
void publish_was_slow(struct publish *publish);

/* An offered segment is in the store now: it is as if it were kept. False: it is not held any more. */
bool publish_on_stored(struct publish *publish, uint64_t first);

/* Nobody waits for an offered segment any more, and it will not be stored. */
void publish_abandon(struct publish *publish, uint64_t first);

/* The store has, or is about to have, a segment that is delivered. */
void publish_discard(struct publish *publish, uint64_t first);

/* The store has dropped these readings to make room. */
void publish_on_evicted(struct publish *publish, uint64_t first, uint32_t count);

/*
 * For whoever replaces segments in the store by others: no backlog is read until it is resumed, so that what is not
 * being sent then will not be. False: a read is under way, ask again.
 */
bool publish_pause_backlog(struct publish *publish);
void publish_resume_backlog(struct publish *publish);

/* Whether the segment is on its way upstream, or delivered and not yet forgotten. */
bool publish_is_sending(const struct publish *publish, uint64_t first);

/* `readings` of the store, none of them being sent, have been replaced by `count` others from the number `first` on. */
void publish_on_thinned(struct publish *publish, uint64_t readings, uint64_t first, uint32_t count);

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
