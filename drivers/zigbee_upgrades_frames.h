/*
 * zigbee_upgrades_frames: frames of the OTA Upgrade server on their way to the stick.
 */
#ifndef WAKEGATE_DRIVERS_ZIGBEE_UPGRADES_FRAMES_H
#define WAKEGATE_DRIVERS_ZIGBEE_UPGRADES_FRAMES_H

#include "drivers/zigbee_upgrades_state.h"

#define UPGRADE_FRAME_MAX 128 /* bytes; what the stick bears is less */

struct upgrade_frame {
	const void *data;
	size_t size;
	enum flight_kind kind;
	uint32_t offset; /* FLIGHT_BLOCK, and how long it takes the air */
	int64_t cost_us;
	bool proves; /* a block that wants an acknowledgement, as all other frames do */
};

/* Gives a frame to the stick. As stick_ops.send; -ENOBUFS: as many as are known are under way. */
int upgrade_transmit(
	struct zigbee_upgrades *upgrades, struct upgrade_node *node, const struct upgrade_frame *frame, int64_t now_ms);

/* Those below send now, or as soon as the stick takes it, in place of another one that it has not taken yet. */

/* Answers the request of that sequence number. */
void upgrade_answer(struct zigbee_upgrades *upgrades, struct upgrade_node *node, const struct zigbee_upgrade *message,
	uint8_t sequence, int64_t now_ms);
/* Likewise, by a Default Response. */
void upgrade_answer_default(struct zigbee_upgrades *upgrades, struct upgrade_node *node,
	const struct zcl_frame *request, uint8_t status, int64_t now_ms);
void upgrade_send_unasked(struct zigbee_upgrades *upgrades, struct upgrade_node *node,
	const struct zigbee_upgrade *message, enum flight_kind kind, int64_t now_ms);
/* Asks where the node stands and what it runs. */
void upgrade_send_read(struct zigbee_upgrades *upgrades, struct upgrade_node *node, int64_t now_ms);

/* What the stick has not taken yet goes once more. */
void upgrade_retry_answer(struct zigbee_upgrades *upgrades, struct upgrade_node *node, int64_t now_ms);

#endif
