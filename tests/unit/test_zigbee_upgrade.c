#include "protocols/zigbee_upgrade.h"

#include <errno.h>

#include "tests/unit/frame_bytes.h"
#include "tests/unit/suite.h"

static struct frame_bytes kept;

static int parse(struct zigbee_upgrade *out, const char *hex)
{
	struct zcl_frame frame;

	kept = frame_bytes(hex);
	ck_assert_int_eq(zcl_frame_parse(&frame, kept.data, kept.size), 0);
	return zigbee_upgrade_parse(out, &frame);
}

static void check_written(const struct zigbee_upgrade *message, uint8_t sequence, const char *hex)
{
	uint8_t data[128];
	struct writer out;

	writer_init(&out, data, sizeof(data));
	zigbee_upgrade_write(&out, message, sequence);
	ck_assert(!out.failed);
	check_frame(data, writer_size(&out), hex);
}

/* Parses, checks that it is written the same, and returns it. */
static struct zigbee_upgrade same(const char *hex)
{
	struct zigbee_upgrade message = { 0 };

	ck_assert_int_eq(parse(&message, hex), 0);
	check_written(&message, kept.data[1], hex);
	return message;
}

START_TEST(a_notify_to_one_node_asks_it_surely)
{
	struct zigbee_upgrade message = same("19 21 00 00 64");

	ck_assert_uint_eq(message.jitter, ZIGBEE_UPGRADE_JITTER_MAX);
	message = same("19 21 00 03 32 5f11 0142 04030201");
	ck_assert_uint_eq(message.file.manufacturer, 0x115f);
	ck_assert_uint_eq(message.file.image_type, 0x4201);
	ck_assert_uint_eq(message.file.version, 0x01020304);
	(void)same("19 21 00 01 32 5f11");
	(void)same("19 21 00 02 32 5f11 0142");
}
END_TEST

START_TEST(a_notify_out_of_range_is_refused)
{
	struct zigbee_upgrade message;

	ck_assert_int_eq(parse(&message, "19 21 00 00 00"), -EBADMSG);
	ck_assert_int_eq(parse(&message, "19 21 00 00 65"), -EBADMSG);
	ck_assert_int_eq(parse(&message, "19 21 00 04 64 5f11 0142 04030201"), -EBADMSG);
}
END_TEST

START_TEST(a_query_tells_hardware_where_it_has_it)
{
	struct zigbee_upgrade message = same("01 05 01 00 5f11 0142 04030201");

	ck_assert(!message.has_hardware);
	message = same("01 05 01 01 5f11 0142 04030201 1000");
	ck_assert(message.has_hardware);
	ck_assert_uint_eq(message.hardware, 16);
	ck_assert_int_eq(parse(&message, "01 05 01 01 5f11 0142 04030201"), 0);
	ck_assert(!message.has_hardware);
	ck_assert_int_eq(parse(&message, "01 05 01 01 5f11 0142 04030201 10"), -EBADMSG);
}
END_TEST

START_TEST(a_query_is_answered_with_a_file_or_none)
{
	struct zigbee_upgrade message = same("19 05 02 98");

	ck_assert_uint_eq(message.status, ZCL_NO_IMAGE_AVAILABLE);
	message = same("19 05 02 00 5f11 0142 04030201 bc3a0400");
	ck_assert_uint_eq(message.size, 277180);
}
END_TEST

START_TEST(a_block_request_may_tell_address_and_period)
{
	struct zigbee_upgrade message = same("01 07 03 00 5f11 0142 04030201 d8000000 32");

	ck_assert_uint_eq(message.offset, 216);
	ck_assert_uint_eq(message.most, 50);
	ck_assert(!message.period_known);
	message = same("01 07 03 03 5f11 0142 04030201 d8000000 32 8877665544332211 2c01");
	ck_assert_uint_eq(message.eui64, 0x1122334455667788);
	ck_assert(message.period_known && message.has_period);
	ck_assert_uint_eq(message.period, 300);
}
END_TEST

/* Some clients set the bit and end their frame without the field. */
START_TEST(a_period_that_is_announced_and_left_out_is_not_there)
{
	struct zigbee_upgrade message = same("01 07 03 02 5f11 0142 04030201 d8000000 32");

	ck_assert(message.period_known);
	ck_assert(!message.has_period);
	ck_assert_int_eq(parse(&message, "01 07 03 02 5f11 0142 04030201 d8000000 32 2c"), -EBADMSG);
	message = same("01 07 03 03 5f11 0142 04030201 d8000000 32 8877665544332211");
	ck_assert(message.has_eui64 && !message.has_period);
}
END_TEST

START_TEST(a_page_request_tells_size_and_spacing)
{
	struct zigbee_upgrade message = same("01 07 04 00 5f11 0142 04030201 d8000000 32 f401 1400");

	ck_assert_uint_eq(message.page_bytes, 500);
	ck_assert_uint_eq(message.spacing_ms, 20);
	(void)same("01 07 04 01 5f11 0142 04030201 d8000000 32 f401 1400 8877665544332211");
}
END_TEST

/* Captured from zigbee2mqtt's ZNP stick. */
START_TEST(a_block_is_carried)
{
	struct zigbee_upgrade message = same("19 1d 05 00 f210 327b 60046002 d8000000 0a ac209b5d19480acaf868");

	ck_assert_uint_eq(message.file.manufacturer, 0x10f2);
	ck_assert_uint_eq(message.file.image_type, 0x7b32);
	ck_assert_uint_eq(message.file.version, 0x02600460);
	ck_assert_uint_eq(message.offset, 216);
	ck_assert_uint_eq(message.data.size, 10);
	ck_assert_uint_eq(message.data.data[9], 0x68);
	ck_assert_uint_eq(kept.size, ZIGBEE_UPGRADE_RESPONSE_OVERHEAD + 10);
}
END_TEST

START_TEST(a_block_without_data_or_cut_is_refused)
{
	struct zigbee_upgrade message;

	ck_assert_int_eq(parse(&message, "19 1d 05 00 f210 327b 60046002 d8000000 00"), -EBADMSG);
	ck_assert_int_eq(parse(&message, "19 1d 05 00 f210 327b 60046002 d8000000 02 ac"), -EBADMSG);
}
END_TEST

START_TEST(wait_tells_an_offset_and_a_period)
{
	struct zigbee_upgrade message = { .command = UPGRADE_BLOCK_RESPONSE,
		.status = ZCL_WAIT_FOR_DATA,
		.at_s = 60,
		.has_period = true,
		.period = 300 };

	check_written(&message, 3, "19 03 05 97 00000000 3c000000 2c01");
	(void)same("19 03 05 97 00000000 3c000000 2c01");
	message = same("19 03 05 97 00000000 3c000000");
	ck_assert(!message.has_period);
	(void)same("19 03 05 95");
}
END_TEST

START_TEST(an_end_is_asked_and_answered)
{
	struct zigbee_upgrade message = same("01 09 06 00 5f11 0142 04030201");

	ck_assert_uint_eq(message.status, ZCL_SUCCESS);
	message = same("01 09 06 96 5f11 0142 04030201");
	ck_assert_uint_eq(message.status, ZCL_INVALID_IMAGE);
	message = same("19 09 07 5f11 0142 04030201 00000000 ffffffff");
	ck_assert_uint_eq(message.at_s, ZIGBEE_UPGRADE_EVER);
}
END_TEST

START_TEST(a_file_of_one_device_is_asked_for)
{
	struct zigbee_upgrade message = same("01 0a 08 8877665544332211 5f11 c0ff 04030201 0200");

	ck_assert_uint_eq(message.file.image_type, 0xffc0);
	ck_assert_uint_eq(message.stack_version, 2);
	(void)same("19 0a 09 98");
}
END_TEST

START_TEST(the_wrong_side_and_unknown_commands_are_told_apart)
{
	struct zigbee_upgrade message;

	ck_assert_int_eq(parse(&message, "01 21 00 00 64"), -EBADMSG);
	ck_assert_int_eq(parse(&message, "19 05 01 00 5f11 0142 04030201"), -EBADMSG);
	ck_assert_int_eq(parse(&message, "01 05 0b 00"), -ENOTSUP);
	ck_assert_int_eq(parse(&message, "05 5f11 05 01 00"), -ENOTSUP);
	ck_assert_int_eq(parse(&message, "00 05 01 00"), -ENOTSUP);
}
END_TEST

TEST_SUITE(zigbee_upgrade, a_notify_to_one_node_asks_it_surely, a_notify_out_of_range_is_refused,
	a_query_tells_hardware_where_it_has_it, a_query_is_answered_with_a_file_or_none,
	a_block_request_may_tell_address_and_period, a_period_that_is_announced_and_left_out_is_not_there,
	a_page_request_tells_size_and_spacing, a_block_is_carried, a_block_without_data_or_cut_is_refused,
	wait_tells_an_offset_and_a_period, an_end_is_asked_and_answered, a_file_of_one_device_is_asked_for,
	the_wrong_side_and_unknown_commands_are_told_apart)
