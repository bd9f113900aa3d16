/*
 * zigbee_measures: which attributes of Zigbee nodes are readings: their names, units, scales and how they are reported.
 *
 * Names are short words, units those of SenML (RFC 8428 section 12.1, RFC 8798). docs/zigbee.md has the table.
 */
#ifndef WAKEGATE_DRIVERS_ZIGBEE_MEASURES_H
#define WAKEGATE_DRIVERS_ZIGBEE_MEASURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZIGBEE_MEASURES_MAX 32 /* a bit of a word each */

enum zigbee_cluster {
	CLUSTER_BASIC = 0x0000,
	CLUSTER_BATTERY = 0x0001, /* power configuration */
	CLUSTER_TIME = 0x000a,
	CLUSTER_UPGRADE = 0x0019,
	CLUSTER_ILLUMINANCE = 0x0400,
	CLUSTER_TEMPERATURE = 0x0402,
	CLUSTER_PRESSURE = 0x0403,
	CLUSTER_HUMIDITY = 0x0405,
	CLUSTER_OCCUPANCY = 0x0406,
	CLUSTER_METERING = 0x0702,
	CLUSTER_ELECTRICAL = 0x0b04,
};

/* How an attribute's number becomes the reading's. */
enum zigbee_form {
	FORM_DECIMAL,     /* value * factor * 10^exponent */
	FORM_LOGARITHMIC, /* 10^((value - 1) / 10000), ZCL section 4.2.2.2.1 */
	FORM_FIRST_BIT,   /* true or false */
};

/* Multiplier and divisor that a node keeps in attributes of its own; each endpoint has one of each kind. */
enum zigbee_scale_kind { SCALE_NONE, SCALE_VOLTAGE, SCALE_CURRENT, SCALE_POWER, SCALE_METER, ZIGBEE_SCALES };

struct zigbee_measure {
	uint16_t cluster, attribute;
	uint8_t type; /* enum zcl_type, for the request to report it */
	const char *name, *unit;
	enum zigbee_form form;
	uint8_t factor;
	int8_t exponent;
	enum zigbee_scale_kind scale;
	uint16_t change; /* to be reported, in the attribute's own steps */
	bool is_battery; /* reported at the longer interval */
	bool optional;   /* many nodes do not have it: it is not read at the interview */
};

extern const struct zigbee_measure zigbee_measures[];
extern const size_t zigbee_measure_count;

/* An attribute that holds a multiplier or divisor. */
struct zigbee_scale_attribute {
	uint16_t cluster, attribute;
	enum zigbee_scale_kind scale;
	bool divides;
};

extern const struct zigbee_scale_attribute zigbee_scale_attributes[];
extern const size_t zigbee_scale_attribute_count;

#define METER_UNIT_ATTRIBUTE 0x0300 /* UnitOfMeasure of CLUSTER_METERING */
#define METER_UNIT_KWH 0x00

/* NULL: none. */
const struct zigbee_measure *zigbee_measure_find(uint16_t cluster, uint16_t attribute);

/* A bit for each measure of the cluster, 0 where it has none. */
uint32_t zigbee_measures_of(uint16_t cluster);

#endif
