/*
 * zigbee_readings: what a Zigbee node reports, as readings with SenML names and units.
 *
 * A measure of zigbee_measures.h bears its name, anything else its numbers, "0xCLUSTER/0xATTRIBUTE", with the
 * manufacturer's before them where the attribute is its own. Where several endpoints of the node measure the same, "/"
 * and the endpoint's number follow. Pure; what a node says of its scales and battery is noted in the node.
 */
#ifndef WAKEGATE_DRIVERS_ZIGBEE_READINGS_H
#define WAKEGATE_DRIVERS_ZIGBEE_READINGS_H

#include <stddef.h>
#include <stdint.h>

#include "drivers/zigbee_nodes.h"
#include "protocols/reading.h"

#define ZIGBEE_READINGS_MAX 64 /* of one frame */
#define ZIGBEE_NAME_SIZE 40

struct zcl_frame;

struct zigbee_readings {
	size_t count;
	struct reading list[ZIGBEE_READINGS_MAX]; /* their texts are borrowed from the frame */
	char names[ZIGBEE_READINGS_MAX][ZIGBEE_NAME_SIZE];
};

/* A report or a response to a read, of that cluster, from that endpoint: the readings in it, perhaps none. -EBADMSG:
 * the frame is malformed from some record on; those before it are there. */
int zigbee_readings_take(struct zigbee_readings *out, struct zigbee_node *node, uint8_t endpoint, uint16_t cluster,
	const struct zcl_frame *frame);

#endif
