#include "drivers/offers.h"

#include <errno.h>
#include <string.h>

#include "drivers/image_source.h"

#define STEPS 50
#define STEP_LEAST 4096

void offers_init(struct offers *offers, size_t limit)
{
	id_map_init(&offers->by_node);
	slab_init(&offers->slab, sizeof(struct offer));
	offers->limit = limit;
}

void offers_finish(struct offers *offers)
{
	for (size_t i = 0; i < offers->by_node.room; i++)
		if (offers->by_node.entries[i].key)
			image_source_release(&((struct offer *)offers->by_node.entries[i].value)->image);
	id_map_finish(&offers->by_node);
	slab_finish(&offers->slab);
}

struct offer *offers_find(const struct offers *offers, const char *node)
{
	return id_map_find(&offers->by_node, node);
}

void offers_remove(struct offers *offers, const char *node)
{
	struct offer *offer = offers_find(offers, node);

	if (!offer)
		return;
	id_map_remove(&offers->by_node, offer->node);
	image_source_release(&offer->image);
	slab_give_back(&offers->slab, offer);
}

static int add(struct offers *offers, const struct driver_offer *from)
{
	if (offers->by_node.count >= offers->limit)
		return -ENOBUFS;
	struct offer *offer = slab_take(&offers->slab);
	if (!offer)
		return -ENOMEM;
	strcpy(offer->node, from->node); /* its size was checked */
	int result = id_map_add(&offers->by_node, offer->node, offer);
	if (result < 0) {
		slab_give_back(&offers->slab, offer);
		return result;
	}
	offer->image = image_source_hold(from->image);
	offer->times = from->times;
	return 0;
}

int offers_put(struct offers *offers, const struct driver_offer *from)
{
	size_t size = strlen(from->node);
	struct offer *offer = offers_find(offers, from->node);

	if (size == 0 || size > NODE_ID_MAX)
		return -EINVAL;
	if (!offer)
		return add(offers, from);
	struct image_source *former = offer->image;
	if (memcmp(former->sha256, from->image->sha256, sizeof(former->sha256)) != 0)
		offer->seen = false;
	offer->image = image_source_hold(from->image);
	offer->times = from->times;
	image_source_release(&former);
	return 0;
}

bool offer_advance(struct offer *offer, uint32_t offset, uint32_t end)
{
	uint32_t size = offer->image->size_bytes;
	uint32_t step = size / STEPS > STEP_LEAST ? size / STEPS : STEP_LEAST;
	bool back = offset < offer->seen_offset;
	bool last = end == size && offset != offer->seen_offset;

	if (offer->seen && !back && !last && offset - offer->seen_offset < step)
		return false;
	offer->seen = true;
	offer->seen_offset = offset;
	return true;
}

int64_t offer_wait_ms(const struct offer *offer, int64_t now_ms)
{
	const struct offer_times *times = &offer->times;

	if (now_ms < times->fetch_from_ms)
		return times->fetch_from_ms - now_ms;
	return times->fetch_until_ms > 0 && now_ms >= times->fetch_until_ms ? OFFER_WAIT_MS : 0;
}

uint32_t offer_seconds_until(int64_t then_ms, int64_t now_ms)
{
	int64_t seconds = (then_ms - now_ms + 999) / 1000;

	return then_ms <= now_ms ? 0 : seconds > UINT32_MAX ? UINT32_MAX : (uint32_t)seconds;
}

struct offer_activation offer_activation(const struct offer_times *times, int64_t now_ms)
{
	const uint32_t never = OFFER_WAIT_MS / 1000;
	int64_t left_s = (times->apply_until_ms - now_ms) / 1000;

	if (times->apply_until_ms == 0)
		return (struct offer_activation){ offer_seconds_until(times->apply_at_ms, now_ms), 0 };
	if (left_s <= 0)
		return (struct offer_activation){ never, never };
	return (struct offer_activation){
		.from_s = offer_seconds_until(times->apply_at_ms, now_ms),
		.until_s = left_s > UINT32_MAX ? UINT32_MAX : (uint32_t)left_s,
	};
}
