#include "protocols/zcl.h"

#include <errno.h>

#include "tests/unit/frame_bytes.h"
#include "tests/unit/suite.h"

static struct frame_bytes kept;

static int parse(struct zcl_frame *out, const char *hex)
{
	kept = frame_bytes(hex);
	return zcl_frame_parse(out, kept.data, kept.size);
}

/* Reads the only record of a frame. */
static struct zcl_record only_record(const struct zcl_frame *frame)
{
	struct zcl_record record, more;
	struct reader in;

	reader_init(&in, frame->payload.data, frame->payload.size);
	ck_assert_int_eq(zcl_record_read(&record, &in, frame->command), 1);
	ck_assert_int_eq(zcl_record_read(&more, &in, frame->command), 0);
	return record;
}

/* As zigbee-herdsman 10.9.5 took it from a simulated node: 21.50 degrees. */
START_TEST(a_report_of_a_temperature_is_read)
{
	struct zcl_frame frame;
	int64_t number;

	ck_assert_int_eq(parse(&frame, "18 07 0a 0000 29 6608"), 0);
	ck_assert(frame.is_global && frame.to_client && frame.no_default_response && !frame.has_manufacturer);
	ck_assert_uint_eq(frame.sequence, 7);
	ck_assert_uint_eq(frame.command, ZCL_REPORT);
	struct zcl_record record = only_record(&frame);
	ck_assert_uint_eq(record.attribute, 0);
	ck_assert(zcl_value_integer(&record.value, &number));
	ck_assert_int_eq(number, 2150);
}
END_TEST

/* Captured from an EmberZNet 8 stick. */
START_TEST(a_default_response_is_read)
{
	struct zcl_default_response response;
	struct zcl_frame frame;

	ck_assert_int_eq(parse(&frame, "18 04 0b 00 00"), 0);
	ck_assert_int_eq(zcl_default_response_parse(&response, &frame), 0);
	ck_assert_uint_eq(response.command, ZCL_READ);
	ck_assert_uint_eq(response.status, ZCL_SUCCESS);
	ck_assert_int_eq(parse(&frame, "18 04 0b 00"), 0);
	ck_assert_int_eq(zcl_default_response_parse(&response, &frame), -EBADMSG);
}
END_TEST

/* Captured from a Z-Stack stick: a status change of an alarm device. */
START_TEST(a_clusters_own_command_is_passed_on)
{
	struct zcl_frame frame;

	ck_assert_int_eq(parse(&frame, "19 15 00 3000 00 17 ffff"), 0);
	ck_assert(!frame.is_global && frame.to_client);
	ck_assert_uint_eq(frame.sequence, 0x15);
	ck_assert_uint_eq(frame.payload.size, 6);
}
END_TEST

START_TEST(a_manufacturers_frame_bears_its_code)
{
	struct zcl_frame frame;
	uint8_t data[16];
	struct writer out;

	ck_assert_int_eq(parse(&frame, "1c 5f11 22 0a 01f0 20 05"), 0);
	ck_assert(frame.has_manufacturer && frame.is_global);
	ck_assert_uint_eq(frame.manufacturer, 0x115f);
	ck_assert_uint_eq(only_record(&frame).attribute, 0xf001);
	writer_init(&out, data, sizeof(data));
	zcl_frame_write(&out, &frame);
	check_frame(data, writer_size(&out), "1c 5f11 22 0a 01f0 20 05");
}
END_TEST

START_TEST(short_and_strange_frames_are_refused)
{
	struct zcl_frame frame;

	ck_assert_int_eq(parse(&frame, ""), -EBADMSG);
	ck_assert_int_eq(parse(&frame, "18 07"), -EBADMSG);
	ck_assert_int_eq(parse(&frame, "1c 5f11 22"), -EBADMSG);
	ck_assert_int_eq(parse(&frame, "1a 07 0a"), -EBADMSG);
}
END_TEST

START_TEST(a_read_response_tells_what_is_not_there)
{
	struct zcl_record record;
	struct zcl_frame frame;
	struct reader in;

	ck_assert_int_eq(parse(&frame, "18 01 01 0100 00 23 10270000 0600 86"), 0);
	reader_init(&in, frame.payload.data, frame.payload.size);
	ck_assert_int_eq(zcl_record_read(&record, &in, frame.command), 1);
	ck_assert_uint_eq(record.attribute, 1);
	ck_assert_uint_eq(record.value.data.size, 4);
	ck_assert_int_eq(zcl_record_read(&record, &in, frame.command), 1);
	ck_assert_uint_eq(record.status, ZCL_UNSUPPORTED_ATTRIBUTE);
	ck_assert_uint_eq(record.value.data.size, 0);
	ck_assert_int_eq(zcl_record_read(&record, &in, frame.command), 0);
}
END_TEST

START_TEST(a_record_that_is_cut_ends_the_reading)
{
	struct zcl_record record;
	struct zcl_frame frame;
	struct reader in;

	ck_assert_int_eq(parse(&frame, "18 01 0a 0000 29 6608 0100 29 66"), 0);
	reader_init(&in, frame.payload.data, frame.payload.size);
	ck_assert_int_eq(zcl_record_read(&record, &in, frame.command), 1);
	ck_assert_int_eq(zcl_record_read(&record, &in, frame.command), -EBADMSG);
	ck_assert_int_eq(zcl_record_read(&record, &in, frame.command), -EBADMSG);
}
END_TEST

START_TEST(a_common_status_is_for_all)
{
	struct zcl_frame frame;

	ck_assert_int_eq(parse(&frame, "18 01 07 00"), 0);
	ck_assert(only_record(&frame).for_all);
	ck_assert_int_eq(parse(&frame, "18 01 04 88 0400"), 0);
	struct zcl_record record = only_record(&frame);
	ck_assert(!record.for_all);
	ck_assert_uint_eq(record.status, ZCL_READ_ONLY);
	ck_assert_uint_eq(record.attribute, 4);
}
END_TEST

START_TEST(reporting_is_configured_with_a_change_where_there_can_be_one)
{
	uint8_t change[8], data[32];
	struct zcl_record temperature = { .value = { .type = ZCL_INT16 },
		.least_s = 10,
		.most_s = 3600,
		.change = zcl_value_make(ZCL_INT16, 50, change).data };
	struct zcl_record occupied = { .value = { .type = ZCL_BITMAP8 }, .least_s = 0, .most_s = 600 };
	struct writer out;

	writer_init(&out, data, sizeof(data));
	zcl_record_write(&out, &temperature, ZCL_CONFIGURE_REPORTING);
	check_frame(data, writer_size(&out), "00 0000 29 0a00 100e 3200");
	writer_init(&out, data, sizeof(data));
	zcl_record_write(&out, &occupied, ZCL_CONFIGURE_REPORTING);
	check_frame(data, writer_size(&out), "00 0000 18 0000 5802");
	temperature.change.size = 1;
	zcl_record_write(&out, &temperature, ZCL_CONFIGURE_REPORTING);
	ck_assert(out.failed);
}
END_TEST

static void check_round_trip(uint8_t command, const char *payload)
{
	struct frame_bytes bytes = frame_bytes(payload);
	uint8_t data[64];
	struct zcl_record record;
	struct reader in;
	struct writer out;

	reader_init(&in, bytes.data, bytes.size);
	writer_init(&out, data, sizeof(data));
	while (zcl_record_read(&record, &in, command) == 1)
		zcl_record_write(&out, &record, command);
	check_frame(data, writer_size(&out), payload);
}

START_TEST(every_command_writes_what_it_read)
{
	check_round_trip(ZCL_READ, "0100 0600");
	check_round_trip(ZCL_READ_RESPONSE, "0100 00 23 10270000 0600 86");
	check_round_trip(ZCL_WRITE, "1000 42 03616263 1100 10 01");
	check_round_trip(ZCL_WRITE_RESPONSE, "88 0400 87 0500");
	check_round_trip(ZCL_CONFIGURE_REPORTING, "00 0000 29 0a00 100e 3200 01 0100 3c00");
	check_round_trip(ZCL_CONFIGURE_REPORTING_RESPONSE, "8c 00 0000 86 01 0500");
	check_round_trip(ZCL_CONFIGURE_REPORTING_RESPONSE, "00");
	check_round_trip(ZCL_READ_REPORTING, "00 0000 01 0100");
	check_round_trip(ZCL_READ_REPORTING_RESPONSE, "00 00 0000 29 0a00 100e 3200 8b 00 0100 00 01 0200 3c00");
	check_round_trip(ZCL_REPORT, "0000 29 6608 2000 4c 0200 20 07 42 0178");
	check_round_trip(ZCL_DISCOVER_RESPONSE, "0000 29 0100 21");
}
END_TEST

START_TEST(attributes_are_discovered)
{
	struct frame_bytes bytes = frame_bytes("00 0000 29");
	struct zcl_record record;
	uint8_t data[8], most;
	uint16_t first;
	bool complete = true;
	struct writer out;
	struct reader in;

	writer_init(&out, data, sizeof(data));
	zcl_discover_write(&out, 0x0100, 16);
	check_frame(data, writer_size(&out), "0001 10");
	reader_init(&in, data, writer_size(&out));
	ck_assert_int_eq(zcl_discover_read(&in, &first, &most), 0);
	ck_assert(first == 0x0100 && most == 16);
	reader_init(&in, bytes.data, bytes.size);
	ck_assert_int_eq(zcl_discover_response_read(&in, &complete), 0);
	ck_assert(!complete);
	ck_assert_int_eq(zcl_record_read(&record, &in, ZCL_DISCOVER_RESPONSE), 1);
	ck_assert_uint_eq(record.value.type, ZCL_INT16);
}
END_TEST

START_TEST(a_command_without_records_says_so)
{
	uint8_t byte = 0;
	struct zcl_record record;
	struct reader in;

	reader_init(&in, &byte, 1);
	ck_assert_int_eq(zcl_record_read(&record, &in, 0x15), -ENOTSUP);
}
END_TEST

TEST_SUITE(zcl, a_report_of_a_temperature_is_read, a_default_response_is_read, a_clusters_own_command_is_passed_on,
	a_manufacturers_frame_bears_its_code, short_and_strange_frames_are_refused,
	a_read_response_tells_what_is_not_there, a_record_that_is_cut_ends_the_reading, a_common_status_is_for_all,
	reporting_is_configured_with_a_change_where_there_can_be_one, every_command_writes_what_it_read,
	attributes_are_discovered, a_command_without_records_says_so)
