/*
 * zigbee_upgrades_queries: what nodes say to the OTA Upgrade server: what they run, whether they have an image, where
 * they stand.
 *
 * The node's offer may be another one, or gone, after each.
 */
#ifndef WAKEGATE_DRIVERS_ZIGBEE_UPGRADES_QUERIES_H
#define WAKEGATE_DRIVERS_ZIGBEE_UPGRADES_QUERIES_H

#include "drivers/zigbee_upgrades_state.h"

/* Query Next Image Request. */
void upgrade_on_query(struct zigbee_upgrades *upgrades, struct upgrade_node *node, const struct zigbee_upgrade *request,
	uint8_t sequence, int64_t now_ms);

/* Upgrade End Request, which is `frame`. */
void upgrade_on_end(struct zigbee_upgrades *upgrades, struct upgrade_node *node, const struct zcl_frame *frame,
	const struct zigbee_upgrade *request, int64_t now_ms);

/* The answer to upgrade_send_read(). */
void upgrade_on_read_response(
	struct zigbee_upgrades *upgrades, struct upgrade_node *node, const struct zcl_frame *frame, int64_t now_ms);

#endif
