/*
 * zigbee_firmware: between the driver for a Zigbee network and its OTA Upgrade server (zigbee_upgrades.h).
 */
#ifndef WAKEGATE_DRIVERS_ZIGBEE_FIRMWARE_H
#define WAKEGATE_DRIVERS_ZIGBEE_FIRMWARE_H

#include "drivers/zigbee_state.h"

int zigbee_firmware_open(struct driver *driver);
/* The node is where its record says; it sent something just now. */
void zigbee_firmware_meet(struct driver *driver, const struct zigbee_node *node, bool heard);
/* Likewise; it announced itself. */
void zigbee_firmware_joined(struct driver *driver, const struct zigbee_node *node);
void zigbee_firmware_network_up(struct driver *driver);
/* Nobody knows where it is, until it is met again. */
void zigbee_firmware_part(struct driver *driver, const struct zigbee_node *node);
void zigbee_firmware_forget(struct driver *driver, const struct zigbee_node *node);
void zigbee_firmware_on_frame(struct driver *driver, const struct zigbee_heard *heard, const struct zcl_frame *frame);
/* False: it was no frame of the firmware's. */
bool zigbee_firmware_on_sent(struct driver *driver, uint32_t tag, enum stick_sent outcome);
int64_t zigbee_firmware_turn(struct driver *driver);
/* As driver_ops. */
int zigbee_offer(struct driver *driver, const struct driver_offer *offer);
int zigbee_withdraw(struct driver *driver, const char *node);
void zigbee_images_ready(struct driver *driver);

#endif
