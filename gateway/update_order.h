/*
 * update_order: an order for one node: which image, and who wants it.
 */
#ifndef WAKEGATE_GATEWAY_UPDATE_ORDER_H
#define WAKEGATE_GATEWAY_UPDATE_ORDER_H

#include <stdbool.h>
#include <stdint.h>

struct node;

/* An order for one node. */
struct update_order {
	struct node *node;
	uint8_t sha256[32];
	bool force;     /* also for other hardware, or if the node runs the image already or has said no version */
	bool at_once;   /* whatever hours it has windows in */
	const char *by; /* who ordered it, for the journal: "operator", "cloud" */
};

#endif
