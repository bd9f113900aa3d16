#include "drivers/coap_offers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/image_source.h"

#define STEPS 50
#define STEP_LEAST 4096

void coap_offers_init(struct coap_offers *offers, size_t limit)
{
	id_map_init(&offers->by_node);
	offers->limit = limit;
}

static void free_offer(struct coap_offer *offer)
{
	image_source_release(&offer->image);
	free(offer);
}

void coap_offers_finish(struct coap_offers *offers)
{
	for (size_t i = 0; i < offers->by_node.room; i++)
		if (offers->by_node.entries[i].key)
			free_offer(offers->by_node.entries[i].value);
	id_map_finish(&offers->by_node);
}

struct coap_offer *coap_offers_find(const struct coap_offers *offers, const char *node)
{
	return id_map_find(&offers->by_node, node);
}

void coap_offers_remove(struct coap_offers *offers, const char *node)
{
	struct coap_offer *offer = coap_offers_find(offers, node);

	if (!offer)
		return;
	id_map_remove(&offers->by_node, node);
	free_offer(offer);
}

static int add(struct coap_offers *offers, const struct driver_offer *from)
{
	if (offers->by_node.count >= offers->limit)
		return -ENOBUFS;
	struct coap_offer *offer = calloc(1, sizeof(*offer));
	if (!offer)
		return -ENOMEM;
	strcpy(offer->node, from->node); /* its size was checked */
	int result = id_map_add(&offers->by_node, offer->node, offer);
	if (result < 0) {
		free(offer);
		return result;
	}
	offer->image = image_source_hold(from->image);
	offer->apply_at_ms = from->apply_at_ms;
	return 0;
}

int coap_offers_put(struct coap_offers *offers, const struct driver_offer *from)
{
	size_t size = strlen(from->node);
	struct coap_offer *offer = coap_offers_find(offers, from->node);

	if (size == 0 || size > NODE_ID_MAX)
		return -EINVAL;
	if (!offer)
		return add(offers, from);
	struct image_source *former = offer->image;
	if (memcmp(former->sha256, from->image->sha256, sizeof(former->sha256)) != 0)
		offer->seen = false;
	offer->image = image_source_hold(from->image);
	offer->apply_at_ms = from->apply_at_ms;
	image_source_release(&former);
	return 0;
}

bool coap_offer_advance(struct coap_offer *offer, uint32_t offset, uint32_t end)
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
