#include "tests/sim/ncp/node_attributes.h"

#include <string.h>

#include "gateway/random.h"
#include "tests/sim/ncp/air_clock.h"
#include "tests/sim/ncp/node.h"

#define FRAME_ROOM 80

/* What a sensor has; the first of each row's kind that a plan names. */
struct sensor_row {
	uint32_t sensor; /* 0: every node has it */
	uint16_t cluster, id;
	uint8_t type;
	bool of_client;
	bool is_measured;
	uint64_t bits;
};

static const struct sensor_row rows[] = {
	{ 0, CLUSTER_BASIC, 0x0000, ZCL_UINT8, false, false, 3 },
	{ 0, CLUSTER_BASIC, 0x0001, ZCL_UINT8, false, false, 1 },
	{ 0, CLUSTER_BASIC, 0x0002, ZCL_UINT8, false, false, 2 },
	{ 0, CLUSTER_BASIC, 0x0003, ZCL_UINT8, false, false, 1 },
	{ 0, CLUSTER_BASIC, 0x0004, ZCL_TEXT, false, false, 0 },
	{ 0, CLUSTER_BASIC, 0x0005, ZCL_TEXT, false, false, 0 },
	{ 0, CLUSTER_BASIC, 0x0006, ZCL_TEXT, false, false, 0 },
	{ 0, CLUSTER_BASIC, 0x0007, ZCL_ENUM8, false, false, 1 },
	{ 0, CLUSTER_BASIC, 0x4000, ZCL_TEXT, false, false, 0 },
	{ 0, CLUSTER_IDENTIFY, 0x0000, ZCL_UINT16, false, false, 0 },
	{ 0, CLUSTER_OTA, 0x0000, ZCL_EUI64, true, false, UINT64_MAX },
	{ 0, CLUSTER_OTA, 0x0001, ZCL_UINT32, true, false, UINT32_MAX },
	{ 0, CLUSTER_OTA, 0x0002, ZCL_UINT32, true, false, 0 },
	{ 0, CLUSTER_OTA, 0x0003, ZCL_UINT16, true, false, 2 },
	{ 0, CLUSTER_OTA, 0x0004, ZCL_UINT32, true, false, UINT32_MAX },
	{ 0, CLUSTER_OTA, 0x0006, ZCL_ENUM8, true, false, 0 },
	{ 0, CLUSTER_OTA, 0x0007, ZCL_UINT16, true, false, 0 },
	{ 0, CLUSTER_OTA, 0x0008, ZCL_UINT16, true, false, 0 },
	{ 0, CLUSTER_OTA, 0x0009, ZCL_UINT16, true, false, 0 },
	{ SENSOR_BATTERY, CLUSTER_POWER_CONFIGURATION, 0x0020, ZCL_UINT8, false, true, 30 },
	{ SENSOR_BATTERY, CLUSTER_POWER_CONFIGURATION, 0x0021, ZCL_UINT8, false, true, 180 },
	{ SENSOR_ILLUMINANCE, CLUSTER_ILLUMINANCE, 0x0000, ZCL_UINT16, false, true, 20001 },
	{ SENSOR_TEMPERATURE, CLUSTER_TEMPERATURE, 0x0000, ZCL_INT16, false, true, 2150 },
	{ SENSOR_TEMPERATURE, CLUSTER_TEMPERATURE, 0x0001, ZCL_INT16, false, false, 0xf060 },
	{ SENSOR_TEMPERATURE, CLUSTER_TEMPERATURE, 0x0002, ZCL_INT16, false, false, 8500 },
	{ SENSOR_PRESSURE, CLUSTER_PRESSURE, 0x0000, ZCL_INT16, false, true, 1013 },
	{ SENSOR_HUMIDITY, CLUSTER_HUMIDITY, 0x0000, ZCL_UINT16, false, true, 4500 },
	{ SENSOR_OCCUPANCY, CLUSTER_OCCUPANCY, 0x0000, ZCL_BITMAP8, false, true, 0 },
	{ SENSOR_ENERGY, CLUSTER_METERING, 0x0000, ZCL_UINT48, false, true, 123456 },
	{ SENSOR_ENERGY, CLUSTER_METERING, 0x0300, ZCL_ENUM8, false, false, 0 },
	{ SENSOR_ENERGY, CLUSTER_METERING, 0x0301, ZCL_UINT24, false, false, 1 },
	{ SENSOR_ENERGY, CLUSTER_METERING, 0x0302, ZCL_UINT24, false, false, 1000 },
	{ SENSOR_POWER, CLUSTER_ELECTRICAL, 0x050b, ZCL_INT16, false, true, 425 },
	{ SENSOR_POWER, CLUSTER_ELECTRICAL, 0x0604, ZCL_UINT16, false, false, 1 },
	{ SENSOR_POWER, CLUSTER_ELECTRICAL, 0x0605, ZCL_UINT16, false, false, 10 },
};

static const char *basic_text(const struct node *node, uint16_t id)
{
	switch (id) {
	case 0x0004:
		return node->plan.maker;
	case 0x0005:
		return node->plan.model;
	case 0x0006:
		return "20260101";
	default:
		return "simulated";
	}
}

void node_attributes_init(struct node *node)
{
	struct node_attributes *attributes = &node->attributes;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct sensor_row *row = &rows[i];
		if (row->sensor && !(node->plan.sensors & row->sensor))
			continue;
		attributes->rows[attributes->count++] = (struct node_attribute){
			.cluster = row->cluster,
			.id = row->id,
			.type = row->type,
			.of_client = row->of_client,
			.is_measured = row->is_measured,
			.bits = row->bits,
			.text = row->type == ZCL_TEXT ? basic_text(node, row->id) : NULL,
		};
	}
	if (node->plan.is_sleepy)
		node_attribute_find(node, CLUSTER_BASIC, 0x0007, false)->bits = 3;
}

struct node_attribute *node_attribute_find(struct node *node, uint16_t cluster, uint16_t id, bool of_client)
{
	for (size_t i = 0; i < node->attributes.count; i++) {
		struct node_attribute *row = &node->attributes.rows[i];
		if (row->cluster == cluster && row->id == id && row->of_client == of_client)
			return row;
	}
	return NULL;
}

struct zcl_value node_attribute_value(const struct node_attribute *attribute, uint8_t room[64])
{
	if (attribute->type != ZCL_TEXT)
		return zcl_value_make(attribute->type, attribute->bits, room);
	size_t size = strlen(attribute->text);
	room[0] = (uint8_t)size;
	memcpy(room + 1, attribute->text, size);
	return (struct zcl_value){ .type = ZCL_TEXT, .data = { room, size + 1 } };
}

static void on_reported(void *context, uint64_t unused, enum mesh_outcome outcome)
{
	struct node *node = context;

	(void)unused;
	node->reports_delivered += outcome == MESH_DELIVERED;
}

void node_attribute_report(struct node *node, struct node_attribute *attribute)
{
	uint8_t room[64], payload[FRAME_ROOM], frame[FRAME_ROOM];
	struct writer out;
	struct zcl_record record = { .attribute = attribute->id, .value = node_attribute_value(attribute, room) };

	attribute->reported_us = node->clock->now_us;
	attribute->reported_bits = attribute->bits;
	if (!node->is_on || !node->is_member)
		return;
	writer_init(&out, payload, sizeof(payload));
	zcl_record_write(&out, &record, ZCL_REPORT);
	struct zcl_frame report = { .is_global = true,
		.to_client = !attribute->of_client,
		.no_default_response = true,
		.sequence = node->sequence++,
		.command = ZCL_REPORT,
		.payload = { payload, writer_size(&out) } };
	writer_init(&out, frame, sizeof(frame));
	zcl_frame_write(&out, &report);
	node->reports_sent++;
	node_send(node, 0x0104, attribute->cluster, (struct bytes){ frame, writer_size(&out) },
		(struct mesh_done){ on_reported, node, 0 });
}

/* An event's argument tells row and plan: 16 bits are plenty for either. */
static uint64_t pack(const struct node *node, const struct node_attribute *attribute)
{
	return (uint64_t)(attribute - node->attributes.rows) | (attribute->plan & 0xffff) << 16 | node->life << 32;
}

static struct node_attribute *unpack(struct node *node, uint64_t packed)
{
	struct node_attribute *attribute = &node->attributes.rows[packed & 0xffff];

	return pack(node, attribute) == packed ? attribute : NULL;
}

static void plan_report(struct node *node, struct node_attribute *attribute, int64_t delay_us);

static void on_report_due(void *context, uint64_t packed)
{
	struct node *node = context;
	struct node_attribute *attribute = unpack(node, packed);

	if (!attribute || attribute->most_s == 0)
		return;
	node_attribute_report(node, attribute);
	plan_report(node, attribute, attribute->most_s * AIR_S);
}

static void plan_report(struct node *node, struct node_attribute *attribute, int64_t delay_us)
{
	attribute->plan++;
	air_clock_after(node->clock, delay_us, on_report_due, node, pack(node, attribute));
}

static uint64_t difference(const struct node_attribute *attribute)
{
	int64_t now = (int64_t)attribute->bits, then = (int64_t)attribute->reported_bits;

	if (attribute->type == ZCL_INT16) {
		now = (int16_t)attribute->bits;
		then = (int16_t)attribute->reported_bits;
	}
	return (uint64_t)(now > then ? now - then : then - now);
}

void node_attribute_set(struct node *node, struct node_attribute *attribute, uint64_t bits)
{
	attribute->bits = bits;
	uint64_t differs = difference(attribute);
	if (attribute->most_s == 0 || differs == 0 || differs < attribute->change)
		return;
	int64_t wait_us = attribute->reported_us + attribute->least_s * AIR_S - node->clock->now_us;
	plan_report(node, attribute, wait_us > 0 ? wait_us : 0);
}

void node_attribute_configure(struct node *node, struct node_attribute *attribute, const struct zcl_record *how)
{
	struct zcl_value change = { attribute->type, how->change };

	attribute->least_s = how->least_s;
	attribute->most_s = how->most_s == UINT16_MAX ? 0 : how->most_s;
	attribute->change = 0;
	(void)zcl_value_bits(&change, &attribute->change);
	attribute->plan++;
	if (attribute->most_s > 0)
		plan_report(node, attribute, (int64_t)random_below(node->random, attribute->most_s * (uint64_t)AIR_S));
}

void node_attributes_wander(struct node *node)
{
	for (size_t i = 0; i < node->attributes.count; i++) {
		struct node_attribute *row = &node->attributes.rows[i];
		if (!row->is_measured)
			continue;
		uint64_t step = random_below(node->random, 5);
		if (row->cluster == CLUSTER_OCCUPANCY)
			node_attribute_set(node, row, step & 1);
		else if (row->cluster == CLUSTER_METERING)
			node_attribute_set(node, row, row->bits + step);
		else if (row->cluster != CLUSTER_POWER_CONFIGURATION)
			node_attribute_set(node, row, row->bits + 2 * step - 4);
	}
}

void node_attributes_resume(struct node *node)
{
	for (size_t i = 0; i < node->attributes.count; i++) {
		struct node_attribute *row = &node->attributes.rows[i];
		if (row->most_s > 0)
			plan_report(node, row, (int64_t)random_below(node->random, row->most_s * (uint64_t)AIR_S));
	}
}
