/*
 * zigbee_upgrades_turns: whose block or page is served next.
 */
#ifndef WAKEGATE_DRIVERS_ZIGBEE_UPGRADES_TURNS_H
#define WAKEGATE_DRIVERS_ZIGBEE_UPGRADES_TURNS_H

#include "drivers/zigbee_upgrades_state.h"

/* Behind those who wait; a sleeper, which listens for a moment only, before those that are awake. Nothing where it
 * waits already. */
void upgrade_enqueue(struct zigbee_upgrades *upgrades, struct upgrade_node *node);

/* It loses its turn, and still wants what it asked for. */
void upgrade_dequeue(struct zigbee_upgrades *upgrades, struct upgrade_node *node);

/* What it asked for is not served any more. */
void upgrade_drop_want(struct zigbee_upgrades *upgrades, struct upgrade_node *node);

#endif
