/*
 * zigbee_presence: whether a node is there: mains nodes are pinged after silence, others are missed by their interval.
 *
 * Pure: time is an argument, who calls sends and tells.
 */
#ifndef WAKEGATE_DRIVERS_ZIGBEE_PRESENCE_H
#define WAKEGATE_DRIVERS_ZIGBEE_PRESENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "drivers/zigbee_nodes.h"

struct zigbee_presence_rules {
	int64_t ping_after_ms;   /* of silence, of a node whose receiver is on */
	int64_t sleeper_lost_ms; /* of silence, of one that agreed to no reporting */
	int64_t report_most_ms;  /* the longest interval of those that did */
	int64_t battery_most_ms; /* likewise where only the battery is reported */
};

#define ZIGBEE_PINGS 3 /* unanswered, of a node that is lost then */
#define ZIGBEE_PING_PAUSE_MS 20000
#define ZIGBEE_INTERVALS_MISSED 3 /* by a sleeper that is lost then */

/* The gateway started, or the node is new: it counts as heard. */
void zigbee_presence_begin(struct zigbee_node *node, int64_t now_ms);

/* The node was heard. True: it had been lost. */
bool zigbee_presence_on_heard(struct zigbee_node *node, int64_t now_ms);

enum zigbee_presence_turn { PRESENCE_NOTHING, PRESENCE_PING, PRESENCE_LOST };

/* Time passed; a ping counts as sent. */
enum zigbee_presence_turn zigbee_presence_turn(
	struct zigbee_node *node, const struct zigbee_presence_rules *rules, int64_t now_ms);

/* When it wants to be turned next; INT64_MAX: not before the node is heard. */
int64_t zigbee_presence_due_ms(const struct zigbee_node *node, const struct zigbee_presence_rules *rules);

#endif
