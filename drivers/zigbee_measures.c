#include "drivers/zigbee_measures.h"

#include "protocols/zcl_value.h"

/* Those of one cluster stand together. */
const struct zigbee_measure zigbee_measures[] = {
	{ CLUSTER_TEMPERATURE, 0x0000, ZCL_INT16, "temperature", "Cel", FORM_DECIMAL, 1, -2, SCALE_NONE, 20, false,
		false },
	{ CLUSTER_HUMIDITY, 0x0000, ZCL_UINT16, "humidity", "%RH", FORM_DECIMAL, 1, -2, SCALE_NONE, 100, false, false },
	/* In 0.1 kPa. */
	{ CLUSTER_PRESSURE, 0x0000, ZCL_INT16, "pressure", "Pa", FORM_DECIMAL, 100, 0, SCALE_NONE, 1, false, false },
	{ CLUSTER_ILLUMINANCE, 0x0000, ZCL_UINT16, "illuminance", "lx", FORM_LOGARITHMIC, 1, 0, SCALE_NONE, 500, false,
		false },
	{ CLUSTER_OCCUPANCY, 0x0000, ZCL_BITMAP8, "occupancy", "", FORM_FIRST_BIT, 1, 0, SCALE_NONE, 0, false, false },
	/* In 0.5 %. */
	{ CLUSTER_BATTERY, 0x0021, ZCL_UINT8, "battery", "%EL", FORM_DECIMAL, 5, -1, SCALE_NONE, 2, true, false },
	/* In 0.1 V. */
	{ CLUSTER_BATTERY, 0x0020, ZCL_UINT8, "battery_voltage", "V", FORM_DECIMAL, 1, -1, SCALE_NONE, 1, true, true },
	{ CLUSTER_ELECTRICAL, 0x050b, ZCL_INT16, "power", "W", FORM_DECIMAL, 1, 0, SCALE_POWER, 5, false, false },
	{ CLUSTER_ELECTRICAL, 0x0505, ZCL_UINT16, "voltage", "V", FORM_DECIMAL, 1, 0, SCALE_VOLTAGE, 5, false, true },
	{ CLUSTER_ELECTRICAL, 0x0508, ZCL_UINT16, "current", "A", FORM_DECIMAL, 1, 0, SCALE_CURRENT, 50, false, true },
	{ CLUSTER_METERING, 0x0000, ZCL_UINT48, "energy", "kWh", FORM_DECIMAL, 1, 0, SCALE_METER, 10, false, false },
	/* In kW. */
	{ CLUSTER_METERING, 0x0400, ZCL_INT24, "demand", "W", FORM_DECIMAL, 1, 3, SCALE_METER, 10, false, true },
};
const size_t zigbee_measure_count = sizeof(zigbee_measures) / sizeof(zigbee_measures[0]);
_Static_assert(sizeof(zigbee_measures) / sizeof(zigbee_measures[0]) <= ZIGBEE_MEASURES_MAX, "a bit each");

const struct zigbee_scale_attribute zigbee_scale_attributes[] = {
	{ CLUSTER_ELECTRICAL, 0x0600, SCALE_VOLTAGE, false },
	{ CLUSTER_ELECTRICAL, 0x0601, SCALE_VOLTAGE, true },
	{ CLUSTER_ELECTRICAL, 0x0602, SCALE_CURRENT, false },
	{ CLUSTER_ELECTRICAL, 0x0603, SCALE_CURRENT, true },
	{ CLUSTER_ELECTRICAL, 0x0604, SCALE_POWER, false },
	{ CLUSTER_ELECTRICAL, 0x0605, SCALE_POWER, true },
	{ CLUSTER_METERING, 0x0301, SCALE_METER, false },
	{ CLUSTER_METERING, 0x0302, SCALE_METER, true },
};
const size_t zigbee_scale_attribute_count = sizeof(zigbee_scale_attributes) / sizeof(zigbee_scale_attributes[0]);

const struct zigbee_measure *zigbee_measure_find(uint16_t cluster, uint16_t attribute)
{
	for (size_t i = 0; i < zigbee_measure_count; i++)
		if (zigbee_measures[i].cluster == cluster && zigbee_measures[i].attribute == attribute)
			return &zigbee_measures[i];
	return NULL;
}

uint32_t zigbee_measures_of(uint16_t cluster)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < zigbee_measure_count; i++)
		if (zigbee_measures[i].cluster == cluster)
			bits |= UINT32_C(1) << i;
	return bits;
}
