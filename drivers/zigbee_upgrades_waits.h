/*
 * zigbee_upgrades_waits: how a node that wants a block is told "not now": by WAIT_FOR_DATA, by a pause, or not at all.
 */
#ifndef WAKEGATE_DRIVERS_ZIGBEE_UPGRADES_WAITS_H
#define WAKEGATE_DRIVERS_ZIGBEE_UPGRADES_WAITS_H

#include "drivers/zigbee_upgrades_state.h"

/* It takes WAIT_FOR_DATA for an error, as its class does or as it has shown. */
bool upgrade_refuses_wait(const struct upgrade_node *node);

/* Tells the node to ask again in `wait_ms`, 0: as soon as it likes, without any pause between blocks. What it wants is
 * dropped; one that refuses to wait keeps it, and is served after two seconds at most. */
void upgrade_put_off(struct zigbee_upgrades *upgrades, struct upgrade_node *node, int64_t wait_ms, int64_t now_ms);

/* A request without an offer: it may come back, as after a halt; until then the node keeps what it has. */
void upgrade_answer_absent(struct zigbee_upgrades *upgrades, struct upgrade_node *node, int64_t now_ms);

/* Ends its transfer: ABORT. */
void upgrade_abort(struct zigbee_upgrades *upgrades, struct upgrade_node *node, int64_t now_ms);

/* A block is asked for: how soon after the first pause tells the unit in which the node counts pauses. */
void upgrade_judge_unit(struct upgrade_period *period, int64_t now_ms);

#endif
