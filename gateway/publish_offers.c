#include "gateway/publish_offers.h"

#include <errno.h>

#include "gateway/boot_clock.h"
#include "gateway/publish_state.h"
#include "gateway/sparkplug_edge.h"

bool publish_awaits_clock(const struct publish *publish)
{
	return publish->parts.clock && boot_clock_is_unset(publish->now) &&
	       publish->now.monotonic_ms < publish->clock_until_ms;
}

/* Whether a PUBACK would say that the broker has it, and one may be expected. */
static bool takes_offers(const struct publish *publish)
{
	if (!publish->connected || publish->reset_due || publish->now.monotonic_ms < publish->hold_until_ms ||
		publish_awaits_clock(publish))
		return false;
	/* At QoS 0 that a message was delivered means that it was sent. */
	return !publish->parts.edge || sparkplug_edge_is_acknowledged(publish->parts.edge);
}

int publish_offer(
	struct publish *publish, struct kept_segment *taken, const struct segment_offer *offer, struct moment now)
{
	publish->now = now;
	struct held_segment *segment = takes_offers(publish) ? publish_push_live(publish, taken) : NULL;
	if (!segment)
		return -EAGAIN;
	segment->unstored = true;
	segment->settled = offer->settled;
	segment->settled_context = offer->context;
	return 0;
}

int64_t publish_patience_ms(const struct publish *publish)
{
	return takes_offers(publish) ? puback_pace_patience_ms(&publish->pace) : 0;
}

void publish_was_slow(struct publish *publish)
{
	puback_pace_miss(&publish->pace);
}

static struct held_segment *find_offer(const struct publish *publish, uint64_t first)
{
	struct held_segment *segment = stream_find(&publish->live, first);

	return segment && segment->unstored ? segment : NULL;
}

bool publish_on_stored(struct publish *publish, uint64_t first)
{
	struct held_segment *segment = find_offer(publish, first);

	if (!segment)
		return false;
	segment->unstored = false;
	segment->settled = NULL;
	return true;
}

void publish_abandon(struct publish *publish, uint64_t first)
{
	struct held_segment *segment = find_offer(publish, first);

	if (segment)
		segment->settled = NULL;
}

void publish_let_go_of_offer(struct publish *publish, const struct held_segment *segment)
{
	publish->figures.waiting -= segment->undelivered;
	if (segment->settled)
		segment->settled(segment->settled_context, -ENOTCONN);
}

bool publish_is_in_offer(const struct publish *publish, uint64_t number)
{
	const struct held_segment *segment = publish->live.head;

	while (segment && segment->first + segment->count <= number)
		segment = segment->next;
	return segment && segment->first <= number && segment->unstored;
}
