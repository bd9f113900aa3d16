#include "drivers/zigbee_repeats.h"

#include "tests/unit/suite.h"

static struct zigbee_repeats repeats;

START_TEST(a_frame_is_known_for_as_long_as_its_node_repeats_it)
{
	zigbee_repeats_init(&repeats, 1000);
	ck_assert_int_eq(zigbee_repeats_fate(&repeats, 7, 1000), FRAME_NONE);
	zigbee_repeats_note(&repeats, 7, 1000);
	ck_assert_int_eq(zigbee_repeats_fate(&repeats, 7, 1000), FRAME_WAITS);
	ck_assert_int_eq(zigbee_repeats_fate(&repeats, 8, 1000), FRAME_NONE);
	zigbee_repeats_settle(&repeats, 7, FRAME_DURABLE);
	ck_assert_int_eq(zigbee_repeats_fate(&repeats, 7, 1000 + ZIGBEE_REPEATS_MS - 1), FRAME_DURABLE);
	ck_assert_int_eq(zigbee_repeats_fate(&repeats, 7, 1000 + ZIGBEE_REPEATS_MS), FRAME_NONE);
}
END_TEST

START_TEST(what_was_lost_may_come_again)
{
	zigbee_repeats_init(&repeats, 0);
	zigbee_repeats_note(&repeats, 7, 0);
	zigbee_repeats_settle(&repeats, 7, FRAME_LOST);
	ck_assert_int_eq(zigbee_repeats_fate(&repeats, 7, 100), FRAME_NONE);
	zigbee_repeats_note(&repeats, 7, 100);
	zigbee_repeats_settle(&repeats, 7, FRAME_DURABLE);
	ck_assert_int_eq(zigbee_repeats_fate(&repeats, 7, 200), FRAME_DURABLE);
	/* Whoever is not known is passed over. */
	zigbee_repeats_settle(&repeats, 8, FRAME_DURABLE);
	ck_assert_int_eq(zigbee_repeats_fate(&repeats, 8, 200), FRAME_NONE);
}
END_TEST

START_TEST(no_others_push_a_frame_out_as_long_as_there_is_room)
{
	zigbee_repeats_init(&repeats, 0);
	for (unsigned i = 0; i < ZIGBEE_REPEATS_ROOM; i++)
		zigbee_repeats_note(&repeats, i, i);
	for (unsigned i = 0; i < ZIGBEE_REPEATS_ROOM; i++)
		ck_assert_int_eq(zigbee_repeats_fate(&repeats, i, ZIGBEE_REPEATS_ROOM), FRAME_WAITS);
	zigbee_repeats_note(&repeats, ZIGBEE_REPEATS_ROOM, ZIGBEE_REPEATS_ROOM);
	ck_assert_int_eq(zigbee_repeats_fate(&repeats, 0, ZIGBEE_REPEATS_ROOM), FRAME_NONE);
	ck_assert_int_eq(zigbee_repeats_fate(&repeats, 1, ZIGBEE_REPEATS_ROOM), FRAME_WAITS);
}
END_TEST

START_TEST(it_says_when_it_may_not_know_a_repetition)
{
	zigbee_repeats_init(&repeats, 1000);
	/* What a former process heard may come again. */
	ck_assert(!zigbee_repeats_reach(&repeats, 1000 + ZIGBEE_REPEATS_MS - 1));
	ck_assert(zigbee_repeats_reach(&repeats, 1000 + ZIGBEE_REPEATS_MS));
	/* Likewise what a flood pushed out. */
	int64_t flood_ms = 1000000;
	for (unsigned i = 0; i <= ZIGBEE_REPEATS_ROOM; i++)
		zigbee_repeats_note(&repeats, i, flood_ms);
	ck_assert(!zigbee_repeats_reach(&repeats, flood_ms));
	ck_assert(zigbee_repeats_reach(&repeats, flood_ms + ZIGBEE_REPEATS_MS));
}
END_TEST

TEST_SUITE(zigbee_repeats, a_frame_is_known_for_as_long_as_its_node_repeats_it, what_was_lost_may_come_again,
	no_others_push_a_frame_out_as_long_as_there_is_room, it_says_when_it_may_not_know_a_repetition)
