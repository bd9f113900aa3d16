#include "drivers/zigbee_trouble.h"

#include "tests/unit/suite.h"

static char sentence[ZIGBEE_TROUBLE_TEXT];

START_TEST(a_network_that_is_down_for_a_minute_is_trouble)
{
	struct zigbee_trouble trouble;

	zigbee_trouble_init(&trouble, 1000);
	ck_assert_int_eq(zigbee_trouble_look(&trouble, 60999, sentence), TROUBLE_NONE);
	ck_assert_str_eq(sentence, "");
	ck_assert_int_eq(zigbee_trouble_look(&trouble, 61000, sentence), TROUBLE_DOWN);
	ck_assert_str_eq(sentence, "its network is not up: the stick does not say why");
	zigbee_trouble_follow(&trouble, false, "the port is gone", 62000);
	zigbee_trouble_follow(&trouble, false, "", 63000);
	ck_assert_int_eq(zigbee_trouble_look(&trouble, 64000, sentence), TROUBLE_DOWN);
	ck_assert_str_eq(sentence, "its network is not up: the port is gone");
	zigbee_trouble_follow(&trouble, true, "", 65000);
	ck_assert_int_eq(zigbee_trouble_look(&trouble, 65000, sentence), TROUBLE_NONE);
}
END_TEST

START_TEST(three_falls_within_ten_minutes_are_trouble)
{
	struct zigbee_trouble trouble;

	zigbee_trouble_init(&trouble, 0);
	zigbee_trouble_follow(&trouble, true, "", 0);
	for (int64_t i = 0; i < 3; i++) {
		ck_assert_int_eq(zigbee_trouble_look(&trouble, i * 299000, sentence), TROUBLE_NONE);
		zigbee_trouble_follow(&trouble, false, "the stick was reset", i * 299000 + 1);
		zigbee_trouble_follow(&trouble, true, "", i * 299000 + 2);
	}
	ck_assert_int_eq(zigbee_trouble_look(&trouble, 600000, sentence), TROUBLE_FALLS);
	ck_assert_str_eq(sentence, "its network goes down again and again: the stick was reset");
	ck_assert_int_eq(zigbee_trouble_look(&trouble, 600001, sentence), TROUBLE_NONE);
	ck_assert_uint_eq(trouble.falls, 3);
}
END_TEST

START_TEST(what_an_operator_ordered_is_no_fall)
{
	struct zigbee_trouble trouble;

	zigbee_trouble_init(&trouble, 0);
	zigbee_trouble_follow(&trouble, true, "", 1);
	zigbee_trouble_follow(&trouble, false, "", 2);
	ck_assert_uint_eq(trouble.falls, 0);
	ck_assert(!trouble.up);
}
END_TEST

TEST_SUITE(zigbee_trouble, a_network_that_is_down_for_a_minute_is_trouble, three_falls_within_ten_minutes_are_trouble,
	what_an_operator_ordered_is_no_fall)
