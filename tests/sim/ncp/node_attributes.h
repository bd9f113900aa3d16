/*
 * node_attributes: the attributes of a simulated node, their values, and which it reports when.
 */
#ifndef WAKEGATE_TESTS_NCP_NODE_ATTRIBUTES_H
#define WAKEGATE_TESTS_NCP_NODE_ATTRIBUTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/zcl.h"

#define NODE_ATTRIBUTES_MAX 48

enum node_cluster {
	CLUSTER_BASIC = 0x0000,
	CLUSTER_POWER_CONFIGURATION = 0x0001,
	CLUSTER_IDENTIFY = 0x0003,
	CLUSTER_OTA = 0x0019,
	CLUSTER_POLL_CONTROL = 0x0020,
	CLUSTER_ILLUMINANCE = 0x0400,
	CLUSTER_TEMPERATURE = 0x0402,
	CLUSTER_PRESSURE = 0x0403,
	CLUSTER_HUMIDITY = 0x0405,
	CLUSTER_OCCUPANCY = 0x0406,
	CLUSTER_METERING = 0x0702,
	CLUSTER_ELECTRICAL = 0x0b04,
};

struct node;

struct node_attribute {
	uint16_t cluster, id;
	uint8_t type;
	bool of_client;
	bool is_measured; /* may be reported, and wanders */
	uint64_t bits;
	const char *text; /* of ZCL_TEXT */
	/* How it is reported; most_s 0: not. */
	uint16_t least_s, most_s;
	uint64_t change;
	uint64_t plan; /* counts configurations: what was planned before means nothing after */
	uint64_t reported_bits;
	int64_t reported_us;
};

struct node_attributes {
	struct node_attribute rows[NODE_ATTRIBUTES_MAX];
	size_t count;
};

/* Fills the table as the node's plan says. */
void node_attributes_init(struct node *node);

/* NULL: it has none such. */
struct node_attribute *node_attribute_find(struct node *node, uint16_t cluster, uint16_t id, bool of_client);

/* Its value as it goes into a frame; `room` holds it. */
struct zcl_value node_attribute_value(const struct node_attribute *attribute, uint8_t room[64]);

/* A new value, reported where that was configured and it differs enough. */
void node_attribute_set(struct node *node, struct node_attribute *attribute, uint64_t bits);

/* Reports the value now. */
void node_attribute_report(struct node *node, struct node_attribute *attribute);

/* Reporting is configured (again). most_s 0: no more. */
void node_attribute_configure(struct node *node, struct node_attribute *attribute, const struct zcl_record *how);

/* All that is measured wanders a little; reports follow as configured. */
void node_attributes_wander(struct node *node);

/* After a restart: reports go on as configured. */
void node_attributes_resume(struct node *node);

#endif
