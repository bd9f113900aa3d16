/*
 * zigbee_upgrades_blocks: blocks and pages of the OTA Upgrade server, each from its request alone, as far as the air
 * bears.
 */
#ifndef WAKEGATE_DRIVERS_ZIGBEE_UPGRADES_BLOCKS_H
#define WAKEGATE_DRIVERS_ZIGBEE_UPGRADES_BLOCKS_H

#include "drivers/zigbee_upgrades_state.h"

/* Image Block Request or Image Page Request. */
void upgrade_on_block(struct zigbee_upgrades *upgrades, struct upgrade_node *node, const struct zigbee_upgrade *request,
	uint8_t sequence, int64_t now_ms);

/* What became of a block. */
void upgrade_on_block_sent(
	struct zigbee_upgrades *upgrades, const struct upgrade_flight *flight, enum stick_sent outcome, int64_t now_ms);

/* Bytes that were being fetched may be there. */
void upgrade_feed(struct zigbee_upgrades *upgrades, struct upgrade_node *node, int64_t now_ms);

/* Those who waited too long are told so; returns when the next one will have. */
int64_t upgrade_run_want(struct zigbee_upgrades *upgrades, struct upgrade_node *node, int64_t now_ms);

/* Serves whose turn it is, as far as the air bears; returns when it bears more. */
int64_t upgrade_pump(struct zigbee_upgrades *upgrades, int64_t now_ms);

#endif
