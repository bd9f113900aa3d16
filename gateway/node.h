/*
 * node: a node of the registry (nodes.h), as all may see it.
 */
#ifndef WAKEGATE_GATEWAY_NODE_H
#define WAKEGATE_GATEWAY_NODE_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/node_record.h"

/* A node; owned by the registry and valid until it is removed. */
struct node {
	struct node_record record; /* use nodes_changed() after changing its numbers */
	uint16_t parent;           /* names its parent in the mesh, as the node said since the start; 0: not said */
	bool dirty;                /* not saved as it is */
	bool urgent;               /* and does not wait for the next flush */
	/* Whom the registry was asked for next and before, the last time: the registry's guess. NULL: not known. */
	struct node *after, *before;
	char id[];
};

#endif
