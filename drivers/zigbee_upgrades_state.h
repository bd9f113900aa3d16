/*
 * zigbee_upgrades_state: what the parts of the OTA Upgrade server share.
 *
 * `_queries` hears what nodes say, `_blocks` serves bytes, `_turns` knows whose is next, `_waits` says "not now",
 * `_places` counts who may fetch, `_nudges` speaks first, `_frames` sends.
 */
#ifndef WAKEGATE_DRIVERS_ZIGBEE_UPGRADES_STATE_H
#define WAKEGATE_DRIVERS_ZIGBEE_UPGRADES_STATE_H

#include "drivers/id_map.h"
#include "drivers/zigbee_airtime.h"
#include "drivers/zigbee_upgrade_node.h"

#define UPGRADE_FLIGHTS_MAX 64 /* frames with the stick */

struct upgrade_flight {
	uint32_t tag; /* 0: free */
	struct upgrade_node *node;
	enum flight_kind kind;
	int64_t sent_ms;
	uint32_t offset;
	bool counted; /* in the air's window */
	bool proves;  /* it wants an acknowledgement of the node itself */
};

struct zigbee_upgrades {
	const struct zigbee_upgrades_settings *settings;
	const struct zigbee_upgrades_port *port;
	struct upgrade_node **list;
	size_t count, room;
	struct id_map by_id;
	struct zigbee_airtime air;
	int64_t places; /* for nodes that are awake, as many as fill the air */
	struct upgrade_flight flights[UPGRADE_FLIGHTS_MAX];
	uint32_t last_tag;
	uint8_t sequence;
	struct upgrade_node *ready; /* whose turn is next; the others follow */
	int64_t opened_ms;
	int64_t stick_ms; /* the stick was full: not before */
	struct zigbee_upgrades_counters counters;
};

bool upgrade_is_offered(const struct upgrade_node *node);

/* Its file's header, if it was not read yet. 0, -EAGAIN: being fetched, -EBADMSG, -EIO. */
int upgrade_load_file(struct upgrade_node *node);

/* Tells the host; the offer may be another one, or gone, afterwards. */
void upgrade_tell(struct zigbee_upgrades *upgrades, struct upgrade_node *node, enum delivery_state state, int code);

#endif
