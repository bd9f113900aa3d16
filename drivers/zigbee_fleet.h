/*
 * zigbee_fleet: the nodes of the driver for a Zigbee network as they come, are asked, go and are kept.
 *
 * A part of zigbee_driver.h. Nothing blocks; what is sent waits its turn.
 */
#ifndef WAKEGATE_DRIVERS_ZIGBEE_FLEET_H
#define WAKEGATE_DRIVERS_ZIGBEE_FLEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZIGBEE_STRANGERS 8 /* addresses that were asked whose they are */

struct driver;
struct image_source;
struct zigbee_node;

struct zigbee_stranger {
	uint16_t nwk;
	int64_t asked_ms;
};

/* Nodes and network as they were kept. */
void zigbee_recall(struct driver *driver);
/* The gateway is told of the node. False: it does not accept it. */
bool zigbee_greet(struct driver *driver, struct zigbee_node *node, size_t bytes);
/* Likewise, with what it runs; `image`: it is the one that it was offered, or NULL. */
bool zigbee_greet_running(struct driver *driver, struct zigbee_node *node, const struct image_source *image);
/* As in stick_host.h. */
void zigbee_on_joined(void *context, uint64_t eui64, uint16_t nwk, uint16_t parent);
void zigbee_on_left(void *context, uint64_t eui64, uint16_t nwk);
void zigbee_on_routed(void *context, uint16_t nwk, uint8_t relays);
/* Asks whose address it is. */
void zigbee_ask_stranger(struct driver *driver, uint16_t nwk);
/* The node is at this address from now on, and no other one. */
void zigbee_move(struct driver *driver, struct zigbee_node *node, uint16_t nwk);
/* Its record goes too, and the pointer. */
void zigbee_forget(struct driver *driver, struct zigbee_node *node);
/* Its record is on its way to the store, before whatever is answered next. */
void zigbee_keep_node(struct driver *driver, struct zigbee_node *node);
/* Interviews, pings, records. When it wants to be turned next. */
int64_t zigbee_fleet_turn(struct driver *driver);

#endif
