/*
 * publish_state: what the parts of publish share: publish sends batches, publish_stored reads the backlog from the
 * store and has it forget what is delivered, publish_offers cares for segments that the store does not have. For these
 * alone.
 */
#ifndef WAKEGATE_GATEWAY_PUBLISH_STATE_H
#define WAKEGATE_GATEWAY_PUBLISH_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/bucket.h"
#include "gateway/drain_window.h"
#include "gateway/gaps.h"
#include "gateway/puback_pace.h"
#include "gateway/publish.h"
#include "gateway/stream.h"

/* Held for an uplink that is slower than the nodes; more goes to the store. */
#define PUBLISH_LIVE_BYTES_MAX (2 * 1024 * 1024)
#define PUBLISH_RETRY_MS 1000 /* after the store failed */

enum cap { CAP_READINGS, CAP_BYTES, CAP_MESSAGES, CAP_COUNT };

/* A batch that the broker has not acknowledged. */
struct flight {
	uint64_t ticket;
	uint64_t first, last; /* readings; 0: gaps */
	size_t bytes;
	int64_t sent_ms;
	bool historic; /* of the backlog */
};

struct publish {
	struct publish_parts parts;
	struct batch *batch;
	struct stream live, backlog;
	/* What is only in the store: segments from `backlog_from` and below `backlog_below`, but for those held and
	 * those being discarded. */
	uint64_t backlog_from, backlog_below;
	bool loading, load_stale, paused;
	uint64_t loaded, load_below; /* of the load under way: segments so far, and where it ends */
	int64_t load_at_ms;
	bool connected, reset_due;
	unsigned window;
	size_t limit; /* readings in a batch that the broker takes, as far as known */
	int64_t hold_until_ms;
	int64_t clock_until_ms;        /* a clock that was never set is waited for so long */
	int64_t live_since_ms;         /* when the first live reading began to wait */
	struct bucket caps[CAP_COUNT]; /* of the backlog */
	struct drain_window drain;
	struct puback_pace pace;
	uint64_t ticket;
	struct flight *flights; /* UPLINK_WINDOW_MAX */
	size_t flight_count, historic_count;
	struct gap told[GAPS_MAX]; /* gaps in flight */
	size_t told_count;

	/* Delivered segments that the store still has; the first `discarding` of them it is about to forget. */
	uint64_t *gone;
	size_t gone_count, gone_room, discarding;
	int64_t discard_at_ms;
	struct moment now; /* of the last event */
	struct publish_figures figures;
};

/* Owns the segment's data from now on. NULL: no memory; it stays in the store only. */
struct held_segment *publish_hold(const struct kept_segment *kept);

/* Holds it among the live ones, if there is room and it is newer than all of them; else NULL. */
struct held_segment *publish_push_live(struct publish *publish, struct kept_segment *taken);

/* These readings will never come. */
void publish_lose(struct publish *publish, const struct gap *gap);

/* Segments of these numbers are in the store only; whether there are such. */
void publish_mark_backlog(struct publish *publish, uint64_t first, uint64_t below);
bool publish_has_backlog_stored(const struct publish *publish);

/* What came late has to wait until the newer ones that are held have gone. */
bool publish_backlog_is_readable(const struct publish *publish);

/* Reads more, if it is time to. */
void publish_load_backlog(struct publish *publish);

/* The store may forget a segment; it is told to. */
void publish_note_gone(struct publish *publish, uint64_t first);
void publish_discard_gone(struct publish *publish);

/* Readings without the right time wait: it will be known as soon as the clock is set, if it ever is. */
bool publish_awaits_clock(const struct publish *publish);

bool publish_is_in_offer(const struct publish *publish, uint64_t number);

/* The store does not have it: who offered it must store it. */
void publish_let_go_of_offer(struct publish *publish, const struct held_segment *segment);

#endif
