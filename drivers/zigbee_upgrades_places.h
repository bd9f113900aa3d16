/*
 * zigbee_upgrades_places: how many nodes fetch at a time, those that sleep apart.
 */
#ifndef WAKEGATE_DRIVERS_ZIGBEE_UPGRADES_PLACES_H
#define WAKEGATE_DRIVERS_ZIGBEE_UPGRADES_PLACES_H

#include "drivers/zigbee_upgrades_state.h"

#define UPGRADE_PLACES_FIRST 4 /* that many nodes fill the channel if they answer at once */

/* To be called now and then: more places while those who have one leave the air empty, as lamps do that take two
 * seconds to write a block; fewer while frames wait for the channel. */
void upgrade_fit_places(struct zigbee_upgrades *upgrades, int64_t now_ms);

/* Takes or keeps a place for a transfer, for so long. False: none is free. */
bool upgrade_take_place(struct zigbee_upgrades *upgrades, struct upgrade_node *node, int64_t for_ms, int64_t now_ms);
void upgrade_leave_place(struct upgrade_node *node);
bool upgrade_place_is_free(struct zigbee_upgrades *upgrades, const struct upgrade_node *node, int64_t now_ms);

/* How long a node without a place had better wait. */
int64_t upgrade_place_wait_ms(const struct zigbee_upgrades *upgrades, struct upgrade_node *node, int64_t now_ms);

#endif
