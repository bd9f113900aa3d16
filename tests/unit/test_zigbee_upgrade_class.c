#include "drivers/zigbee_upgrade_class.h"

#include "tests/unit/suite.h"

static unsigned size_for(uint16_t manufacturer, uint8_t asked, uint8_t relays, uint8_t cap)
{
	struct zigbee_block_terms terms = { .asked = asked, .most = ZIGBEE_BLOCK_MOST, .relays = relays, .cap = cap };

	return zigbee_block_size(zigbee_upgrade_class_of(manufacturer, false), &terms);
}

START_TEST(a_block_is_never_larger_than_asked)
{
	ck_assert_uint_eq(size_for(0xffff, 12, 0, 0), 12);
	ck_assert_uint_eq(size_for(0xffff, 1, 0, 0), 1);
	ck_assert_uint_eq(size_for(0x1141, 12, 0, 0), 12);
}
END_TEST

/* 65 less 2 and 2 for each relay. */
START_TEST(a_source_route_takes_its_bytes)
{
	ck_assert_uint_eq(size_for(0xffff, 255, 0, 0), 65);
	ck_assert_uint_eq(size_for(0xffff, 255, 1, 0), 61);
	ck_assert_uint_eq(size_for(0xffff, 255, 4, 0), 55);
	ck_assert_uint_eq(size_for(0xffff, 255, 6, 0), 51);
	ck_assert_uint_eq(size_for(0xffff, 255, 7, 0), 49);
	ck_assert_uint_eq(size_for(0xffff, 255, 200, 0), 20);
}
END_TEST

START_TEST(a_class_has_its_size)
{
	ck_assert_uint_eq(size_for(0x1141, 63, 0, 0), 48);
	ck_assert_uint_eq(size_for(0x1141, 63, 0, 40), 32);
	ck_assert_uint_eq(size_for(0x1012, 63, 0, 0), 40);
	ck_assert_uint_eq(size_for(0x1135, 63, 0, 0), 40);
	ck_assert_uint_eq(size_for(0x1021, 64, 6, 40), 64);
	ck_assert_uint_eq(size_for(0x1021, 62, 0, 0), 62);
}
END_TEST

START_TEST(what_was_lost_before_is_sent_in_smaller_frames)
{
	ck_assert_uint_eq(size_for(0x117c, 63, 0, 40), 40);
	ck_assert_uint_eq(size_for(0x117c, 30, 0, 40), 30);
}
END_TEST

START_TEST(the_operator_can_set_less)
{
	struct zigbee_block_terms terms = { .asked = 63, .most = 50 };

	ck_assert_uint_eq(zigbee_block_size(zigbee_upgrade_class_of(0x117c, false), &terms), 50);
	ck_assert_uint_eq(zigbee_block_size(zigbee_upgrade_class_of(0x1021, false), &terms), 63);
}
END_TEST

START_TEST(sleepers_have_more_time)
{
	ck_assert_uint_gt(
		zigbee_upgrade_class_of(0xffff, true)->silence_s, zigbee_upgrade_class_of(0xffff, false)->silence_s);
	ck_assert(zigbee_upgrade_class_of(0x101e, true)->refuses_wait);
	ck_assert_uint_ge(zigbee_upgrade_class_of(0x1286, false)->check_s, 1800);
}
END_TEST

TEST_SUITE(zigbee_upgrade_class, a_block_is_never_larger_than_asked, a_source_route_takes_its_bytes,
	a_class_has_its_size, what_was_lost_before_is_sent_in_smaller_frames, the_operator_can_set_less,
	sleepers_have_more_time)
