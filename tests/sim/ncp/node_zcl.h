/*
 * node_zcl: what a simulated node answers to frames of the Zigbee Cluster Library.
 */
#ifndef WAKEGATE_TESTS_NCP_NODE_ZCL_H
#define WAKEGATE_TESTS_NCP_NODE_ZCL_H

struct mesh_message;
struct node;

void node_zcl_receive(struct node *node, const struct mesh_message *message);

#endif
