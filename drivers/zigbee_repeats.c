#include "drivers/zigbee_repeats.h"

void zigbee_repeats_init(struct zigbee_repeats *repeats, int64_t now_ms)
{
	*repeats = (struct zigbee_repeats){ .since_ms = now_ms };
}

/* The latest such frame from `from_ms` on, as the ring is in the order of time; NULL. */
static const struct zigbee_frame *find(const struct zigbee_repeats *repeats, uint64_t hash, int64_t from_ms)
{
	for (size_t back = 1; back <= ZIGBEE_REPEATS_ROOM; back++) {
		size_t at = (repeats->next + ZIGBEE_REPEATS_ROOM - back) % ZIGBEE_REPEATS_ROOM;
		const struct zigbee_frame *frame = &repeats->ring[at];
		if (frame->fate == FRAME_NONE || frame->at_ms < from_ms)
			return NULL;
		if (frame->hash == hash)
			return frame;
	}
	return NULL;
}

enum zigbee_frame_fate zigbee_repeats_fate(const struct zigbee_repeats *repeats, uint64_t hash, int64_t now_ms)
{
	const struct zigbee_frame *frame = find(repeats, hash, now_ms - ZIGBEE_REPEATS_MS + 1);

	return frame && frame->fate != FRAME_LOST ? frame->fate : FRAME_NONE;
}

bool zigbee_repeats_reach(const struct zigbee_repeats *repeats, int64_t now_ms)
{
	return now_ms - repeats->since_ms >= ZIGBEE_REPEATS_MS;
}

void zigbee_repeats_note(struct zigbee_repeats *repeats, uint64_t hash, int64_t now_ms)
{
	struct zigbee_frame *place = &repeats->ring[repeats->next];

	if (place->fate != FRAME_NONE)
		repeats->since_ms = place->at_ms;
	*place = (struct zigbee_frame){ .hash = hash, .at_ms = now_ms, .fate = FRAME_WAITS };
	repeats->next = (repeats->next + 1) % ZIGBEE_REPEATS_ROOM;
}

void zigbee_repeats_settle(struct zigbee_repeats *repeats, uint64_t hash, enum zigbee_frame_fate fate)
{
	struct zigbee_frame *frame = (struct zigbee_frame *)find(repeats, hash, INT64_MIN);

	if (frame)
		frame->fate = (uint8_t)fate;
}
