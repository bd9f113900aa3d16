/*
 * zigbee_upgrades_nudges: what the OTA Upgrade server says first: that there is an image, that it may be applied; and
 * what it asks.
 */
#ifndef WAKEGATE_DRIVERS_ZIGBEE_UPGRADES_NUDGES_H
#define WAKEGATE_DRIVERS_ZIGBEE_UPGRADES_NUDGES_H

#include "drivers/zigbee_upgrades_state.h"

/* Speaks to the node if it is time and it can hear; returns when it will be. */
int64_t upgrade_nudge(struct zigbee_upgrades *upgrades, struct upgrade_node *node, int64_t now_ms);

/* What became of such a word. */
void upgrade_on_nudge_sent(
	struct zigbee_upgrades *upgrades, const struct upgrade_flight *flight, enum stick_sent outcome, int64_t now_ms);

/* Until the next word: doubled with each one to the node that had no effect. */
int64_t upgrade_pause_ms(struct zigbee_upgrades *upgrades, const struct upgrade_node *node);

/* Another phase begins; it is spoken to after `after_ms`, unless something happens before. */
void upgrade_enter(struct upgrade_node *node, enum upgrade_phase phase, int64_t after_ms, int64_t now_ms);

/* It has the image and waits: when it is to be told. */
void upgrade_stage(struct zigbee_upgrades *upgrades, struct upgrade_node *node, int64_t now_ms);

/* Whether it may upgrade now. */
bool upgrade_may_apply(const struct upgrade_node *node, int64_t now_ms);

/* How long a node may be silent amid a transfer, with all bytes, and after the word to upgrade: by its class. */
int64_t upgrade_silence_ms(const struct upgrade_node *node);
int64_t upgrade_check_ms(const struct upgrade_node *node);
int64_t upgrade_restart_ms(const struct upgrade_node *node);

#endif
