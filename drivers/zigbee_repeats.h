/*
 * zigbee_repeats: the frames that nodes sent a moment ago, to tell a frame from its repetition.
 *
 * A node repeats what nobody acknowledged: its APS layer up to three times (Zigbee specification, apscMaxFrameRetries),
 * after 1.6 to 3 s each, where it sleeps after another 7.68 s. A bounded ring in order of arrival, of all nodes
 * together, with room for more than the air carries meanwhile; one that came before it reaches back is not known.
 * Pure: time is an argument.
 */
#ifndef WAKEGATE_DRIVERS_ZIGBEE_REPEATS_H
#define WAKEGATE_DRIVERS_ZIGBEE_REPEATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZIGBEE_REPEATS_ROOM 4096
#define ZIGBEE_REPEATS_MS 40000 /* in which an equal frame is a repetition: three waits, and queues on the way */

enum zigbee_frame_fate {
	FRAME_NONE,    /* the place is free */
	FRAME_WAITS,   /* nobody knows yet whether what it said is kept */
	FRAME_DURABLE, /* its repetition may be told so */
	FRAME_LOST,    /* its repetition counts as if it were the first */
};

struct zigbee_frame {
	uint64_t hash; /* of the node and all that it said, with the frame's own sequence number */
	int64_t at_ms;
	uint8_t fate;
};

struct zigbee_repeats {
	struct zigbee_frame ring[ZIGBEE_REPEATS_ROOM];
	size_t next;
	int64_t since_ms; /* all frames that came after this are known */
};

/* Knows nothing of what came before. */
void zigbee_repeats_init(struct zigbee_repeats *repeats, int64_t now_ms);

/* The fate of an equal frame that came within ZIGBEE_REPEATS_MS; FRAME_NONE: there was none, or it was lost. */
enum zigbee_frame_fate zigbee_repeats_fate(const struct zigbee_repeats *repeats, uint64_t hash, int64_t now_ms);

/* Whether it reaches back as far as repetitions do: what it does not know is none. */
bool zigbee_repeats_reach(const struct zigbee_repeats *repeats, int64_t now_ms);

/* A frame came that is none; it waits. Forgets the oldest. */
void zigbee_repeats_note(struct zigbee_repeats *repeats, uint64_t hash, int64_t now_ms);

/* What became of the latest such frame; nothing happens if it is forgotten. */
void zigbee_repeats_settle(struct zigbee_repeats *repeats, uint64_t hash, enum zigbee_frame_fate fate);

#endif
