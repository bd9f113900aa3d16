/*
 * offers: the images that nodes are to have, by node, and how far each is seen to be with its image.
 */
#ifndef WAKEGATE_DRIVERS_OFFERS_H
#define WAKEGATE_DRIVERS_OFFERS_H

#include "drivers/driver.h"
#include "drivers/id_map.h"
#include "drivers/slab.h"

struct offer {
	char node[NODE_ID_MAX + 1];
	struct image_source *image; /* a reference of the offer's own */
	struct offer_times times;
	bool seen;                    /* a request for the image was seen */
	uint32_t seen_offset;         /* as last told to the host */
	uint32_t bytes_in, bytes_out; /* traffic not told yet, for a driver that counts it here */
};

struct offers {
	struct id_map by_node;
	struct slab slab; /* an offer may stand for months */
	size_t limit;
};

/* At most `limit` offers stand. */
void offers_init(struct offers *offers, size_t limit);
void offers_finish(struct offers *offers);

/* Replaces a former offer to the node. -EINVAL: no fit node id; -ENOBUFS, -ENOMEM. */
int offers_put(struct offers *offers, const struct driver_offer *offer);

void offers_remove(struct offers *offers, const char *node);

/* NULL: none stands. */
struct offer *offers_find(const struct offers *offers, const char *node);

/*
 * The node asked for the bytes from `offset` on, `end` bytes are sent with this answer. Whether that is worth telling:
 * the first request, a step of a fiftieth (at least 4 KiB), the last block, and a step back.
 */
bool offer_advance(struct offer *offer, uint32_t offset, uint32_t end);

/* Milliseconds until the node may fetch, 0: it may now. OFFER_WAIT_MS where the offer is to be renewed before it may.
 */
#define OFFER_WAIT_MS 60000
int64_t offer_wait_ms(const struct offer *offer, int64_t now_ms);

/*
 * When the node may activate, in whole seconds from now: not before `from_s`, nor from `until_s` on without asking anew
 * (0: no such limit). Where less than a second is left it may not at all: the offer is about to be renewed.
 */
struct offer_activation {
	uint32_t from_s, until_s;
};
struct offer_activation offer_activation(const struct offer_times *times, int64_t now_ms);

/* Whole seconds from now until then, rounded up; 0 where that is past or there is no such time. */
uint32_t offer_seconds_until(int64_t then_ms, int64_t now_ms);

#endif
