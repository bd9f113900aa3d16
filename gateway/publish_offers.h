/*
 * publish_offers: segments that go to the broker before the store has them.
 */
#ifndef WAKEGATE_GATEWAY_PUBLISH_OFFERS_H
#define WAKEGATE_GATEWAY_PUBLISH_OFFERS_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/moment.h"

struct kept_segment;
struct publish;

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

#endif
