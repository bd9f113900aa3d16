#include "drivers/zigbee_readings.h"

#include <errno.h>
#include <string.h>

#include "protocols/hex.h"
#include "protocols/number.h"
#include "protocols/zcl.h"
#include "tests/unit/suite.h"

static struct zigbee_nodes nodes;
static struct zigbee_node *node;
static struct zigbee_readings readings;

static void add_endpoint(uint8_t number, uint16_t cluster)
{
	struct zigbee_endpoint *endpoint = &node->endpoints[node->endpoint_count++];

	zigbee_endpoint_init(endpoint, number);
	endpoint->measures |= zigbee_measures_of(cluster);
}

static void set_up(void)
{
	zigbee_nodes_init(&nodes);
	node = zigbee_nodes_add(&nodes, 0x00124b0014d26937);
}

static void tear_down(void)
{
	zigbee_nodes_finish(&nodes);
}

/* Takes a whole ZCL frame; how many readings came of it. */
static size_t take(uint8_t endpoint, uint16_t cluster, const char *hex)
{
	static uint8_t data[128]; /* outlives what is borrowed from it */
	struct zcl_frame frame;

	ck_assert_int_eq(hex_parse(data, hex, strlen(hex)), 0);
	ck_assert_int_eq(zcl_frame_parse(&frame, data, strlen(hex) / 2), 0);
	ck_assert_int_eq(zigbee_readings_take(&readings, node, endpoint, cluster, &frame), 0);
	return readings.count;
}

static void check(size_t index, const char *name, const char *unit, const char *value)
{
	const struct reading *reading = &readings.list[index];
	char text[NUMBER_TEXT_MAX + 1];

	ck_assert_int_eq(reading->kind, READING_NUMBER);
	text[number_print(&reading->number, text)] = '\0';
	ck_assert_str_eq(readings.names[index], name);
	ck_assert_uint_eq(reading->name.size, strlen(name));
	ck_assert_uint_eq(reading->unit.size, strlen(unit));
	ck_assert(*unit == '\0' || strncmp(reading->unit.data, unit, strlen(unit)) == 0);
	ck_assert_str_eq(text, value);
}

START_TEST(measures_have_names_and_units)
{
	set_up();
	ck_assert_uint_eq(take(1, CLUSTER_TEMPERATURE, "18070a0000296608"), 1);
	check(0, "temperature", "Cel", "21.50");
	ck_assert_uint_eq(take(1, CLUSTER_TEMPERATURE, "18070a00002918fc"), 1);
	check(0, "temperature", "Cel", "-10.00");
	ck_assert_uint_eq(take(1, CLUSTER_HUMIDITY, "18070a0000218813"), 1);
	check(0, "humidity", "%RH", "50.00");
	ck_assert_uint_eq(take(1, CLUSTER_PRESSURE, "18070a000029f503"), 1);
	check(0, "pressure", "Pa", "101300");
	ck_assert_uint_eq(take(1, CLUSTER_BATTERY, "18070a210020b5"), 1);
	check(0, "battery", "%EL", "90.5");
	ck_assert_int_eq(node->battery_percent, 90);
	ck_assert_uint_eq(take(1, CLUSTER_BATTERY, "18070a2000201e"), 1);
	check(0, "battery_voltage", "V", "3.0");
	tear_down();
}
END_TEST

START_TEST(light_is_told_in_lux)
{
	set_up();
	ck_assert_uint_eq(take(1, CLUSTER_ILLUMINANCE, "18070a0000211127"), 1);
	check(0, "illuminance", "lx", "10.0");
	ck_assert_uint_eq(take(1, CLUSTER_ILLUMINANCE, "18070a0000210000"), 1);
	check(0, "illuminance", "lx", "0.0");
	tear_down();
}
END_TEST

START_TEST(occupancy_is_true_or_false)
{
	set_up();
	ck_assert_uint_eq(take(1, CLUSTER_OCCUPANCY, "18070a00001801"), 1);
	ck_assert_int_eq(readings.list[0].kind, READING_BOOLEAN);
	ck_assert(readings.list[0].boolean);
	ck_assert_str_eq(readings.names[0], "occupancy");
	tear_down();
}
END_TEST

START_TEST(power_and_energy_follow_the_nodes_own_scales)
{
	set_up();
	add_endpoint(1, CLUSTER_ELECTRICAL);
	node->endpoints[0].measures |= zigbee_measures_of(CLUSTER_METERING);
	node->changed = false;
	/* A response to the read of multiplier and divisor is no reading. */
	ck_assert_uint_eq(take(1, CLUSTER_ELECTRICAL,
				  "18070104060021010005060021"
				  "0a00"),
		0);
	ck_assert(node->changed);
	ck_assert_uint_eq(take(1, CLUSTER_ELECTRICAL, "18070a0b0529d204"), 1);
	check(0, "power", "W", "123.4");
	ck_assert_uint_eq(take(1, CLUSTER_METERING,
				  "1807010103002201000002030022e80300"
				  "00030030"
				  "00"),
		0);
	ck_assert_uint_eq(take(1, CLUSTER_METERING, "18070a00002539300000000000042a010000"), 2);
	check(0, "energy", "kWh", "12.345");
	check(1, "demand", "W", "1");
	ck_assert_uint_eq(take(1, CLUSTER_METERING,
				  "1807010203002207000000030030"
				  "00"),
		0);
	ck_assert_uint_eq(take(1, CLUSTER_METERING, "18070a0000250a0000000000"), 1);
	check(0, "energy", "kWh", "1.428571");
	tear_down();
}
END_TEST

START_TEST(a_meter_of_something_else_keeps_its_numbers)
{
	set_up();
	add_endpoint(1, CLUSTER_METERING);
	ck_assert_uint_eq(take(1, CLUSTER_METERING, "1807010003003001"), 0);
	ck_assert_uint_eq(take(1, CLUSTER_METERING, "18070a0000250a0000000000"), 1);
	check(0, "0x0702/0x0000", "", "10");
	tear_down();
}
END_TEST

START_TEST(what_is_not_known_to_the_node_is_no_reading)
{
	set_up();
	ck_assert_uint_eq(take(1, CLUSTER_TEMPERATURE, "18070a0000290080"), 0);
	ck_assert_uint_eq(take(1, CLUSTER_HUMIDITY, "18070a000021ffff"), 0);
	ck_assert_uint_eq(take(1, CLUSTER_TEMPERATURE, "180701000086"), 0);
	tear_down();
}
END_TEST

START_TEST(unknown_attributes_are_kept_under_their_numbers)
{
	set_up();
	ck_assert_uint_eq(take(1, CLUSTER_TEMPERATURE, "18070a01002900f0"), 1);
	check(0, "0x0402/0x0001", "", "-4096");
	ck_assert_uint_eq(take(1, 0x0006, "18070a00001001"), 1);
	ck_assert_int_eq(readings.list[0].kind, READING_BOOLEAN);
	ck_assert_uint_eq(take(1, CLUSTER_BASIC, "18070a0500420568656c6c6f"), 1);
	ck_assert_int_eq(readings.list[0].kind, READING_STRING);
	ck_assert_uint_eq(readings.list[0].text.size, 5);
	ck_assert_uint_eq(take(1, CLUSTER_BASIC, "1c7c11070a0100410201ff"), 1);
	ck_assert_str_eq(readings.names[0], "0x117c/0x0000/0x0001");
	ck_assert_int_eq(readings.list[0].kind, READING_DATA);
	ck_assert_uint_eq(readings.list[0].text.size, 2);
	tear_down();
}
END_TEST

START_TEST(several_endpoints_are_told_apart)
{
	set_up();
	add_endpoint(1, CLUSTER_TEMPERATURE);
	add_endpoint(2, CLUSTER_HUMIDITY);
	ck_assert_uint_eq(take(1, CLUSTER_TEMPERATURE, "18070a0000296608"), 1);
	check(0, "temperature", "Cel", "21.50");
	add_endpoint(3, CLUSTER_TEMPERATURE);
	ck_assert_uint_eq(take(3, CLUSTER_TEMPERATURE, "18070a0000296608"), 1);
	check(0, "temperature/3", "Cel", "21.50");
	ck_assert_uint_eq(take(2, 0xfc00,
				  "18070a01002901"
				  "00"),
		1);
	check(0, "0xfc00/0x0001/2", "", "1");
	tear_down();
}
END_TEST

START_TEST(a_cut_frame_gives_what_was_before_the_cut)
{
	static const uint8_t cut[] = { 0x18, 7, 0x0a, 0, 0, 0x29, 0x66, 8, 1, 0, 0x29, 0 };
	struct zcl_frame frame;

	set_up();
	ck_assert_int_eq(zcl_frame_parse(&frame, cut, sizeof(cut)), 0);
	ck_assert_int_eq(zigbee_readings_take(&readings, node, 1, CLUSTER_TEMPERATURE, &frame), -EBADMSG);
	ck_assert_uint_eq(readings.count, 1);
	tear_down();
}
END_TEST

TEST_SUITE(zigbee_readings, measures_have_names_and_units, light_is_told_in_lux, occupancy_is_true_or_false,
	power_and_energy_follow_the_nodes_own_scales, a_meter_of_something_else_keeps_its_numbers,
	what_is_not_known_to_the_node_is_no_reading, unknown_attributes_are_kept_under_their_numbers,
	several_endpoints_are_told_apart, a_cut_frame_gives_what_was_before_the_cut)
