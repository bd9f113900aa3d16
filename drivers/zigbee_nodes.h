/*
 * zigbee_nodes: the nodes of a Zigbee network, and their form as records in the gateway's store.
 *
 * Nothing here knows a clock or sends anything.
 */
#ifndef WAKEGATE_DRIVERS_ZIGBEE_NODES_H
#define WAKEGATE_DRIVERS_ZIGBEE_NODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/driver.h"
#include "drivers/zigbee_node.h"

#define ZIGBEE_NODES_MAX 1000
#define ZIGBEE_NODE_RECORD "node/" /* followed by the identity */

struct zigbee_nodes {
	struct zigbee_node **list;
	size_t count, room;
};

void zigbee_nodes_init(struct zigbee_nodes *nodes);
void zigbee_nodes_finish(struct zigbee_nodes *nodes);

/* NULL: there is none. The pointer is good until the node is removed. */
struct zigbee_node *zigbee_nodes_find(const struct zigbee_nodes *nodes, uint64_t eui64);
struct zigbee_node *zigbee_nodes_at(const struct zigbee_nodes *nodes, uint16_t nwk);
struct zigbee_node *zigbee_nodes_named(const struct zigbee_nodes *nodes, const char *id);

/* The node, or a new one; NULL: no memory or no room for another. */
struct zigbee_node *zigbee_nodes_add(struct zigbee_nodes *nodes, uint64_t eui64);
void zigbee_nodes_remove(struct zigbee_nodes *nodes, struct zigbee_node *node);

/* Whether it is the address of a node: none of the coordinator, of all nodes or of a group of them. */
bool zigbee_nwk_is_node(uint16_t nwk);

/* The node has this address from now on, and nobody else. Whether that is news. */
bool zigbee_nodes_move(struct zigbee_nodes *nodes, struct zigbee_node *node, uint16_t nwk);

/* The record of a node: bytes written to DRIVER_RECORD_MAX bytes at `data`. */
size_t zigbee_node_write(const struct zigbee_node *node, void *data);

/* Fills in a node from its record. -EBADMSG: malformed, or of a later version; the node is as before. */
int zigbee_node_parse(struct zigbee_node *node, const void *data, size_t size);

#endif
